//! Gaussian points that are never stored.

use super::teacher::fill_normal;
use ndarray::{ArrayRef1, ArrayViewMut2, Axis};
use std::ops::Range;
use steepest_core::{Labels, Streams};

/// Points that a network is tested on, drawn again whenever they are needed.
#[derive(Clone, Debug)]
pub struct Unseen {
    /// The inputs.
    pub points: PointStream,
    /// Their labels.
    pub labels: Labels,
}

/// Words of the stream between the beginnings of two columns: more than any column reads.
const WORDS_PER_COLUMN: u128 = 1 << 32;

/// Independent x ~ N(0, I_d), input by input: column l, the value of input l in all points, begins at a place of its own in one counter-based
/// stream, so that any columns can be had at any time, in any order, without the others.
#[derive(Clone, Debug)]
pub struct PointStream {
    streams: Streams,
    name: &'static str,
    n_points: usize,
    n_inputs: usize,
}

impl PointStream {
    /// `n_points` points of dimension `n_inputs` from the stream of that name.
    pub fn new(n_points: usize, n_inputs: usize, streams: Streams, name: &'static str) -> Self {
        Self { streams, name, n_points, n_inputs }
    }

    /// Number of points.
    pub const fn n_points(&self) -> usize {
        self.n_points
    }

    /// Dimension d.
    pub const fn n_inputs(&self) -> usize {
        self.n_inputs
    }

    /// Writes input `l` of every point (`n_points`).
    pub fn column_into(&self, l: usize, column: &mut ArrayRef1<f64>) {
        let mut rng = self.streams.stream_from(self.name, l as u128 * WORDS_PER_COLUMN);
        fill_normal(column, &mut rng);
    }

    /// Writes some inputs of every point, one input a row (inputs x `n_points`).
    ///
    /// # Panics
    /// If there are not as many rows as inputs.
    pub fn columns_into(&self, inputs: Range<usize>, mut columns: ArrayViewMut2<'_, f64>) {
        assert_eq!(columns.nrows(), inputs.len(), "one row an input");
        for (l, mut column) in inputs.zip(columns.axis_iter_mut(Axis(0))) {
            self.column_into(l, &mut column);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, Array2};

    #[test]
    fn a_column_is_the_same_however_it_is_asked_for() {
        let points = PointStream::new(50, 8, Streams::new(3), "test");
        let mut all = Array2::zeros((8, 50));
        points.columns_into(0..8, all.view_mut());
        let mut some = Array2::zeros((3, 50));
        points.columns_into(4..7, some.view_mut());
        let mut one = Array1::zeros(50);
        points.column_into(5, &mut one);
        assert_eq!(some.row(1), one);
        assert_eq!(all.row(5), one);
        // fewer points are the first ones of more
        let fewer = PointStream::new(20, 8, Streams::new(3), "test");
        let mut short = Array1::zeros(20);
        fewer.column_into(5, &mut short);
        assert_eq!(one.slice(ndarray::s![..20]), short);
    }

    #[test]
    fn columns_are_independent_normals() {
        let (n, d) = (20_000, 12);
        let points = PointStream::new(n, d, Streams::new(1), "test");
        let mut x = Array2::zeros((d, n));
        points.columns_into(0..d, x.view_mut());
        let gram = x.dot(&x.t()) / n as f64;
        for ((i, j), g) in gram.indexed_iter() {
            let expected = f64::from(u8::from(i == j));
            // five standard deviations of a mean of n products
            assert!((g - expected).abs() < 5.0 * 1.5 / (n as f64).sqrt(), "{i} {j} {g}");
        }
    }
}
