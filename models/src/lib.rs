//! Models f(theta; x) that are positively homogeneous in their trained parameters: linear, diagonal and deep linear networks, and
//! multilayer perceptrons, with no bias or one in the first layer.
//!
//! Each file is one model; all of them are listed once, at the end of this one.
//!
//! ```
//! use ndarray::{array, Array2};
//! use steepest_core::HomogeneousModel;
//! use steepest_models::{Activation, Mlp};
//! let model = Mlp::new(2, &[3], 1, Activation::Relu)?; // 2-3-1, degree 2
//! assert_eq!((model.layout().len(), model.degree().get()), (9, 2));
//! let theta = [1.0, 0.0, 0.0, 1.0, -1.0, 0.0, 1.0, 2.0, 3.0];
//! let mut f = Array2::zeros((1, 1));
//! let mut work = model.workspace(1);
//! model.forward(&theta, array![[5.0, -1.0]].view(), f.view_mut(), &mut work);
//! assert_eq!(f[(0, 0)], 5.0);
//! # Ok::<(), steepest_models::ModelError>(())
//! ```

mod activation;
mod augmented;
mod degree;
mod error;
pub mod init;
#[macro_use]
pub mod spec;

pub use activation::Activation;
pub use augmented::Augmented;
pub use degree::{DEGREE_TOLERANCE, DegreeReport, check_degree};
pub use error::ModelError;
pub use init::{FirstLaw, InitSpec, Initializer};
pub use spec::{BuildModel, BuiltModel, ModelInfo};

// The catalogue. A new model is one new file and one line here.
models! {
    linear::LinearSpec as Linear,
    diagonal::DiagonalSpec as Diagonal,
    deep_linear::DeepLinearSpec as DeepLinear,
    mlp::MlpSpec as Mlp,
}
