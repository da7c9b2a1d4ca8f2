//! Norms of a whole network, made of the norms of its blocks.

use crate::error::NormError;
use std::ops::Range;
use steepest_core::{GradedView, LogReal, Norm, OptimizerKind, Steepest};

/// N(x) = max over parts of N_l(x_l); N* = sum over parts of N_l*(g_l).
///
/// Steepest direction: every part's own, also that of a part whose gradient is far below another's; a part with zero gradient stays.
/// Subgradient: that of the first part that attains the maximum, zero elsewhere. Costs what the parts cost.
#[derive(Debug)]
pub struct MaxProduct {
    parts: Vec<(Range<usize>, Box<dyn Norm>)>,
}

impl MaxProduct {
    /// Joins norms on parts that follow one another from zero on.
    ///
    /// # Errors
    /// If there is a gap or an overlap, or a norm has another dimension than its range.
    pub fn new(parts: impl IntoIterator<Item = (Range<usize>, Box<dyn Norm>)>) -> Result<Self, NormError> {
        let parts: Vec<_> = parts.into_iter().collect();
        let mut expected = 0;
        for (range, norm) in &parts {
            if range.start != expected {
                return Err(NormError::Gap { expected, found: range.start });
            }
            if norm.dim() != range.len() {
                return Err(NormError::Dimension { range: range.len(), dim: norm.dim() });
            }
            expected = range.end;
        }
        Ok(Self { parts })
    }
}

/// The larger of two, NaN if either is.
fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || a >= b { a } else { b }
}

impl Norm for MaxProduct {
    fn dim(&self) -> usize {
        self.parts.last().map_or(0, |(range, _)| range.end)
    }

    fn value(&self, x: &[f64]) -> f64 {
        self.parts.iter().map(|(range, norm)| norm.value(&x[range.clone()])).fold(0.0, larger)
    }

    fn dual(&self, g: GradedView<'_>) -> LogReal {
        self.parts.iter().map(|(range, norm)| norm.dual(g.slice(range.clone()))).fold(LogReal::ZERO, LogReal::plus)
    }

    fn steepest_into(&self, g: GradedView<'_>, direction: &mut [f64]) -> Steepest {
        let mut joined = Steepest::written(LogReal::ZERO);
        for (range, norm) in &self.parts {
            let part = norm.steepest_into(g.slice(range.clone()), &mut direction[range.clone()]);
            joined.dual = joined.dual.plus(part.dual);
            joined.near_ties += part.near_ties;
            joined.left_out |= part.left_out;
        }
        joined
    }

    fn subgradient_into(&self, x: &[f64], subgradient: &mut [f64]) -> f64 {
        let values: Vec<f64> = self.parts.iter().map(|(range, norm)| norm.value(&x[range.clone()])).collect();
        let largest = values.iter().copied().fold(0.0, larger);
        subgradient.fill(0.0);
        if let Some(first) = values.iter().position(|v| *v >= largest) {
            let (range, norm) = &self.parts[first];
            norm.subgradient_into(&x[range.clone()], &mut subgradient[range.clone()]);
        }
        largest
    }

    /// Parts are graded among themselves whatever each of them sees, so all bands are wanted as soon as there are two.
    fn sees_graded(&self) -> bool {
        self.parts.len() > 1 || self.parts.iter().any(|(_, norm)| norm.sees_graded())
    }

    /// Rotations of a block's inputs commute with the map where they do for every part.
    fn descent(&self) -> OptimizerKind {
        let invariant = |kind| matches!(kind, OptimizerKind::RightInvariant | OptimizerKind::Linear);
        if self.parts.iter().all(|(_, norm)| invariant(norm.descent())) {
            OptimizerKind::RightInvariant
        } else {
            OptimizerKind::Other
        }
    }
}
