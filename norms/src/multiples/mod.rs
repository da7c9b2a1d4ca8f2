//! The multiples of subdifferentials, from which projections on them are made: of single norms here and in `pairs`, of joined ones in
//! `joined`.

pub(crate) mod amounts;
pub(crate) mod joined;
#[cfg(feature = "linalg")]
pub(crate) mod pairs;
#[cfg(test)]
mod tests;

use crate::join::{NEAR, conjugate};
use amounts::Amounts;
use steepest_core::{Multiples, vector};

/// What decides a maximum: at or above this multiple of it.
pub(crate) fn active(tolerance: f64) -> f64 {
    (1.0 - tolerance).min(NEAR)
}

/// The multiples of one vector c.
#[derive(Debug)]
pub(crate) struct Ray {
    c: Vec<f64>,
    along: f64,
    square: f64,
}

impl Ray {
    pub(crate) fn new(c: Vec<f64>, target: &[f64]) -> Self {
        let (along, square) = (vector::dot(&c, target), vector::dot(&c, &c));
        Self { c, along, square }
    }
}

impl Multiples for Ray {
    fn slope(&self, t: f64) -> f64 {
        t * self.square - self.along
    }

    fn at_slope(&self, slope: f64) -> f64 {
        ((slope + self.along) / self.square).max(0.0)
    }

    fn project(&self, t: f64, projection: &mut [f64]) {
        projection.iter_mut().zip(&self.c).for_each(|(out, c)| *out = t * c);
    }
}

/// Vectors of given signs whose magnitudes are amounts.
#[derive(Debug)]
pub(crate) struct Signed {
    signs: Vec<f64>,
    amounts: Amounts,
}

impl Multiples for Signed {
    fn slope(&self, t: f64) -> f64 {
        self.amounts.slope(t)
    }

    fn at_slope(&self, slope: f64) -> f64 {
        self.amounts.at_slope(slope)
    }

    fn project(&self, t: f64, projection: &mut [f64]) {
        projection.copy_from_slice(&self.amounts.at(t));
        projection.iter_mut().zip(&self.signs).for_each(|(out, sign)| *out *= sign);
    }
}

/// The multiples of the subdifferential of lr at x, for r from 1 to infinity; for x = 0 of the unit ball of the conjugate norm.
pub(crate) fn of_lr(r: f64, x: &[f64], target: &[f64], tolerance: f64) -> Box<dyn Multiples> {
    let largest = vector::max_abs(x);
    if largest == 0.0 {
        return ball(r, target);
    }
    match r {
        1.0 => {
            let fixed: Vec<bool> = x.iter().map(|v| v.abs() > tolerance * largest).collect();
            let sign = |((&x, &m), &fixed): ((&f64, &f64), &bool)| vector::sign(if fixed { x } else { m });
            let signs: Vec<f64> = x.iter().zip(target).zip(&fixed).map(sign).collect();
            let wanted = signs.iter().zip(target).map(|(s, m)| s * m).collect();
            Box::new(Signed { signs, amounts: Amounts::Capped { wanted, fixed } })
        }
        f64::INFINITY => {
            let threshold = active(tolerance) * largest;
            let signs: Vec<f64> = x.iter().map(|&v| if v.abs() >= threshold { vector::sign(v) } else { 0.0 }).collect();
            let wanted = signs.iter().zip(target).map(|(s, m)| if *s == 0.0 { f64::NEG_INFINITY } else { s * m });
            Box::new(Signed { amounts: Amounts::shared(wanted.collect(), false), signs })
        }
        r => {
            let mut c = vec![0.0; x.len()];
            crate::entries::Entries::from(x).direction(conjugate(r), &mut c);
            Box::new(Ray::new(c, target))
        }
    }
}

/// The multiples of the unit ball of the norm dual to lr.
fn ball(r: f64, target: &[f64]) -> Box<dyn Multiples> {
    let wanted = target.iter().map(|m| m.abs()).collect();
    Box::new(Signed { signs: target.iter().map(|&m| vector::sign(m)).collect(), amounts: Amounts::ball(r, wanted) })
}
