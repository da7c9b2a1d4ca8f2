//! Directions C^T X in the span of the inputs, and the step along one.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, s};
use steepest_core::linalg::multiply_in_cache;
use steepest_core::{Rows, vector};

/// Columns of C that are multiplied at a time: C and K C of so many stay in the second cache until their inner product is taken.
const COLUMNS: usize = 128;

/// Entries of an update at a time: four vectors of so many stay in the first cache.
pub(super) const ENTRIES: usize = 1024;

/// C of the direction C^T X: one row for each of `rows`; zero for all other samples.
#[derive(Clone, Copy, Debug)]
pub(super) struct Coefficients<'a> {
    pub(super) values: ArrayView2<'a, f64>,
    pub(super) rows: Rows<'a>,
}

impl Coefficients<'_> {
    /// Writes K C (n x m) and returns <C, K C> = |C^T X|_F^2.
    pub(super) fn image(self, inner_products: ArrayView2<'_, f64>, mut image: ArrayViewMut2<'_, f64>) -> f64 {
        let gathered = match self.rows {
            Rows::All => None,
            Rows::Subset(rows) => Some(inner_products.select(Axis(1), rows)),
        };
        let inner_products = gathered.as_ref().map_or(inner_products, |gathered| gathered.view());
        let (mut squares, width) = (0.0, self.values.ncols());
        for from in (0..width).step_by(COLUMNS) {
            let columns = s![.., from..width.min(from + COLUMNS)];
            let (c, mut image) = (self.values.slice(columns), image.slice_mut(columns));
            multiply_in_cache(inner_products, c, image.view_mut());
            squares += Coefficients { values: c, rows: self.rows }.inner_product(image.view());
        }
        // of a form that is never negative but for rounding
        if squares < 0.0 { 0.0 } else { squares }
    }

    /// <C, B> with B (n x m).
    pub(super) fn inner_product(self, b: ArrayView2<'_, f64>) -> f64 {
        let dot = |(k, i): (usize, usize)| {
            vector::dot(self.values.row(k).to_slice().unwrap_or_default(), b.row(i).to_slice().unwrap_or_default())
        };
        match self.rows {
            Rows::All => (0..b.nrows()).map(|i| dot((i, i))).sum(),
            Rows::Subset(rows) => rows.iter().copied().enumerate().map(dot).sum(),
        }
    }

    /// A <- A + factor C.
    pub(super) fn add_to(self, a: &mut Array2<f64>, factor: f64) {
        match self.rows {
            Rows::All => a.scaled_add(factor, &self.values),
            Rows::Subset(rows) => {
                for (c, &i) in self.values.rows().into_iter().zip(rows) {
                    a.row_mut(i).scaled_add(factor, &c);
                }
            }
        }
    }
}

/// The step W <- W - factor C^T X.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move<'a> {
    pub(super) factor: f64,
    pub(super) c: Coefficients<'a>,
    /// K C.
    pub(super) image: ArrayView2<'a, f64>,
}

/// What a step did.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moved {
    /// Whether a bit of P is another.
    pub(super) any: bool,
    /// <P, C> before it.
    pub(super) inner_product: f64,
}

impl Move<'_> {
    /// A <- A - factor C and P <- P - factor K C: for all rows in one pass.
    pub(super) fn carry_out(self, a: &mut Array2<f64>, p: &mut ArrayViewMut2<'_, f64>) -> Moved {
        let (factor, mut moved) = (self.factor, Moved { any: false, inner_product: 0.0 });
        if let Rows::Subset(_) = self.c.rows {
            moved.inner_product = self.c.inner_product(p.view());
            self.c.add_to(a, -factor);
            let (p, image) = (p.as_slice_mut().unwrap_or_default(), self.image.as_slice().unwrap_or_default());
            moved.any = subtract(p, factor, image);
            return moved;
        }
        let [c, image] = [self.c.values, self.image].map(|m| m.to_slice().unwrap_or_default().chunks(ENTRIES));
        let [a, p] = [a.as_slice_mut(), p.as_slice_mut()].map(|m| m.unwrap_or_default().chunks_mut(ENTRIES));
        for (((c, image), a), p) in c.zip(image).zip(a).zip(p) {
            moved.inner_product += vector::dot(p, c);
            vector::add_multiple(a, -factor, c);
            moved.any |= subtract(p, factor, image);
        }
        moved
    }
}

/// x <- x - factor y; whether a bit of x is another.
pub(super) fn subtract(x: &mut [f64], factor: f64, y: &[f64]) -> bool {
    let difference = vector::vectorized(
        #[inline(always)]
        move || {
            x.iter_mut().zip(y).fold(0_u64, |difference, (x, &y)| {
                let old = std::mem::replace(x, *x - factor * y);
                difference | (old.to_bits() ^ x.to_bits())
            })
        },
    );
    difference != 0
}
