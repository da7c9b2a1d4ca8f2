//! The spectral norm of a matrix, and its maximum over the blocks of a network: steepest descent in it is spectral descent
//! (Shampoo without accumulation, Muon without momentum).

use crate::blocks::{BlockNorm, JOIN, WEIGHTS, per_block};
use crate::error::NormError;
use crate::graded_polar::{Term, graded_polar};
#[cfg(doc)]
use crate::matrix::RANK_CUT;
use crate::matrix::{LeadingSvd, Shape, block_norm};
use crate::multiples::pairs::of_spectral;
use crate::polar::{Route, polar_into};
use crate::spec::{NormInfo, NormLabel};
use serde::{Deserialize, Serialize};
use steepest_core::linalg::{largest_singular_value, thin_svd_of_product};
use steepest_core::{
    BlockShape, BlockTerms, GradedView, GradientTerms, LogReal, Multiples, Norm, OptimizerKind, Steepest,
    Subdifferential, WantedTerms, vector,
};

/// N(W) = sigma_max(W) of a matrix stored row after row; N* = the nuclear norm, the sum of the singular values.
///
/// Steepest direction: the polar factor U V^T of the *leading* part of G = U S V^T, over the singular values above [`RANK_CUT`] times
/// the largest; of the maximisers it is the one of least Frobenius norm. In exact arithmetic every direction counts, however small
/// its singular value; what lies below the cut, or in bands that are invisible beside the heaviest, is left out, and the latter is
/// reported. Orthogonal to 1e-13. With [`Polar::Graded`] every direction counts, from the terms of the gradient ([`graded_polar`]); without
/// terms at hand it is the leading one. Subgradient: u_1 v_1^T of the first singular pair. One thin SVD each: O(m n min(m, n)), for the
/// direction at a condition of up to some 10^6 the inverse root of a Gram matrix of the smaller side, within 1e-12, or its eigenproblem, of the same
/// accuracy, in its place; with r
/// factors, fewer than the smaller side has rows, O((m + n) r^2) and a product. The value costs one Gram matrix of the smaller
/// side and its eigenvalues.
///
/// A matrix that holds NaN or infinity has norm NaN, dual NaN and direction NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spectral {
    pub(crate) shape: Shape,
    polar: Polar,
}

/// Which singular values of a gradient take part in its polar factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Polar {
    /// Those above [`RANK_CUT`] times the largest, of the part that is visible beside the largest entry.
    #[default]
    Leading,
    /// All that are not zero, be it e^-8000 of the largest: from the terms of the gradient, which momentum does not keep.
    Graded,
}

impl Polar {
    /// Whether this is the one that a configuration need not name.
    pub const fn is_leading(&self) -> bool {
        matches!(self, Self::Leading)
    }
}

impl Spectral {
    /// The spectral norm of rows x cols matrices.
    pub const fn new(shape: (usize, usize)) -> Self {
        Self { shape: Shape::new(shape), polar: Polar::Leading }
    }

    /// With the polar factor that takes these singular values.
    #[must_use]
    pub const fn with_polar(self, polar: Polar) -> Self {
        Self { polar, ..self }
    }

    /// The direction from a singular value decomposition, which was found in this way.
    fn compose(&self, leading: &LeadingSvd, route: Route, direction: &mut [f64]) -> Steepest {
        let rank = leading.rank();
        if rank == 0 {
            direction.fill(0.0);
            return Steepest::written(LogReal::ZERO);
        }
        self.shape.compose(&leading.svd, &vec![1.0; rank], direction);
        let dual = leading.scale * LogReal::from_value(leading.svd.s.iter().take(rank).sum());
        Steepest { left_out: leading.left_out, routes: route as u8, ..Steepest::written(dual) }
    }

    /// The leading polar factor of G = D^T H, for few samples.
    fn steepest_of_factors(&self, g: GradedView<'_>, block: BlockTerms<'_>, direction: &mut [f64]) -> Option<Steepest> {
        let (d, h) = (block.u, block.v);
        let size = |m: &ndarray::ArrayView2<'_, f64>| {
            m.rows().into_iter().fold(0.0, |s: f64, row| s.max(row.to_slice().map_or(f64::INFINITY, vector::max_abs)))
        };
        let moderate = 1e-100..1e100;
        if d.nrows() >= self.shape.rows.min(self.shape.cols)
            || !moderate.contains(&size(&d))
            || !moderate.contains(&size(&h))
        {
            return None;
        }
        let svd = thin_svd_of_product(d, h).ok()?;
        Some(self.compose(&LeadingSvd { svd, scale: g.scale(), left_out: false }, Route::Factors, direction))
    }

    /// The polar factor over all terms.
    fn steepest_of_graded(&self, terms: &GradientTerms<'_>, block: BlockTerms<'_>, direction: &mut [f64]) -> Steepest {
        let rows = |m: &ndarray::ArrayView2<'_, f64>| -> Vec<Vec<f64>> {
            m.rows().into_iter().map(|row| row.to_vec()).collect()
        };
        let (u, v) = (rows(&block.u), rows(&block.v));
        let all = terms.ln_weights.iter().zip(u.iter().zip(&v)).map(|(&ln_weight, (u, v))| Term { ln_weight, u, v });
        let found = graded_polar(&all.collect::<Vec<_>>(), self.shape.rows, self.shape.cols);
        direction.iter_mut().zip(&found.direction).for_each(|(out, u)| *out = *u);
        Steepest { doubtful: found.suspicious, ..Steepest::written(LogReal::from_ln(found.ln_dual)) }
    }
}

impl Norm for Spectral {
    fn dim(&self) -> usize {
        self.shape.len()
    }

    fn value(&self, x: &[f64]) -> f64 {
        largest_singular_value(self.shape.view(x)).unwrap_or(f64::NAN)
    }

    fn dual(&self, g: GradedView<'_>) -> LogReal {
        let Some((s, scale)) = self.shape.leading_singular_values(g) else { return LogReal::from_ln(f64::NAN) };
        scale * LogReal::from_value(s.iter().sum())
    }

    fn steepest_into(&self, g: GradedView<'_>, direction: &mut [f64]) -> Steepest {
        let (values, leading) = g.leading();
        if let Some((nuclear, route)) = polar_into(self.shape, &values, direction) {
            let dual = leading.scale * LogReal::from_value(nuclear);
            return Steepest { left_out: leading.left_out, routes: route as u8, ..Steepest::written(dual) };
        }
        let Some(leading) = self.shape.leading_svd(g, direction) else {
            direction.fill(f64::NAN);
            return Steepest::written(LogReal::from_ln(f64::NAN));
        };
        self.compose(&leading, Route::Decomposition, direction)
    }

    fn wants_terms(&self) -> WantedTerms {
        match self.polar {
            Polar::Leading => WantedTerms::Factors,
            Polar::Graded => WantedTerms::Graded,
        }
    }

    fn steepest_of_terms(&self, g: GradedView<'_>, terms: &GradientTerms<'_>, direction: &mut [f64]) -> Steepest {
        let found = match (terms.of(&(0..self.shape.len())), self.polar) {
            (Some(block), Polar::Graded) if !terms.ln_weights.is_empty() => {
                Some(self.steepest_of_graded(terms, block, direction))
            }
            (Some(block), Polar::Leading) if terms.ln_weights.is_empty() => {
                self.steepest_of_factors(g, block, direction)
            }
            _ => None,
        };
        found.unwrap_or_else(|| self.steepest_into(g, direction))
    }

    fn subgradient_into(&self, x: &[f64], subgradient: &mut [f64]) -> f64 {
        let Some(leading) = self.shape.leading_svd(x.into(), subgradient) else {
            subgradient.fill(f64::NAN);
            return f64::NAN;
        };
        if leading.rank() == 0 {
            subgradient.fill(0.0);
            return 0.0;
        }
        self.shape.compose(&leading.svd, &[1.0], subgradient);
        leading.scale.value() * leading.svd.s[0]
    }

    fn sees_graded(&self) -> bool {
        false
    }

    fn descent(&self) -> OptimizerKind {
        OptimizerKind::RightInvariant
    }

    /// To whole columns: a column of zeros has no part in the singular values.
    fn restricted_to(&self, kept: &[usize]) -> Option<Box<dyn Norm>> {
        let shape = self.shape.of_columns(kept)?;
        Some(Box::new(Self { shape, ..*self }))
    }

    fn subdifferential(&self) -> Option<&dyn Subdifferential> {
        Some(self)
    }
}

impl Subdifferential for Spectral {
    fn multiples(&self, x: &[f64], target: &[f64], tolerance: f64) -> Box<dyn Multiples> {
        of_spectral(self.shape, x, target, tolerance)
    }
}

per_block! {
    /// `spectral` in a configuration: the largest spectral norm over all blocks; of a vector, its Euclidean norm.
    #[derive(Default)]
    SpectralSpec {
        /// Which singular values take part in the polar factor.
        #[serde(default, skip_serializing_if = "Polar::is_leading")]
        polar: Polar,
    }
}

impl BlockNorm for SpectralSpec {
    const INFO: NormInfo = NormInfo {
        name: "spectral",
        formula: "max over blocks of sigma_max(W) (a vector: its l2 norm)",
        dual: "sum over blocks of the nuclear norm",
        descent: "spectral descent: the polar factor of each block (Shampoo without accumulation, Muon without momentum)",
        symbol: "‖θ‖_{σ}",
        paper_margin: Some("γ_{σ}"),
        fields: &[
            JOIN,
            WEIGHTS,
            (
                "polar",
                "which singular values of a gradient move: \"leading\" (default, those above 1e-10 of the largest, of the part that is \
                 visible beside the largest entry) or \"graded\" (all that are not zero, at any size)",
            ),
        ],
    };

    fn each(&self) -> String {
        "sigma_max(W) (a vector: its l2 norm)".into()
    }

    fn base(&self) -> NormLabel {
        let label = NormLabel::from(<Self as BlockNorm>::INFO);
        match self.polar {
            Polar::Leading => label,
            Polar::Graded => {
                NormLabel { descent: "spectral descent with the graded polar factor of each block", ..label }
            }
        }
    }

    fn parameters() -> Vec<Self> {
        vec![Self::default()]
    }

    fn of_block(&self, shape: BlockShape) -> Result<(f64, Box<dyn Norm>), NormError> {
        Ok((1.0, block_norm(shape, |shape| Box::new(Spectral { shape, polar: self.polar }))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn the_way_through_factors_is_the_way_through_the_product() {
        let entry = |i: usize, j: usize| ((7 * i + 3 * j + i * j) % 11) as f64 - 4.5;
        for (r, m, n) in [(3, 8, 12), (5, 20, 7), (1, 4, 4)] {
            let (d, h) = (
                Array2::from_shape_fn((r, m), |(i, j)| entry(i, j)),
                Array2::from_shape_fn((r, n), |(i, j)| entry(j, i)),
            );
            let g: Vec<f64> = d.t().dot(&h).iter().copied().collect();
            let (norm, mut plain, mut of_factors) = (Spectral::new((m, n)), vec![0.0; m * n], vec![0.0; m * n]);
            let blocks = [BlockTerms { start: 0, u: d.view(), v: h.view() }];
            let terms = GradientTerms { ln_weights: &[], blocks: &blocks };
            let a = norm.steepest_into(g[..].into(), &mut plain);
            let b = norm.steepest_of_terms(g[..].into(), &terms, &mut of_factors);
            assert!((a.dual.ln() - b.dual.ln()).abs() < 1e-12, "{a:?} {b:?}");
            for (a, b) in plain.iter().zip(&of_factors) {
                assert!((a - b).abs() < 1e-12, "{a} {b}");
            }
        }
    }

    #[test]
    fn it_says_which_way_it_took() {
        let columns = |off: f64| [1.0, 1.0, 1.0, 1.0 + off, 2.0, 2.0 - off];
        for (g, route) in [
            (columns(1.0), Route::InverseRoot),
            (columns(2e-4), Route::Eigenvectors),
            (columns(0.0), Route::Decomposition),
        ] {
            let found = Spectral::new((3, 2)).steepest_into(g[..].into(), &mut [0.0; 6]);
            assert_eq!(found.routes, route as u8, "{route:?} of {g:?}");
        }
    }

    #[test]
    fn every_singular_value_counts_in_the_graded_factor() {
        let (u, v) = (Array2::from_diag(&ndarray::array![2.0, 3.0]), Array2::from_diag(&ndarray::array![1.0, -1.0]));
        let blocks = [BlockTerms { start: 0, u: u.view(), v: v.view() }];
        let terms = GradientTerms { ln_weights: &[-10.0, -8000.0], blocks: &blocks };
        let (norm, mut direction) = (Spectral::new((2, 2)).with_polar(Polar::Graded), [0.0; 4]);
        let found = norm.steepest_of_terms([1.0, 0.0, 0.0, 0.0][..].into(), &terms, &mut direction);
        assert!((found.dual.ln() - (2_f64.ln() - 10.0)).abs() < 1e-12 && !found.doubtful);
        assert!(direction.iter().zip([1.0, 0.0, 0.0, -1.0]).all(|(a, b)| (a - b).abs() < 1e-13), "{direction:?}");
    }
}
