//! The mixed norms: lp over groups of lr within them.

use crate::blocks::list;
use crate::entries::Entries;
use crate::error::NormError;
use crate::group::{Gathered, Group, Groups, groups_of, groups_of_layout};
use crate::join::{self, Size, conjugate, maximise};
use crate::multiples::joined::Joined;
use crate::multiples::of_lr;
use crate::spec::{BuildNorm, NormInfo, NormLabel};
use serde::{Deserialize, Serialize};
use steepest_core::{
    BlockShape, GradedView, LogReal, Multiples, Norm, OptimizerKind, ParameterLayout, Steepest, Subdifferential,
};

/// N(x) = (sum over groups G of |x_G|_r^p)^(1/p) for p and r from 1 to infinity; N* = the mixed norm of the conjugate exponents.
///
/// Steepest direction: w_G u_G with u_G that of lr on the group ([`L1`](crate::L1): the first of the largest entries,
/// [`Linf`](crate::Linf): all signs) and w that of lp at the groups' dual norms: p = 1 moves one group, the first of those within a relative
/// 1e-12 of the largest, the others counted as near ties; p = infinity moves every group, w_G = 1. Entries keep their exponents in the
/// groups and between them: a group that lies e^-5000 below another has its own unit direction, nothing is left out. A group of zeros
/// stays. Subgradient: the same map of the conjugate exponents, at a zero group zero. Two passes over the vector each, with a power unless
/// the exponents are 1, 2 or infinity.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixed {
    pub(crate) p: f64,
    pub(crate) r: f64,
    pub(crate) groups: Vec<Group>,
    right_invariant: bool,
}

impl Mixed {
    /// The mixed norm of a rows x cols matrix over its rows or columns.
    ///
    /// # Errors
    /// If an exponent is below 1 or not a number.
    pub fn of_matrix((rows, cols): (usize, usize), groups: Groups, p: f64, r: f64) -> Result<Self, NormError> {
        Self::over(groups_of(BlockShape::Matrix { rows, cols }, groups, 0), p, r, groups)
    }

    /// The mixed norm over the rows or columns of all blocks of a layout; a vector is one group.
    ///
    /// # Errors
    /// If an exponent is below 1 or not a number.
    pub fn of_layout(layout: &ParameterLayout, groups: Groups, p: f64, r: f64) -> Result<Self, NormError> {
        Self::over(groups_of_layout(layout, groups), p, r, groups)
    }

    fn over(groups: Vec<Group>, p: f64, r: f64, kind: Groups) -> Result<Self, NormError> {
        let right_invariant = kind == Groups::Rows && r.to_bits() == 2f64.to_bits();
        Ok(Self { p: join::exponent("p", p)?, r: join::exponent("r", r)?, groups, right_invariant })
    }

    /// |x_G|_r of every group.
    pub(crate) fn values(&self, x: &[f64]) -> Vec<f64> {
        let value = |group: &Group| Entries::from(&group.gather(x)[..]).norm(self.r).log().value();
        self.groups.iter().map(value).collect()
    }

    /// Writes the maximiser of <x, u> over |u_G|_r, joined by p, at most one.
    fn direction(&self, (p, r): (f64, f64), x: GradedView<'_>, direction: &mut [f64]) -> Steepest {
        let (mut gathered, mut u, mut ties) = (Gathered::default(), Vec::new(), Vec::new());
        let mut sizes = Vec::with_capacity(self.groups.len());
        for &group in &self.groups {
            u.resize(group.len, 0.0);
            let (size, near) = gathered.load(x, group).direction(r, &mut u);
            group.scatter(&u, direction);
            sizes.push(size);
            ties.push(near);
        }
        let joint = maximise(p, &sizes);
        let mut near_ties = joint.near_ties;
        for ((group, &w), near) in self.groups.iter().zip(&joint.weights).zip(ties) {
            if w.to_bits() != 1f64.to_bits() {
                group.scale(w, direction);
            }
            near_ties += if w == 0.0 { 0 } else { near };
        }
        Steepest { near_ties, ..Steepest::written(x.scale() * joint.total.log()) }
    }
}

impl Norm for Mixed {
    fn dim(&self) -> usize {
        self.groups.iter().map(|g| g.len).sum()
    }

    fn value(&self, x: &[f64]) -> f64 {
        join::norm(self.p, &self.values(x))
    }

    fn dual(&self, g: GradedView<'_>) -> LogReal {
        let (mut gathered, r) = (Gathered::default(), conjugate(self.r));
        let sizes: Vec<Size> = self.groups.iter().map(|&group| gathered.load(g, group).norm(r)).collect();
        g.scale() * maximise(self.p, &sizes).total.log()
    }

    fn steepest_into(&self, g: GradedView<'_>, direction: &mut [f64]) -> Steepest {
        self.direction((self.p, self.r), g, direction)
    }

    fn subgradient_into(&self, x: &[f64], subgradient: &mut [f64]) -> f64 {
        self.direction((conjugate(self.p), conjugate(self.r)), x.into(), subgradient);
        self.value(x)
    }

    /// Rotations of the inputs do not change the l2 norms of rows.
    fn descent(&self) -> OptimizerKind {
        if self.right_invariant { OptimizerKind::RightInvariant } else { OptimizerKind::Other }
    }

    fn subdifferential(&self) -> Option<&dyn Subdifferential> {
        Some(self)
    }
}

impl Subdifferential for Mixed {
    fn multiples(&self, x: &[f64], target: &[f64], tolerance: f64) -> Box<dyn Multiples> {
        Box::new(Joined::new(self.p, &self.values(x), tolerance, |l, zero| {
            let group = self.groups[l];
            let x = if zero { vec![0.0; group.len] } else { group.gather(x) };
            (group, 1.0, of_lr(self.r, &x, &group.gather(target), tolerance))
        }))
    }
}

/// `{ kind = "mixed", p = 1, r = 2, groups = "rows" }` in a configuration: lp over the rows or columns of all blocks, lr within them; a
/// vector is one group. p = 1, r = 2 is the group lasso.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MixedSpec {
    /// The exponent over groups, from 1 to inf.
    pub p: f64,
    /// The exponent within a group, from 1 to inf.
    pub r: f64,
    /// What the groups of a matrix are.
    #[serde(default)]
    pub groups: Groups,
}

impl BuildNorm for MixedSpec {
    const INFO: NormInfo = NormInfo {
        name: "mixed",
        formula: "(sum over groups G of |x_G|_r^p)^(1/p)",
        dual: "mixed with the conjugate exponents",
        descent: "p-norm descent over groups, r-norm descent within (p = 1: one group at a time)",
        symbol: "‖θ‖_{p,r}",
        paper_margin: None,
        fields: &[
            ("p", "the exponent over groups, from 1 to inf"),
            ("r", "the exponent within a group, from 1 to inf"),
            ("groups", "\"rows\" (the default) or \"columns\" of each matrix; a vector is one group"),
        ],
    };

    fn label(&self) -> NormLabel {
        let (p, r, groups) = (self.p, self.r, self.groups.name());
        NormLabel {
            name: format!("mixed{}{}_{groups}", list("p", &[p]), list("r", &[r])),
            formula: format!("l{p} over {groups} of l{r} within them"),
            symbol: format!("‖θ‖_{{{p},{r} {groups}}}"),
            ..Self::INFO.into()
        }
    }

    fn examples() -> Vec<Self> {
        let over = [1.0, 1.001, 2.0, 100.0, f64::INFINITY];
        let within = [1.0, 1.5, 2.0, 100.0, f64::INFINITY];
        let pairs = over.iter().flat_map(|&p| within.iter().map(move |&r| (p, r)));
        pairs.flat_map(|(p, r)| [Groups::Rows, Groups::Columns].map(|groups| Self { p, r, groups })).collect()
    }

    fn build(&self, layout: &ParameterLayout) -> Result<Box<dyn Norm>, NormError> {
        Ok(Box::new(Mixed::of_layout(layout, self.groups, self.p, self.r)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use steepest_core::{Graded, vector};

    #[test]
    fn a_light_group_keeps_its_own_direction() {
        let mut g = Graded::zeros(6);
        // columns of a 2 x 3 matrix, one e^-5000 and one e^-90000 of the first
        g.overwrite(LogReal::ONE).copy_from_slice(&[1.0, 0.0, 0.0, -2.0, 0.0, 0.0]);
        g.add_band(LogReal::from_ln(-5000.0), &[0.0, 3.0, 0.0, 0.0, 4.0, 0.0]);
        g.add_band(LogReal::from_ln(-90_000.0), &[0.0, 0.0, 0.0, 1.0, 0.0, -7.0]);
        let norm = Mixed::of_matrix((2, 3), Groups::Columns, f64::INFINITY, 2.0).unwrap();
        let mut u = [0.0; 6];
        let found = norm.steepest_into(g.view(), &mut u);
        for (found, expected) in u.iter().zip([0.2f64.sqrt(), 0.6, 0.0, -0.8f64.sqrt(), 0.8, -1.0]) {
            assert!((found - expected).abs() < 1e-14, "{u:?}");
        }
        assert!((found.dual.value() - 5f64.sqrt()).abs() < 1e-14 && !found.left_out);
        let norm = Mixed::of_matrix((2, 3), Groups::Columns, 1.0, 2.0).unwrap();
        norm.steepest_into(g.view().slice(0..6), &mut u);
        assert_eq!((vector::sum_of_abs(&[u[1], u[2], u[4], u[5]]), u[0] > 0.4), (0.0, true));
    }

    #[test]
    fn equal_groups_tie_far_below_one_and_the_first_moves() {
        let mut g = Graded::zeros(4);
        g.overwrite(LogReal::from_ln(-1e6)).copy_from_slice(&[0.0; 4]);
        g.add_band(LogReal::from_ln(-1_200_000.0), &[3.0, 4.0, -4.0, 3.0 * (1.0 + 1e-15)]);
        let norm = Mixed::of_matrix((2, 2), Groups::Rows, 1.0, 2.0).unwrap();
        let mut u = [0.0; 4];
        assert_eq!(norm.steepest_into(g.view(), &mut u).near_ties, 1);
        assert!((u[0] - 0.6).abs() < 1e-15 && u[2] == 0.0);
        assert!(Mixed::of_matrix((2, 2), Groups::Rows, 0.5, 2.0).is_err());
    }
}
