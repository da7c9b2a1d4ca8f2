//! Positively homogeneous activations.

use crate::error::ModelError;
use serde::{Deserialize, Serialize};
use steepest_core::vector::{self, vectorized};

/// phi with phi(c z) = c^r phi(z) for c > 0; applied entry by entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Activation {
    /// z; degree 1.
    Identity,
    /// max(z, 0); degree 1; phi'(0) = 0.
    #[default]
    Relu,
    /// z for z > 0, `slope` z otherwise; degree 1; phi'(0) = `slope`.
    LeakyRelu {
        /// The slope for z <= 0.
        slope: f64,
    },
    /// max(z, 0)^`power`; degree `power`; phi'(0) = 0.
    ReluPower {
        /// The power, at least 2.
        power: u32,
    },
}

impl Activation {
    /// Every activation: how a configuration writes it and one line that teaches.
    pub const CATALOGUE: [(&'static str, &'static str); 4] = [
        ("identity", "z; degree 1"),
        ("relu", "max(z, 0); degree 1; a kink at zero, where phi' is taken as 0"),
        ("leaky_relu", "{ leaky_relu = { slope = 0.1 } }: z above zero, slope z below; degree 1"),
        ("relu_power", "{ relu_power = { power = 2 } }: max(z, 0)^power; degree power, smooth for power 2 and above"),
    ];

    /// Whether the derivative jumps at zero.
    pub fn has_kink(self) -> bool {
        match self {
            Self::Relu => true,
            Self::LeakyRelu { slope } => slope.to_bits() != 1_f64.to_bits(),
            Self::Identity | Self::ReluPower { .. } => false,
        }
    }

    /// The degree of homogeneity r.
    pub const fn degree(self) -> u32 {
        match self {
            Self::ReluPower { power } => power,
            _ => 1,
        }
    }

    /// The slope for z <= 0, if that for z > 0 is one.
    pub const fn slope_below_zero(self) -> Option<f64> {
        match self {
            Self::Identity => Some(1.0),
            Self::Relu => Some(0.0),
            Self::LeakyRelu { slope } => Some(slope),
            Self::ReluPower { .. } => None,
        }
    }

    /// phi(z).
    pub fn value(self, z: f64) -> f64 {
        match self {
            Self::Identity => z,
            Self::Relu => {
                if z > 0.0 {
                    z
                } else {
                    // NaN must not become zero
                    0.0 * z
                }
            }
            Self::LeakyRelu { slope } => z * if z > 0.0 { 1.0 } else { slope },
            Self::ReluPower { power } => z.max(0.0).powi(power as i32) + 0.0 * z,
        }
    }

    /// phi'(z).
    pub fn derivative(self, z: f64) -> f64 {
        match self {
            Self::Identity => 1.0,
            Self::Relu => f64::from(u8::from(z > 0.0)),
            Self::LeakyRelu { slope } => {
                if z > 0.0 {
                    1.0
                } else {
                    slope
                }
            }
            Self::ReluPower { power } => f64::from(power) * z.max(0.0).powi(power as i32 - 1),
        }
    }

    /// Writes phi of a row.
    pub(crate) fn apply(self, z: &[f64], h: &mut [f64]) {
        // one loop a kind, so that each is free of branches
        match self {
            Self::Identity => h.copy_from_slice(z),
            Self::Relu => vectorized(
                #[inline(always)]
                || h.iter_mut().zip(z).for_each(|(h, &z)| *h = if z <= 0.0 { 0.0 } else { z }),
            ),
            _ => h.iter_mut().zip(z).for_each(|(h, &z)| *h = self.value(z)),
        }
    }

    /// sum_j u_j phi(z_j): a row of the layer above, if it has one output.
    pub(crate) fn weighted_sum(self, z: &[f64], u: &[f64]) -> f64 {
        match self {
            Self::Identity => vector::dot(z, u),
            Self::Relu => vector::dot_of(z, |z| if z <= 0.0 { 0.0 } else { z }, u),
            _ => vector::dot_of(z, |z| self.value(z), u),
        }
    }

    /// The way back through such a row, in one pass: d_j = c u_j phi'(z_j), and g_j += c phi(z_j) where the gradient g of u is wanted.
    pub(crate) fn weighted_sum_backward(self, c: f64, u: &[f64], z: &[f64], d: &mut [f64], g: Option<&mut [f64]>) {
        match self {
            Self::Identity => pull_back(c, u, z, |z, d| (z, d), d, g),
            Self::Relu => {
                let relu = |z, d| (if z <= 0.0 { 0.0 } else { z }, if z > 0.0 { d } else { 0.0 });
                pull_back(c, u, z, relu, d, g);
            }
            _ => pull_back(c, u, z, |z, d| (self.value(z), d * self.derivative(z)), d, g),
        }
    }

    /// d *= phi'(z), entry by entry.
    pub(crate) fn apply_derivative(self, z: &[f64], d: &mut [f64]) {
        match self {
            Self::Identity => {}
            Self::Relu => vectorized(
                #[inline(always)]
                || d.iter_mut().zip(z).for_each(|(d, &z)| *d = if z > 0.0 { *d } else { 0.0 }),
            ),
            _ => d.iter_mut().zip(z).for_each(|(d, &z)| *d *= self.derivative(z)),
        }
    }

    /// Checks the parameters.
    pub(crate) fn check(self) -> Result<(), ModelError> {
        match self {
            Self::LeakyRelu { slope } if !slope.is_finite() => Err(ModelError::Range {
                field: "activation.leaky_relu.slope",
                found: slope.to_string(),
                expected: "a finite number",
            }),
            Self::ReluPower { power } if !(2..=16).contains(&power) => Err(ModelError::Range {
                field: "activation.relu_power.power",
                found: power.to_string(),
                expected: "2 to 16",
            }),
            _ => Ok(()),
        }
    }
}

/// The loop of [`Activation::weighted_sum_backward`]: `pass` maps z and the cotangent on phi(z) to phi(z) and the cotangent on z.
#[inline]
fn pull_back(
    c: f64,
    u: &[f64],
    z: &[f64],
    pass: impl Fn(f64, f64) -> (f64, f64) + Copy,
    d: &mut [f64],
    g: Option<&mut [f64]>,
) {
    let rows = d.iter_mut().zip(u).zip(z);
    vectorized(
        #[inline(always)]
        move || match g {
            Some(g) => rows.zip(g).for_each(|(((d, &u), &z), g)| {
                let (h, cotangent) = pass(z, c * u);
                *d = cotangent;
                *g += c * h;
            }),
            None => rows.for_each(|((d, &u), &z)| *d = pass(z, c * u).1),
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn activations_are_homogeneous_and_nan_passes_through() {
        for phi in [
            Activation::Identity,
            Activation::Relu,
            Activation::LeakyRelu { slope: 0.1 },
            Activation::ReluPower { power: 3 },
        ] {
            for z in [-2.0, -0.5, 0.0, 0.7, 3.0] {
                let scaled = phi.value(2.0 * z) / 2f64.powi(phi.degree() as i32);
                assert!((scaled - phi.value(z)).abs() < 1e-14);
                let mut h = [0.0];
                phi.apply(&[z], &mut h);
                assert!((h[0] - phi.value(z)).abs() < 1e-15);
                let mut d = [3.0];
                phi.apply_derivative(&[z], &mut d);
                assert!((d[0] - 3.0 * phi.derivative(z)).abs() < 1e-14);
            }
            let mut h = [0.0];
            phi.apply(&[f64::NAN], &mut h);
            assert!(h[0].is_nan() && phi.value(f64::NAN).is_nan());
        }
    }
}
