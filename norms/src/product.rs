//! Norms of a whole network, made of the norms of its blocks.

use crate::error::NormError;
use crate::join::{self, Join, Size, conjugate, maximise};
use crate::multiples::joined::Joined;
use std::ops::Range;
use steepest_core::{
    BlockTerms, GradedView, GradientTerms, LogReal, Multiples, Norm, OptimizerKind, Steepest, Subdifferential,
    WantedTerms,
};

/// N(x) = max_l s_l N_l(x_l), or sum_l s_l N_l(x_l), or (sum_l (s_l N_l(x_l))^2)^(1/2), over parts with weights s_l > 0.
///
/// With a_l = N_l*(g_l) / s_l the dual norm is sum_l a_l, max_l a_l, or (sum_l a_l^2)^(1/2), and the steepest direction is
/// w_l u_l / s_l with the parts' own directions u_l and
/// - `max`: w_l = 1: every part moves, also one whose gradient is far below another's; one with zero gradient stays;
/// - `sum`: w_l = 1 for the part of largest a_l, zero for the others; of parts within a relative 1e-12 of it the first, and the others are
///   counted as near ties. The a_l are compared relative to the gradient's common scale, so at e^-1000000 as at 1;
/// - `l2`: w_l = a_l / |a|_2.
///
/// Subgradient: v_l = w'_l s_l v_l of the parts' own, where w' is the same with the dual join at the numbers s_l N_l(x_l): for `max` the
/// first part that attains it, for `sum` all that are not zero. `left_out` is that of the parts that move. Costs what the parts cost;
/// `sum` and `l2` evaluate the dual norms of all parts first. NaN in one part is NaN everywhere but for `max`, which keeps it there.
#[derive(Debug)]
pub struct Product {
    join: Join,
    parts: Vec<Part>,
}

/// One part of a product.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) range: Range<usize>,
    pub(crate) weight: f64,
    pub(crate) norm: Box<dyn Norm>,
}

impl Part {
    /// N_l*(g_l) / s_l without the common scale: the dual norm of what is visible beside the part's largest entry is that of the part.
    fn dual(&self, g: GradedView<'_>) -> Size {
        let g = g.slice(self.range.clone());
        let relative = |values: &[f64]| self.norm.dual(values.into()).ln() - self.weight.ln();
        let Some(exponents) = g.exponents() else { return Size { ln: relative(g.values()), exponent: 0 } };
        let present = g.values().iter().zip(exponents).filter(|(v, _)| **v != 0.0);
        let Some(exponent) = present.map(|(_, &e)| e).max() else { return Size::ZERO };
        let mut leading = vec![0.0; g.len()];
        g.leading_into(&mut leading);
        Size { ln: relative(&leading), exponent }
    }
}

impl Product {
    /// Joins norms on parts that follow one another from zero on, each with its weight.
    ///
    /// # Errors
    /// If there is a gap or an overlap, a norm has another dimension than its range, or a weight is not positive and finite.
    pub fn new(
        join: Join,
        parts: impl IntoIterator<Item = (Range<usize>, f64, Box<dyn Norm>)>,
    ) -> Result<Self, NormError> {
        let parts: Vec<_> = parts.into_iter().map(|(range, weight, norm)| Part { range, weight, norm }).collect();
        let mut expected = 0;
        for Part { range, weight, norm } in &parts {
            if range.start != expected {
                return Err(NormError::Gap { expected, found: range.start });
            }
            if norm.dim() != range.len() {
                return Err(NormError::Dimension { range: range.len(), dim: norm.dim() });
            }
            if *weight <= 0.0 || !weight.is_finite() {
                return Err(NormError::Parameter { field: "weights", found: *weight, expected: "positive numbers" });
            }
            expected = range.end;
        }
        Ok(Self { join, parts })
    }

    /// The maximum over parts, all of weight one.
    ///
    /// # Errors
    /// As [`Product::new`].
    pub fn max(parts: impl IntoIterator<Item = (Range<usize>, Box<dyn Norm>)>) -> Result<Self, NormError> {
        Self::new(Join::Max, parts.into_iter().map(|(range, norm)| (range, 1.0, norm)))
    }

    /// s_l N_l(x_l) for every part.
    pub(crate) fn values(&self, x: &[f64]) -> Vec<f64> {
        self.parts.iter().map(|p| p.weight * p.norm.value(&x[p.range.clone()])).collect()
    }

    /// Every part's own direction, divided by its weight.
    fn steepest_of_all(&self, g: GradedView<'_>, terms: &GradientTerms<'_>, direction: &mut [f64]) -> Steepest {
        let mut joined = Steepest::written(LogReal::ZERO);
        for part in &self.parts {
            let found = steepest_of(part, 1.0, g, terms, direction);
            joined.dual = joined.dual.plus(found.dual / LogReal::from_value(part.weight));
            joined.join(&found);
        }
        joined
    }
}

/// Writes `factor` u_l / s_l, and zero for a factor of zero.
fn steepest_of(
    part: &Part,
    factor: f64,
    g: GradedView<'_>,
    terms: &GradientTerms<'_>,
    direction: &mut [f64],
) -> Steepest {
    let direction = &mut direction[part.range.clone()];
    if factor == 0.0 {
        direction.fill(0.0);
        return Steepest::written(LogReal::ZERO);
    }
    let g = g.slice(part.range.clone());
    // a part is one block or has no use for terms
    let found = match terms.of(&part.range) {
        Some(block) => {
            let own = GradientTerms { blocks: &[BlockTerms { start: 0, ..block }], ..*terms };
            part.norm.steepest_of_terms(g, &own, direction)
        }
        None => part.norm.steepest_into(g, direction),
    };
    let multiple = factor / part.weight;
    // multiplying by one would cost a pass
    if multiple.to_bits() != 1f64.to_bits() {
        direction.iter_mut().for_each(|u| *u *= multiple);
    }
    found
}

impl Norm for Product {
    fn dim(&self) -> usize {
        self.parts.last().map_or(0, |part| part.range.end)
    }

    fn value(&self, x: &[f64]) -> f64 {
        join::norm(self.join.exponent(), &self.values(x))
    }

    fn dual(&self, g: GradedView<'_>) -> LogReal {
        if self.join.is_max() {
            let duals =
                self.parts.iter().map(|p| p.norm.dual(g.slice(p.range.clone())) / LogReal::from_value(p.weight));
            return duals.fold(LogReal::ZERO, LogReal::plus);
        }
        let sizes: Vec<Size> = self.parts.iter().map(|p| p.dual(g)).collect();
        g.scale() * maximise(self.join.exponent(), &sizes).total.log()
    }

    fn steepest_into(&self, g: GradedView<'_>, direction: &mut [f64]) -> Steepest {
        self.steepest_of_terms(g, &GradientTerms::default(), direction)
    }

    fn steepest_of_terms(&self, g: GradedView<'_>, terms: &GradientTerms<'_>, direction: &mut [f64]) -> Steepest {
        if self.join.is_max() {
            return self.steepest_of_all(g, terms, direction);
        }
        let sizes: Vec<Size> = self.parts.iter().map(|p| p.dual(g)).collect();
        let joint = maximise(self.join.exponent(), &sizes);
        let near_ties = joint.near_ties;
        let mut joined = Steepest { near_ties, ..Steepest::written(g.scale() * joint.total.log()) };
        for (part, &w) in self.parts.iter().zip(&joint.weights) {
            let found = steepest_of(part, w, g, terms, direction);
            joined.join(&found);
        }
        joined
    }

    fn subgradient_into(&self, x: &[f64], subgradient: &mut [f64]) -> f64 {
        let values = self.values(x);
        let sizes: Vec<Size> = values.iter().map(|&v| Size::from_value(v)).collect();
        let weights = maximise(conjugate(self.join.exponent()), &sizes).weights;
        subgradient.fill(0.0);
        for (part, &w) in self.parts.iter().zip(&weights).filter(|(_, w)| **w != 0.0) {
            let v = &mut subgradient[part.range.clone()];
            part.norm.subgradient_into(&x[part.range.clone()], v);
            v.iter_mut().for_each(|v| *v *= w * part.weight);
        }
        join::norm(self.join.exponent(), &values)
    }

    /// Parts are graded among themselves whatever each of them sees, so all bands are wanted as soon as there are two.
    fn sees_graded(&self) -> bool {
        self.parts.len() > 1 || self.parts.iter().any(|part| part.norm.sees_graded())
    }

    fn restricted_to(&self, kept: &[usize]) -> Option<Box<dyn Norm>> {
        let (mut parts, mut start) = (Vec::with_capacity(self.parts.len()), 0);
        for part in &self.parts {
            let own: Vec<usize> =
                kept.iter().filter(|k| part.range.contains(k)).map(|k| k - part.range.start).collect();
            let end = start + own.len();
            parts.push((start..end, part.weight, part.norm.restricted_to(&own).filter(|_| !own.is_empty())?));
            start = end;
        }
        Some(Box::new(Self::new(self.join, parts).ok()?))
    }

    /// What a part wants, graded terms before factors.
    fn wants_terms(&self) -> WantedTerms {
        let wants = |wanted| self.parts.iter().any(|part| part.norm.wants_terms() == wanted);
        match (wants(WantedTerms::Graded), wants(WantedTerms::Factors)) {
            (true, _) => WantedTerms::Graded,
            (false, true) => WantedTerms::Factors,
            _ => WantedTerms::Nothing,
        }
    }

    /// Rotations of a block's inputs commute with the map where they do for every part.
    fn descent(&self) -> OptimizerKind {
        let invariant = |kind| matches!(kind, OptimizerKind::RightInvariant | OptimizerKind::Linear);
        if self.parts.iter().all(|part| invariant(part.norm.descent())) {
            OptimizerKind::RightInvariant
        } else {
            OptimizerKind::Other
        }
    }

    fn subdifferential(&self) -> Option<&dyn Subdifferential> {
        self.parts.iter().all(|part| part.norm.subdifferential().is_some()).then_some(self)
    }
}

impl Subdifferential for Product {
    /// # Panics
    /// If it is not known for a part: ask [`Norm::subdifferential`] first.
    fn multiples(&self, x: &[f64], target: &[f64], tolerance: f64) -> Box<dyn Multiples> {
        Box::new(Joined::new(self.join.exponent(), &self.values(x), tolerance, |l, zero| {
            let Part { range, weight, norm } = &self.parts[l];
            let Some(norm) = norm.subdifferential() else { panic!("{norm:?}: no projection on its subdifferentials") };
            let x = if zero { vec![0.0; range.len()] } else { x[range.clone()].to_vec() };
            (range.clone().into(), *weight, norm.multiples(&x, &target[range.clone()], tolerance))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{L2, Linf};
    use steepest_core::Graded;

    fn product(join: Join, weights: [f64; 2]) -> Product {
        let parts: [(_, _, Box<dyn Norm>); 2] =
            [(0..2, weights[0], Box::new(L2::new(2))), (2..4, weights[1], Box::new(Linf::new(2)))];
        Product::new(join, parts).unwrap()
    }

    #[test]
    fn parts_are_compared_far_below_one() {
        let mut g = Graded::zeros(4);
        g.overwrite(LogReal::from_ln(-1e6)).fill(0.0);
        g.add_band(LogReal::from_ln(-1_200_000.0), &[3.0, 4.0, 2.0, 3.0 * (1.0 + 1e-15)]);
        let mut u = [0.0; 4];
        let found = product(Join::Sum, [1.0, 1.0]).steepest_into(g.view(), &mut u);
        assert!(found.near_ties == 1 && (u[0] - 0.6).abs() < 1e-15 && u[3] == 0.0, "{u:?}");
        product(Join::Sum, [1.0, 0.5]).steepest_into(g.view(), &mut u);
        assert!(u.iter().zip([0.0, 0.0, 2.0, 2.0]).all(|(u, e)| (u - e).abs() < 1e-15), "{u:?}");
        // equal duals share in l2
        product(Join::L2, [1.0, 1.0]).steepest_into(g.view(), &mut u);
        assert!((u[3] - 0.5f64.sqrt()).abs() < 1e-14 && (u[0] - 0.6 * u[3]).abs() < 1e-14, "{u:?}");
    }

    #[test]
    fn a_light_part_moves_in_a_maximum() {
        let mut g = Graded::zeros(4);
        g.overwrite(LogReal::ONE).copy_from_slice(&[3.0, 4.0, 0.0, 0.0]);
        g.add_band(LogReal::from_ln(-5000.0), &[1.0, 1.0, 2.0, -1.0]);
        let mut u = [0.0; 4];
        product(Join::Max, [0.5, 4.0]).steepest_into(g.view(), &mut u);
        assert!((u[0] - 1.2).abs() < 1e-15 && u[2..] == [0.25, -0.25], "{u:?}");
        let parts: [(_, f64, Box<dyn Norm>); 1] = [(0..2, 0.0, Box::new(L2::new(2)))];
        assert!(Product::new(Join::Max, parts).is_err());
    }
}
