//! The lp norms of lists of numbers with exponents of their own.

use crate::join::{NEAR, Size, conjugate};
use steepest_core::{GradedView, logspace, vector};

/// Numbers values\[k\] 2^exponents\[k\], with 1 <= |values\[k\]| < 2 or zero where there are exponents.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entries<'a> {
    pub(crate) values: &'a [f64],
    pub(crate) exponents: Option<&'a [i64]>,
}

impl<'a> From<&'a [f64]> for Entries<'a> {
    fn from(values: &'a [f64]) -> Self {
        Self { values, exponents: None }
    }
}

impl<'a> From<GradedView<'a>> for Entries<'a> {
    /// The entries without the common scale.
    fn from(g: GradedView<'a>) -> Self {
        Self { values: g.values(), exponents: g.exponents() }
    }
}

impl Entries<'_> {
    /// The largest |entry| as a number and its exponent; the number is zero if all entries are, NaN if one is.
    fn largest(self) -> (f64, i64) {
        if vector::has_nan(self.values) {
            return (f64::NAN, 0);
        }
        let Some(exponents) = self.exponents else { return (vector::max_abs(self.values), 0) };
        let entries = self.values.iter().map(|v| v.abs()).zip(exponents.iter().copied()).filter(|(v, _)| *v > 0.0);
        entries.fold((0.0, 0), |a, b| if a.0 == 0.0 || (b.1, b.0) > (a.1, a.0) { b } else { a })
    }

    /// Writes (|x_k| / largest)^a; zero stays zero.
    fn relative_powers(self, (largest, top): (f64, i64), a: f64, powers: &mut [f64]) {
        let Some(exponents) = self.exponents else {
            powers.iter_mut().zip(self.values).for_each(|(out, v)| *out = (v.abs() / largest).powf(a));
            return;
        };
        for ((out, v), e) in powers.iter_mut().zip(self.values).zip(exponents) {
            // the mantissa and the power of two apart: a logarithm of the whole would lose digits; both at most one, so that no power overflows
            let (mantissa, e) = if v.abs() > largest { (0.5 * v.abs(), e + 1) } else { (v.abs(), *e) };
            let shift = logspace::exp(a * logspace::ln_of_power_of_two(e - top));
            *out = if *v == 0.0 { 0.0 } else { (mantissa / largest).powf(a) * shift };
        }
    }

    /// |x|_r for r from 1 to infinity.
    pub(crate) fn norm(self, r: f64) -> Size {
        let (largest, exponent) = self.largest();
        let mut powers = vec![0.0; self.values.len()];
        if largest != 0.0 && r.is_finite() {
            self.relative_powers((largest, exponent), r, &mut powers);
            return Size { ln: largest.ln() + powers.iter().sum::<f64>().ln() / r, exponent };
        }
        Size { ln: largest.ln(), exponent }
    }

    /// Writes a u in argmax over |u|_r <= 1 of <x, u>; returns <x, u> = |x|_r*, and how many entries tie with the chosen one (r = 1,
    /// where the first of those within 1e-12 is chosen). For r = infinity sign(0) = 0. Zero maps to zero, NaN makes everything NaN.
    pub(crate) fn direction(self, r: f64, u: &mut [f64]) -> (Size, u32) {
        let largest = self.largest();
        if largest.0 == 0.0 || largest.0.is_nan() {
            u.fill(largest.0);
            return (Size::from_value(largest.0), 0);
        }
        match r {
            1.0 => self.largest_entry(largest, u),
            f64::INFINITY => {
                u.iter_mut().zip(self.values).for_each(|(u, &v)| *u = vector::sign(v));
                (self.norm(1.0), 0)
            }
            r => (self.powers_direction(largest, conjugate(r), u), 0),
        }
    }

    fn largest_entry(self, (largest, top): (f64, i64), u: &mut [f64]) -> (Size, u32) {
        let relative = |k: usize| {
            let shift = self.exponents.map_or(0, |e| e[k] - top);
            // two steps down nothing can be near: the numbers lie between 1 and 2
            if shift < -1 { 0.0 } else { self.values[k].abs() * 2f64.powi(shift as i32) / largest }
        };
        let mut near = (0..u.len()).filter(|&k| relative(k) >= NEAR);
        u.fill(0.0);
        let Some(first) = near.next() else { return (Size::ZERO, 0) };
        u[first] = vector::sign(self.values[first]);
        let exponent = self.exponents.map_or(0, |e| e[first]);
        (Size { ln: self.values[first].abs().ln(), exponent }, near.count() as u32)
    }

    /// Writes sign(x_k) |x_k|^(q-1) / |x|_q^(q-1), the u of norm one with <x, u> = |x|_q; returns |x|_q.
    fn powers_direction(self, (largest, exponent): (f64, i64), q: f64, u: &mut [f64]) -> Size {
        self.relative_powers((largest, exponent), q - 1.0, u);
        // (|x| / max)^q = ((|x| / max)^(q-1))^r
        let r = conjugate(q);
        let sum: f64 = u.iter().map(|u| u.powf(r)).sum();
        let size = sum.powf(r.recip());
        for (u, &v) in u.iter_mut().zip(self.values) {
            *u = vector::with_sign(*u / size, v);
        }
        Size { ln: largest.ln() + sum.ln() / q, exponent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_with_and_without_exponents_agree() {
        let plain = [0.0, -6.0, 5.0, 0.25];
        let (values, exponents) = ([0.0, -1.5, 1.25, 1.0], [0, 2, 2, -2]);
        let graded = Entries { values: &values, exponents: Some(&exponents) };
        let (mut u, mut w) = ([0.0; 4], [0.0; 4]);
        for r in [1.0, 1.2, 2.0, 9.0, f64::INFINITY] {
            let (a, b) = (Entries::from(&plain[..]).direction(r, &mut u), graded.direction(r, &mut w));
            assert!((a.0.log().ln() - b.0.log().ln()).abs() < 1e-14 && a.1 == b.1);
            assert!(u.iter().zip(&w).all(|(u, w)| (u - w).abs() < 1e-15), "r = {r}: {u:?} {w:?}");
            assert!((graded.norm(conjugate(r)).log().ln() - b.0.log().ln()).abs() < 1e-14);
        }
    }

    #[test]
    fn a_tie_across_a_power_of_two_is_a_tie() {
        let (values, exponents) = ([1.0, 2.0 - 1e-13, 1.0], [-900, -901, -5000]);
        let mut u = [0.0; 3];
        let found = Entries { values: &values, exponents: Some(&exponents) }.direction(1.0, &mut u);
        assert_eq!((u, found.1), ([1.0, 0.0, 0.0], 1));
    }
}
