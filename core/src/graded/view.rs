//! A borrowed graded vector: what norms and optimisers read.

use crate::logspace::{self, LogReal};
use crate::vector;
use crate::wide::{Wide, down, power_of_two, split};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Range;

/// 2^-32 to 2^32: a vector whose largest entry is in this range has hardly less room below it than one whose largest is near one.
const MODERATE: Range<f64> = 1.0 / (1_u64 << 32) as f64..(1_u64 << 32) as f64;

/// Maxima and sums that are taken side by side.
const LANES: usize = 8;

/// A borrowed [`Graded`](super::Graded) vector, or a part of one.
///
/// An ordinary slice is one too: `gradient[..].into()` has scale one and no exponents.
#[derive(Clone, Copy, Debug)]
pub struct GradedView<'a> {
    pub(super) scale: LogReal,
    pub(super) values: &'a [f64],
    pub(super) exponents: Option<&'a [i64]>,
}

impl<'a> From<&'a [f64]> for GradedView<'a> {
    fn from(values: &'a [f64]) -> Self {
        Self { scale: LogReal::ONE, values, exponents: None }
    }
}

impl<'a> GradedView<'a> {
    /// e^scale * values: an ordinary vector with a common scale.
    pub const fn scaled(scale: LogReal, values: &'a [f64]) -> Self {
        Self { scale, values, exponents: None }
    }

    /// Number of entries.
    pub const fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are no entries.
    pub const fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The common scale.
    pub const fn scale(&self) -> LogReal {
        self.scale
    }

    /// The values: ordinary numbers relative to the scale, or, with exponents, 1 <= |m| < 2 (or zero).
    pub const fn values(&self) -> &'a [f64] {
        self.values
    }

    /// The binary exponents, where the entries spread beyond one double's range.
    pub const fn exponents(&self) -> Option<&'a [i64]> {
        self.exponents
    }

    /// The values where no entry carries an exponent of its own.
    pub const fn as_plain(&self) -> Option<&'a [f64]> {
        if self.exponents.is_some() { None } else { Some(self.values) }
    }

    /// The entries of a range, such as one block of the parameters.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        Self { scale: self.scale, values: &self.values[range.clone()], exponents: self.exponents.map(|e| &e[range]) }
    }

    /// Whether every entry is zero.
    pub fn is_zero(&self) -> bool {
        self.values.iter().all(|&v| v == 0.0)
    }

    /// The sign of entry `k`: -1, 0 or 1.
    pub fn sign(&self, k: usize) -> f64 {
        vector::sign(self.values[k])
    }

    /// ln |entry k|, scale included; -inf for zero.
    pub fn ln_abs(&self, k: usize) -> f64 {
        let exponent = self.exponents.map_or(0.0, |e| logspace::ln_of_power_of_two(e[k]));
        (LogReal::from_value(self.values[k].abs()) * LogReal::from_ln(exponent) * self.scale).ln()
    }

    /// The largest exponent among non-zero entries; `None` without exponents or if all are zero.
    fn top_exponent(&self) -> Option<i64> {
        let exponents = self.exponents?;
        let larger = |a: i64, b: i64| if a > b { a } else { b };
        let lanes = vector::vectorized(
            #[inline(always)]
            move || {
                let mut lanes = [i64::MIN; LANES];
                for (values, exponents) in self.values.chunks(LANES).zip(exponents.chunks(LANES)) {
                    for ((lane, &v), &e) in lanes.iter_mut().zip(values).zip(exponents) {
                        *lane = larger(*lane, if v == 0.0 { i64::MIN } else { e });
                    }
                }
                lanes
            },
        );
        let top = lanes.into_iter().fold(i64::MIN, larger);
        (top > i64::MIN).then_some(top)
    }

    /// The sum of map(v) over the values v relative to 2^top, what is far below the last bit of the largest left out, in eight interleaved sums.
    fn sum_below(&self, top: i64, map: impl Fn(f64) -> f64) -> f64 {
        let exponents = self.exponents.unwrap_or_default();
        let mut lanes = [0.0; LANES];
        vector::vectorized(
            #[inline(always)]
            || {
                for (values, exponents) in self.values.chunks(LANES).zip(exponents.chunks(LANES)) {
                    for ((lane, v), e) in lanes.iter_mut().zip(values).zip(exponents) {
                        *lane += map(v * down(e.saturating_sub(top).min(0)));
                    }
                }
            },
        );
        lanes.iter().sum()
    }

    /// The entry of largest magnitude: its lowest index (to a relative 1e-12), and how many *other* entries lie within
    /// 1e-12 of it. `None` for the zero vector.
    ///
    /// Two entries that are equal in exact arithmetic differ by rounding; taking the lowest index among those within
    /// 1e-12 makes the choice independent of the order of summation, and counting them makes it visible.
    pub fn arg_max_abs(&self) -> Option<ArgMax> {
        const NEAR: f64 = 1.0 - 1e-12;
        let Some(top) = self.top_exponent() else {
            let (index, others) = vector::arg_max_abs(self.values, NEAR)?;
            return Some(ArgMax { index, near_ties: others as u32 });
        };
        let exponents = self.exponents.unwrap_or_default();
        let visible = |k: usize| self.values[k].abs() * power_of_two(exponents[k].saturating_sub(top).min(0));
        let threshold = (0..self.len()).map(visible).fold(0.0, f64::max) * NEAR;
        let mut near = (0..self.len()).filter(|&k| visible(k) >= threshold);
        let index = near.next()?;
        Some(ArgMax { index, near_ties: near.count() as u32 })
    }

    /// Entry `k` without the common scale, as a number with its own exponent.
    pub fn wide(&self, k: usize) -> Wide {
        match self.exponents {
            Some(exponents) => Wide::from_parts(self.values[k], exponents[k]),
            None => Wide::new(self.values[k], 0),
        }
    }

    /// |entry i| against |entry k|, in exact arithmetic.
    pub fn cmp_abs(&self, i: usize, k: usize) -> Ordering {
        let magnitude = |k: usize| (self.values[k].abs(), self.exponents.map_or(0, |e| e[k]));
        let ((a, ea), (b, eb)) = (magnitude(i), magnitude(k));
        if a == 0.0 || b == 0.0 { a.total_cmp(&b) } else { ea.cmp(&eb).then(a.total_cmp(&b)) }
    }

    /// sum_k |entry k|.
    pub fn sum_of_abs(&self) -> LogReal {
        match self.top_exponent() {
            None => self.scale * LogReal::from_value(vector::sum_of_abs(self.values)),
            Some(top) => {
                let sum = self.sum_below(top, f64::abs);
                self.scale * LogReal::from_value(sum) * LogReal::from_ln(logspace::ln_of_power_of_two(top))
            }
        }
    }

    /// max_k |entry k|.
    pub fn max_abs(&self) -> LogReal {
        self.arg_max_abs().map_or(LogReal::ZERO, |best| LogReal::from_ln(self.ln_abs(best.index)))
    }

    /// |entries|_2. Entries that are invisible beside the largest do not change it in the last bit.
    pub fn euclidean_norm(&self) -> LogReal {
        match self.top_exponent() {
            None => self.scale * LogReal::from_value(vector::euclidean_norm(self.values)),
            Some(top) => {
                let norm = self.sum_below(top, |v| v * v).sqrt();
                self.scale * LogReal::from_value(norm) * LogReal::from_ln(logspace::ln_of_power_of_two(top))
            }
        }
    }

    /// What is visible beside the largest entry, as ordinary numbers whose squares and products neither under- nor overflow, relative to the returned
    /// scale: the entries themselves where they are that already, a copy elsewhere.
    pub fn leading(&self) -> (Cow<'a, [f64]>, Leading) {
        if self.exponents.is_none() && MODERATE.contains(&vector::max_abs(self.values)) {
            return (Cow::Borrowed(self.values), Leading { scale: self.scale, left_out: false });
        }
        let mut copy = vec![0.0; self.values.len()];
        let leading = self.leading_into(&mut copy);
        (Cow::Owned(copy), leading)
    }

    /// Writes what is visible beside the largest entry, as ordinary numbers relative to the returned scale.
    ///
    /// The largest entry becomes a number in \[1, 2), so squares and products of the result neither under- nor overflow.
    pub fn leading_into(&self, leading: &mut [f64]) -> Leading {
        let Some(exponents) = self.exponents else { return self.normalised_into(leading) };
        let Some(top) = self.top_exponent() else {
            leading.fill(0.0);
            return Leading { scale: LogReal::ZERO, left_out: false };
        };
        let mut left_out = false;
        for ((out, &v), &e) in leading.iter_mut().zip(self.values).zip(exponents) {
            *out = v * power_of_two(e.saturating_sub(top).min(0));
            left_out |= *out == 0.0 && v != 0.0;
        }
        Leading { scale: self.scale * LogReal::from_ln(logspace::ln_of_power_of_two(top)), left_out }
    }

    /// An ordinary vector divided by the power of two below its largest entry.
    fn normalised_into(&self, leading: &mut [f64]) -> Leading {
        let largest = vector::max_abs(self.values);
        if largest == 0.0 {
            leading.fill(0.0);
            return Leading { scale: LogReal::ZERO, left_out: false };
        }
        let (_, top) = split(largest);
        // two factors, since 2^-top alone may overflow
        let (half, rest) = (power_of_two(-(top / 2)), power_of_two(-(top - top / 2)));
        for (out, &v) in leading.iter_mut().zip(self.values) {
            *out = v * half * rest;
        }
        Leading { scale: self.scale * LogReal::from_ln(logspace::ln_of_power_of_two(top)), left_out: false }
    }

    /// <x, entries> as (sign, magnitude). Exact to rounding in the visible part.
    pub fn dot(&self, x: &[f64]) -> (f64, LogReal) {
        let (sum, top) = match self.top_exponent() {
            None => (vector::dot(self.values, x), 0),
            Some(top) => {
                let exponents = self.exponents.unwrap_or_default();
                let terms = self.values.iter().zip(exponents).zip(x);
                (terms.map(|((v, e), x)| v * power_of_two(e.saturating_sub(top).min(0)) * x).sum(), top)
            }
        };
        let magnitude =
            self.scale * LogReal::from_value(sum.abs()) * LogReal::from_ln(logspace::ln_of_power_of_two(top));
        (vector::sign(sum), magnitude)
    }
}

/// The entry of largest magnitude.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArgMax {
    /// Its index.
    pub index: usize,
    /// How many other entries lie within a relative 1e-12 of it.
    pub near_ties: u32,
}

/// What [`GradedView::leading_into`] wrote.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Leading {
    /// The scale of the written numbers.
    pub scale: LogReal,
    /// Whether non-zero entries were too small to be written.
    pub left_out: bool,
}
