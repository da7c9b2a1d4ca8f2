//! The degree of homogeneity, measured.

use crate::error::ModelError;
use ndarray::{Array2, ArrayView2};
use rand::RngExt;
use rand_distr::StandardNormal;
use steepest_core::{HomogeneousModel, Rows, Streams, Workspace, vector};

/// The largest relative error that [`check_degree`] takes for rounding.
///
/// Doubling theta is exact in binary floating point, so a homogeneous model made of sums and products passes with an error of exactly
/// zero and Euler's identity with a few 1e-15; a root or a logarithm costs some digits; a bias shows in the first.
pub const DEGREE_TOLERANCE: f64 = 1e-8;

/// What [`check_degree`] measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DegreeReport {
    /// The degree L that the model claims.
    pub degree: u32,
    /// log2(|f(2 theta)| / |f(theta)|), Euclidean norms over all samples and outputs.
    pub measured: f64,
    /// |f(2 theta) - 2^L f(theta)| / |f(2 theta)|.
    pub scaling_error: f64,
    /// |<theta, g> - L sum f^2| relative to the sum of the terms' sizes, where g = sum f . df/dtheta.
    pub euler_error: f64,
    /// Whether this is at the given parameters. False where all outputs are zero there (a linear model that begins at zero, a
    /// difference u^L - v^L with u = v, a network of dead neurons), so that nothing can be measured but at drawn ones.
    pub at_given_point: bool,
}

/// Measures whether a model is positively homogeneous of the degree that it claims: f(2 theta) = 2^L f(theta), and Euler's identity
/// <theta, grad f> = L f (contracted with f itself, so that no terms cancel), for `inputs` (n x d).
///
/// Why: every margin is divided by N(theta)^L, every theorem needs the identity, and biases, residual connections and frozen layers break
/// or shift the degree without any sign of it in the loss. So it is measured once, at the start, on the run's own model and data. What this
/// cannot see is a model that is homogeneous at this point only. Cost: two forward passes and one backward pass.
///
/// ```
/// use ndarray::array;
/// use steepest_models::{Activation, Mlp, check_degree};
/// let model = Mlp::new(2, &[2], 1, Activation::Relu)?;
/// let theta = [1.0, 0.5, -0.5, 1.0, 2.0, -1.0];
/// let report = check_degree(&model, &theta, array![[1.0, 3.0], [2.0, -1.0]].view())?;
/// assert_eq!((report.degree, report.measured, report.scaling_error), (2, 2.0, 0.0));
/// # Ok::<(), steepest_models::ModelError>(())
/// ```
///
/// # Errors
/// [`ModelError::NotHomogeneous`] if an error exceeds [`DEGREE_TOLERANCE`] or is not a number.
///
/// # Panics
/// If theta or the inputs have not the model's size.
pub fn check_degree(
    model: &dyn HomogeneousModel,
    theta: &[f64],
    inputs: ArrayView2<'_, f64>,
) -> Result<DegreeReport, ModelError> {
    assert_eq!(theta.len(), model.layout().len(), "length of theta");
    let mut probe = Probe { model, inputs, work: model.workspace(inputs.nrows()) };
    let report = match probe.measure(theta, true) {
        Some(report) => report,
        None => probe.measure(&drawn(theta.len()), false).ok_or(ModelError::AlwaysZero)?,
    };
    let is_rounding = |error: f64| error <= DEGREE_TOLERANCE;
    if is_rounding(report.scaling_error) && is_rounding(report.euler_error) {
        return Ok(report);
    }
    let DegreeReport { degree, measured, scaling_error, euler_error, .. } = report;
    Err(ModelError::NotHomogeneous { degree, measured, scaling_error, euler_error })
}

/// A fixed point with normal entries: part of the check, not of the run's chance.
fn drawn(len: usize) -> Vec<f64> {
    let mut rng = Streams::new(0).stream("degree");
    (0..len).map(|_| rng.sample(StandardNormal)).collect()
}

struct Probe<'a> {
    model: &'a dyn HomogeneousModel,
    inputs: ArrayView2<'a, f64>,
    work: Workspace,
}

impl Probe<'_> {
    fn outputs(&mut self, theta: &[f64]) -> Array2<f64> {
        let mut outputs = Array2::zeros((self.inputs.nrows(), self.model.n_outputs()));
        self.model.forward(theta, self.inputs, outputs.view_mut(), &mut self.work);
        outputs
    }

    /// The measures at a point; `None` where all outputs are zero there and at twice that point.
    fn measure(&mut self, theta: &[f64], at_given_point: bool) -> Option<DegreeReport> {
        let degree = self.model.degree().get();
        let doubled: Vec<f64> = theta.iter().map(|t| 2.0 * t).collect();
        let twice = self.outputs(&doubled);
        // after the doubled one, so that the workspace is what the backward pass needs
        let once = self.outputs(theta);
        let (size, size_twice) = (norm(&once), norm(&twice));
        if size <= 0.0 && size_twice <= 0.0 {
            return None;
        }
        let off = (&twice - &(&once * 2f64.powi(degree as i32))).mapv(f64::abs);
        let mut gradient = vec![0.0; theta.len()];
        // contracted with f / |f|, so that tiny outputs do not underflow
        let cotangent = if size > 0.0 { &once / size } else { once.clone() };
        self.model.backward(theta, self.inputs, Rows::All, cotangent.view(), &mut gradient, &mut self.work);
        let euler = f64::from(degree) * (&once * &cotangent).sum();
        let terms: f64 = theta.iter().zip(&gradient).map(|(t, g)| (t * g).abs()).sum();
        Some(DegreeReport {
            degree,
            measured: (size_twice / size).log2(),
            scaling_error: norm(&off) / size_twice,
            euler_error: (vector::dot(theta, &gradient) - euler).abs() / terms.max(euler.abs()),
            at_given_point,
        })
    }
}

/// The Euclidean norm of all entries.
fn norm(outputs: &Array2<f64>) -> f64 {
    vector::euclidean_norm(outputs.as_slice().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, Augmented, Diagonal, DiagonalForm, Linear, Mlp};
    use ndarray::{ArrayViewMut2, array};
    use std::num::NonZeroU32;
    use steepest_core::ParameterLayout;

    fn inputs() -> Array2<f64> {
        array![[1.0, -2.0, 0.5], [0.3, 4.0, -1.0], [-1.0, 1.0, 1.0]]
    }

    fn check(model: &dyn HomogeneousModel, theta: &[f64]) -> Result<DegreeReport, ModelError> {
        check_degree(model, theta, inputs().view())
    }

    #[test]
    fn the_models_of_the_catalogue_pass_with_all_digits() {
        let mlp = |hidden: &[usize], power| Mlp::new(3, hidden, 2, Activation::ReluPower { power }).unwrap();
        let biased = Augmented::new(Mlp::new(4, &[5], 1, Activation::Relu).unwrap(), 1.0).unwrap();
        let models: [&dyn HomogeneousModel; 4] = [
            &Linear::new(3, 2).unwrap(),
            &mlp(&[4, 3], 2),
            &biased,
            &Diagonal::new(3, 1, DiagonalForm::Difference, 3).unwrap(),
        ];
        for model in models {
            for scale in [1.0, 1e-20] {
                let theta: Vec<f64> = drawn(model.layout().len()).iter().map(|t| scale * t).collect();
                let report = check(model, &theta).unwrap();
                let degree = f64::from(model.degree().get());
                assert!((report.measured - degree).abs() < 1e-12 && report.at_given_point, "{model:?}: {report:?}");
                assert!(report.scaling_error <= 0.0 && report.euler_error < 1e-13, "{model:?}: {report:?}");
            }
        }
    }

    #[test]
    fn where_all_outputs_are_zero_another_point_is_taken() {
        let linear = Linear::new(3, 1).unwrap();
        assert!(!check(&linear, &[0.0; 3]).unwrap().at_given_point);
        assert!(!check(&Diagonal::new(3, 1, DiagonalForm::Difference, 2).unwrap(), &[0.1; 6]).unwrap().at_given_point);
        let nothing = check_degree(&linear, &[1.0; 3], Array2::zeros((2, 3)).view());
        assert!(matches!(nothing, Err(ModelError::AlwaysZero)));
    }

    /// What is wrong with a linear model.
    #[derive(Clone, Copy, Debug)]
    enum Flaw {
        /// A constant added to the output.
        Bias,
        /// A gradient of another model: half of the right one.
        Gradient,
        /// No number.
        Nan,
    }

    #[derive(Debug)]
    struct Flawed(Linear, Flaw);

    impl HomogeneousModel for Flawed {
        fn layout(&self) -> &ParameterLayout {
            self.0.layout()
        }

        fn degree(&self) -> NonZeroU32 {
            self.0.degree()
        }

        fn n_inputs(&self) -> usize {
            self.0.n_inputs()
        }

        fn n_outputs(&self) -> usize {
            self.0.n_outputs()
        }

        fn workspace(&self, n_samples: usize) -> Workspace {
            self.0.workspace(n_samples)
        }

        fn forward(
            &self,
            theta: &[f64],
            inputs: ArrayView2<'_, f64>,
            mut outputs: ArrayViewMut2<'_, f64>,
            work: &mut Workspace,
        ) {
            self.0.forward(theta, inputs, outputs.view_mut(), work);
            match self.1 {
                Flaw::Bias => outputs += 0.1,
                Flaw::Gradient => {}
                Flaw::Nan => outputs[(0, 0)] = f64::NAN,
            }
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
            self.0.backward(theta, inputs, rows, cotangent, gradient, work);
            if matches!(self.1, Flaw::Gradient) {
                gradient.iter_mut().for_each(|g| *g *= 0.5);
            }
        }
    }

    #[test]
    fn models_that_are_not_homogeneous_are_refused() {
        for flaw in [Flaw::Bias, Flaw::Gradient, Flaw::Nan] {
            let result = check(&Flawed(Linear::new(3, 1).unwrap(), flaw), &[1.0, 2.0, 3.0]);
            let text = result.unwrap_err().to_string();
            assert!(text.contains("not positively homogeneous of degree 1"), "{text}");
        }
        // a linear model that begins at zero, and has a bias
        assert!(check(&Flawed(Linear::new(3, 1).unwrap(), Flaw::Bias), &[0.0; 3]).is_err());
    }
}
