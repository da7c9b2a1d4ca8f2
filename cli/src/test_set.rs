//! Accuracy on samples that a run is not trained on, stored or drawn again.

use crate::shared::Shared;
use crate::stored::Stored;
use crate::streamed::Streamed;
use ndarray::Array2;
use steepest_core::{CoreError, Dataset, Dynamics, HomogeneousModel, Labels, SavedState, margin};
use steepest_data::Unseen;

/// The test set of a run.
pub(crate) enum TestSet<'a> {
    /// There is none.
    Absent,
    /// Held in memory.
    Stored(Box<Stored<'a>>),
    /// Drawn again when needed.
    Streamed(Box<Streamed<'a>>),
}

/// What a test says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tested {
    /// Share of samples with margin q > 0.
    pub(crate) accuracy: f64,
    /// The same less what is owed to the shares of the classes alone.
    pub(crate) excess: f64,
}

impl Tested {
    /// Nothing was tested.
    pub(crate) const NOTHING: Self = Self { accuracy: f64::NAN, excess: f64::NAN };

    /// From outputs (n x k) and labels.
    pub(crate) fn of(outputs: &Array2<f64>, labels: &Labels) -> Self {
        let accuracy = margin::accuracy_of(outputs.view(), labels);
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
        train: &'a Dataset,
        stored: Option<&'a Dataset>,
        unseen: Option<&'a Unseen>,
        shared: Shared,
    ) -> anyhow::Result<Self> {
        match (stored, unseen) {
            (Some(data), _) => Ok(Self::Stored(Box::new(Stored::new(model, train, data, shared)))),
            (None, Some(unseen)) => Ok(Self::Streamed(Box::new(Streamed::new(model, train, unseen, shared)?))),
            (None, None) => Ok(Self::Absent),
        }
    }

    /// Tests the present point.
    pub(crate) fn test(&mut self, dynamics: &mut dyn Dynamics) -> Tested {
        match self {
            Self::Absent => Tested::NOTHING,
            Self::Stored(stored) => stored.test(dynamics),
            Self::Streamed(streamed) => streamed.test(dynamics),
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
        match self {
            Self::Absent => (),
            Self::Stored(stored) => stored.switch(),
            Self::Streamed(streamed) => streamed.switch(),
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
