//! Accuracy on samples that a run is not trained on, stored or drawn again.

use crate::shared::Shared;
use crate::streamed::Streamed;
use ndarray::Array2;
use steepest_core::{CoreError, Dataset, Dynamics, HomogeneousModel, Labels, Loss, SavedState, Workspace, margin};
use steepest_data::Unseen;

/// The test set of a run.
pub(crate) enum TestSet<'a> {
    /// There is none.
    Absent,
    /// Held in memory.
    Stored(Stored<'a>),
    /// Drawn again when needed.
    Streamed(Box<Streamed<'a>>),
}

/// What a test says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tested {
    /// Share of samples with margin q > 0.
    pub(crate) accuracy: f64,
    /// The same less what is owed to the shares of the classes alone.
    pub(crate) excess: f64,
}

impl Tested {
    /// Nothing was tested.
    pub(crate) const NOTHING: Self = Self { accuracy: f64::NAN, excess: f64::NAN };

    /// From outputs (n x k) and labels; `margins` and `ln_weights` are overwritten.
    pub(crate) fn of(
        outputs: &Array2<f64>,
        labels: &Labels,
        loss: &dyn Loss,
        margins: &mut [f64],
        ln_weights: &mut [f64],
    ) -> Self {
        loss.evaluate(outputs.view(), labels, margins, ln_weights);
        let accuracy = margin::accuracy(margins);
        Self { accuracy, excess: accuracy - margin::chance(outputs.view(), labels) }
    }
}

impl<'a> TestSet<'a> {
    /// The test set of this model.
    ///
    /// # Errors
    /// If points that are not stored cannot be put into this model.
    pub(crate) fn new(
        model: &'a dyn HomogeneousModel,
        loss: &dyn Loss,
        train: &'a Dataset,
        stored: Option<&'a Dataset>,
        unseen: Option<&'a Unseen>,
        shared: Shared,
    ) -> anyhow::Result<Self> {
        match (stored, unseen) {
            (Some(data), _) => Ok(Self::Stored(Stored::new(model, loss, data))),
            (None, Some(unseen)) => Ok(Self::Streamed(Box::new(Streamed::new(model, loss, train, unseen, shared)?))),
            (None, None) => Ok(Self::Absent),
        }
    }

    /// Tests the present point.
    pub(crate) fn test(&mut self, dynamics: &mut dyn Dynamics, loss: &dyn Loss) -> Tested {
        match self {
            Self::Absent => Tested::NOTHING,
            Self::Stored(stored) => stored.test(dynamics.theta(), loss),
            Self::Streamed(streamed) => streamed.test(dynamics, loss),
        }
    }

    /// A dynamics has ended, and another will go on from there.
    pub(crate) fn leave(&mut self, dynamics: &mut dyn Dynamics) {
        if let Self::Streamed(streamed) = self {
            streamed.leave(dynamics);
        }
    }

    /// Another dynamics takes over.
    pub(crate) fn switch(&mut self) {
        if let Self::Streamed(streamed) = self {
            streamed.switch();
        }
    }

    /// Stores what later tests depend on.
    pub(crate) fn save(&self, state: &mut SavedState) {
        if let Self::Streamed(streamed) = self {
            streamed.save(state);
        }
    }

    /// Restores it.
    ///
    /// # Errors
    /// If the state is not one that a test set saved.
    pub(crate) fn restore(&mut self, state: &SavedState) -> Result<(), CoreError> {
        if let Self::Streamed(streamed) = self { streamed.restore(state) } else { Ok(()) }
    }
}

/// A test set in memory with buffers of its own.
pub(crate) struct Stored<'a> {
    model: &'a dyn HomogeneousModel,
    data: &'a Dataset,
    outputs: Array2<f64>,
    margins: Vec<f64>,
    ln_weights: Vec<f64>,
    work: Workspace,
}

impl<'a> Stored<'a> {
    fn new(model: &'a dyn HomogeneousModel, loss: &dyn Loss, data: &'a Dataset) -> Self {
        let (n, k) = (data.n_samples(), model.n_outputs());
        Self {
            model,
            data,
            outputs: Array2::zeros((n, k)),
            margins: vec![0.0; n],
            ln_weights: vec![0.0; n * loss.terms_per_sample(k)],
            work: model.workspace(n),
        }
    }

    fn test(&mut self, theta: &[f64], loss: &dyn Loss) -> Tested {
        self.model.forward(theta, self.data.inputs(), self.outputs.view_mut(), &mut self.work);
        Tested::of(&self.outputs, self.data.labels(), loss, &mut self.margins, &mut self.ln_weights)
    }
}
