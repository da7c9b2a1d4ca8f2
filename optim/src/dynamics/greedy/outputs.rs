//! The search among the output weights.

use super::best::Best;
use super::bounds::{fit, norm};
use super::units::Units;
use super::work::Work;

/// The gradient g_a in u at an earlier cotangent c_a.
///
/// With s = <c, c_a> / |c_a|^2 the gradient in u_j at c is s g_aj + <c - s c_a, phi(P_j)>, so that
/// |g_j| <= |s| |g_aj| + |c - s c_a| |phi(P_j)|. For units whose P never changed; the others are computed at every step.
#[derive(Debug, Default)]
pub(super) struct Anchor {
    c: Vec<f64>,
    /// |g_aj| and |phi(P_j)|.
    gradient: Vec<f64>,
    lengths: Vec<f64>,
    /// Units computed since the anchor was taken.
    opened: usize,
}

impl Anchor {
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Opens every output weight that may win at c; u_j is entry `start` + j of theta.
    pub(super) fn search(&mut self, start: usize, c: &[f64], units: &mut Units, best: &mut Best, work: &mut Work) {
        if self.c.is_empty() || self.opened > units.width() {
            self.renew(start, c, units, best, work);
            return;
        }
        for k in 0..units.moved.len() {
            let j = units.moved[k];
            best.offer(start + j, units.output_gradient(j, c));
            work.outputs += 1;
            // no bound needs to reach it
            (self.gradient[j], self.lengths[j]) = (0.0, 0.0);
        }
        let fit = fit(c, &self.c);
        for j in 0..units.width() {
            if best.excludes(fit.factor.abs() * self.gradient[j] + fit.rest * self.lengths[j]) {
                continue;
            }
            best.offer(start + j, units.output_gradient(j, c));
            work.outputs += 1;
            self.opened += 1;
        }
    }

    fn renew(&mut self, start: usize, c: &[f64], units: &mut Units, best: &mut Best, work: &mut Work) {
        work.anchors += 1;
        self.opened = 0;
        c.clone_into(&mut self.c);
        self.gradient.resize(units.width(), 0.0);
        for j in 0..units.width() {
            let gradient = units.output_gradient(j, c);
            best.offer(start + j, gradient);
            self.gradient[j] = gradient.abs();
        }
        if self.lengths.is_empty() {
            self.lengths = (0..units.width()).map(|j| norm(units.activations(j))).collect();
        }
    }
}
