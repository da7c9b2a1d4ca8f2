//! Numbers that keep their lower orders: sums of a few doubles, each with a binary exponent of its own.
//!
//! e^0 + e^-3000 is kept as two parts, so that the second is still there when a difference removes the first.

use super::part::{NONE, NOTHING, Part, power_of_two};
use std::cmp::{Ordering, Reverse};

/// How many orders a number keeps.
const PARTS: usize = 6;

/// Parts closer than this many powers of two are added up: 2^-36 is just above the cut of a sum.
const WINDOW: i64 = 36;

/// A sum of parts, descending and more than [`WINDOW`] apart; and the highest order that was dropped for want of room.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number {
    parts: [Part; PARTS],
    len: usize,
    lost: i64,
}

impl Number {
    pub(super) const ZERO: Self = Self { parts: [NOTHING; PARTS], len: 0, lost: NONE };

    /// Adds up parts in any order. What cancels to rounding is exactly zero, and the next order stays.
    pub(super) fn sum(all: &mut [Part], lost: i64) -> Self {
        all.sort_unstable_by_key(|p| Reverse(p.exponent));
        let mut sum = Self { lost, ..Self::ZERO };
        let mut start = 0;
        while start < all.len() {
            let top = all[start].exponent;
            let end = start + all[start..].partition_point(|p| top - p.exponent <= WINDOW);
            if sum.len == PARTS {
                sum.lost = sum.lost.max(top);
                break;
            }
            if let Some(part) = Part::sum(&all[start..end], top) {
                sum.parts[sum.len] = part;
                sum.len += 1;
            }
            start = end;
        }
        sum
    }

    fn parts(&self) -> &[Part] {
        &self.parts[..self.len]
    }

    /// The leading order; [`NONE`] for zero.
    pub(super) fn order(&self) -> i64 {
        self.parts[0].exponent
    }

    /// The highest order that this number cannot vouch for.
    pub(super) fn lost(&self) -> i64 {
        self.lost
    }

    /// Whether the leading part is zero.
    pub(super) fn is_zero(&self) -> bool {
        self.len == 0
    }

    /// The leading part: value, exponent, absolute error in units of 2^exponent.
    pub(super) fn leading(&self) -> Part {
        self.parts[0]
    }

    /// The number rounded to one part; not for zero.
    pub(super) fn rounded(&self) -> Part {
        let first = self.parts[0];
        let rest: f64 = self.parts()[1..].iter().map(|p| p.value * power_of_two(p.exponent - first.exponent)).sum();
        Part::new(first.value + rest, first.exponent, first.error)
    }

    /// Whether the leading part's magnitude is above the other's.
    pub(super) fn exceeds(&self, other: &Self) -> bool {
        self.parts[0].compare(&other.parts[0]) == Ordering::Greater
    }

    /// The number as a double, for one that is of ordinary size or smaller.
    pub(super) fn value(&self) -> f64 {
        self.parts().iter().map(|p| p.value * power_of_two(p.exponent)).sum()
    }

    /// self * other, dropping what finds no room.
    pub(super) fn times(&self, other: &Self) -> Self {
        Self::ZERO.minus_product(self, other).minus()
    }

    /// self - a b.
    pub(super) fn minus_product(&self, a: &Self, b: &Self) -> Self {
        let mut all = [NOTHING; PARTS * (PARTS + 1)];
        let mut len = self.len;
        all[..len].copy_from_slice(self.parts());
        for p in a.parts() {
            for q in b.parts() {
                all[len] = p.times(*q).minus();
                len += 1;
            }
        }
        let lost = plus(a.lost, b.order()).max(plus(b.lost, a.order())).max(plus(a.lost, b.lost)).max(self.lost);
        Self::sum(&mut all[..len], lost)
    }

    fn minus(mut self) -> Self {
        self.parts.iter_mut().for_each(|p| p.value = -p.value);
        self
    }

    /// 1 / self: x = 1/p_0 - x (p_1 + ...)/p_0, each round right to one more order.
    pub(super) fn inverse(&self) -> Self {
        let first = self.parts[0];
        let relative = first.error / first.value.abs() + f64::EPSILON;
        let inverse = Part::new(first.value.recip(), -first.exponent, relative * first.value.recip().abs());
        let mut leading = Self { len: 1, ..Self::ZERO };
        leading.parts[0] = inverse;
        leading.lost = plus(self.lost, -2 * first.exponent);
        let mut rest = Self { len: self.len - 1, ..Self::ZERO };
        rest.parts[..self.len - 1].copy_from_slice(&self.parts[1..self.len]);
        let relative_rest = rest.times(&leading);
        let mut x = leading;
        for _ in 0..if rest.len == 0 { 0 } else { PARTS } {
            x = leading.minus_product(&relative_rest, &x);
        }
        x
    }
}

/// Sum of two orders, where nothing times anything is nothing.
fn plus(a: i64, b: i64) -> i64 {
    if a <= NONE / 2 || b <= NONE / 2 { NONE } else { a + b }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(lns: &[f64]) -> Number {
        Number::sum(&mut lns.iter().map(|&s| Part::exp(s)).collect::<Vec<_>>(), NONE)
    }

    #[test]
    fn the_next_order_survives_a_difference() {
        // (1 + e^-2000) (1 + e^-3000) - (1 + e^-2000) = e^-3000 (1 + e^-2000)
        let (a, b) = (number(&[0.0, -2000.0]), number(&[0.0, -3000.0]));
        let difference = a.times(&b).minus_product(&a, &number(&[0.0]));
        let expected = Part::exp(-3000.0);
        assert_eq!(difference.order(), expected.exponent);
        assert!((difference.leading().value - expected.value).abs() < 1e-14);
        assert_eq!(difference.lost(), NONE);
    }

    #[test]
    fn an_inverse_is_one_to_all_its_orders() {
        let x = number(&[1.0, -100.0, -700.0]);
        let one = x.times(&x.inverse());
        let rest = one.minus_product(&number(&[0.0]), &number(&[0.0]));
        assert!(rest.order() < -700, "{rest:?}");
        assert!((x.inverse().leading().error) < 1e-15);
    }

    #[test]
    fn what_finds_no_room_is_remembered() {
        let x = number(&(0..9).map(|k| f64::from(k) * -100.0).collect::<Vec<_>>());
        assert_eq!(x.lost(), Part::exp(-600.0).exponent);
    }
}
