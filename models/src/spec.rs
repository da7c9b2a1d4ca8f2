//! How a configuration names a model, and how the catalogue in the crate's root is read.

use crate::error::ModelError;
use crate::init::FirstLaw;
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
    /// d, the hidden widths, k; d + 1 where a constant input gives the first layer a bias.
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

    /// The law of a trained first layer on the raw inputs beneath others; `None`: there is no such layer, or no such law.
    fn first_law(&self) -> Option<FirstLaw> {
        None
    }
}

/// The catalogue: one line for each model, `file::Spec as Variant`. Declares the file, the enum of what a configuration may say, and the
/// list.
macro_rules! models {
    ($($file:ident::$spec:ident as $variant:ident),+ $(,)?) => {
        $(mod $file; pub use $file::*;)+

        /// A model named in a configuration by its `kind`.
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
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
            pub fn build(
                &self,
                n_inputs: usize,
                n_outputs: usize,
                streams: &steepest_core::Streams,
            ) -> Result<BuiltModel, ModelError> {
                match self {
                    $(Self::$variant(spec) => spec::BuildModel::build(spec, n_inputs, n_outputs, streams),)+
                }
            }

            /// The law of a trained first layer on the raw inputs beneath others.
            pub fn first_law(&self) -> Option<FirstLaw> {
                match self {
                    $(Self::$variant(spec) => spec::BuildModel::first_law(spec),)+
                }
            }

            /// What the model is.
            pub fn info(&self) -> ModelInfo {
                match self {
                    $(Self::$variant(_) => <$spec as spec::BuildModel>::INFO,)+
                }
            }
        }

        /// Every model of the catalogue.
        pub fn catalogue() -> Vec<ModelInfo> {
            vec![$(<$spec as spec::BuildModel>::INFO,)+]
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DeepLinearSpec, DiagonalSpec, InitSpec, LinearSpec, MlpSpec, ModelSpec, catalogue, check_degree};
    use ndarray::Array2;
    use steepest_core::laws;

    fn mlp(frozen: Vec<usize>, first_layer_bias: Option<f64>) -> ModelSpec {
        let (activation, init) = (crate::Activation::Relu, InitSpec::default());
        ModelSpec::Mlp(MlpSpec { hidden: vec![5], activation, init, frozen, first_layer_bias })
    }

    #[test]
    fn built_models_obey_the_laws_and_have_their_parameters() {
        let deep = DeepLinearSpec { hidden: vec![3, 3], init: InitSpec::default(), frozen: vec![] };
        let specs = [
            ModelSpec::Linear(LinearSpec { init: InitSpec::Zero }),
            ModelSpec::Diagonal(DiagonalSpec::default()),
            ModelSpec::DeepLinear(deep),
            mlp(vec![], None),
            mlp(vec![2], None),
            mlp(vec![], Some(1.0)),
        ];
        for spec in &specs {
            let built = spec.build(4, 1, &Streams::new(1)).unwrap();
            assert_eq!((built.theta.len(), built.model.n_inputs()), (built.model.layout().len(), 4));
            laws::check_model(&*built.model);
            let inputs = Array2::from_shape_fn((6, 4), |(i, j)| (i as f64 - 2.5) * (j as f64 - 1.0) + 0.5);
            let report = check_degree(&*built.model, &built.theta, inputs.view()).unwrap();
            assert!((report.measured - f64::from(built.model.degree().get())).abs() < 1e-12, "{spec:?}: {report:?}");
        }
        assert!(catalogue().iter().all(|info| specs.iter().any(|spec| spec.info() == *info)), "every model is here");
        assert!(mlp(vec![3], None).build(4, 1, &Streams::new(1)).is_err());
        assert!(mlp(vec![], Some(0.0)).build(4, 1, &Streams::new(1)).is_err());
    }
}
