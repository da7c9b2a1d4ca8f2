//! The sizes of a run that its cost depends on.

use crate::config::RunConfig;
use crate::run::build_data;
use ndarray::{ArrayView2, Axis};
use steepest_core::Dataset;
use steepest_core::linalg::SparseRows;
use steepest_data::DataSpec;
use steepest_models::ModelSpec;
use steepest_optim::Sign;

/// What lies above a trained first layer on the raw inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Above {
    /// Nothing, or the first layer is not trained.
    #[default]
    Nothing,
    /// Other layers.
    Layers,
    /// One output that sums over units, each linear on either side of a kink.
    SumOverUnits,
}

/// What inputs are like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Inputs {
    /// Drawn from a law.
    #[default]
    Drawn,
    /// Read, and mostly zero, as images on a black ground.
    Dark,
    /// Others.
    Read,
}

/// Numbers of samples and parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sizes {
    pub(super) n_train: usize,
    pub(super) n_test: usize,
    /// Inputs, and units of the first layer.
    pub(super) first_layer: (usize, usize),
    pub(super) n_parameters: usize,
    pub(super) inputs: Inputs,
    /// Whether test points are drawn again when they are needed.
    pub(super) is_streamed: bool,
    pub(super) above: Above,
    /// Whether sign descent need not be dense: many inputs of which hardly any is zero, or images.
    pub(super) suits_sign: bool,
}

impl Sizes {
    /// From the configuration where that says them, else from the data; `None` where these are not here.
    pub(super) fn of(run: &RunConfig) -> Option<Self> {
        Self::of_configuration(run).or_else(|| Self::of_data(run))
    }

    /// `None` where the configuration does not say them.
    pub(super) fn of_configuration(run: &RunConfig) -> Option<Self> {
        let mut sizes = Self::default();
        let d = match &run.data {
            DataSpec::TeacherStudent(spec) => {
                (sizes.n_train, sizes.n_test) = (spec.n_train, spec.n_test);
                sizes.is_streamed = spec.stream_test;
                sizes.suits_sign = spec.n_inputs >= Sign::MANY_INPUTS;
                spec.n_inputs
            }
            DataSpec::Mnist(spec) if spec.digits.len() == 2 && !spec.classes => {
                (sizes.n_train, sizes.n_test, sizes.inputs) = (spec.n_train, 2000, Inputs::Dark);
                sizes.suits_sign = true;
                28 * 28
            }
            _ => return None,
        };
        Some(sizes.with_model(&run.model, d, 1))
    }

    /// `None` where the data are not here.
    fn of_data(run: &RunConfig) -> Option<Self> {
        let split = build_data(run).ok()?;
        let train = &split.train;
        let sizes = Self {
            n_train: train.n_samples(),
            n_test: split.test.as_ref().map_or(0, Dataset::n_samples),
            suits_sign: Sign::pays(train),
            inputs: if is_dark(train.inputs()) { Inputs::Dark } else { Inputs::Read },
            ..Self::default()
        };
        Some(sizes.with_model(&run.model, train.n_features(), train.labels().n_outputs()))
    }

    /// With a model of d inputs and k outputs.
    fn with_model(self, model: &ModelSpec, d: usize, k: usize) -> Self {
        let mut sizes = self;
        let widths: Vec<usize> = match model {
            ModelSpec::Mlp(spec) => {
                let is_piecewise_linear = spec.activation.slope_below_zero().is_some();
                sizes.above = match spec.hidden.len() {
                    0 => Above::Nothing,
                    _ if spec.frozen.contains(&1) => Above::Nothing,
                    1 if k == 1 && is_piecewise_linear => Above::SumOverUnits,
                    _ => Above::Layers,
                };
                std::iter::once(d).chain(spec.hidden.iter().copied()).chain([k]).collect()
            }
            _ => vec![d, k],
        };
        sizes.first_layer = (widths[0], widths[1]);
        sizes.n_parameters = widths.windows(2).map(|pair| pair[0] * pair[1]).sum();
        sizes
    }

    /// n, d, m.
    pub(super) fn shape(&self) -> [f64; 3] {
        [self.n_train as f64, self.first_layer.0 as f64, self.first_layer.1 as f64]
    }
}

/// Whether most entries are zero, but for the inputs that always are.
fn is_dark(x: ArrayView2<'_, f64>) -> bool {
    let lit: Vec<usize> = (0..x.ncols()).filter(|&k| x.column(k).iter().any(|&x| x != 0.0)).collect();
    SparseRows::of(x.select(Axis(1), &lit).view()).is_some()
}
