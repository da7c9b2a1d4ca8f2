//! Matrices that lie in flat vectors, and their singular values: what the norms of singular values share.

use crate::l2::L2;
use ndarray::{ArrayView2, ArrayViewMut2};
use steepest_core::linalg::{Accumulate, ThinSvd, multiply_into, singular_values, thin_svd};
use steepest_core::{BlockShape, GradedView, LogReal, Norm};

/// Singular values at or below this multiple of the largest are taken as zero: the numerical rank of a gradient.
pub const RANK_CUT: f64 = 1e-10;

/// Rows and columns of a matrix stored row after row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) rows: usize,
    pub(crate) cols: usize,
}

/// The singular value decomposition of the leading part of a graded matrix.
#[derive(Debug)]
pub(crate) struct LeadingSvd {
    pub(crate) svd: ThinSvd,
    /// The common scale of the singular values.
    pub(crate) scale: LogReal,
    /// Whether non-zero entries were invisible beside the largest.
    pub(crate) left_out: bool,
}

impl LeadingSvd {
    /// How many singular values are above the cut: zero for the zero matrix.
    pub(crate) fn rank(&self) -> usize {
        self.svd.s.iter().take_while(|s| **s > RANK_CUT * self.svd.s[0]).count()
    }
}

impl Shape {
    pub(crate) const fn new((rows, cols): (usize, usize)) -> Self {
        Self { rows, cols }
    }

    /// The shape that is left if these entries are the same columns of every row.
    pub(crate) fn of_columns(self, kept: &[usize]) -> Option<Self> {
        let cols = kept.len() / self.rows.max(1);
        let columns = kept.get(..cols)?;
        let is_columns = cols > 0
            && kept.len() == self.rows * cols
            && kept.chunks(cols).enumerate().all(|(row, entries)| {
                entries
                    .iter()
                    .zip(columns)
                    .all(|(&entry, &column)| column < self.cols && entry == row * self.cols + column)
            });
        is_columns.then_some(Self { cols, ..self })
    }

    pub(crate) const fn len(self) -> usize {
        self.rows * self.cols
    }

    pub(crate) fn view(self, x: &[f64]) -> ArrayView2<'_, f64> {
        let Ok(view) = ArrayView2::from_shape((self.rows, self.cols), x) else {
            panic!("a {} x {} matrix has not {} entries", self.rows, self.cols, x.len())
        };
        view
    }

    pub(crate) fn view_mut(self, x: &mut [f64]) -> ArrayViewMut2<'_, f64> {
        let len = x.len();
        let Ok(view) = ArrayViewMut2::from_shape((self.rows, self.cols), x) else {
            panic!("a {} x {} matrix has not {len} entries", self.rows, self.cols)
        };
        view
    }

    /// The singular value decomposition of the leading part, which `scratch` then holds; `None` if an entry is not finite.
    pub(crate) fn leading_svd(self, g: GradedView<'_>, scratch: &mut [f64]) -> Option<LeadingSvd> {
        let leading = g.leading_into(scratch);
        let svd = thin_svd(self.view(scratch)).ok()?;
        Some(LeadingSvd { svd, scale: leading.scale, left_out: leading.left_out })
    }

    /// The singular values of the leading part, descending, and their scale; `None` if an entry is not finite.
    pub(crate) fn leading_singular_values(self, g: GradedView<'_>) -> Option<(Vec<f64>, LogReal)> {
        let mut scratch = vec![0.0; self.len()];
        let leading = g.leading_into(&mut scratch);
        Some((singular_values(self.view(&scratch)).ok()?.to_vec(), leading.scale))
    }

    /// Writes U diag(d) V^T over the leading singular pairs, as many as there are numbers d.
    pub(crate) fn compose(self, svd: &ThinSvd, d: &[f64], out: &mut [f64]) {
        let mut u = svd.u.slice(ndarray::s![.., ..d.len()]).to_owned();
        for (mut column, &d) in u.columns_mut().into_iter().zip(d) {
            column.mapv_inplace(|v| v * d);
        }
        multiply_into(Accumulate::Replace, u.view(), svd.vt.slice(ndarray::s![..d.len(), ..]), self.view_mut(out));
    }
}

/// The norm that `of_matrix` makes for the shape of a matrix; a vector has one singular value, its l2 norm.
pub(crate) fn block_norm(shape: BlockShape, of_matrix: impl Fn(Shape) -> Box<dyn Norm>) -> Box<dyn Norm> {
    match shape {
        BlockShape::Matrix { rows, cols } => of_matrix(Shape { rows, cols }),
        BlockShape::Vector { len } => Box::new(L2::new(len)),
    }
}
