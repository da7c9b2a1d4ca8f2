//! Vectors whose entries may differ by more than one double's range: the gradients of `steepest`.
//!
//! A gradient is a sum over samples with weights e^-q_i. Late in a normalised run the q_i differ by thousands, and a
//! coordinate that only a light sample touches is far below the smallest double *relative to the others*; sign descent
//! still moves it. One common scale is therefore not enough: where the weights spread, each entry carries its own
//! binary exponent. (A logarithm per entry would lose 1e-11 at ln = -5e4; a mantissa with an integer exponent loses
//! nothing.)

use crate::logspace::{self, LogReal};
use crate::vector;
use std::cmp::Ordering;
use std::ops::Range;

/// Entries this many powers of two below another one are invisible beside it, with room for a sum of many of them.
const INVISIBLE: i64 = 1100;

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
        Self { scale: LogReal::ONE, values: vec![0.0; len], exponents: Vec::new(), spread: false }
    }

    /// Starts over as an ordinary vector of the given scale, whose values the caller overwrites.
    pub fn overwrite(&mut self, scale: LogReal) -> &mut [f64] {
        self.scale = scale;
        self.spread = false;
        &mut self.values
    }

    /// Adds e^scale * values: the next band. Bands come heaviest first, so its scale is not above the vector's own.
    ///
    /// The sum is exact to rounding in every coordinate, however far below the first band it lies.
    pub fn add_band(&mut self, scale: LogReal, values: &[f64]) {
        self.spread_out();
        let (factor, shift) = logspace::exp_split((scale / self.scale).ln());
        for ((value, exponent), &added) in self.values.iter_mut().zip(&mut self.exponents).zip(values) {
            if added == 0.0 {
                continue;
            }
            let (m, e) = split(added * factor);
            (*value, *exponent) = add((*value, *exponent), (m, e + shift));
        }
    }

    /// Gives every entry its own exponent: values become 1 <= |m| < 2, or zero.
    fn spread_out(&mut self) {
        if self.spread {
            return;
        }
        self.spread = true;
        self.exponents.resize(self.values.len(), 0);
        for (value, exponent) in self.values.iter_mut().zip(&mut self.exponents) {
            (*value, *exponent) = split(*value);
        }
    }

    /// A borrowed view, which is what norms and optimisers read.
    pub fn view(&self) -> GradedView<'_> {
        GradedView { scale: self.scale, values: &self.values, exponents: self.spread.then_some(&self.exponents[..]) }
    }
}

/// Writes x as m 2^e with 1 <= |m| < 2; zero as (0, 0). Subnormal numbers too.
fn split(x: f64) -> (f64, i64) {
    const EXPONENT: u64 = 0x7ff << 52;
    const BIAS: i64 = 1023;
    let biased = ((x.to_bits() & EXPONENT) >> 52) as i64;
    if biased == 0 {
        if x == 0.0 {
            return (0.0, 0);
        }
        let (m, e) = split(x * power_of_two(64));
        return (m, e - 64);
    }
    (f64::from_bits((x.to_bits() & !EXPONENT) | (1023 << 52)), biased - BIAS)
}

/// 2^k as a double: zero below the subnormal numbers, infinity above the largest.
fn power_of_two(k: i64) -> f64 {
    match k {
        ..-1074 => 0.0,
        -1074..-1022 => f64::from_bits(1 << (k + 1074)),
        -1022..1024 => f64::from_bits(((k + 1023) as u64) << 52),
        1024.. => f64::INFINITY,
    }
}

/// The sum of two split numbers, split.
fn add(a: (f64, i64), b: (f64, i64)) -> (f64, i64) {
    if a.0 == 0.0 {
        return b;
    }
    let (high, low) = if a.1 >= b.1 { (a, b) } else { (b, a) };
    if high.1 - low.1 > INVISIBLE {
        return high;
    }
    let (m, e) = split(low.0.mul_add(power_of_two(low.1 - high.1), high.0));
    (m, if m == 0.0 { 0 } else { e + high.1 })
}

/// A borrowed [`Graded`] vector, or a part of one.
///
/// An ordinary slice is one too: `gradient[..].into()` has scale one and no exponents.
#[derive(Clone, Copy, Debug)]
pub struct GradedView<'a> {
    scale: LogReal,
    values: &'a [f64],
    exponents: Option<&'a [i64]>,
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
        self.values.iter().zip(exponents).filter(|(v, _)| **v != 0.0).map(|(_, &e)| e).max()
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
        let visible = |k: usize| self.values[k].abs() * power_of_two(exponents[k] - top);
        let threshold = (0..self.len()).map(visible).fold(0.0, f64::max) * NEAR;
        let mut near = (0..self.len()).filter(|&k| visible(k) >= threshold);
        let index = near.next()?;
        Some(ArgMax { index, near_ties: near.count() as u32 })
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
                let exponents = self.exponents.unwrap_or_default();
                let sum: f64 = self.values.iter().zip(exponents).map(|(v, e)| v.abs() * power_of_two(e - top)).sum();
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
                let exponents = self.exponents.unwrap_or_default();
                let squares = self.values.iter().zip(exponents).map(|(v, e)| (v * power_of_two(e - top)).powi(2));
                let norm = squares.sum::<f64>().sqrt();
                self.scale * LogReal::from_value(norm) * LogReal::from_ln(logspace::ln_of_power_of_two(top))
            }
        }
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
            *out = v * power_of_two(e - top);
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
                (terms.map(|((v, e), x)| v * power_of_two(e - top) * x).sum(), top)
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

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    fn two_bands() -> Graded {
        let mut g = Graded::zeros(3);
        g.overwrite(LogReal::from_ln(-10.0)).copy_from_slice(&[2.0, 0.0, 1e-260]);
        g.add_band(LogReal::from_ln(-5010.0), &[1.0, -3.0, 1.0]);
        g
    }

    #[test]
    fn lighter_bands_survive_where_the_heavier_is_zero() {
        let g = two_bands();
        let v = g.view();
        assert_eq!((0..3).map(|k| v.sign(k)).collect::<Vec<_>>(), [1.0, -1.0, 1.0]);
        assert_relative_eq!(v.ln_abs(0), 2f64.ln() - 10.0, max_relative = 1e-15);
        assert_relative_eq!(v.ln_abs(1), 3f64.ln() - 5010.0, max_relative = 1e-15);
        assert_relative_eq!(v.ln_abs(2), 1e-260f64.ln() - 10.0, max_relative = 1e-15);
    }

    #[test]
    fn bands_are_summed_not_chosen() {
        // a coordinate may hold e^-599 from one band and -e^-601 from the next
        let mut g = Graded::zeros(1);
        g.overwrite(LogReal::ONE)[0] = logspace::exp(-599.0);
        g.add_band(LogReal::from_ln(-601.0), &[-1.0]);
        let exact = -599.0 + (-logspace::exp(-2.0)).ln_1p();
        assert_relative_eq!(g.view().ln_abs(0), exact, max_relative = 1e-15);
    }

    #[test]
    fn exact_cancellation_leaves_room_for_the_next_band() {
        let mut g = Graded::zeros(1);
        g.overwrite(LogReal::ONE)[0] = 1.0;
        g.add_band(LogReal::ONE, &[-1.0]);
        g.add_band(LogReal::from_ln(-900.0), &[-1.0]);
        assert_eq!(g.view().sign(0), -1.0);
        assert_relative_eq!(g.view().ln_abs(0), -900.0, max_relative = 1e-15);
    }

    #[test]
    fn leading_part_says_what_it_left_out() {
        let g = two_bands();
        let mut out = [0.0; 3];
        let leading = g.view().leading_into(&mut out);
        assert!(leading.left_out);
        assert_eq!(out[1], 0.0);
        assert_relative_eq!(leading.scale.ln() + out[0].ln(), 2f64.ln() - 10.0, max_relative = 1e-15);
    }

    #[test]
    fn norms_of_plain_and_graded_agree() {
        let values = [3.0, -4.0, 0.0, 1e-3];
        let mut g = Graded::zeros(4);
        g.overwrite(LogReal::from_ln(-7.0)).copy_from_slice(&values);
        let plain = (g.view().sum_of_abs(), g.view().euclidean_norm(), g.view().arg_max_abs(), g.view().dot(&values));
        g.add_band(LogReal::from_ln(-9.0), &[0.0; 4]);
        assert!(g.view().exponents().is_some());
        assert_relative_eq!(plain.0.ln(), g.view().sum_of_abs().ln(), max_relative = 1e-15);
        assert_relative_eq!(plain.1.ln(), g.view().euclidean_norm().ln(), max_relative = 1e-15);
        assert_relative_eq!(plain.3.1.ln(), g.view().dot(&values).1.ln(), max_relative = 1e-15);
        assert_eq!(plain.2, g.view().arg_max_abs());
        assert_eq!(plain.2, Some(ArgMax { index: 1, near_ties: 0 }));
    }

    #[test]
    fn ties_take_the_lowest_index_and_are_counted() {
        let values = [1.0, -2.0, 2.0 * (1.0 + 1e-15), 0.5];
        let view = GradedView::from(&values[..]);
        assert_eq!(view.arg_max_abs(), Some(ArgMax { index: 1, near_ties: 1 }));
        assert_eq!(view.cmp_abs(0, 3), Ordering::Greater);
        assert_eq!(GradedView::from(&[0.0][..]).arg_max_abs(), None);
    }

    #[test]
    fn split_handles_the_whole_range() {
        for x in [1.0, -1.5, 1e-320, f64::MIN_POSITIVE, 1e308, -3e-200] {
            let (m, e) = split(x);
            assert!((1.0..2.0).contains(&m.abs()));
            assert_eq!(m * power_of_two(e / 2) * power_of_two(e - e / 2), x);
        }
    }

    #[test]
    fn tiny_plain_vectors_are_normalised() {
        let values = [3e-310, -4e-310];
        let view = GradedView::from(&values[..]);
        let mut out = [0.0; 2];
        let leading = view.leading_into(&mut out);
        assert!((1.0..2.0).contains(&out[1].abs()));
        assert_relative_eq!(leading.scale.ln() + out[1].abs().ln(), 4e-310f64.ln(), max_relative = 1e-13);
    }
}
