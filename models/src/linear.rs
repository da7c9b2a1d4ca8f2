//! The linear model.

use crate::error::ModelError;
use crate::init::{InitSpec, Initializer};
use crate::spec::{BuildModel, BuiltModel, ModelInfo};
use ndarray::{ArrayView2, ArrayViewMut2};
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;
use std::sync::Arc;
use steepest_core::linalg::{Accumulate, matrix_times_vector, multiply_into, transposed_times_vector};
use steepest_core::{
    BackwardCall, BlockShape, BlockTerms, HomogeneousModel, ParameterLayout, Restricted, Rows, Streams, Workspace,
};

/// f(w; x) = <w, x>, or W x with k outputs. Degree 1; one block `W1`, a vector for one output.
#[derive(Clone, Debug)]
pub struct Linear {
    n_inputs: usize,
    n_outputs: usize,
    layout: ParameterLayout,
}

impl Linear {
    /// The linear model with d inputs and k outputs.
    ///
    /// # Errors
    /// If either is zero.
    pub fn new(n_inputs: usize, n_outputs: usize) -> Result<Self, ModelError> {
        if n_inputs == 0 || n_outputs == 0 {
            return Err(ModelError::EmptyLayer { layer: 1, n_inputs, n_outputs });
        }
        let layout = ParameterLayout::new([("W1", layer_shape(n_outputs, n_inputs, true))])?;
        Ok(Self { n_inputs, n_outputs, layout })
    }

    fn weights<'a>(&self, theta: &'a [f64]) -> ArrayView2<'a, f64> {
        view(theta, self.n_outputs, self.n_inputs)
    }
}

/// The shape of a layer's block: the last layer of a one-output net is a vector.
pub(crate) const fn layer_shape(rows: usize, cols: usize, is_last: bool) -> BlockShape {
    if is_last && rows == 1 { BlockShape::Vector { len: cols } } else { BlockShape::Matrix { rows, cols } }
}

/// A slice as a row-major matrix.
///
/// # Panics
/// If the length is not rows x cols.
pub(crate) fn view(slice: &[f64], rows: usize, cols: usize) -> ArrayView2<'_, f64> {
    let Ok(view) = ArrayView2::from_shape((rows, cols), slice) else {
        panic!("a {rows} x {cols} matrix has not {} entries", slice.len())
    };
    view
}

/// A slice as a mutable row-major matrix.
///
/// # Panics
/// If the length is not rows x cols.
pub(crate) fn view_mut(slice: &mut [f64], rows: usize, cols: usize) -> ArrayViewMut2<'_, f64> {
    let len = slice.len();
    let Ok(view) = ArrayViewMut2::from_shape((rows, cols), slice) else {
        panic!("a {rows} x {cols} matrix has not {len} entries")
    };
    view
}

/// Where the entries of some columns of a row-major matrix stand.
pub(crate) fn columns(rows: usize, cols: usize, kept: &[usize]) -> Vec<usize> {
    (0..rows).flat_map(|row| kept.iter().map(move |column| row * cols + column)).collect()
}

/// Copies some rows of a matrix to the top of a buffer, which grows at the first use.
pub(crate) fn gather(from: ArrayView2<'_, f64>, rows: &[usize], buffer: &mut ndarray::Array2<f64>) {
    if buffer.nrows() < rows.len() || buffer.ncols() != from.ncols() {
        *buffer = ndarray::Array2::zeros((from.nrows(), from.ncols()));
    }
    for (k, &row) in rows.iter().enumerate() {
        buffer.row_mut(k).assign(&from.row(row));
    }
}

impl HomogeneousModel for Linear {
    fn layout(&self) -> &ParameterLayout {
        &self.layout
    }

    fn degree(&self) -> NonZeroU32 {
        NonZeroU32::MIN
    }

    fn n_inputs(&self) -> usize {
        self.n_inputs
    }

    fn n_outputs(&self) -> usize {
        self.n_outputs
    }

    fn workspace(&self, _n_samples: usize) -> Workspace {
        Workspace::new([(0, 0)])
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn forward(
        &self,
        theta: &[f64],
        inputs: ArrayView2<'_, f64>,
        mut outputs: ArrayViewMut2<'_, f64>,
        _work: &mut Workspace,
    ) {
        if self.n_outputs == 1 {
            matrix_times_vector(inputs, theta, outputs.column_mut(0));
        } else {
            multiply_into(Accumulate::Replace, inputs, self.weights(theta).reversed_axes(), outputs);
        }
    }

    fn backward(
        &self,
        _theta: &[f64],
        inputs: ArrayView2<'_, f64>,
        rows: Rows<'_>,
        cotangent: ArrayView2<'_, f64>,
        gradient: &mut [f64],
        work: &mut Workspace,
    ) {
        let inputs = match rows {
            Rows::All => inputs,
            Rows::Subset(rows) => {
                let gathered = &mut work.buffers()[0];
                gather(inputs, rows, gathered);
                gathered.slice(ndarray::s![..rows.len(), ..])
            }
        };
        if self.n_outputs == 1 {
            transposed_times_vector(inputs, cotangent.column(0).iter().copied(), gradient);
        } else {
            let gradient = view_mut(gradient, self.n_outputs, self.n_inputs);
            multiply_into(Accumulate::Replace, cotangent.reversed_axes(), inputs, gradient);
        }
    }

    fn restricted_to(&self, kept: &[usize]) -> Option<Restricted> {
        let model = Box::new(Self::new(kept.len(), self.n_outputs).ok()?);
        Some(Restricted { model, places: columns(self.n_outputs, self.n_inputs, kept) })
    }

    fn factors<'w>(&self, call: BackwardCall<'w>, work: &'w Workspace) -> Vec<BlockTerms<'w>> {
        let v = match call.rows {
            Rows::All => call.inputs,
            Rows::Subset(rows) => work.as_slice()[0].slice(ndarray::s![..rows.len(), ..]),
        };
        if self.n_outputs == 1 { Vec::new() } else { vec![BlockTerms { start: 0, u: call.cotangent, v }] }
    }
}

/// `linear` in a configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinearSpec {
    /// The law of the initial weights.
    #[serde(default = "zero")]
    pub init: InitSpec,
}

const fn zero() -> InitSpec {
    InitSpec::Zero
}

impl BuildModel for LinearSpec {
    const INFO: ModelInfo = ModelInfo {
        name: "linear",
        formula: "<w, x>; W x for several classes",
        degree: "1",
        fields: &[("init", "law of the initial weights; default { kind = \"zero\" }")],
    };

    fn build(&self, n_inputs: usize, n_outputs: usize, streams: &Streams) -> Result<BuiltModel, ModelError> {
        let (model, sizes) = (Linear::new(n_inputs, n_outputs)?, vec![n_inputs, n_outputs]);
        let theta = Initializer::new(self.init, sizes.clone(), *streams)?.layer(1).into_raw_vec_and_offset().0;
        Ok(BuiltModel { model: Arc::new(model), theta, sizes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use steepest_core::laws;

    #[test]
    fn linear_models_obey_the_laws() {
        for (d, k) in [(1, 1), (6, 1), (5, 3)] {
            laws::check_model(&Linear::new(d, k).unwrap());
        }
        assert!(Linear::new(0, 1).is_err());
    }
}
