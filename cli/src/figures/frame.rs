//! The axes of one panel as a box on the page.

use super::canvas::number;
use super::decimate::Place;
use super::span::Span;
use super::ticks::Tick;

/// Coordinates are kept within this distance, which is far outside every page.
const FAR: f64 = 1e5;

/// The axes of one panel: their box on the page, ranges and ticks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    /// Left end of the space for the labels of the vertical axis.
    pub(super) label_left: f64,
    pub(super) x: Span,
    pub(super) y: Span,
    pub(super) x_ticks: Vec<Tick>,
    pub(super) y_ticks: Vec<Tick>,
}

impl Frame {
    pub(super) fn right(&self) -> f64 {
        self.left + self.width
    }

    pub(super) fn bottom(&self) -> f64 {
        self.top + self.height
    }

    pub(super) fn centre(&self) -> Place {
        (self.left + 0.5 * self.width, self.top + 0.5 * self.height)
    }

    /// The box as attributes of an SVG rectangle.
    pub(super) fn rectangle(&self) -> String {
        let [x, y, width, height] = [self.left, self.top, self.width, self.height].map(number);
        format!("x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"")
    }

    /// Place of an abscissa, inside or outside the box.
    pub(super) fn at_x(&self, value: f64) -> Option<f64> {
        Some((self.left + self.x.fraction(value)? * self.width).clamp(-FAR, FAR))
    }

    /// Place of an ordinate, inside or outside the box.
    pub(super) fn at_y(&self, value: f64) -> Option<f64> {
        Some((self.bottom() - self.y.fraction(value)? * self.height).clamp(-FAR, FAR))
    }

    /// Place of a pair of values, inside or outside the box.
    pub(super) fn place(&self, x: f64, y: f64) -> Option<Place> {
        self.at_x(x).zip(self.at_y(y))
    }

    /// Whether a place is inside the box or on its border.
    pub(super) fn holds(&self, (x, y): Place) -> bool {
        let within = |at: f64, low: f64, high: f64| at > low - 0.01 && at < high + 0.01;
        within(x, self.left, self.right()) && within(y, self.top, self.bottom())
    }

    /// Whether a place is inside the box and farther than `reach` from its border.
    pub(super) fn encloses(&self, (x, y): Place, reach: f64) -> bool {
        let within = |at: f64, low: f64, high: f64| at > low + reach && at < high - reach;
        within(x, self.left, self.right()) && within(y, self.top, self.bottom())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::Frame;
    use crate::figures::{Axis, axis_span};

    /// Three decades each way, 100 points wide and 50 high each.
    pub(in crate::figures) fn frame() -> Frame {
        let span = axis_span(&Axis::log("x").with_range(1.0, 1000.0), []);
        Frame {
            left: 10.0,
            top: 20.0,
            width: 300.0,
            height: 150.0,
            label_left: 0.0,
            x: span,
            y: span,
            x_ticks: Vec::new(),
            y_ticks: Vec::new(),
        }
    }

    #[test]
    fn the_corners_are_where_the_ranges_end() {
        let frame = frame();
        let (x, y) = frame.place(1.0, 1000.0).unwrap_or_default();
        assert!((x - 10.0).abs() < 1e-9 && (y - 20.0).abs() < 1e-9);
        assert!(frame.holds((310.0, 170.0)) && !frame.holds((311.0, 170.0)));
        assert!(frame.encloses((307.0, 100.0), 2.0) && !frame.encloses((309.0, 100.0), 2.0));
        assert_eq!(frame.place(0.0, 1.0), None);
        assert!(frame.place(1e300, 1e-300).is_some_and(|place| !frame.holds(place)));
    }
}
