//! Plain data of a figure: no geometry, no drawing.

use super::marker::Marker;
use super::palette::Style;
use super::text::Text;

/// A whole figure: a grid of panels with one legend and a caption.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// Title above all panels; empty for none.
    pub title: String,
    /// Paragraphs of small type beneath the figure, wrapped to its width.
    pub caption: Vec<String>,
    /// Panels in reading order.
    pub panels: Vec<Panel>,
    /// Panels per row; 0 is read as 1.
    pub columns: usize,
}

/// One pair of axes and what is drawn between them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Panel {
    /// Title above the axes; empty for none.
    pub title: Text,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// Lines, drawn in this order.
    pub curves: Vec<Curve>,
    /// Scattered symbols, drawn above the lines.
    pub points: Vec<Points>,
    /// Thin vertical lines, drawn beneath everything else.
    pub marks: Vec<Mark>,
    /// Thin horizontal lines, drawn beneath everything else.
    pub rules: Vec<Rule>,
}

/// How values are laid along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    /// Equal differences take equal lengths.
    #[default]
    Linear,
    /// Equal ratios take equal lengths; only positive values have a place.
    Log10,
}

impl Scale {
    /// Coordinate of a value along the axis, or `None` where it has no place (not finite, or not positive on a logarithmic axis).
    pub fn project(self, value: f64) -> Option<f64> {
        match self {
            Self::Linear => value.is_finite().then_some(value),
            Self::Log10 => (value.is_finite() && value > 0.0).then(|| value.log10()),
        }
    }
}

/// One axis: what it measures and over which range.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Axis {
    /// Symbol or name of the quantity.
    pub label: Text,
    /// Our own name of the quantity, beneath in smaller grey type; parsed like a [`Text`].
    pub sublabel: Option<String>,
    /// Linear or logarithmic.
    pub scale: Scale,
    /// Both ends in data units, or `None` to fit the data with a small margin.
    pub range: Option<(f64, f64)>,
}

impl Axis {
    /// A linear axis fitted to the data.
    pub fn linear(label: &str) -> Self {
        Self { label: Text::parse(label), ..Self::default() }
    }

    /// A logarithmic axis fitted to the data.
    pub fn log(label: &str) -> Self {
        Self { scale: Scale::Log10, ..Self::linear(label) }
    }

    /// The same axis with a second, smaller name beneath.
    #[must_use]
    pub fn with_sublabel(mut self, sublabel: &str) -> Self {
        self.sublabel = Some(sublabel.to_owned());
        self
    }

    /// The same axis over a fixed range.
    #[must_use]
    pub fn with_range(mut self, low: f64, high: f64) -> Self {
        self.range = Some((low, high));
        self
    }

    /// Whether this range can be drawn: finite, increasing, and positive on a logarithmic axis.
    pub fn accepts(&self, low: f64, high: f64) -> bool {
        let ends = self.scale.project(low).zip(self.scale.project(high));
        ends.is_some_and(|(low, high)| low < high && (high - low).is_finite())
    }
}

/// A line through points in the order given; values without a place on an axis leave a gap.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Colour, dashes, marker and width.
    pub style: Style,
    /// Name in the legend; empty for none.
    pub label: String,
    /// Abscissae.
    pub x: Vec<f64>,
    /// Ordinates, as many as abscissae.
    pub y: Vec<f64>,
    /// Lower and upper edge of a translucent band, as many as abscissae.
    pub band: Option<(Vec<f64>, Vec<f64>)>,
    /// Index of the point from which the line is a dashed continuation.
    pub dashed_from: Option<usize>,
    /// Distance between markers along the x axis, in points of type on the page; `None` for no markers.
    pub marker_every: Option<f64>,
}

impl Curve {
    /// A line without band, continuation or markers.
    pub fn new(style: Style, label: &str, x: Vec<f64>, y: Vec<f64>) -> Self {
        Self { style, label: label.to_owned(), x, y, band: None, dashed_from: None, marker_every: None }
    }

    /// The same line with a band between two edges.
    #[must_use]
    pub fn with_band(mut self, lower: Vec<f64>, upper: Vec<f64>) -> Self {
        self.band = Some((lower, upper));
        self
    }

    /// The same line with a marker about every so many points of type.
    #[must_use]
    pub fn with_markers(mut self, every: f64) -> Self {
        self.marker_every = Some(every);
        self
    }

    /// The same line, dashed from the point of this index on.
    #[must_use]
    pub fn with_continuation(mut self, from: usize) -> Self {
        self.dashed_from = Some(from);
        self
    }
}

/// Scattered symbols.
#[derive(Debug, Clone, PartialEq)]
pub struct Points {
    /// Colour; its own marker is not used.
    pub style: Style,
    /// Name in the legend; empty for none.
    pub label: String,
    /// Coordinates; those without a place on an axis are not drawn.
    pub xy: Vec<(f64, f64)>,
    /// The symbol.
    pub marker: Marker,
}

/// A thin vertical line, such as a separation time.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Where it stands; a place outside the axis range is not drawn.
    pub x: f64,
    /// Colour and dashes; its width is not used.
    pub style: Style,
    /// Name in the legend; empty for none. Marks of one name and several colours share a grey entry.
    pub label: String,
}

/// A thin horizontal line, such as a published value.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// At which height; a place outside the axis range is not drawn.
    pub y: f64,
    /// Colour and dashes; its width is not used.
    pub style: Style,
    /// Name in the legend; empty for none. Rules of one name and several colours share a grey entry.
    pub label: String,
}

#[cfg(test)]
mod tests {
    use super::Scale;

    #[test]
    fn values_without_a_place_are_not_projected() {
        assert_eq!(Scale::Log10.project(0.0), None);
        assert_eq!(Scale::Log10.project(-1.0), None);
        assert_eq!(Scale::Linear.project(f64::NAN), None);
        assert!(Scale::Log10.project(1e-300).is_some_and(|at| (at + 300.0).abs() < 1e-12));
    }
}
