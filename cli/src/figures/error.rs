//! What can go wrong between a page and its picture.

/// The reasons a figure cannot be drawn as it was asked for.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FigureError {
    /// The text given to the rasteriser is not a readable SVG document.
    #[error("the SVG text cannot be read: {reason}")]
    UnreadableSvg {
        /// What the parser objects to.
        reason: String,
    },
    /// A text asks for a font that is not bundled, so its letters would vanish without a word.
    #[error("the font {font} is not bundled; every text must be set in upright DejaVu Sans of normal weight")]
    ForeignFont {
        /// Family, weight and slope as they were asked for.
        font: String,
    },
    /// A text uses a character for which the bundled font has no glyph.
    #[error("the bundled font has no glyph for '{character}' (U+{:04X})", u32::from(*character))]
    MissingGlyph {
        /// The first such character.
        character: char,
    },
    /// The scale gives an image with no pixels, or with too many of them.
    #[error("a scale of {scale} gives an image of {width:.0} x {height:.0} pixels; 1 to {most} each way can be drawn")]
    ImageSize {
        /// The scale that was asked for.
        scale: f32,
        /// Width in pixels that would follow from it.
        width: f32,
        /// Height in pixels that would follow from it.
        height: f32,
        /// The largest width and height that are drawn.
        most: u16,
    },
    /// The finished image cannot be encoded.
    #[error("the PNG cannot be encoded: {reason}")]
    Encoding {
        /// What the encoder objects to.
        reason: String,
    },
    /// The columns of one series differ in length.
    #[error("panel {panel}, series '{series}': {expected} abscissae, but a column of {found} values")]
    RaggedSeries {
        /// Number of the panel, from 1.
        panel: usize,
        /// Label of the series.
        series: String,
        /// Length of the x column.
        expected: usize,
        /// Length of the column that differs.
        found: usize,
    },
    /// A fixed axis range is empty, reversed, not finite, or not positive on a logarithmic axis.
    #[error("panel {panel}: the range {low:e} to {high:e} cannot be drawn on the axis '{axis}'")]
    InvalidRange {
        /// Number of the panel, from 1.
        panel: usize,
        /// Label of the axis.
        axis: String,
        /// Lower end as given.
        low: f64,
        /// Upper end as given.
        high: f64,
    },
}

#[cfg(test)]
mod tests {
    use super::FigureError;

    #[test]
    fn messages_name_what_was_wrong() {
        let glyph = FigureError::MissingGlyph { character: '\u{4e00}' };
        assert!(glyph.to_string().contains("U+4E00"));
        let range = FigureError::InvalidRange { panel: 2, axis: "loss".into(), low: 0.0, high: 1.0 };
        assert_eq!(range.to_string(), "panel 2: the range 0e0 to 1e0 cannot be drawn on the axis 'loss'");
    }
}
