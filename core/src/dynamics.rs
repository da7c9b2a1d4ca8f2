//! How a step is carried out, and where theta lives.

use crate::error::CoreError;
use crate::logspace::LogReal;
use crate::loss::LossValue;
use crate::norm::Form;
use crate::state::SavedState;
use ndarray::ArrayView2;

/// The state of a run and the way it moves. The dense one holds theta as a flat vector; an exact fast one may hold it as
/// W0 + A X, or as a list of touched coordinates, and form it only when asked.
pub trait Dynamics: Send {
    /// The evaluation at the present point, on this step's batch. Cached: asking twice costs once.
    fn evaluate(&mut self) -> Evaluation<'_>;

    /// Margins and loss on the whole training set at the present point, whatever this step's batch. Cached: asking twice costs once.
    fn whole(&mut self) -> Whole<'_>;

    /// N*(grad L) in the optimiser's own norm, also where the evaluation's `dual_norm` is another; for a row.
    fn gradient_dual_norm(&mut self) -> LogReal {
        self.evaluate().dual_norm
    }

    /// theta <- theta - length * direction. False where no bit of theta moved.
    fn advance(&mut self, length: f64) -> bool;

    /// The parameters; formed now if they were not.
    fn theta(&mut self) -> &[f64];

    /// A norm of theta where it is cheaper than forming theta.
    fn norm(&mut self, which: NormKind) -> Option<f64> {
        let _ = which;
        None
    }

    /// [`norm`](Dynamics::norm) by its name in the catalogue.
    fn norm_named(&mut self, name: &str) -> Option<f64> {
        self.norm(NormKind::named(name)?)
    }

    /// theta as the first layer that this dynamics started with and how far it has moved since, where that is known without forming it: the way
    /// to outputs on other samples without W.
    fn displaced(&mut self) -> Option<Displaced<'_>> {
        None
    }

    /// What is worth counting on the way: openings, refreshes, decisions that rounding could have made otherwise. Saved and restored with the
    /// rest of the state.
    fn counters(&self) -> Vec<Counter> {
        Vec::new()
    }

    /// Stores everything that the next step depends on, the optimiser's state included.
    fn save(&self, state: &mut SavedState);

    /// Restores it; the next evaluation is made afresh.
    ///
    /// # Errors
    /// If the state is not one that this dynamics saved.
    fn restore(&mut self, state: &SavedState) -> Result<(), CoreError>;
}

/// What is known at a point before the step from it.
#[derive(Clone, Copy, Debug)]
pub struct Evaluation<'a> {
    /// q of each sample of the batch.
    pub margins: &'a [f64],
    /// ln of the weight of each term.
    pub ln_weights: &'a [f64],
    /// The loss as reduced.
    pub loss: LogReal,
    /// The sum of the weights.
    pub slope: LogReal,
    /// sum_t w_t q_t / sum_t w_t: the mean of the terms' margins under their weights.
    pub mean_margin: f64,
    /// `mean_margin` less the smallest margin, without the cancellation.
    pub mean_excess: f64,
    /// N*(grad L) in the optimiser's own norm; of the momentum, where there is one, and |grad L|_2 where the optimiser
    /// [reports that](crate::Optimizer::reports_l2).
    pub dual_norm: LogReal,
    /// The model's degree of homogeneity.
    pub degree: u32,
    /// N(theta) in the optimiser's own norm; `None` where it is too dear for every step.
    pub own_norm: Option<f64>,
    /// The direction's form, and what its map reported.
    pub form: Form,
    /// Entries within a relative 1e-12 of deciding the direction otherwise.
    pub near_ties: u32,
    /// Whether the direction left out entries that are invisible beside the largest.
    pub left_out: bool,
    /// Whether rounding may have decided something of order one in the direction.
    pub doubtful: bool,
    /// Samples that the two-sided rule holds at a kink in this direction; zero where it does not act.
    pub n_held: u32,
    /// Bands in this evaluation: more than one where the weights spread beyond one double's range.
    pub n_bands: usize,
    /// The whole training set at this point, where it is known without further work: at every step of a full-batch run, and at the
    /// first step of each epoch of a run in mini-batches.
    pub whole: Option<Whole<'a>>,
}

impl<'a> Evaluation<'a> {
    /// What the loss says of the whole training set, with nothing to report of a direction yet: no dual norm, no own norm, one band.
    pub const fn of_loss(value: LossValue, margins: &'a [f64], ln_weights: &'a [f64], degree: u32) -> Self {
        let LossValue { loss, slope, mean_margin, mean_excess } = value;
        Self {
            margins,
            ln_weights,
            loss,
            slope,
            mean_margin,
            mean_excess,
            dual_norm: LogReal::ZERO,
            degree,
            own_norm: None,
            form: Form::Deferred,
            near_ties: 0,
            left_out: false,
            doubtful: false,
            n_held: 0,
            n_bands: 1,
            whole: Some(Whole { margins, loss }),
        }
    }

    /// Whether this step's batch is the whole training set.
    pub fn is_full_batch(&self) -> bool {
        self.whole.is_some_and(|whole| std::ptr::eq(whole.margins, self.margins))
    }
}

/// What is known of the whole training set at a point.
#[derive(Clone, Copy, Debug)]
pub struct Whole<'a> {
    /// q of each sample.
    pub margins: &'a [f64],
    /// The loss as reduced.
    pub loss: LogReal,
}

/// A norm that every run may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormKind {
    /// sum |theta_k|.
    L1,
    /// Euclidean.
    L2,
    /// max |theta_k|.
    Linf,
    /// The largest singular value over all blocks.
    MaxSpectral,
}

impl NormKind {
    /// The one of this name in the catalogue.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "l1" => Some(Self::L1),
            "l2" => Some(Self::L2),
            "linf" => Some(Self::Linf),
            "spectral" => Some(Self::MaxSpectral),
            _ => None,
        }
    }
}

/// theta while its first layer W is left where the dynamics started.
#[derive(Clone, Copy, Debug)]
pub struct Displaced<'a> {
    /// theta, with W0 in the place of W.
    pub theta: &'a [f64],
    /// W - W0.
    pub by: Displacement<'a>,
}

/// How far the first layer W (width x d) has moved since the dynamics started.
#[derive(Clone, Copy, Debug)]
pub enum Displacement<'a> {
    /// W - W0 = A^T X with these A (n x width) and the training inputs X (n x d).
    InSpan(ArrayView2<'a, f64>),
    /// W - W0 = A^T Q with these A (r x width) and Q (r x d), whose rows span those of the training inputs.
    InBasis(ArrayView2<'a, f64>, ArrayView2<'a, f64>),
    /// W - W0 has these entries, each with its place in theta, ascending; all others are zero.
    Entries(&'a [(usize, f64)]),
}

/// How often a dynamics did something since its run began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter {
    /// What is counted, as an identifier.
    pub name: &'static str,
    /// What is counted, in words.
    pub meaning: &'static str,
    /// How often.
    pub count: u64,
}
