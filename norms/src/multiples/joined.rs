//! The multiples of the subdifferential of a join of norms.

use super::active;
use crate::group::Group;
use crate::join::{Size, conjugate, maximise};
use steepest_core::Multiples;
use steepest_core::subdifferential::increasing_root;

/// A part's place, the factor of its set, and the multiples of that.
pub(crate) type JoinedPart = (Group, f64, Box<dyn Multiples>);

/// How the parts' multiples t_l f_l C_l go with t.
#[derive(Debug)]
enum How {
    /// t_l = t for all.
    Together,
    /// sum t_l = t; at most t if the sets are balls.
    Shared { balls: bool },
    /// |(t_l)|_q <= t, of balls.
    Ball { q: f64 },
}

/// The multiples of a set joined of parts' sets; entries in no part are zero.
#[derive(Debug)]
pub(crate) struct Joined {
    how: How,
    parts: Vec<JoinedPart>,
}

impl Joined {
    /// The set of the lp norm of the parts' numbers s_l N_l(x_l), given as `values`. `part` makes a part's place, weight s_l and multiples,
    /// those of the ball of N_l* if its number counts as zero (second argument).
    ///
    /// The maximum shares t among the parts that attain it up to the tolerance; a sum has all parts together, those that are zero up to the
    /// tolerance with a ball; in between every part has its own factor.
    pub(crate) fn new(p: f64, values: &[f64], tolerance: f64, part: impl Fn(usize, bool) -> JoinedPart) -> Self {
        let largest = values.iter().copied().fold(0.0, f64::max);
        let all = 0..values.len();
        if largest == 0.0 {
            let how = match p {
                1.0 => How::Together,
                f64::INFINITY => How::Shared { balls: true },
                p => How::Ball { q: conjugate(p) },
            };
            return Self { how, parts: all.map(|l| part(l, true)).collect() };
        }
        match p {
            1.0 => Self { how: How::Together, parts: all.map(|l| part(l, values[l] <= tolerance * largest)).collect() },
            f64::INFINITY => {
                let attain = all.filter(|&l| values[l] >= active(tolerance) * largest);
                Self { how: How::Shared { balls: false }, parts: attain.map(|l| part(l, false)).collect() }
            }
            p => {
                let sizes: Vec<Size> = values.iter().map(|&v| Size::from_value(v)).collect();
                let weights = maximise(conjugate(p), &sizes).weights;
                let positive = all.filter(|&l| weights[l] > 0.0);
                let weighted = positive.map(|l| {
                    let (place, weight, multiples) = part(l, false);
                    (place, weight * weights[l], multiples)
                });
                Self { how: How::Together, parts: weighted.collect() }
            }
        }
    }

    /// phi' of part l as a function of its own t_l.
    fn slope_of(&self, l: usize, t: f64) -> f64 {
        let (_, factor, multiples) = &self.parts[l];
        factor * multiples.slope(factor * t)
    }

    fn at_slope_of(&self, l: usize, slope: f64) -> f64 {
        let (_, factor, multiples) = &self.parts[l];
        multiples.at_slope(slope / factor) / factor
    }

    /// The slope that all parts with a share have in common, when the shares add up to t.
    fn common_slope(&self, t: f64) -> f64 {
        if let [_] = &self.parts[..] {
            return self.slope_of(0, t);
        }
        let all = 0..self.parts.len();
        let low = all.clone().map(|l| self.slope_of(l, 0.0)).fold(f64::INFINITY, f64::min);
        let high = all.clone().map(|l| self.slope_of(l, t)).fold(f64::NEG_INFINITY, f64::max);
        increasing_root(|slope| all.clone().map(|l| self.at_slope_of(l, slope)).sum::<f64>() - t, low, high)
    }

    /// The t_l: for balls inside the joint ball, what each wants.
    fn shares(&self, t: f64) -> Vec<f64> {
        let all = 0..self.parts.len();
        match self.how {
            How::Together => vec![t; self.parts.len()],
            How::Shared { balls } if self.parts.len() > 1 => {
                let slope = self.common_slope(t);
                let shares: Vec<f64> = all.map(|l| self.at_slope_of(l, slope)).collect();
                // the root is known to rounding of the slopes, the sum is to be exact
                let sum: f64 = shares.iter().sum();
                if sum <= 0.0 || (balls && sum < t) { shares } else { shares.iter().map(|s| s * (t / sum)).collect() }
            }
            How::Shared { .. } => vec![t],
            How::Ball { q } => self.shares_in_ball(q, t),
        }
    }

    /// The t_l with phi_l'(t_l) + nu t_l^(q-1) = 0 for the nu that brings them to |(t_l)|_q = t.
    fn shares_in_ball(&self, q: f64, t: f64) -> Vec<f64> {
        let all = 0..self.parts.len();
        let wants: Vec<f64> = all.clone().map(|l| self.at_slope_of(l, 0.0)).collect();
        let size = |shares: &[f64]| crate::join::norm(q, shares);
        if size(&wants) <= t || t <= 0.0 {
            return if t <= 0.0 { vec![0.0; wants.len()] } else { wants };
        }
        let shares = |nu: f64| -> Vec<f64> {
            let share = |l: usize| {
                let of = |s: f64| self.slope_of(l, s * t) / t + nu * s.powf(q - 1.0);
                // an end where the power alone is enough keeps it from overflowing
                let alone = (-self.slope_of(l, 0.0) / t / nu).powf((q - 1.0).recip());
                if nu == 0.0 { wants[l] } else { t * increasing_root(of, 0.0, alone.min(wants[l] / t)) }
            };
            all.clone().map(share).collect()
        };
        let mut high = 1.0;
        while size(&shares(high)) > t && high < f64::MAX {
            high *= 4.0;
        }
        shares(increasing_root(|nu| t - size(&shares(nu)), 0.0, high))
    }
}

impl Multiples for Joined {
    fn slope(&self, t: f64) -> f64 {
        let all = 0..self.parts.len();
        match self.how {
            How::Together => all.map(|l| self.slope_of(l, t)).sum(),
            How::Shared { balls: false } => self.common_slope(t),
            How::Shared { balls: true } => self.common_slope(t).min(0.0),
            // t phi'(t) is minus the product of what sticks out with where it does, part by part
            How::Ball { q } => {
                if t <= 0.0 {
                    let supports: Vec<f64> = all.map(|l| -self.slope_of(l, 0.0)).collect();
                    return -crate::join::norm(conjugate(q), &supports);
                }
                let shares = self.shares(t);
                all.map(|l| shares[l] * self.slope_of(l, shares[l])).sum::<f64>() / t
            }
        }
    }

    fn project(&self, t: f64, projection: &mut [f64]) {
        projection.fill(0.0);
        for ((place, factor, multiples), share) in self.parts.iter().zip(self.shares(t)) {
            let mut part = vec![0.0; place.len];
            multiples.project(factor * share, &mut part);
            place.scatter(&part, projection);
        }
    }
}
