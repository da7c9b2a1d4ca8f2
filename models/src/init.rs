//! Initial parameters.

use crate::error::ModelError;
use ndarray::Array2;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};
use steepest_core::Streams;

/// The law of the initial weights of a network with layers of fan-in d, k', ... (the number of their inputs).
///
/// Each layer draws from a stream of its own (`init/W1`, ...), and every law scales the same draws, so runs of one seed are paired
/// across laws and scales.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum InitSpec {
    /// All zero: for the linear model, whose gradient at zero is not.
    Zero,
    /// All equal to alpha: for diagonal networks. Neurons of a perceptron that begin alike stay alike.
    Constant {
        /// The value.
        alpha: f64,
    },
    /// U(-alpha/fan_in, alpha/fan_in): the law that the paper prints. With `coordinate`, the first layer's half-width is alpha/k', k'
    /// being its number of units.
    Uniform {
        /// The scale.
        alpha: f64,
        /// The paper's variant for coordinate descent.
        #[serde(default)]
        coordinate: bool,
    },
    /// U(-alpha/sqrt(fan_in), alpha/sqrt(fan_in)): PyTorch's default for a linear layer, times alpha. With `coordinate`, the first
    /// layer's half-width is alpha/sqrt(k').
    FanIn {
        /// The scale.
        alpha: f64,
        /// The variant for coordinate descent.
        #[serde(default)]
        coordinate: bool,
    },
    /// N(0, alpha^2/fan_in).
    Normal {
        /// The scale.
        alpha: f64,
    },
    /// N(0, alpha^2/fan_in) below, and +-alpha/sqrt(fan_in) with equal odds in the last layer. With `coordinate`, the last layer is
    /// +-alpha/sqrt(d), so that all single parameters are of one size.
    NormalSigns {
        /// The scale.
        alpha: f64,
        /// The variant for coordinate descent.
        #[serde(default)]
        coordinate: bool,
    },
}

impl InitSpec {
    /// Every law: its name in configurations and one line that teaches.
    pub const CATALOGUE: [(&'static str, &'static str); 6] = [
        ("zero", "all zero: for the linear model, whose gradient at zero is not"),
        ("constant", "all equal to alpha: for diagonal networks"),
        (
            "uniform",
            "U(-alpha/fan_in, alpha/fan_in), the law that the paper prints; with coordinate = true its variant for coordinate descent",
        ),
        (
            "fan_in",
            "U(-alpha/sqrt(fan_in), alpha/sqrt(fan_in)): PyTorch's default times alpha; coordinate = true as above",
        ),
        ("normal", "N(0, alpha^2/fan_in)"),
        (
            "normal_signs",
            "N(0, alpha^2/fan_in) below, +-alpha/sqrt(fan_in) in the last layer; with coordinate = true +-alpha/sqrt(d) there",
        ),
    ];
}

impl Default for InitSpec {
    /// Uniform with alpha = 0.1.
    fn default() -> Self {
        Self::Uniform { alpha: 0.1, coordinate: false }
    }
}

/// A law, and the network it is for.
#[derive(Clone, Debug)]
pub struct Initializer {
    law: InitSpec,
    sizes: Vec<usize>,
    streams: Streams,
}

impl Initializer {
    /// The law for a network of the given sizes: d, the hidden widths, k.
    ///
    /// # Errors
    /// If alpha is not a positive number.
    pub fn new(law: InitSpec, sizes: Vec<usize>, streams: Streams) -> Result<Self, ModelError> {
        match law {
            InitSpec::Zero => {}
            InitSpec::Constant { alpha }
            | InitSpec::Uniform { alpha, .. }
            | InitSpec::FanIn { alpha, .. }
            | InitSpec::Normal { alpha }
            | InitSpec::NormalSigns { alpha, .. } => {
                if !(alpha > 0.0 && alpha.is_finite()) {
                    return Err(ModelError::Range {
                        field: "init.alpha",
                        found: alpha.to_string(),
                        expected: "a positive number",
                    });
                }
            }
        }
        Ok(Self { law, sizes, streams })
    }

    /// The initial weights of a layer, counted from one: outputs x inputs.
    pub fn layer(&self, layer: usize) -> Array2<f64> {
        self.named(&format!("W{layer}"), layer)
    }

    /// The same for a block of another name, which draws from its own stream (`init/u`, ...): weights of a layer's shape and law.
    pub(crate) fn named(&self, block: &str, layer: usize) -> Array2<f64> {
        let (rows, cols) = (self.sizes[layer], self.sizes[layer - 1]);
        let (first, last) = (layer == 1, layer + 1 == self.sizes.len());
        let (fan_in, units) = (cols as f64, rows as f64);
        let mut rng = self.streams.stream(&format!("init/{block}"));
        let mut draw = |entry: &mut dyn FnMut(&mut ChaCha8Rng) -> f64| {
            Array2::from_shape_simple_fn((rows, cols), || entry(&mut rng))
        };
        let uniform = |half_width: f64| move |rng: &mut ChaCha8Rng| half_width * (2.0 * rng.random::<f64>() - 1.0);
        let normal = |deviation: f64| move |rng: &mut ChaCha8Rng| deviation * rng.sample::<f64, _>(StandardNormal);
        match self.law {
            InitSpec::Zero => Array2::zeros((rows, cols)),
            InitSpec::Constant { alpha } => Array2::from_elem((rows, cols), alpha),
            InitSpec::Uniform { alpha, coordinate } => {
                draw(&mut uniform(alpha / if coordinate && first { units } else { fan_in }))
            }
            InitSpec::FanIn { alpha, coordinate } => {
                draw(&mut uniform(alpha / if coordinate && first { units } else { fan_in }.sqrt()))
            }
            InitSpec::NormalSigns { alpha, coordinate } if last => {
                let inputs = if coordinate { self.sizes[0] as f64 } else { fan_in };
                let size = alpha / inputs.sqrt();
                draw(&mut |rng| if rng.random::<bool>() { size } else { -size })
            }
            InitSpec::Normal { alpha } | InitSpec::NormalSigns { alpha, .. } => {
                draw(&mut normal(alpha / fan_in.sqrt()))
            }
        }
    }
}

/// The law of a network's first layer, W = factor * U: laws that differ in their scale have U in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FirstLaw {
    law: InitSpec,
    units: usize,
}

impl FirstLaw {
    /// The law of a first layer of so many units beneath others.
    pub const fn new(law: InitSpec, units: usize) -> Self {
        Self { law, units }
    }

    /// The law of U: alpha = 1, without the variant for coordinate descent.
    #[must_use]
    pub const fn unit(self) -> Self {
        let law = match self.law {
            InitSpec::Zero => InitSpec::Zero,
            InitSpec::Constant { .. } => InitSpec::Constant { alpha: 1.0 },
            InitSpec::Uniform { .. } => InitSpec::Uniform { alpha: 1.0, coordinate: false },
            InitSpec::FanIn { .. } => InitSpec::FanIn { alpha: 1.0, coordinate: false },
            InitSpec::Normal { .. } => InitSpec::Normal { alpha: 1.0 },
            InitSpec::NormalSigns { .. } => InitSpec::NormalSigns { alpha: 1.0, coordinate: false },
        };
        Self { law, ..self }
    }

    /// The factor, for d inputs.
    pub fn factor(self, n_inputs: usize) -> f64 {
        let inputs_to_units = n_inputs as f64 / self.units as f64;
        match self.law {
            InitSpec::Zero => 1.0,
            InitSpec::Uniform { alpha, coordinate: true } => alpha * inputs_to_units,
            InitSpec::FanIn { alpha, coordinate: true } => alpha * inputs_to_units.sqrt(),
            InitSpec::Constant { alpha }
            | InitSpec::Uniform { alpha, .. }
            | InitSpec::FanIn { alpha, .. }
            | InitSpec::Normal { alpha }
            | InitSpec::NormalSigns { alpha, .. } => alpha,
        }
    }

    /// The layer (units x d) that a network with these streams starts with.
    pub fn draw(self, n_inputs: usize, streams: Streams) -> Array2<f64> {
        // some layer above: the first is not the last
        Initializer { law: self.law, sizes: vec![n_inputs, self.units, 1], streams }.layer(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(law: InitSpec, layer: usize) -> Array2<f64> {
        Initializer::new(law, vec![100, 40, 1], Streams::new(3)).unwrap().layer(layer)
    }

    #[test]
    fn laws_have_their_sizes() {
        let largest = |a: &Array2<f64>| a.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        let close = |a: f64, b: f64| (a / b - 1.0).abs() < 0.1;
        assert!(close(largest(&layer(InitSpec::Uniform { alpha: 0.5, coordinate: false }, 1)), 0.5 / 100.0));
        assert!(close(largest(&layer(InitSpec::Uniform { alpha: 0.5, coordinate: true }, 1)), 0.5 / 40.0));
        assert!(close(largest(&layer(InitSpec::FanIn { alpha: 0.5, coordinate: false }, 1)), 0.05));
        assert!(close(largest(&layer(InitSpec::FanIn { alpha: 0.5, coordinate: true }, 2)), 0.5 / 40f64.sqrt()));
        let normal = layer(InitSpec::NormalSigns { alpha: 0.5, coordinate: false }, 1);
        assert!(close(normal.std(0.0), 0.05));
        let signs = layer(InitSpec::NormalSigns { alpha: 0.5, coordinate: true }, 2);
        assert!(signs.iter().all(|v| (v.abs() - 0.05).abs() < 1e-15));
        assert!(signs.iter().any(|v| *v > 0.0) && signs.iter().any(|v| *v < 0.0));
    }

    #[test]
    fn scales_are_paired_and_bad_ones_refused() {
        let (a, b) =
            (InitSpec::FanIn { alpha: 1.0, coordinate: false }, InitSpec::FanIn { alpha: 0.5, coordinate: false });
        assert_eq!(layer(a, 1).mapv(|v| v * 0.5), layer(b, 1));
        assert!(Initializer::new(InitSpec::Normal { alpha: -1.0 }, vec![1, 1], Streams::new(0)).is_err());
    }

    #[test]
    fn a_first_layer_is_a_factor_times_the_draw_of_its_unit_law() {
        let alpha = 0.3;
        let laws = [
            InitSpec::Zero,
            InitSpec::Constant { alpha },
            InitSpec::Uniform { alpha, coordinate: false },
            InitSpec::Uniform { alpha, coordinate: true },
            InitSpec::FanIn { alpha, coordinate: false },
            InitSpec::FanIn { alpha, coordinate: true },
            InitSpec::Normal { alpha },
            InitSpec::NormalSigns { alpha, coordinate: false },
            InitSpec::NormalSigns { alpha, coordinate: true },
        ];
        for law in laws {
            let first = FirstLaw::new(law, 40);
            let (whole, unit) = (layer(law, 1), first.unit().draw(100, Streams::new(3)));
            assert_eq!(whole, first.draw(100, Streams::new(3)), "{law:?}");
            let factor = first.factor(100);
            assert!(whole.iter().zip(&unit).all(|(w, u)| (w - factor * u).abs() <= 1e-15 * w.abs()), "{law:?}");
        }
    }
}
