//! Diagonal linear networks.

use crate::error::ModelError;
use crate::init::{InitSpec, Initializer};
use crate::linear::{gather, layer_shape, view};
use crate::spec::{BuildModel, BuiltModel, ModelInfo};
use ndarray::{ArrayView2, ArrayViewMut2, s};
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;
use std::sync::Arc;
use steepest_core::linalg::{Accumulate, multiply_into};
use steepest_core::{HomogeneousModel, ParameterLayout, Rows, Streams, Workspace};

/// How the weights w come from the parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiagonalForm {
    /// w = u^L - v^L: every w can be had.
    #[default]
    Difference,
    /// w = u^L: for an even L no weight is negative.
    Power,
}

/// f(theta; x) = <w, x> (W x for k outputs) with w = u^L or w = u^L - v^L, entry by entry; degree L >= 1.
///
/// The power is the plain product of L factors, sign and all: w_j = u_j^L is negative only for u_j < 0 and L odd. A path cannot leave
/// u_j = 0 for L >= 2 (the gradient L u_j^(L-1) dw_j is zero there), so the signs of u stay, up to the length of a step.
/// Blocks `u` and, for the difference, `v`, each k x d (a vector of d for one output).
/// Cost: a linear model's, and k d L products a pass.
///
/// Reference: B. Woodworth et al., "Kernel and rich regimes in overparametrized models" (2020).
#[derive(Clone, Debug)]
pub struct Diagonal {
    n_inputs: usize,
    n_outputs: usize,
    form: DiagonalForm,
    degree: NonZeroU32,
    layout: ParameterLayout,
}

/// The buffers: the weights w (k x d), the gradient in w (k x d), gathered inputs.
const WEIGHTS: usize = 0;
const SLOPES: usize = 1;
const GATHERED: usize = 2;

/// The largest depth: beyond it u^L is 0 or infinite for all but u near 1.
const DEEPEST: u32 = 64;

impl Diagonal {
    /// The diagonal network with d inputs, k outputs and depth L.
    ///
    /// # Errors
    /// If d or k is zero, or the depth is not 1 to 64.
    pub fn new(n_inputs: usize, n_outputs: usize, form: DiagonalForm, depth: u32) -> Result<Self, ModelError> {
        if n_inputs == 0 || n_outputs == 0 {
            return Err(ModelError::EmptyLayer { layer: 1, n_inputs, n_outputs });
        }
        let degree = NonZeroU32::new(depth).filter(|l| l.get() <= DEEPEST);
        let degree = degree.ok_or_else(|| ModelError::Range {
            field: "depth",
            found: depth.to_string(),
            expected: "1 to 64",
        })?;
        let names: &[&str] = match form {
            DiagonalForm::Difference => &["u", "v"],
            DiagonalForm::Power => &["u"],
        };
        let layout = ParameterLayout::new(names.iter().map(|n| (*n, layer_shape(n_outputs, n_inputs, true))))?;
        Ok(Self { n_inputs, n_outputs, form, degree, layout })
    }

    fn depth(&self) -> i32 {
        self.degree.get() as i32
    }

    /// Number of entries of w.
    const fn n_weights(&self) -> usize {
        self.n_inputs * self.n_outputs
    }

    /// Writes w (k x d, row by row): u^L, or u^L - v^L.
    ///
    /// # Panics
    /// If theta or w has not its length.
    pub fn weights_into(&self, theta: &[f64], weights: &mut [f64]) {
        assert_eq!((theta.len(), weights.len()), (self.layout.len(), self.n_weights()), "lengths of theta and w");
        let (u, v) = theta.split_at(self.n_weights());
        weights.iter_mut().zip(u).for_each(|(w, u)| *w = u.powi(self.depth()));
        if self.form == DiagonalForm::Difference {
            weights.iter_mut().zip(v).for_each(|(w, v)| *w -= v.powi(self.depth()));
        }
    }

    /// Writes the gradient in theta from the one in w: L u^(L-1) dw, and -L v^(L-1) dw.
    fn slopes_into(&self, theta: &[f64], slopes: &[f64], gradient: &mut [f64]) {
        let depth = f64::from(self.depth());
        let blocks = theta.chunks(self.n_weights()).zip(gradient.chunks_mut(self.n_weights()));
        for ((parameters, gradient), sign) in blocks.zip([depth, -depth]) {
            for ((g, p), slope) in gradient.iter_mut().zip(parameters).zip(slopes) {
                *g = sign * p.powi(self.depth() - 1) * slope;
            }
        }
    }
}

impl HomogeneousModel for Diagonal {
    fn layout(&self) -> &ParameterLayout {
        &self.layout
    }

    fn degree(&self) -> NonZeroU32 {
        self.degree
    }

    fn n_inputs(&self) -> usize {
        self.n_inputs
    }

    fn n_outputs(&self) -> usize {
        self.n_outputs
    }

    fn workspace(&self, _n_samples: usize) -> Workspace {
        let shape = (self.n_outputs, self.n_inputs);
        Workspace::new([shape, shape, (0, 0)])
    }

    fn forward(
        &self,
        theta: &[f64],
        inputs: ArrayView2<'_, f64>,
        outputs: ArrayViewMut2<'_, f64>,
        work: &mut Workspace,
    ) {
        let weights = work.buffers()[WEIGHTS].as_slice_mut().unwrap_or_default();
        self.weights_into(theta, weights);
        let weights = view(weights, self.n_outputs, self.n_inputs);
        multiply_into(Accumulate::Replace, inputs, weights.reversed_axes(), outputs);
    }

    fn backward(
        &self,
        theta: &[f64],
        inputs: ArrayView2<'_, f64>,
        rows: Rows<'_>,
        cotangent: ArrayView2<'_, f64>,
        gradient: &mut [f64],
        work: &mut Workspace,
    ) {
        let (slopes, gathered) = work.buffers().split_at_mut(GATHERED);
        let inputs = match rows {
            Rows::All => inputs,
            Rows::Subset(rows) => {
                gather(inputs, rows, &mut gathered[0]);
                gathered[0].slice(s![..rows.len(), ..])
            }
        };
        let slopes = &mut slopes[SLOPES];
        multiply_into(Accumulate::Replace, cotangent.reversed_axes(), inputs, slopes.view_mut());
        self.slopes_into(theta, slopes.as_slice().unwrap_or_default(), gradient);
    }
}

/// `diagonal` in a configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DiagonalSpec {
    /// How the weights come from the parameters. Default `difference`.
    pub form: DiagonalForm,
    /// The depth L. Default 2.
    pub depth: u32,
    /// The law of the initial parameters. Default: all equal to 0.1, so that the difference begins at w = 0.
    pub init: InitSpec,
}

impl Default for DiagonalSpec {
    fn default() -> Self {
        Self { form: DiagonalForm::default(), depth: 2, init: InitSpec::Constant { alpha: 0.1 } }
    }
}

impl BuildModel for DiagonalSpec {
    const INFO: ModelInfo = ModelInfo {
        name: "diagonal",
        formula: "<u^L - v^L, x>, or <u^L, x>, powers entry by entry",
        degree: "L, the depth",
        fields: &[
            ("form", "\"difference\" (default): w = u^L - v^L; \"power\": w = u^L"),
            ("depth", "L, 1 to 64; default 2"),
            (
                "init",
                "law of u and v, as for one layer of d inputs; default { kind = \"constant\", alpha = 0.1 }, that is w = 0 for the difference",
            ),
        ],
    };

    fn build(&self, n_inputs: usize, n_outputs: usize, streams: &Streams) -> Result<BuiltModel, ModelError> {
        let model = Diagonal::new(n_inputs, n_outputs, self.form, self.depth)?;
        let sizes = vec![n_inputs, n_outputs];
        let init = Initializer::new(self.init, sizes.clone(), *streams)?;
        let blocks = model.layout.blocks().iter();
        let theta = blocks.flat_map(|b| init.named(&b.name, 1).into_raw_vec_and_offset().0).collect();
        Ok(BuiltModel { model: Arc::new(model), theta, sizes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use steepest_core::laws;

    #[test]
    fn diagonal_networks_obey_the_laws() {
        for form in [DiagonalForm::Power, DiagonalForm::Difference] {
            for (k, depth) in [(1, 1), (1, 2), (1, 3), (3, 2)] {
                let model = Diagonal::new(5, k, form, depth).unwrap();
                assert_eq!(model.degree().get(), depth);
                laws::check_model(&model);
            }
        }
    }

    #[test]
    fn the_weights_are_the_powers_with_their_signs() {
        let mut w = vec![0.0; 2];
        Diagonal::new(2, 1, DiagonalForm::Power, 3).unwrap().weights_into(&[-2.0, 1.0], &mut w);
        assert_eq!(w, [-8.0, 1.0]);
        Diagonal::new(2, 1, DiagonalForm::Difference, 2).unwrap().weights_into(&[-2.0, 1.0, 1.0, 3.0], &mut w);
        assert_eq!(w, [3.0, -8.0]);
    }

    #[test]
    fn the_difference_begins_at_zero_and_random_halves_differ() {
        let built = DiagonalSpec::default().build(4, 1, &Streams::new(1)).unwrap();
        assert_eq!(built.theta, [0.1; 8]);
        let spec = DiagonalSpec { init: InitSpec::Normal { alpha: 1.0 }, ..DiagonalSpec::default() };
        let theta = spec.build(4, 1, &Streams::new(1)).unwrap().theta;
        assert_ne!(theta[..4], theta[4..]);
        assert!(DiagonalSpec { depth: 0, ..spec }.build(4, 1, &Streams::new(1)).is_err());
    }
}
