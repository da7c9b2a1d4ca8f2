//! Geometric margins: min_i q_i, or the soft margin, divided by N(theta)^degree.
//!
//! A margin is named by the norm N of theta that divides it. The paper names it by the dual norm: its gamma_1 divides by
//! the l-infinity norm.

/// The smallest margin and its sample; NaN if any margin is NaN.
///
/// # Panics
/// If there are no margins.
pub fn smallest(margins: &[f64]) -> (usize, f64) {
    let lower = |best: (usize, f64), next: (usize, f64)| {
        if best.1.is_nan() || best.1 <= next.1 { best } else { next }
    };
    let mut all = margins.iter().copied().enumerate();
    let Some(first) = all.next() else { panic!("the smallest of no margins") };
    all.fold(first, lower)
}

/// The share of samples with q > 0. NaN never counts as right.
pub fn accuracy(margins: &[f64]) -> f64 {
    margins.iter().filter(|q| **q > 0.0).count() as f64 / margins.len() as f64
}

/// margin / norm^degree, without overflow of the power. NaN at norm zero, where no geometric margin exists.
pub fn geometric(margin: f64, norm: f64, degree: u32) -> f64 {
    if norm == 0.0 {
        return f64::NAN;
    }
    (0..degree).fold(margin, |m, _| m / norm)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_is_never_hidden() {
        assert!(smallest(&[1.0, f64::NAN, -3.0]).1.is_nan());
        assert!(smallest(&[f64::NAN, -3.0]).1.is_nan());
        assert_eq!(smallest(&[2.0, -3.0, -3.0]), (1, -3.0));
        assert_eq!(accuracy(&[1.0, f64::NAN, 0.0, -1.0]), 0.25);
    }

    #[test]
    fn the_power_does_not_overflow() {
        assert_eq!(geometric(1e300, 1e200, 2), 1e-100);
        assert!(geometric(1.0, 0.0, 2).is_nan());
    }
}
