//! The layer above the first, from pre-activations in single precision.

use ndarray::{ArrayView2, ArrayViewMut1};
use steepest_core::vector::vectorized;

/// Half the distance from one to the next number of single precision.
pub(super) const ROUNDING: f64 = 1.0 / (1_u64 << 24) as f64;

/// What stands for the digits that single precision loses below its range, 2^-149, where the longest vectors have a length of about one.
pub(super) const BELOW_RANGE: f64 = 1.0 / (1_u128 << 100) as f64;

/// Numbers of double precision in a vector register.
pub(super) const LANES: usize = 8;

/// The layer above: f = sum_j u_j phi(p_j), with phi(p) = p above zero and `slope` p below.
#[derive(Clone, Copy, Debug)]
pub(super) struct Above<'u> {
    pub(super) u: &'u [f64],
    pub(super) slope: f64,
}

impl Above<'_> {
    /// What an output may be off where its pre-activations are sums of so many products: of the length of a vector for a point, given those for the units.
    pub(super) fn off(self, n_terms: usize, units: &[f64]) -> impl Fn(f64) -> f64 + use<> {
        let sum_of_abs = |length: &dyn Fn(f64) -> f64| -> f64 {
            self.u.iter().zip(units).map(|(u, unit)| u.abs() * length(*unit)).sum()
        };
        let (of_lengths, of_ones) = (sum_of_abs(&|unit| unit + BELOW_RANGE), sum_of_abs(&|_| BELOW_RANGE));
        let rounding = (n_terms + 2) as f64 * ROUNDING;
        // of no number of products so large that the bound says nothing
        let gamma = if rounding < 1.0 { rounding / (1.0 - rounding) } else { f64::INFINITY };
        let factor = (gamma + ROUNDING) * self.slope.abs().max(1.0);
        move |point| factor * (of_lengths * (point + BELOW_RANGE) + of_ones)
    }

    /// The outputs, and which of them do not exceed what they may be off.
    pub(super) fn sum(
        self,
        p: ArrayView2<'_, f32>,
        off: impl Iterator<Item = f64>,
        mut outputs: ArrayViewMut1<'_, f64>,
    ) -> Vec<usize> {
        for (p, f) in p.rows().into_iter().zip(&mut outputs) {
            *f = p.to_slice().map_or(f64::NAN, |p| self.of_row(p));
        }
        // one that is no number is no larger
        let is_certain = |(f, off): (&f64, f64)| f.abs() > off && f.is_finite();
        let certain = outputs.iter().zip(off).map(is_certain);
        certain.enumerate().filter(|(_, is_certain)| !is_certain).map(|(i, _)| i).collect()
    }

    fn of_row(self, p: &[f32]) -> f64 {
        let Self { u, slope } = self;
        vectorized(
            #[inline(always)]
            move || {
                let phi = |p: f32| {
                    let p = f64::from(p);
                    if p > 0.0 { p } else { slope * p }
                };
                let ((p, last_p), (u, last_u)) = (p.as_chunks::<LANES>(), u.as_chunks::<LANES>());
                let mut lanes = [0.0; LANES];
                for (p, u) in p.iter().zip(u) {
                    for ((lane, p), u) in lanes.iter_mut().zip(p).zip(u) {
                        *lane += u * phi(*p);
                    }
                }
                lanes.iter().sum::<f64>() + last_p.iter().zip(last_u).map(|(p, u)| u * phi(*p)).sum::<f64>()
            },
        )
    }
}
