//! The catalogue: every model that a configuration can name, listed once.

use crate::activation::Activation;
use crate::error::ModelError;
use crate::init::{InitSpec, Initializer};
use crate::linear::Linear;
use crate::mlp::Mlp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use steepest_core::{HomogeneousModel, Streams};

/// What a reader of `steepest list models` needs to know about a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelInfo {
    /// Its name in configurations.
    pub name: &'static str,
    /// Its formula.
    pub formula: &'static str,
    /// Its degree of homogeneity.
    pub degree: &'static str,
    /// The fields of its table, and what each means.
    pub fields: &'static [(&'static str, &'static str)],
}

/// A model with its initial parameters.
#[derive(Clone, Debug)]
pub struct BuiltModel {
    /// The model, frozen weights included.
    pub model: Arc<dyn HomogeneousModel>,
    /// The initial trained parameters.
    pub theta: Vec<f64>,
    /// d, the hidden widths, k.
    pub sizes: Vec<usize>,
}

/// A model's parameters as a configuration writes them.
pub trait BuildModel {
    /// What the model is.
    const INFO: ModelInfo;

    /// The model for d inputs and k outputs, with its initial parameters.
    ///
    /// # Errors
    /// If the parameters fit no model.
    fn build(&self, n_inputs: usize, n_outputs: usize, streams: &Streams) -> Result<BuiltModel, ModelError>;
}

/// One line for each model: the variant and the parameters it holds.
macro_rules! models {
    ($($variant:ident($spec:ty)),+ $(,)?) => {
        /// A model named in a configuration by its `kind`.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "kind", rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum ModelSpec {
            $(#[doc = concat!("`", stringify!($variant), "`: see the catalogue.")] $variant($spec),)+
        }

        impl ModelSpec {
            /// The model for d inputs and k outputs, with its initial parameters.
            ///
            /// # Errors
            /// If the parameters fit no model.
            pub fn build(&self, n_inputs: usize, n_outputs: usize, streams: &Streams) -> Result<BuiltModel, ModelError> {
                match self {
                    $(Self::$variant(spec) => spec.build(n_inputs, n_outputs, streams),)+
                }
            }

            /// What the model is.
            pub fn info(&self) -> ModelInfo {
                match self {
                    $(Self::$variant(_) => <$spec as BuildModel>::INFO,)+
                }
            }
        }

        /// Every model of the catalogue.
        pub fn catalogue() -> Vec<ModelInfo> {
            vec![$(<$spec as BuildModel>::INFO,)+]
        }
    };
}

models! {
    Linear(LinearSpec),
    Mlp(MlpSpec),
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
}

impl BuildModel for MlpSpec {
    const INFO: ModelInfo = ModelInfo {
        name: "mlp",
        formula: "W_L phi(W_{L-1} ... phi(W_1 x)), no biases",
        degree: "sum over trained layers l of r^(L - l), r the degree of phi",
        fields: &[
            ("hidden", "widths of the hidden layers, such as [128]"),
            (
                "activation",
                "\"relu\" (default), \"identity\", { leaky_relu = { slope = 0.1 } }, { relu_power = { power = 2 } }",
            ),
            (
                "init",
                "law of the initial weights: kind = \"uniform\" (default), \"fan_in\", \"normal\", \"normal_signs\", \"zero\", with alpha",
            ),
            ("frozen", "layers that are not trained, counted from one; default []"),
        ],
    };

    fn build(&self, n_inputs: usize, n_outputs: usize, streams: &Streams) -> Result<BuiltModel, ModelError> {
        let sizes: Vec<usize> = [n_inputs].into_iter().chain(self.hidden.iter().copied()).chain([n_outputs]).collect();
        let model = Mlp::new(n_inputs, &self.hidden, n_outputs, self.activation)?;
        let init = Initializer::new(self.init, sizes.clone(), *streams)?;
        let n_layers = sizes.len() - 1;
        if let Some(&layer) = self.frozen.iter().find(|l| !(1..=n_layers).contains(*l)) {
            return Err(ModelError::NoSuchLayer { layer, n_layers });
        }
        let model = model.with_frozen(self.frozen.iter().map(|&l| (l, init.layer(l))))?;
        let trained = (1..=n_layers).filter(|l| !self.frozen.contains(l));
        let theta = trained.flat_map(|l| init.layer(l).into_raw_vec_and_offset().0).collect();
        Ok(BuiltModel { model: Arc::new(model), theta, sizes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use steepest_core::laws;

    #[test]
    fn built_models_obey_the_laws_and_have_their_parameters() {
        let mlp = |frozen| {
            ModelSpec::Mlp(MlpSpec { hidden: vec![5], activation: Activation::Relu, init: InitSpec::default(), frozen })
        };
        for spec in [ModelSpec::Linear(LinearSpec { init: zero() }), mlp(vec![]), mlp(vec![2])] {
            let built = spec.build(4, 1, &Streams::new(1)).unwrap();
            assert_eq!(built.theta.len(), built.model.layout().len());
            laws::check_model(&*built.model);
        }
        assert!(mlp(vec![3]).build(4, 1, &Streams::new(1)).is_err());
    }
}
