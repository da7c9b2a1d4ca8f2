//! The range of an axis, fitted to the data with a small margin.

use super::chart::{Axis, Scale};

/// Share of a linear range left free at each end.
const MARGIN: f64 = 0.04;
/// Allowance for rounding when a tick falls on the end of a range, in ticks or decades.
pub(super) const SLACK: f64 = 1e-9;
/// Widths below this are taken for a single value.
pub(super) const TINY: f64 = 1e-290;

/// The part of an axis that is drawn, in data units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// How values are laid along it.
    pub scale: Scale,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Span {
    /// Place of a value from 0 at the lower end to 1 at the upper end, or `None` where it has none; may lie outside.
    pub fn fraction(&self, value: f64) -> Option<f64> {
        // halves, because the difference of two finite numbers may not be finite
        let half = |value| self.scale.project(value).map(|at| 0.5 * at);
        let (low, high) = (half(self.low)?, half(self.high)?);
        Some((half(value)? - low) / (high - low))
    }

    /// Whether a value lies between the ends, or on one of them but for rounding.
    pub(super) fn contains(&self, value: f64) -> bool {
        self.fraction(value).is_some_and(|at| (-SLACK..=1.0 + SLACK).contains(&at))
    }
}

/// The range of an axis: the fixed one if it can be drawn, otherwise the values that have a place on it and a small margin.
///
/// A single value stands in the middle; without values a linear axis runs from 0 to 1 and a logarithmic one from 1 to 10.
pub fn axis_span(axis: &Axis, values: impl IntoIterator<Item = f64>) -> Span {
    let scale = axis.scale;
    let (low, high) = match axis.range.filter(|(low, high)| axis.accepts(*low, *high)) {
        Some(range) => range,
        None => fitted(scale, values),
    };
    Span { scale, low, high }
}

fn fitted(scale: Scale, values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let placed = values.into_iter().filter(|value| scale.project(*value).is_some());
    let (low, high) =
        placed.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    match scale {
        Scale::Linear if low > high => (0.0, 1.0),
        Scale::Log10 if low > high => (1.0, 10.0),
        Scale::Linear => widened(low, high),
        Scale::Log10 => stretched(low, high),
    }
}

/// A linear range with its margin.
fn widened(low: f64, high: f64) -> (f64, f64) {
    let size = low.abs().max(high.abs());
    let width = 2.0 * (0.5 * high - 0.5 * low).min(0.25 * f64::MAX);
    let margin = match width {
        width if width > TINY && width > 1e-13 * size => MARGIN * width,
        _ if size > TINY => 0.05 * size,
        _ => 0.5,
    };
    ((low - margin).max(f64::MIN), (high + margin).min(f64::MAX))
}

/// A logarithmic range with its margin, a 32nd of its length.
fn stretched(low: f64, high: f64) -> (f64, f64) {
    let root = high.sqrt() / low.sqrt();
    let factor = if root > 1.0 + 1e-12 { root.sqrt().sqrt().sqrt().sqrt() } else { 2.0 };
    let smallest = f64::MIN_POSITIVE * f64::EPSILON;
    ((low / factor).max(smallest), (high * factor).min(f64::MAX))
}

#[cfg(test)]
mod tests {
    use super::axis_span;
    use crate::figures::{Axis, ticks};

    #[test]
    fn single_values_and_nothing_at_all_have_a_range() {
        for axis in [Axis::linear("x"), Axis::log("x")] {
            for values in
                [&[][..], &[3.0], &[f64::NAN, f64::INFINITY], &[1e-300], &[5e-324], &[f64::MAX], &[0.0], &[-2.0, -2.0]]
            {
                let span = axis_span(&axis, values.iter().copied());
                assert!(span.low < span.high, "{values:?}");
                assert!(ticks(&span, 6).len() < 100);
                assert_eq!(span.fraction(span.high), Some(1.0), "{values:?}");
            }
        }
        let span = axis_span(&Axis::linear("x"), [f64::MIN, f64::MAX]);
        assert_eq!((span.fraction(f64::MIN), span.fraction(0.0)), (Some(0.0), Some(0.5)));
    }

    #[test]
    fn a_fixed_range_is_kept_and_an_impossible_one_is_not() {
        let kept = axis_span(&Axis::log("x").with_range(1e-3, 1.0), [5.0]);
        assert_eq!((kept.low, kept.high), (1e-3, 1.0));
        let fitted = axis_span(&Axis::log("x").with_range(0.0, 1.0), [5.0]);
        assert_eq!((fitted.low, fitted.high), (2.5, 10.0));
    }
}
