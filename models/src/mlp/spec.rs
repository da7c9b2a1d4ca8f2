//! What a configuration says of a perceptron.

use super::Mlp;
use crate::activation::Activation;
use crate::augmented::Augmented;
use crate::error::ModelError;
use crate::init::{FirstLaw, InitSpec, Initializer};
use crate::spec::{BuildModel, BuiltModel, ModelInfo};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use steepest_core::{HomogeneousModel, Streams};

/// `mlp` in a configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MlpSpec {
    /// The hidden widths.
    pub hidden: Vec<usize>,
    /// The activation of the hidden units.
    #[serde(default)]
    pub activation: Activation,
    /// The law of the initial weights.
    #[serde(default)]
    pub init: InitSpec,
    /// The layers that are not trained, counted from one.
    #[serde(default)]
    pub frozen: Vec<usize>,
    /// The constant input that the first layer sees besides x, whose weights are its biases: see [`Augmented`]. Default none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_layer_bias: Option<f64>,
}

impl MlpSpec {
    /// The layers without the constant input, and their initial trained parameters.
    fn layers(&self, sizes: &[usize], streams: Streams) -> Result<(Mlp, Vec<f64>), ModelError> {
        let n_layers = sizes.len() - 1;
        let model = Mlp::new(sizes[0], &self.hidden, sizes[n_layers], self.activation)?;
        let init = Initializer::new(self.init, sizes.to_vec(), streams)?;
        if let Some(&layer) = self.frozen.iter().find(|l| !(1..=n_layers).contains(*l)) {
            return Err(ModelError::NoSuchLayer { layer, n_layers });
        }
        let model = model.with_frozen(self.frozen.iter().map(|&l| (l, init.layer(l))))?;
        let trained = (1..=n_layers).filter(|l| !self.frozen.contains(l));
        Ok((model, trained.flat_map(|l| init.layer(l).into_raw_vec_and_offset().0).collect()))
    }
}

impl BuildModel for MlpSpec {
    const INFO: ModelInfo = ModelInfo {
        name: "mlp",
        formula: "W_L phi(W_{L-1} ... phi(W_1 x)), no biases but, on request, the first layer's",
        degree: "sum over trained layers l of r^(L - l), r the degree of phi",
        fields: &[
            ("hidden", "widths of the hidden layers, such as [128]"),
            (
                "activation",
                "\"relu\" (default), \"identity\", { leaky_relu = { slope = 0.1 } }, { relu_power = { power = 2 } }",
            ),
            (
                "init",
                "law of the initial weights: kind = \"uniform\" (default), \"fan_in\", \"normal\", \"normal_signs\", \"constant\", \"zero\", with alpha",
            ),
            ("frozen", "layers that are not trained, counted from one; default []"),
            (
                "first_layer_bias",
                "a constant input, such as 1.0, whose weights are biases of the first layer (the degree stays); default none",
            ),
        ],
    };

    fn build(&self, n_inputs: usize, n_outputs: usize, streams: &Streams) -> Result<BuiltModel, ModelError> {
        let first = n_inputs + usize::from(self.first_layer_bias.is_some());
        let sizes: Vec<usize> = [first].into_iter().chain(self.hidden.iter().copied()).chain([n_outputs]).collect();
        let (layers, theta) = self.layers(&sizes, *streams)?;
        let model: Arc<dyn HomogeneousModel> = match self.first_layer_bias {
            None => Arc::new(layers),
            Some(constant) => Arc::new(Augmented::new(layers, constant)?),
        };
        Ok(BuiltModel { model, theta, sizes })
    }

    fn first_law(&self) -> Option<FirstLaw> {
        let is_trained = !self.frozen.contains(&1) && self.first_layer_bias.is_none();
        self.hidden.first().filter(|_| is_trained).map(|&units| FirstLaw::new(self.init, units))
    }
}
