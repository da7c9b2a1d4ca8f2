//! The inputs X (n x d) as sign descent looks at them.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, CowArray, Ix2, s};
use std::ops::Range;
use steepest_core::linalg::{Accumulate, SparseRows, SparseWork, multiply_into};
use steepest_core::vector;

/// Columns that are formed at a time: a block of X, of its signs and of the gradient stays in cache between the products.
pub(super) const BLOCK: usize = 512;

/// X without the columns that are zero in every sample, and what follows from it once and for all.
///
/// In such a column every gradient is zero, so that its weights never move.
#[derive(Debug)]
pub(super) struct Inputs<'a> {
    /// X (n x d), rows contiguous.
    pub(super) x: CowArray<'a, f64, Ix2>,
    /// X^T (d x n), rows contiguous: what one weight does to the pre-activations.
    pub(super) columns: Array2<f64>,
    /// S = X sign(X)^T transposed (n x n): row i is what W + sign(x_i) in one row adds to the pre-activations of it, X sign(x_i).
    pub(super) along_signs: Array2<f64>,
    /// max_l |x_il| of each sample.
    pub(super) largest: Vec<f64>,
    /// min_l |x_il| of each sample, over the columns that are there.
    pub(super) smallest: Vec<f64>,
    /// The share of zeros in each sample.
    pub(super) share_of_zeros: Vec<f64>,
    /// max |x_il|.
    pub(super) max: f64,
    /// X without its zeros, where most entries are.
    dark: Option<Dark>,
    /// Which columns of the whole X are there; `None` for all of them.
    places: Option<Vec<usize>>,
}

/// X (n x d), X^T and sign(X)^T without their zeros, as of images on a black ground.
#[derive(Debug)]
struct Dark {
    samples: SparseRows,
    inputs: SparseRows,
    signs: SparseRows,
}

impl Dark {
    fn of(x: ArrayView2<'_, f64>) -> Option<Self> {
        let (samples, inputs) = (SparseRows::of(x)?, SparseRows::of(x.t())?);
        Some(Self { samples, inputs, signs: SparseRows::of(x.t().mapv(vector::sign).view())? })
    }
}

impl<'a> Inputs<'a> {
    /// From all columns: 2 n^2 d flops for S.
    pub(super) fn new(whole: ArrayView2<'a, f64>) -> Self {
        let kept: Vec<usize> = (0..whole.ncols()).filter(|&l| whole.column(l).iter().any(|&x| x != 0.0)).collect();
        let places = (kept.len() < whole.ncols()).then_some(kept);
        let x: CowArray<'a, f64, Ix2> = match &places {
            // rows contiguous again
            Some(kept) => whole.select(Axis(1), kept).as_standard_layout().into_owned().into(),
            None => whole.into(),
        };
        let (n, d) = x.dim();
        let of_samples =
            |measure: &dyn Fn(&[f64]) -> f64| x.rows().into_iter().filter_map(|r| r.to_slice().map(measure)).collect();
        let largest: Vec<f64> = of_samples(&vector::max_abs);
        let mut inputs = Self {
            columns: x.t().as_standard_layout().into_owned(),
            along_signs: Array2::zeros((n, n)),
            smallest: of_samples(&|row| row.iter().fold(f64::INFINITY, |least, x| least.min(x.abs()))),
            share_of_zeros: of_samples(&|row| row.iter().filter(|x| **x == 0.0).count() as f64 / d as f64),
            max: vector::max_abs(&largest),
            largest,
            dark: Dark::of(x.view()),
            x,
            places,
        };
        let mut sums = Array2::zeros((n, n));
        inputs.each_block_of_signs(|columns, signs| {
            let x = inputs.x.slice(s![.., columns]);
            multiply_into(Accumulate::Add, signs, x.t(), sums.view_mut());
        });
        inputs.along_signs = sums;
        inputs
    }

    /// (n, d), d without the columns of zeros.
    pub(super) fn dim(&self) -> (usize, usize) {
        self.x.dim()
    }

    /// Whether zeros are skipped.
    #[cfg(test)]
    pub(super) const fn is_dark(&self) -> bool {
        self.dark.is_some()
    }

    /// The samples of which every input is zero.
    pub(super) fn blank(&self) -> Vec<usize> {
        (0..self.largest.len()).filter(|&i| self.largest[i] == 0.0).collect()
    }

    /// x_i.
    pub(super) fn sample(&self, i: usize) -> &[f64] {
        self.x.row(i).to_slice().unwrap_or_default()
    }

    /// Column l of X.
    pub(super) fn column(&self, l: usize) -> &[f64] {
        self.columns.row(l).to_slice().unwrap_or_default()
    }

    /// X sign(x_i) (n).
    pub(super) fn along_sign_of(&self, i: usize) -> &[f64] {
        self.along_signs.row(i).to_slice().unwrap_or_default()
    }

    /// The columns in blocks.
    pub(super) fn blocks(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        self.in_blocks_of(BLOCK)
    }

    /// The columns in blocks for [`weigh`](Self::weigh) and [`add_along`](Self::add_along): one block where most entries are zero.
    pub(super) fn blocks_of_products(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        self.in_blocks_of(if self.dark.is_some() { self.dim().1.max(1) } else { BLOCK })
    }

    fn in_blocks_of(&self, size: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let d = self.dim().1;
        (0..d).step_by(size).map(move |start| start..d.min(start + size))
    }

    /// Writes V X, of one block of columns: V (patterns x n).
    pub(super) fn weigh(
        &self,
        v: ArrayView2<'_, f64>,
        columns: Range<usize>,
        g: ArrayViewMut2<'_, f64>,
        work: &mut SparseWork,
    ) {
        match &self.dark {
            Some(dark) => dark.inputs.times_transposed(v, g.reversed_axes(), work),
            None => multiply_into(Accumulate::Replace, v, self.x.slice(s![.., columns]), g),
        }
    }

    /// Adds G X^T over one block of columns to what begins as zero: G (patterns x columns).
    pub(super) fn add_along(
        &self,
        g: ArrayView2<'_, f64>,
        columns: Range<usize>,
        sums: ArrayViewMut2<'_, f64>,
        work: &mut SparseWork,
    ) {
        match &self.dark {
            // the only block
            Some(dark) => dark.samples.times_transposed(g, sums.reversed_axes(), work),
            None => multiply_into(Accumulate::Add, g, self.x.slice(s![.., columns]).reversed_axes(), sums),
        }
    }

    fn each_block_of_signs(&self, mut visit: impl FnMut(Range<usize>, ArrayView2<'_, f64>)) {
        let mut signs = Array2::zeros((self.dim().0, BLOCK));
        for columns in self.blocks() {
            let mut signs = signs.slice_mut(s![.., ..columns.len()]);
            signs.zip_mut_with(&self.x.slice(s![.., columns.clone()]), |sign, &x| *sign = vector::sign(x));
            visit(columns, signs.view());
        }
    }

    /// The columns that are there, of a matrix with all of them.
    pub(super) fn narrow(&self, whole: ArrayView2<'_, f64>) -> Vec<f64> {
        let mut kept = steepest_core::memory::zeros(whole.nrows() * self.dim().1);
        let rows = kept.chunks_exact_mut(self.dim().1.max(1)).zip(whole.rows());
        for (kept, whole) in rows {
            match &self.places {
                Some(places) => kept.iter_mut().zip(places).for_each(|(k, &l)| *k = whole[l]),
                None => kept.iter_mut().zip(whole).for_each(|(k, &w)| *k = w),
            }
        }
        kept
    }

    /// Writes base + B sign(X) into the columns that are there, of a matrix with all of them: 2 m n d flops, less where most entries are zero.
    pub(super) fn widen(&self, base: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>, mut whole: ArrayViewMut2<'_, f64>) {
        if let Some(dark) = &self.dark {
            let mut w = Array2::zeros(base.dim());
            dark.signs.times_transposed(b, w.view_mut().reversed_axes(), &mut SparseWork::default());
            w += &base;
            self.put(w.view(), 0..self.dim().1, &mut whole);
            return;
        }
        let mut block = Array2::zeros((base.nrows(), BLOCK));
        self.each_block_of_signs(|columns, signs| {
            let mut w = block.slice_mut(s![.., ..columns.len()]);
            w.assign(&base.slice(s![.., columns.clone()]));
            multiply_into(Accumulate::Add, b, signs, w.view_mut());
            self.put(w.view(), columns, &mut whole);
        });
    }

    /// Writes some of the columns that are there, of a matrix with all of them.
    fn put(&self, w: ArrayView2<'_, f64>, columns: Range<usize>, whole: &mut ArrayViewMut2<'_, f64>) {
        match &self.places {
            None => whole.slice_mut(s![.., columns]).assign(&w),
            Some(places) => {
                for (mut whole, row) in whole.rows_mut().into_iter().zip(w.rows()) {
                    places[columns.clone()].iter().zip(row).for_each(|(&l, &w)| whole[l] = w);
                }
            }
        }
    }
}
