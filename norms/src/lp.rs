//! The lp norms for every p from 1 to infinity.

use crate::entries::Entries;
use crate::error::NormError;
use crate::join::conjugate;
use crate::l1::L1;
use crate::l2::L2;
use crate::linf::Linf;
use crate::multiples::of_lr;
use crate::spec::{BuildNorm, NormInfo, NormLabel};
use serde::{Deserialize, Serialize};
use steepest_core::{GradedView, LogReal, Multiples, Norm, ParameterLayout, Steepest, Subdifferential};

/// N(x) = (sum_k |x_k|^p)^(1/p) for 1 < p < infinity; N* = lq with 1/p + 1/q = 1.
///
/// Steepest direction: sign(g_k) |g_k|^(q-1) / |g|_q^(q-1), unique. The power q - 1 = 1/(p - 1) is below one for p > 2 and brings
/// small entries back: at p = 100 an entry e^-600 of the largest moves by 0.0023 of it. So graded gradients are read with all their
/// exponents. Subgradient: the same map of the other exponent. Two passes with a power each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lp {
    p: f64,
    dim: usize,
}

impl Lp {
    /// The lp norm on R^dim.
    ///
    /// # Errors
    /// If p is not above 1 and finite: [`L1`] and [`Linf`] are the ends.
    pub fn new(p: f64, dim: usize) -> Result<Self, NormError> {
        if p > 1.0 && p.is_finite() {
            Ok(Self { p, dim })
        } else {
            Err(NormError::Parameter { field: "p", found: p, expected: "a number from 1 to inf" })
        }
    }
}

impl Norm for Lp {
    fn dim(&self) -> usize {
        self.dim
    }

    fn value(&self, x: &[f64]) -> f64 {
        Entries::from(x).norm(self.p).log().value()
    }

    fn dual(&self, g: GradedView<'_>) -> LogReal {
        g.scale() * Entries::from(g).norm(conjugate(self.p)).log()
    }

    fn steepest_into(&self, g: GradedView<'_>, direction: &mut [f64]) -> Steepest {
        Steepest::written(g.scale() * Entries::from(g).direction(self.p, direction).0.log())
    }

    fn subgradient_into(&self, x: &[f64], subgradient: &mut [f64]) -> f64 {
        Entries::from(x).direction(conjugate(self.p), subgradient).0.log().value()
    }

    fn restricted_to(&self, kept: &[usize]) -> Option<Box<dyn Norm>> {
        Some(Box::new(Self { dim: kept.len(), ..*self }))
    }

    fn subdifferential(&self) -> Option<&dyn Subdifferential> {
        Some(self)
    }
}

impl Subdifferential for Lp {
    fn multiples(&self, x: &[f64], target: &[f64], tolerance: f64) -> Box<dyn Multiples> {
        of_lr(self.p, x, target, tolerance)
    }
}

/// `{ kind = "lp", p = 3 }` in a configuration; p = 1, 2 and inf give the norms of those names.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LpSpec {
    /// The exponent, from 1 to inf.
    pub p: f64,
}

impl BuildNorm for LpSpec {
    const INFO: NormInfo = NormInfo {
        name: "lp",
        formula: "(sum_k |x_k|^p)^(1/p)",
        dual: "lq with 1/p + 1/q = 1",
        descent: "p-norm descent: between coordinate (p = 1), gradient (2) and sign descent (inf)",
        symbol: "‖θ‖_{p}",
        paper_margin: None,
        fields: &[("p", "the exponent, from 1 to inf")],
    };

    fn label(&self) -> NormLabel {
        let name = format!("lp_{}", self.p).replace('.', "_");
        NormLabel {
            name,
            symbol: format!("‖θ‖_{{{}}}", self.p),
            formula: format!("lp with p = {}", self.p),
            ..Self::INFO.into()
        }
    }

    fn examples() -> Vec<Self> {
        [1.0, 1.000_001, 1.001, 1.5, 2.0, 3.0, 17.0, 100.0, 1e4, f64::INFINITY].map(|p| Self { p }).into()
    }

    fn build(&self, layout: &ParameterLayout) -> Result<Box<dyn Norm>, NormError> {
        let dim = layout.len();
        Ok(match self.p {
            1.0 => Box::new(L1::new(dim)),
            2.0 => Box::new(L2::new(dim)),
            f64::INFINITY => Box::new(Linf::new(dim)),
            p => Box::new(Lp::new(p, dim)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_entries_come_back_at_large_p() {
        let mut g = steepest_core::Graded::zeros(2);
        g.overwrite(LogReal::ONE)[0] = 1.0;
        g.add_band(LogReal::from_ln(-600.0), &[0.0, 1.0]);
        let mut u = [0.0; 2];
        Lp::new(100.0, 2).unwrap().steepest_into(g.view(), &mut u);
        assert!((u[1] / u[0] / steepest_core::logspace::exp(-600.0 / 99.0) - 1.0).abs() < 1e-12);
        assert!(Lp::new(0.5, 2).is_err() && Lp::new(f64::NAN, 2).is_err());
    }
}
