//! Adam.

use crate::spec::{BuildOptimizer, NormOf, OptimizerInfo, check_decay};
use serde::{Deserialize, Serialize};
use steepest_core::vector::{CHUNK, vectorized};
use steepest_core::{
    CoreError, Fold, Form, GradedView, Moved, Norm, Optimizer, OptimizerKind, ParameterLayout, SavedState, Steepest,
    Wide, logspace,
};

/// `adam` in a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdamSpec {
    /// The decay of the first moment; default 0.9.
    #[serde(default = "beta1")]
    pub beta1: f64,
    /// The decay of the second moment; default 0.99, the paper's.
    #[serde(default = "beta2")]
    pub beta2: f64,
    /// Added to the root of the second moment, outside it; default 1e-8. Zero is allowed.
    #[serde(default = "eps")]
    pub eps: f64,
    /// Whether the moments are divided by 1 - beta^t; default true.
    #[serde(default = "yes")]
    pub bias_correction: bool,
}

impl AdamSpec {
    /// Whether every step forgets the ones before.
    fn forgets(self) -> bool {
        self.beta1 == 0.0 && self.beta2 == 0.0
    }
}

impl<N> BuildOptimizer<N> for AdamSpec {
    const INFO: OptimizerInfo = OptimizerInfo {
        name: "adam",
        formula: "theta <- theta - length * m^ / (sqrt(v^) + eps)",
        summary: "Adam with the true gradient at any size; betas (0, 0) with eps = 0 is sign descent",
        fields: &[
            ("beta1", "decay of the first moment, default 0.9"),
            ("beta2", "decay of the second moment, default 0.99"),
            ("eps", "added outside the root, default 1e-8; 0 is allowed"),
            ("bias_correction", "default true"),
        ],
    };
    const HAS_OWN_LENGTH: bool = true;

    fn own_norm(&self) -> NormOf<'_, N> {
        NormOf::Named("linf")
    }

    fn check(&self) -> Result<(), String> {
        check_decay("beta1", self.beta1)?;
        check_decay("beta2", self.beta2)?;
        let fine = self.eps >= 0.0 && self.eps.is_finite();
        if fine { Ok(()) } else { Err(format!("`eps` is {}, expected zero or a positive number", self.eps)) }
    }

    fn build(&self, _layout: &ParameterLayout, own_norm: Box<dyn Norm>) -> Box<dyn Optimizer> {
        Box::new(Adam::new(*self, own_norm))
    }
}

const fn beta1() -> f64 {
    0.9
}

const fn beta2() -> f64 {
    0.99
}

const fn eps() -> f64 {
    1e-8
}

const fn yes() -> bool {
    true
}

/// m <- b1 m + (1 - b1) g, v <- b2 v + (1 - b2) g^2, u = m^ / (sqrt(v^) + eps) with m^ = m / (1 - b1^t), v^ = v / (1 - b2^t) (Kingma and
/// Ba 2015; Eq. (75) of Tsilivis et al.).
///
/// g is the true gradient: one of e^-5000 meets eps = 1e-8 as such and hardly moves anything. With eps = 0 and b1 = b2 = 0 this is sign
/// descent; a coordinate that never had a gradient is 0/0 and stays. Its own norm is l-infinity.
///
/// While every number fits a double the moments are doubles; from the first that does not, each coordinate's moments carry exponents of their
/// own. Moments and theta are updated in one pass over memory, chunk by chunk, when the step is taken.
#[derive(Debug)]
pub struct Adam {
    spec: AdamSpec,
    own_norm: Box<dyn Norm>,
    moments: Moments,
    /// Updates so far.
    t: u64,
}

#[derive(Debug)]
enum Moments {
    Plain { m: Vec<f64>, v: Vec<f64> },
    Wide { m: Vec<Wide>, v: Vec<Wide> },
}

/// What the moments are divided by.
#[derive(Clone, Copy)]
struct Correction {
    first: f64,
    second: f64,
}

/// Squares of numbers in this range, and sums of them, keep all digits of a double.
const SMALLEST: f64 = 1e-140;
const LARGEST: f64 = 1e140;

impl Adam {
    /// Adam on vectors of the norm's dimension; the norm is the one whose margin it is to increase, l-infinity.
    pub fn new(spec: AdamSpec, own_norm: Box<dyn Norm>) -> Self {
        let dim = own_norm.dim();
        Self { spec, own_norm, moments: Moments::Plain { m: vec![0.0; dim], v: vec![0.0; dim] }, t: 0 }
    }

    fn correction(&self) -> Correction {
        let one_minus_power = |beta: f64| if self.spec.bias_correction { 1.0 - beta.powf(self.t as f64) } else { 1.0 };
        Correction { first: one_minus_power(self.spec.beta1), second: one_minus_power(self.spec.beta2) }
    }

    /// Gives every moment an exponent of its own.
    fn widen(&mut self) {
        if let Moments::Plain { m, v } = &self.moments {
            let wide = |x: &Vec<f64>| x.iter().map(|&x| Wide::new(x, 0)).collect();
            self.moments = Moments::Wide { m: wide(m), v: wide(v) };
        }
    }
}

/// Whether the entries, times the factor, are zero or moderate, so that neither they nor their squares leave the range of a double.
fn is_moderate(values: &[f64], factor: f64) -> bool {
    let (low, high) = (SMALLEST / factor, LARGEST / factor);
    // a sum in place of an early exit, so that the loop runs eight lanes wide
    let n_wild = move |v: &f64| u64::from(!(*v == 0.0 || (low..high).contains(&v.abs())));
    vectorized(
        #[inline(always)]
        move || values.iter().map(n_wild).sum::<u64>(),
    ) == 0
}

/// What a pass over some entries needs: the hyperparameters, the corrections and the length of the step.
#[derive(Clone, Copy)]
struct Pass {
    spec: AdamSpec,
    by: Correction,
    length: f64,
}

/// What a pass over some entries found.
#[derive(Clone, Copy, Default)]
struct Passed {
    /// Bits of theta that changed.
    difference: u64,
    /// Second moments that have sunk so low that the next step needs exponents.
    n_sunk: u64,
    /// The fold of theta, if one was asked for.
    folded: f64,
}

impl Pass {
    /// In plain doubles; the gradient is `factor` times its values.
    fn plain(self, (values, factor): (&[f64], f64), m: &mut [f64], v: &mut [f64], theta: &mut [f64]) -> Passed {
        let Self { spec, by, length } = self;
        let (keep1, keep2) = (spec.beta1, spec.beta2);
        let (take1, take2) = (1.0 - keep1, 1.0 - keep2);
        let (scale1, scale2) = (by.first.recip(), by.second.recip());
        vectorized(
            #[inline(always)]
            move || {
                // sums of their own, which no slice can overlap
                let (mut difference, mut n_sunk) = (0, 0);
                for (((t, &g), m), v) in theta.iter_mut().zip(values).zip(m).zip(v) {
                    let g = factor * g;
                    *m = keep1 * *m + take1 * g;
                    *v = keep2 * *v + take2 * (g * g);
                    n_sunk += u64::from(*v < SMALLEST * SMALLEST) & u64::from(*v > 0.0);
                    let root = (*v * scale2).sqrt() + spec.eps;
                    let is_zero = root == 0.0;
                    let quotient = *m * scale1 / if is_zero { 1.0 } else { root };
                    let old = std::mem::replace(t, *t - length * if is_zero { 0.0 } else { quotient });
                    difference |= old.to_bits() ^ t.to_bits();
                }
                Passed { difference, n_sunk, folded: 0.0 }
            },
        )
    }

    /// The same where both decays are zero: m = g, v = g^2 and sqrt(v) = |g| exactly, so that no moment is needed.
    fn forgetful(self, (values, factor): (&[f64], f64), theta: &mut [f64]) -> Passed {
        let Self { spec: AdamSpec { eps, .. }, length, .. } = self;
        vectorized(
            #[inline(always)]
            move || {
                let mut difference = 0;
                for (t, &g) in theta.iter_mut().zip(values) {
                    // a zero loses its sign, as beside a moment
                    let g = factor * g + 0.0;
                    let root = g.abs() + eps;
                    let is_zero = root == 0.0;
                    let quotient = g / if is_zero { 1.0 } else { root };
                    let old = std::mem::replace(t, *t - length * if is_zero { 0.0 } else { quotient });
                    difference |= old.to_bits() ^ t.to_bits();
                }
                Passed { difference, ..Passed::default() }
            },
        )
    }

    /// With an exponent for each moment.
    fn wide(self, g: GradedView<'_>, m: &mut [Wide], v: &mut [Wide], theta: &mut [f64]) -> u64 {
        let Self { spec, by, length } = self;
        let (factor, shift) = logspace::exp_split(g.scale().ln());
        let scale = Wide::new(factor, shift);
        let eps = Wide::new(spec.eps, 0);
        let mut difference = 0;
        for (k, ((t, m), v)) in theta.iter_mut().zip(m).zip(v).enumerate() {
            let g = g.wide(k) * scale;
            *m = *m * spec.beta1 + g * (1.0 - spec.beta1);
            *v = *v * spec.beta2 + g * g * (1.0 - spec.beta2);
            let root = (*v * by.second.recip()).sqrt() + eps;
            let u = if root.is_zero() { 0.0 } else { (*m * by.first.recip()).ratio(root) };
            let old = std::mem::replace(t, *t - length * u);
            difference |= old.to_bits() ^ t.to_bits();
        }
        difference
    }
}

impl Adam {
    /// The step over the leading entries that doubles hold, chunk by chunk; how many those are.
    fn plain_chunks(
        &mut self,
        pass: Pass,
        (values, factor): (&[f64], f64),
        theta: &mut [f64],
        fold: Option<Fold>,
    ) -> (usize, Passed) {
        let (mut done, mut all) = (0, Passed::default());
        let Moments::Plain { m, v } = &mut self.moments else { return (0, all) };
        let moments = m.chunks_mut(CHUNK).zip(v.chunks_mut(CHUNK));
        for ((g, theta), (m, v)) in values.chunks(CHUNK).zip(theta.chunks_mut(CHUNK)).zip(moments) {
            if !is_moderate(g, factor) {
                break;
            }
            let passed = if self.spec.forgets() {
                pass.forgetful((g, factor), theta)
            } else {
                pass.plain((g, factor), m, v, theta)
            };
            all.difference |= passed.difference;
            all.n_sunk += passed.n_sunk;
            all.folded = fold.map_or(0.0, |fold| fold.join(all.folded, fold.chunk(theta)));
            done += g.len();
        }
        (done, all)
    }
}

impl Optimizer for Adam {
    fn remembers(&self) -> bool {
        true
    }

    fn kind(&self) -> OptimizerKind {
        OptimizerKind::Other
    }

    fn is_entrywise(&self) -> bool {
        true
    }

    fn own_norm(&self) -> &dyn Norm {
        &*self.own_norm
    }

    fn direction(&mut self, _theta: &[f64], gradient: GradedView<'_>, _buffer: &mut [f64]) -> Steepest {
        Steepest { form: Form::Deferred, ..Steepest::written(self.own_norm.dual(gradient)) }
    }

    fn apply(
        &mut self,
        _form: Form,
        gradient: GradedView<'_>,
        _buffer: &[f64],
        length: f64,
        theta: &mut [f64],
        fold: Option<Fold>,
    ) -> Moved {
        self.t += 1;
        let pass = Pass { spec: self.spec, by: self.correction(), length };
        // where the scale is no number that a double holds, the factor of zero leaves every entry but zero to the wide pass
        let factor = Some(gradient.scale().value()).filter(|factor| factor.is_finite()).unwrap_or(0.0);
        let (done, mut passed) = match gradient.as_plain() {
            Some(values) => self.plain_chunks(pass, (values, factor), theta, fold),
            None => (0, Passed::default()),
        };
        if passed.n_sunk > 0 || done < theta.len() {
            self.widen();
        }
        if let Moments::Wide { m, v } = &mut self.moments {
            let rest = gradient.slice(done..theta.len());
            passed.difference |= pass.wide(rest, &mut m[done..], &mut v[done..], &mut theta[done..]);
        }
        let all_plain = done == theta.len();
        let norm = fold.and_then(|fold| if all_plain { fold.finish(passed.folded) } else { fold.value(theta) });
        Moved { any: passed.difference != 0, norm }
    }

    fn save(&self, state: &mut SavedState) {
        state.put_counter("adam/t", self.t);
        let wide: [Vec<Wide>; 2] = match &self.moments {
            Moments::Plain { m, v } => [m, v].map(|x| x.iter().map(|&x| Wide::new(x, 0)).collect()),
            Moments::Wide { m, v } => [m.clone(), v.clone()],
        };
        for (name, numbers) in ["m", "v"].iter().zip(&wide) {
            let mantissas: Vec<f64> = numbers.iter().map(|x| x.mantissa()).collect();
            // exponents are far below 2^53, so a double holds them exactly
            let exponents: Vec<f64> = numbers.iter().map(|x| x.exponent() as f64).collect();
            state.put(&format!("adam/{name}"), &mantissas);
            state.put(&format!("adam/{name}/exponents"), &exponents);
        }
        state.put_counter("adam/wide", u64::from(matches!(self.moments, Moments::Wide { .. })));
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), CoreError> {
        self.t = state.counter("adam/t")?;
        let dim = self.own_norm.dim();
        let read = |name: &str| -> Result<Vec<Wide>, CoreError> {
            let (mut mantissas, mut exponents) = (vec![0.0; dim], vec![0.0; dim]);
            state.restore_into(&format!("adam/{name}"), &mut mantissas)?;
            state.restore_into(&format!("adam/{name}/exponents"), &mut exponents)?;
            Ok(mantissas.iter().zip(exponents).map(|(&m, e)| Wide::new(m, e as i64)).collect())
        };
        let (m, v) = (read("m")?, read("v")?);
        self.moments = if state.counter("adam/wide")? == 1 {
            Moments::Wide { m, v }
        } else {
            let plain = |x: Vec<Wide>| x.into_iter().map(Wide::value).collect();
            Moments::Plain { m: plain(m), v: plain(v) }
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_forgets_has_the_bits_of_what_remembers_nothing() {
        // signs, zeros, ties with eps, and the whole range in which squares keep their digits
        let size = |k: i32| 10_f64.powf(f64::from(k % 281) - 140.0) * (1.0 + f64::from(k * 7919 % 997) / 997.0);
        let mut values: Vec<f64> = (0..3000).map(|k| size(k) * if k % 3 == 0 { -1.0 } else { 1.0 }).collect();
        values.extend([0.0, -0.0, 1e-8, -1e-8, 1.0]);
        let start: Vec<f64> = (0..values.len()).map(|k| (k as f64 * 0.37).sin()).collect();
        for (eps, factor) in [(0.0, 1.0), (1e-8, 1.0), (1e-2, 0.3), (1e-130, 1e-5)] {
            let spec = AdamSpec { beta1: 0.0, beta2: 0.0, eps, bias_correction: true };
            assert!(spec.forgets() && !AdamSpec { beta2: 0.9, ..spec }.forgets());
            let pass = Pass { spec, by: Correction { first: 1.0, second: 1.0 }, length: 0.01 };
            let gradient = (&values[..values.len()], factor);
            let (mut m, mut v) = (vec![0.5; values.len()], vec![0.25; values.len()]);
            let (mut slow, mut fast) = (start.clone(), start.clone());
            let a = pass.plain(gradient, &mut m, &mut v, &mut slow);
            let b = pass.forgetful(gradient, &mut fast);
            let bits = |x: &[f64]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            assert_eq!((bits(&slow), a.difference), (bits(&fast), b.difference), "eps {eps:e}, factor {factor:e}");
        }
    }
}
