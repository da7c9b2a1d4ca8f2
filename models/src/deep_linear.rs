//! The deep linear network.

use crate::activation::Activation;
use crate::error::ModelError;
use crate::init::{FirstLaw, InitSpec};
use crate::mlp::MlpSpec;
use crate::spec::{BuildModel, BuiltModel, ModelInfo};
use serde::{Deserialize, Serialize};
use steepest_core::Streams;

/// `deep_linear` in a configuration: f(theta; x) = W_L ... W_2 W_1 x, the [`Mlp`](crate::Mlp) whose activation is the identity.
///
/// As a function of x it is linear; as a function of theta it is homogeneous of degree L (the number of trained layers), and
/// its implicit bias is another than the linear model's.
///
/// Reference: Z. Ji, M. Telgarsky, "Gradient descent aligns the layers of deep linear networks" (2019).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeepLinearSpec {
    /// The hidden widths.
    pub hidden: Vec<usize>,
    /// The law of the initial weights.
    #[serde(default)]
    pub init: InitSpec,
    /// The layers that are not trained, counted from one.
    #[serde(default)]
    pub frozen: Vec<usize>,
}

impl DeepLinearSpec {
    fn layers(&self) -> MlpSpec {
        MlpSpec {
            hidden: self.hidden.clone(),
            activation: Activation::Identity,
            init: self.init,
            frozen: self.frozen.clone(),
            first_layer_bias: None,
        }
    }
}

impl BuildModel for DeepLinearSpec {
    const INFO: ModelInfo = ModelInfo {
        name: "deep_linear",
        formula: "W_L ... W_2 W_1 x",
        degree: "number of trained layers",
        fields: &[
            ("hidden", "widths of the hidden layers, such as [16, 16]"),
            ("init", "law of the initial weights, as for mlp; default { kind = \"uniform\", alpha = 0.1 }"),
            ("frozen", "layers that are not trained, counted from one; default []"),
        ],
    };

    fn build(&self, n_inputs: usize, n_outputs: usize, streams: &Streams) -> Result<BuiltModel, ModelError> {
        self.layers().build(n_inputs, n_outputs, streams)
    }

    fn first_law(&self) -> Option<FirstLaw> {
        self.layers().first_law()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};
    use steepest_core::laws;

    fn build(hidden: Vec<usize>, frozen: Vec<usize>, n_outputs: usize) -> BuiltModel {
        let init = InitSpec::Normal { alpha: 1.0 };
        DeepLinearSpec { hidden, init, frozen }.build(3, n_outputs, &Streams::new(1)).unwrap()
    }

    #[test]
    fn deep_linear_networks_obey_the_laws() {
        for (hidden, frozen, k, degree) in
            [(vec![], vec![], 1, 1), (vec![4], vec![], 1, 2), (vec![4, 5], vec![], 2, 3), (vec![4, 5], vec![2], 1, 2)]
        {
            let built = build(hidden, frozen, k);
            assert_eq!(built.model.degree().get(), degree);
            laws::check_model(&*built.model);
        }
    }

    #[test]
    fn the_network_is_linear_in_its_inputs() {
        let BuiltModel { model, theta, .. } = build(vec![4, 4], vec![], 1);
        let inputs = array![[1.0, 2.0, 3.0], [-1.0, 0.5, 0.0], [0.0, 2.5, 3.0]];
        let mut f = Array2::zeros((3, 1));
        model.forward(&theta, inputs.view(), f.view_mut(), &mut model.workspace(3));
        assert!((f[(0, 0)] + f[(1, 0)] - f[(2, 0)]).abs() < 1e-14);
    }
}
