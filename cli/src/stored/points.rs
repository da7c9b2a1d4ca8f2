//! Stored test points in the forms that tests read, made once for all runs that are tested on them.

use super::single::{in_single, scaled_lengths};
use ndarray::{Array2, ArrayView2};
use std::sync::{Arc, OnceLock};
use steepest_core::linalg::SparseRows;

/// What the runs of one test set share, each form made when it is first needed.
#[derive(Debug, Default)]
pub(crate) struct TestPoints {
    single: OnceLock<Arc<SinglePoints>>,
    lit: OnceLock<Option<SparseRows>>,
}

/// Points in single precision, divided by a power of two.
#[derive(Debug)]
pub(super) struct SinglePoints {
    pub(super) form: Form,
    /// The power of two, and their lengths then.
    pub(super) scale: f64,
    pub(super) lengths: Vec<f64>,
}

/// How they are held.
#[derive(Debug)]
pub(super) enum Form {
    /// Without their zeros; and how many entries a point has at most.
    Sparse(SparseRows<f32>, usize),
    Dense(Array2<f32>),
}

impl TestPoints {
    /// These points in single precision.
    pub(super) fn in_single(&self, x: ArrayView2<'_, f64>) -> Arc<SinglePoints> {
        Arc::clone(self.single.get_or_init(|| Arc::new(SinglePoints::new(x))))
    }

    /// These points without their zeros, where most of their entries are.
    pub(super) fn lit(&self, x: ArrayView2<'_, f64>) -> Option<&SparseRows> {
        self.lit.get_or_init(|| SparseRows::of(x)).as_ref()
    }
}

impl SinglePoints {
    pub(super) fn new(x: ArrayView2<'_, f64>) -> Self {
        let (scale, lengths) = scaled_lengths(x);
        let points = in_single(x, scale);
        let most = points.rows().into_iter().map(|row| row.iter().filter(|x| **x != 0.0).count()).max();
        let form = match SparseRows::of(points.view()) {
            Some(sparse) => Form::Sparse(sparse, most.unwrap_or(0)),
            None => Form::Dense(points),
        };
        Self { form, scale, lengths }
    }
}
