//! The training inputs in the two layouts that the search reads.

use ndarray::ArrayView2;
use steepest_core::vector;

/// Entries of a row in single precision come in multiples of this many, padded with zeros.
pub(super) const LANES: usize = 16;

/// X (n x d) by columns in double precision, for values, and by rows in single precision, for the filter.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) n: usize,
    pub(super) d: usize,
    /// phi' for z <= 0.
    pub(super) slope: f64,
    /// d x n.
    columns: Vec<f64>,
    /// n x stride, each entry divided by `unit`.
    rows: Vec<f32>,
    /// d, padded.
    pub(super) stride: usize,
    /// max |x|, so that rows in single precision neither under- nor overflow.
    pub(super) unit: f64,
    /// max_l |X_l|_2.
    pub(super) longest: f64,
}

impl Problem {
    pub(super) fn new(inputs: ArrayView2<'_, f64>, slope: f64) -> Self {
        let (n, d) = inputs.dim();
        let columns: Vec<f64> = inputs.t().iter().copied().collect();
        let largest = vector::max_abs(&columns);
        let unit = if largest > 0.0 { largest } else { 1.0 };
        let stride = d.next_multiple_of(LANES);
        let mut rows = vec![0.0; n * stride];
        for (row, x) in rows.chunks_exact_mut(stride).zip(inputs.rows()) {
            row.iter_mut().zip(x).for_each(|(r, x)| *r = (x / unit) as f32);
        }
        let longest = columns.chunks_exact(n).map(vector::euclidean_norm).fold(0.0, f64::max);
        Self { n, d, slope, columns, rows, stride, unit, longest }
    }

    /// X_l (n).
    pub(super) fn column(&self, l: usize) -> &[f64] {
        &self.columns[l * self.n..(l + 1) * self.n]
    }

    /// x_i / unit, padded.
    pub(super) fn row(&self, i: usize) -> &[f32] {
        &self.rows[i * self.stride..(i + 1) * self.stride]
    }

    /// max |phi'|.
    pub(super) fn steepest_slope(&self) -> f64 {
        self.slope.abs().max(1.0)
    }
}
