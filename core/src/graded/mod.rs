//! Vectors whose entries may differ by more than one double's range: the gradients of `steepest`.
//!
//! A gradient is a sum over samples with weights e^-q_i. Late in a normalised run the q_i differ by thousands, and a
//! coordinate that only a light sample touches is far below the smallest double *relative to the others*; sign descent
//! still moves it. One common scale is therefore not enough: where the weights spread, each entry carries its own
//! binary exponent. (A logarithm per entry would lose 1e-11 at ln = -5e4; a mantissa with an integer exponent loses
//! nothing.)

use crate::error::CoreError;
use crate::logspace::{self, LogReal};
use crate::memory;
use crate::state::SavedState;
use crate::vector;
use crate::wide::{Wide, split, sum};

mod view;

pub use view::{ArgMax, GradedView, Leading};

/// Entries of a band that are passed over together if each of them is zero, or too small to change a bit.
const STRETCH: usize = 64;

/// An entry stays as it is where what is added has a binary exponent smaller by this much: half of the distance to the next double, and what
/// multiplying by less than two may add.
const OUT_OF_REACH: i64 = 60;

/// The vector e^scale * values\[k\] * 2^exponents\[k\]. While all entries fit one double's range there are no exponents
/// and it is an ordinary vector with a common scale.
///
/// Filled by a [`HomogeneousModel`](crate::HomogeneousModel)'s backward pass, band by band, heaviest first.
#[derive(Clone, Debug)]
pub struct Graded {
    scale: LogReal,
    values: Vec<f64>,
    /// Kept for reuse; its content means something only while `spread` is true.
    exponents: Vec<i64>,
    spread: bool,
}

impl Graded {
    /// The zero vector of `len` entries.
    pub fn zeros(len: usize) -> Self {
        Self { scale: LogReal::ONE, values: memory::zeros(len), exponents: Vec::new(), spread: false }
    }

    /// Starts over as an ordinary vector of the given scale, whose values the caller overwrites.
    pub fn overwrite(&mut self, scale: LogReal) -> &mut [f64] {
        self.scale = scale;
        self.spread = false;
        &mut self.values
    }

    /// Adds e^scale * values: the next band. Bands come heaviest first, so its scale is not above the vector's own.
    ///
    /// The sum is exact to rounding in every coordinate, however far below the first band it lies. Stretches are passed over in which every entry
    /// of the band is zero, such as the weights of a unit that no sample of the band lights, or too small to change a bit: late in a run a band
    /// weighs e^-600 of the one before, and decides only where that one is zero.
    pub fn add_band(&mut self, scale: LogReal, values: &[f64]) {
        self.spread_out();
        let (factor, shift) = logspace::exp_split((scale / self.scale).ln());
        let reach = largest_exponent(values).saturating_add(shift).saturating_add(OUT_OF_REACH);
        vector::vectorized(
            #[inline(always)]
            || {
                let own = self.values.chunks_mut(STRETCH).zip(self.exponents.chunks_mut(STRETCH));
                for ((own, exponents), added) in own.zip(values.chunks(STRETCH)) {
                    if are_out_of_reach(own, exponents, added, reach) {
                        continue;
                    }
                    for (entry, &added) in own.iter_mut().zip(exponents).zip(added) {
                        add(entry, added * factor, shift);
                    }
                }
            },
        );
    }

    /// self <- decay * self + weight * g: the buffer of a momentum or a moving average.
    ///
    /// The decay goes into the scale, so a buffer that only decays loses nothing. Entries get exponents of their own as soon as buffer and
    /// gradient differ by more than e^300, if `exact`; without, what is invisible beside the largest entry is lost, which a map that looks at
    /// the leading part does not see.
    pub fn decay_and_add(&mut self, decay: f64, weight: f64, g: GradedView<'_>, exact: bool) {
        const FAR: f64 = 300.0;
        if self.view().is_zero() || decay == 0.0 {
            self.assign(g, weight);
            return;
        }
        self.scale = self.scale * LogReal::from_value(decay);
        let distance = (g.scale / self.scale).ln();
        if self.spread || g.exponents.is_some() || (exact && distance.abs() > FAR) {
            self.add_wide(g, weight, distance);
            return;
        }
        if distance > 0.0 {
            let factor = logspace::exp(-distance);
            self.values.iter_mut().for_each(|v| *v *= factor);
            self.scale = g.scale;
        }
        vector::add_multiple(&mut self.values, weight * logspace::exp(distance.min(0.0)), g.values);
    }

    /// self <- weight * g.
    fn assign(&mut self, g: GradedView<'_>, weight: f64) {
        self.scale = g.scale;
        self.spread = g.exponents.is_some();
        for (v, &g) in self.values.iter_mut().zip(g.values) {
            *v = weight * g;
        }
        if let Some(exponents) = g.exponents {
            self.exponents.clear();
            self.exponents.extend_from_slice(exponents);
            self.normalise();
        }
    }

    /// self <- self + weight * g, entry by entry with exponents; `distance` is ln of the ratio of the scales.
    fn add_wide(&mut self, g: GradedView<'_>, weight: f64, distance: f64) {
        self.spread_out();
        let (factor, shift) = logspace::exp_split(distance);
        let factor = factor * weight;
        let entries = self.values.iter_mut().zip(&mut self.exponents).zip(g.values);
        vector::vectorized(
            #[inline(always)]
            || match g.exponents {
                None => {
                    for (entry, &added) in entries {
                        add(entry, added * factor, shift);
                    }
                }
                Some(exponents) => {
                    for ((entry, &added), &e) in entries.zip(exponents) {
                        add(entry, added * factor, shift.saturating_add(e));
                    }
                }
            },
        );
    }

    /// Brings mantissas that were multiplied back to 1 <= |m| < 2.
    fn normalise(&mut self) {
        for (value, exponent) in self.values.iter_mut().zip(&mut self.exponents) {
            let wide = Wide::new(*value, *exponent);
            (*value, *exponent) = (wide.mantissa(), wide.exponent());
        }
    }

    /// Stores the vector under a name, to the last bit.
    pub fn save(&self, name: &str, state: &mut SavedState) {
        state.put(&format!("{name}/scale"), &[self.scale.ln()]);
        state.put(&format!("{name}/values"), &self.values);
        // exponents are far below 2^53, so a double holds them exactly
        let exponents: Vec<f64> =
            if self.spread { self.exponents.iter().map(|&e| e as f64).collect() } else { Vec::new() };
        state.put(&format!("{name}/exponents"), &exponents);
    }

    /// Restores what was saved under a name.
    ///
    /// # Errors
    /// If there is none, or its length is another.
    pub fn restore(&mut self, name: &str, state: &SavedState) -> Result<(), CoreError> {
        state.restore_into(&format!("{name}/values"), &mut self.values)?;
        let exponents = state.get(&format!("{name}/exponents"))?;
        self.spread = !exponents.is_empty();
        self.exponents = exponents.iter().map(|&e| e as i64).collect();
        self.scale = LogReal::from_ln(state.get(&format!("{name}/scale"))?.first().copied().unwrap_or(0.0));
        Ok(())
    }

    /// Gives every entry its own exponent: values become 1 <= |m| < 2, or zero.
    fn spread_out(&mut self) {
        if self.spread {
            return;
        }
        self.spread = true;
        self.exponents.resize(self.values.len(), 0);
        vector::vectorized(
            #[inline(always)]
            || {
                for (value, exponent) in self.values.iter_mut().zip(&mut self.exponents) {
                    (*value, *exponent) = split(*value);
                }
            },
        );
    }

    /// Sets entry `k` to zero.
    pub fn set_zero(&mut self, k: usize) {
        self.values[k] = 0.0;
        if let Some(exponent) = self.exponents.get_mut(k) {
            *exponent = 0;
        }
    }

    /// A borrowed view, which is what norms and optimisers read.
    pub fn view(&self) -> GradedView<'_> {
        GradedView { scale: self.scale, values: &self.values, exponents: self.spread.then_some(&self.exponents[..]) }
    }
}

/// The binary exponent of the largest number; that of infinity, far above all others, where one is not finite.
fn largest_exponent(x: &[f64]) -> i64 {
    let bits = vector::vectorized(
        #[inline(always)]
        || x.iter().fold(0, |largest: u64, x| largest.max(x.to_bits() << 1)),
    );
    match (bits >> 53) as i64 {
        0x7ff => i64::MAX,
        biased => biased - 1023,
    }
}

/// Whether nothing that is not zero is added to an entry that is zero or of an exponent up to `reach`. Without a branch.
#[expect(clippy::inline_always, reason = "must be compiled with the instructions of the caller")]
#[inline(always)]
fn are_out_of_reach(own: &[f64], exponents: &[i64], added: &[f64], reach: i64) -> bool {
    let entries = own.iter().zip(exponents).zip(added);
    let place = |v: f64, e: i64| if v == 0.0 { i64::MIN } else { e };
    // zero for an entry that nothing is added to, of either sign
    let changed = entries.map(|((&v, &e), added)| if place(v, e) <= reach { added.to_bits() << 1 } else { 0 });
    changed.fold(0, |bits, added| bits | added) == 0
}

/// Adds x 2^shift to an entry (m, e) = m 2^e.
#[expect(clippy::inline_always, reason = "must be compiled with the instructions of the caller")]
#[inline(always)]
fn add((value, exponent): (&mut f64, &mut i64), x: f64, shift: i64) {
    let (mantissa, own) = split(x);
    (*value, *exponent) = sum((*value, *exponent), (mantissa, own.saturating_add(shift)));
}

#[cfg(test)]
mod tests;
