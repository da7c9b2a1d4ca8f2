//! Lists of amounts that are nearest to wanted ones: what projections on subdifferentials come down to, for entries and for singular values.

use crate::join::{self, conjugate};
use steepest_core::subdifferential::increasing_root;
use steepest_core::vector;

/// The lists nearest to `wanted` in a set that grows with t.
#[derive(Debug)]
pub(crate) enum Amounts {
    /// Amounts a >= 0 with sum t, or for a ball at most t, which may be wanted negative.
    Shared { wanted: Vec<f64>, descending: Vec<f64>, ball: bool },
    /// Each at most t >= 0, and t itself where fixed; those not fixed are wanted not negative.
    Capped { wanted: Vec<f64>, fixed: Vec<bool> },
    /// |a|_q <= t for 1 < q < infinity; wanted not negative.
    Ball { wanted: Vec<f64>, q: f64 },
}

impl Amounts {
    pub(crate) fn shared(wanted: Vec<f64>, ball: bool) -> Self {
        let mut descending = wanted.clone();
        descending.sort_by(|a, b| b.total_cmp(a));
        Self::Shared { wanted, descending, ball }
    }

    /// The ball of the norm dual to lr.
    pub(crate) fn ball(r: f64, wanted: Vec<f64>) -> Self {
        match r {
            1.0 => Self::Capped { fixed: vec![false; wanted.len()], wanted },
            f64::INFINITY => Self::shared(wanted, true),
            r => Self::Ball { wanted, q: conjugate(r) },
        }
    }

    /// phi'(t) of phi(t) = half the squared distance.
    pub(crate) fn slope(&self, t: f64) -> f64 {
        match self {
            Self::Shared { descending, ball, .. } => -threshold(descending, t, *ball),
            Self::Capped { wanted, fixed } => {
                let each = |(&m, &fixed): (&f64, &bool)| if fixed { t - m } else { (t - m).min(0.0) };
                wanted.iter().zip(fixed).map(each).sum()
            }
            // what sticks out is normal to the ball, so its dual norm is phi'
            Self::Ball { wanted, q } => {
                let rest: Vec<f64> = self.at(t).iter().zip(wanted).map(|(a, m)| (m - a).max(0.0)).collect();
                -join::norm(conjugate(*q), &rest)
            }
        }
    }

    /// The smallest t with phi'(t) >= slope, at most zero for balls.
    pub(crate) fn at_slope(&self, slope: f64) -> f64 {
        match self {
            Self::Shared { wanted, ball, .. } => {
                let slope = if *ball { slope.min(0.0) } else { slope };
                wanted.iter().map(|m| (m + slope).max(0.0)).sum()
            }
            Self::Capped { wanted, fixed } => self.at_slope_capped(slope, wanted, fixed),
            Self::Ball { wanted, q } => {
                increasing_root(|t| self.slope(t) - slope.min(0.0), 0.0, join::norm(*q, wanted))
            }
        }
    }

    fn at_slope_capped(&self, slope: f64, wanted: &[f64], fixed: &[bool]) -> f64 {
        let (n, largest) = (fixed.iter().filter(|f| **f).count() as f64, vector::max_abs(wanted));
        // beyond the largest only the fixed ones count; without any the slope ends at zero
        let high = if n == 0.0 { largest } else { largest + slope.max(0.0) / n };
        increasing_root(|t| self.slope(t) - if n == 0.0 { slope.min(0.0) } else { slope }, 0.0, high)
    }

    /// The nearest list for t.
    pub(crate) fn at(&self, t: f64) -> Vec<f64> {
        match self {
            Self::Shared { wanted, descending, ball } => {
                let threshold = threshold(descending, t, *ball);
                wanted.iter().map(|m| (m - threshold).max(0.0)).collect()
            }
            Self::Capped { wanted, fixed } => {
                wanted.iter().zip(fixed).map(|(&m, &fixed)| if fixed { t } else { m.min(t) }).collect()
            }
            Self::Ball { wanted, q } => nearest_in_ball(wanted, *q, t),
        }
    }
}

/// The c with sum max(m - c, 0) = t, of numbers in descending order; zero where a ball leaves room for all of them.
fn threshold(descending: &[f64], t: f64, ball: bool) -> f64 {
    let (mut sum, mut found) = (0.0, f64::INFINITY);
    for (k, &m) in descending.iter().enumerate() {
        if k > 0 && m <= found {
            break;
        }
        sum += m;
        found = (sum - t) / (k + 1) as f64;
    }
    if ball { found.max(0.0) } else { found }
}

/// The list of |a|_q <= t nearest to m >= 0: a_k + nu a_k^(q-1) = m_k, with the nu that brings it to the surface. Exact to rounding: a root for
/// each entry inside one for nu.
fn nearest_in_ball(m: &[f64], q: f64, t: f64) -> Vec<f64> {
    let size = join::norm(q, m);
    if size <= t {
        return m.to_vec();
    }
    if t <= 0.0 {
        return vec![0.0; m.len()];
    }
    if q.to_bits() == 2f64.to_bits() {
        return m.iter().map(|m| m * (t / size)).collect();
    }
    // relative to t the largest amount is near one; an end where the power alone is the number keeps it from overflowing
    let relative: Vec<f64> = m.iter().map(|m| m / t).collect();
    let amount = |nu: f64, m: f64| {
        let high = m.min((m / nu).powf((q - 1.0).recip()));
        if nu == 0.0 { m } else { increasing_root(|a| a + nu * a.powf(q - 1.0) - m, 0.0, high) }
    };
    let amounts = |nu: f64| -> Vec<f64> { relative.iter().map(|&m| amount(nu, m)).collect() };
    let outside = |nu: f64| 1.0 - join::norm(q, &amounts(nu));
    let mut high = 1.0;
    while outside(high) < 0.0 && high < f64::MAX {
        high *= 4.0;
    }
    amounts(increasing_root(outside, 0.0, high)).iter().map(|a| a * t).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_and_slopes_are_inverted() {
        let wanted = vec![0.3, -1.0, 2.0, 1.9];
        let all = [
            Amounts::shared(wanted.clone(), false),
            Amounts::Capped { wanted: wanted.clone(), fixed: vec![false, true, false, false] },
            Amounts::ball(1.0, vec![0.3, 1.0, 2.0, 1.9]),
            Amounts::ball(f64::INFINITY, vec![0.3, 1.0, 2.0, 1.9]),
            Amounts::ball(3.0, vec![0.3, 1.0, 2.0, 1.9]),
        ];
        for amounts in &all {
            for t in [0.11, 0.7, 1.5] {
                let slope = amounts.slope(t);
                assert!((amounts.at_slope(slope) - t).abs() < 1e-12, "{amounts:?} at {t}");
                // phi' against a difference of half the squared distance
                let phi = |t: f64| match amounts {
                    Amounts::Shared { wanted, .. } | Amounts::Capped { wanted, .. } | Amounts::Ball { wanted, .. } => {
                        0.5 * amounts.at(t).iter().zip(wanted).map(|(a, m)| (a - m).powi(2)).sum::<f64>()
                    }
                };
                let difference = (phi(t + 1e-6) - phi(t - 1e-6)) / 2e-6;
                assert!((slope - difference).abs() < 1e-7, "{amounts:?} at {t}: {slope} against {difference}");
            }
        }
        assert!((all[0].at(0.7).iter().sum::<f64>() - 0.7).abs() < 1e-15);
    }

    #[test]
    fn the_ball_is_exact_near_both_ends() {
        let m = [0.3, 1.0, 2.0, 1.9, 0.0];
        for q in [1.01, 1.5, 2.0, 5.0, 101.0, 1001.0] {
            let a = nearest_in_ball(&m, q, 0.7);
            assert!((join::norm(q, &a) / 0.7 - 1.0).abs() < 1e-12, "q = {q}");
            // what sticks out is a multiple of the powers
            let nu = (m[2] - a[2]) / a[2].powf(q - 1.0);
            assert!(m.iter().zip(&a).all(|(m, a)| (a + nu * a.powf(q - 1.0) - m).abs() < 1e-9), "q = {q}: {a:?}");
        }
    }
}
