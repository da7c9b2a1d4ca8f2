//! How a run of the paper looks: the house's palette, and variants of one algorithm told apart.

use crate::figures::{Colour, Marker, Style, algorithm_style};

/// The look of a run by its name.
pub(super) fn style_of(name: &str) -> Style {
    let (algorithm, variant) = name.split_once(", ").unwrap_or((name, ""));
    let style = algorithm_style(algorithm);
    match (algorithm, variant) {
        ("Adam", "eps 1e-2, betas 0, 0") => Style { dash: &[1.3, 1.3], marker: Marker::OpenDiamond, ..style },
        ("Adam", "eps 1e-8, betas 0.9, 0.99") => {
            Style { colour: Colour(0x8F, 0x5B, 0xB8), dash: &[8.0, 1.6], marker: Marker::Plus, ..style }
        }
        ("Adam", "eps 1e-2, betas 0.9, 0.99") => {
            Style { colour: Colour(0x8F, 0x5B, 0xB8), dash: &[1.3, 1.3], marker: Marker::Cross, ..style }
        }
        ("Shampoo", "Eq. (76)") => {
            Style { colour: Colour(0xA8, 0x6A, 0xA8), dash: &[1.3, 1.3], marker: Marker::OpenTriangle, ..style }
        }
        _ => style,
    }
}

/// A star in the colour of the run, for runs that switch.
pub(super) const fn star(is_open: bool) -> Marker {
    if is_open { Marker::OpenStar } else { Marker::Star }
}

/// The look of what the paper published.
pub(super) fn published(style: Style) -> Style {
    Style { dash: &[1.0, 2.0], ..style }
}
