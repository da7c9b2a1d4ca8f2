//! Norms, their duals, and their steepest directions.

use crate::graded::GradedView;
use crate::logspace::LogReal;
use crate::optimizer::OptimizerKind;
use crate::subdifferential::Subdifferential;
use crate::terms::{GradientTerms, WantedTerms};
use crate::vector;
use std::fmt::Debug;

/// A norm N on the flat parameter vector, with all that steepest descent in it needs.
///
/// # Laws
/// For every x, g and c > 0, tested for each norm of the catalogue by [`laws::check_norm`](crate::laws):
/// - N is a norm: N(c x) = c N(x), N(x + z) <= N(x) + N(z), N(0) = 0;
/// - u = [`steepest_into`](Norm::steepest_into)(g) has N(u) <= 1 and <g, u> = N*(g), and does not change under g -> c g;
/// - v = [`subgradient_into`](Norm::subgradient_into)(x) has N*(v) <= 1 and <x, v> = N(x);
/// - Hölder: <x, g> <= N(x) N*(g);
/// - zero maps to zero.
///
/// There is no epsilon in any map. Where a map is not unique (ties, zeros, rank deficiency) the implementation states its
/// choice.
pub trait Norm: Debug + Send + Sync {
    /// Length of the vectors.
    fn dim(&self) -> usize;

    /// N(x).
    fn value(&self, x: &[f64]) -> f64;

    /// N*(g) = max over N(u) <= 1 of <g, u>.
    fn dual(&self, g: GradedView<'_>) -> LogReal;

    /// Writes a u in argmax over N(u) <= 1 of <g, u>, in exact arithmetic for graded g unless `left_out` says otherwise.
    fn steepest_into(&self, g: GradedView<'_>, direction: &mut [f64]) -> Steepest;

    /// The same u in the form that costs least to apply, which may leave `buffer` unwritten. Provided: written.
    ///
    /// An implementation that names the direction must name the very u that [`steepest_into`](Norm::steepest_into)
    /// writes, to rounding.
    fn steepest(&self, g: GradedView<'_>, buffer: &mut [f64]) -> Steepest {
        self.steepest_into(g, buffer)
    }

    /// Writes one element of the subdifferential of N at x; returns N(x). At x = 0 it writes zero.
    fn subgradient_into(&self, x: &[f64], subgradient: &mut [f64]) -> f64;

    /// The fold over entries that this norm's value is, if it is one: then it costs nothing beside the update of theta, and is known at
    /// every step.
    fn fold(&self) -> Option<Fold> {
        None
    }

    /// What steepest descent in this norm depends on.
    fn descent(&self) -> OptimizerKind {
        OptimizerKind::Other
    }

    /// Whether the map sees entries that are invisible beside the largest. If not, the leading part of a gradient suffices
    /// and lighter bands are not computed.
    fn sees_graded(&self) -> bool {
        true
    }

    /// This norm on the vectors that are zero outside `kept`, as a norm on those entries alone, where the steepest map leaves entries without a
    /// gradient alone; `None` where that is not so, or `kept` is not what the norm can be restricted to. `kept` is ascending, unless the optimiser is
    /// [entrywise](crate::Optimizer::is_entrywise). Then entries whose gradient is zero throughout a run may leave the problem before it begins.
    fn restricted_to(&self, kept: &[usize]) -> Option<Box<dyn Norm>> {
        let _ = kept;
        None
    }

    /// What the map wants to see beside the gradient.
    fn wants_terms(&self) -> WantedTerms {
        WantedTerms::Nothing
    }

    /// [`steepest_into`](Norm::steepest_into) with the terms that g is the sum of, for a map that wants them.
    fn steepest_of_terms(&self, g: GradedView<'_>, terms: &GradientTerms<'_>, direction: &mut [f64]) -> Steepest {
        let _ = terms;
        self.steepest_into(g, direction)
    }

    /// The norm with projections on its subdifferentials, if they are known.
    fn subdifferential(&self) -> Option<&dyn Subdifferential> {
        None
    }

    /// 1/2 N(x)^2 + 1/2 N*(v)^2 - <x, v> >= 0: zero exactly where v is in the subdifferential of 1/2 N^2 at x. One residual
    /// for every norm; not finite where N*(v)^2 overflows.
    fn fenchel_young_gap(&self, x: &[f64], v: &[f64]) -> f64 {
        let (primal, dual) = (self.value(x), self.dual(v.into()).value());
        0.5 * primal * primal + 0.5 * dual * dual - vector::dot(x, v)
    }
}

impl Norm for Box<dyn Norm> {
    fn dim(&self) -> usize {
        (**self).dim()
    }

    fn value(&self, x: &[f64]) -> f64 {
        (**self).value(x)
    }

    fn dual(&self, g: GradedView<'_>) -> LogReal {
        (**self).dual(g)
    }

    fn steepest_into(&self, g: GradedView<'_>, direction: &mut [f64]) -> Steepest {
        (**self).steepest_into(g, direction)
    }

    fn steepest(&self, g: GradedView<'_>, buffer: &mut [f64]) -> Steepest {
        (**self).steepest(g, buffer)
    }

    fn subgradient_into(&self, x: &[f64], subgradient: &mut [f64]) -> f64 {
        (**self).subgradient_into(x, subgradient)
    }

    fn fold(&self) -> Option<Fold> {
        (**self).fold()
    }

    fn descent(&self) -> OptimizerKind {
        (**self).descent()
    }

    fn sees_graded(&self) -> bool {
        (**self).sees_graded()
    }

    fn restricted_to(&self, kept: &[usize]) -> Option<Box<dyn Norm>> {
        (**self).restricted_to(kept)
    }

    fn wants_terms(&self) -> WantedTerms {
        (**self).wants_terms()
    }

    fn steepest_of_terms(&self, g: GradedView<'_>, terms: &GradientTerms<'_>, direction: &mut [f64]) -> Steepest {
        (**self).steepest_of_terms(g, terms, direction)
    }

    fn subdifferential(&self) -> Option<&dyn Subdifferential> {
        (**self).subdifferential()
    }

    fn fenchel_young_gap(&self, x: &[f64], v: &[f64]) -> f64 {
        (**self).fenchel_young_gap(x, v)
    }
}

/// What a steepest map found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steepest {
    /// N*(g), which is <g, u>.
    pub dual: LogReal,
    /// The form of the direction.
    pub form: Form,
    /// How many entries lay within a relative 1e-12 of deciding otherwise.
    pub near_ties: u32,
    /// Whether the map looked at the leading part only and non-zero entries were invisible beside it.
    pub left_out: bool,
    /// Whether rounding may have decided something of order one, so that the direction is not to be trusted to all its digits.
    pub doubtful: bool,
    /// Which of several ways of equal accuracy were taken, as bits of the norm's own; 0 where there is but one.
    pub routes: u8,
}

impl Steepest {
    /// A direction that was written out, with nothing to report.
    pub const fn written(dual: LogReal) -> Self {
        Self { dual, form: Form::Written, near_ties: 0, left_out: false, doubtful: false, routes: 0 }
    }

    /// Adds what there is to report of the direction of a part.
    pub fn join(&mut self, part: &Self) {
        self.near_ties += part.near_ties;
        self.left_out |= part.left_out;
        self.doubtful |= part.doubtful;
        self.routes |= part.routes;
    }
}

/// The form of a direction: written out, or named where that is exact and saves a pass over memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form {
    /// Every entry is in the buffer.
    Written,
    /// `factor` times the values of the gradient, which has no exponents.
    Multiple {
        /// The factor.
        factor: f64,
    },
    /// The sign of each entry of the gradient.
    Signs,
    /// One entry; all others are zero.
    Coordinate {
        /// Which entry.
        index: usize,
        /// Its value.
        value: f64,
    },
    /// Not found yet: the optimiser finds it while it moves theta, in one pass
    /// ([`Optimizer::apply`](crate::Optimizer::apply)).
    Deferred,
}

impl Form {
    /// theta <- theta - length * u, for a direction u of this form found for `gradient` with this `buffer`; and the value of a norm that is
    /// a fold, at the new theta, in the same pass.
    ///
    /// # Panics
    /// If the form is [`Form::Deferred`].
    pub fn subtract(
        self,
        gradient: GradedView<'_>,
        buffer: &[f64],
        length: f64,
        theta: &mut [f64],
        fold: Option<Fold>,
    ) -> Moved {
        match self {
            Self::Written => subtract_each(theta, buffer, |u| length * u, fold),
            Self::Multiple { factor } => {
                let multiple = length * factor;
                subtract_each(theta, gradient.values(), |g| multiple * g, fold)
            }
            Self::Signs => subtract_each(theta, gradient.values(), move |g| vector::with_sign(length, g), fold),
            Self::Coordinate { index, value } => {
                let new = theta[index] - length * value;
                let any = std::mem::replace(&mut theta[index], new).to_bits() != new.to_bits();
                Moved { any, norm: fold.and_then(|f| f.value(theta)) }
            }
            Self::Deferred => panic!("a deferred direction is applied by its optimiser"),
        }
    }

    /// Writes the direction out.
    pub fn write(self, gradient: GradedView<'_>, buffer: &mut [f64]) {
        match self {
            Self::Written | Self::Deferred => {}
            Self::Multiple { factor } => {
                for (u, &g) in buffer.iter_mut().zip(gradient.values()) {
                    *u = factor * g;
                }
            }
            Self::Signs => {
                for (u, &g) in buffer.iter_mut().zip(gradient.values()) {
                    *u = vector::sign(g);
                }
            }
            Self::Coordinate { index, value } => {
                buffer.fill(0.0);
                buffer[index] = value;
            }
        }
    }
}

/// What [`Form::subtract`] did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moved {
    /// Whether any bit of theta is another.
    pub any: bool,
    /// The norm of the new theta, where a fold was asked for and its sum did not leave the range of a double.
    pub norm: Option<f64>,
}

/// theta_k <- theta_k - change(x_k), chunk by chunk, each folded while it is in the fastest cache.
fn subtract_each(theta: &mut [f64], x: &[f64], change: impl Fn(f64) -> f64 + Copy, fold: Option<Fold>) -> Moved {
    let (mut difference, mut folded) = (0_u64, 0.0);
    for (theta, x) in theta.chunks_mut(vector::CHUNK).zip(x.chunks(vector::CHUNK)) {
        let entries = theta.iter_mut().zip(x);
        difference |= vector::vectorized(
            #[inline(always)]
            move || {
                entries.fold(0, |difference, (t, &x)| {
                    let old = std::mem::replace(t, *t - change(x));
                    difference | (old.to_bits() ^ t.to_bits())
                })
            },
        );
        if let Some(fold) = fold {
            folded = fold.join(folded, fold.chunk(theta));
        }
    }
    Moved { any: difference != 0, norm: fold.and_then(|f| f.finish(folded)) }
}

/// A norm whose value is one fold over the entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// sum |x_k|: the l1 norm.
    SumOfAbs,
    /// (sum x_k^2)^(1/2): the l2 norm.
    RootOfSquares,
    /// max |x_k|: the l-infinity norm.
    MaxAbs,
}

impl Fold {
    /// The fold of some entries; for the l2 norm the sum of squares.
    pub fn chunk(self, x: &[f64]) -> f64 {
        match self {
            Self::SumOfAbs => vector::sum_of_abs(x),
            Self::RootOfSquares => vector::sum_of_squares(x),
            Self::MaxAbs => vector::max_abs(x),
        }
    }

    /// The fold of two parts from those of each; zero is that of no entry.
    pub fn join(self, a: f64, b: f64) -> f64 {
        match self {
            Self::SumOfAbs | Self::RootOfSquares => a + b,
            Self::MaxAbs => a.max(b),
        }
    }

    /// The norm; `None` where the squares left the range of a double.
    pub fn finish(self, folded: f64) -> Option<f64> {
        match self {
            Self::SumOfAbs | Self::MaxAbs => Some(folded),
            Self::RootOfSquares => (1e-280..1e280).contains(&folded).then(|| folded.sqrt()),
        }
    }

    /// The norm of x by the same fold; `None` where the squares left the range of a double.
    pub fn value(self, x: &[f64]) -> Option<f64> {
        self.finish(x.chunks(vector::CHUNK).fold(0.0, |folded, chunk| self.join(folded, self.chunk(chunk))))
    }
}
