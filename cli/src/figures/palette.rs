//! One look for every algorithm in every figure of the house.

use super::marker::Marker;

/// A colour by its red, green and blue parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

impl Colour {
    /// The colour as SVG writes it, such as `#d55e00`.
    pub fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }

    /// Perceived brightness from 0 for black to 255 for white, as a grey print shows it.
    pub fn grey(self) -> f64 {
        0.299 * f64::from(self.0) + 0.587 * f64::from(self.1) + 0.114 * f64::from(self.2)
    }
}

/// How a series looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    /// Colour of line, band and markers.
    pub colour: Colour,
    /// Lengths of strokes and gaps in points of type; empty for an unbroken line.
    pub dash: &'static [f64],
    /// Symbol set on the line.
    pub marker: Marker,
    /// Width of the line in points of type.
    pub width: f64,
}

const WIDTH: f64 = 1.1;
const SOLID: &[f64] = &[];
const LONG: &[f64] = &[8.0, 1.6];
const DASH_DOT: &[f64] = &[6.5, 1.5, 1.2, 1.5];
const SHORT: &[f64] = &[3.6, 1.3];
const DASH_DOT_DOT: &[f64] = &[6.5, 1.4, 1.2, 1.4, 1.2, 1.4];
const DOTS: &[f64] = &[1.3, 1.3];
const LONG_SHORT: &[f64] = &[8.0, 1.5, 3.0, 1.5];

/// Hues after Okabe and Ito (2008), with lightness spread so that a grey print keeps them apart; the five of the paper are at least 13 steps of CIE L* from each other.
const ALGORITHMS: [(&str, Style); 10] = [
    ("GD", style(0x00_00_00, SOLID, Marker::Circle)),
    ("CD", style(0xD5_5E_00, LONG, Marker::Square)),
    ("SD", style(0x5B_BC_F0, DASH_DOT, Marker::Triangle)),
    ("Adam", style(0x00_63_A6, SHORT, Marker::Diamond)),
    ("Shampoo", style(0x58_10_58, DASH_DOT_DOT, Marker::TriangleDown)),
    ("Spectral", style(0x00_57_3F, LONG_SHORT, Marker::Hexagon)),
    ("Muon", style(0x22_A8_84, SOLID, Marker::OpenDiamond)),
    ("Signum", style(0xD0_80_AE, DOTS, Marker::OpenTriangle)),
    ("GD then CD", style(0x8F_4A_00, SHORT, Marker::OpenSquare)),
    ("GD then SD", style(0xE6_9F_00, LONG, Marker::OpenCircle)),
];

/// Looks for names that the house does not know: greys and muted hues, each with its own dashes and symbol.
const OTHERS: [Style; 6] = [
    style(0x77_77_77, SOLID, Marker::Cross),
    style(0x4B_6A_88, DASH_DOT, Marker::Plus),
    style(0x9A_8C_00, LONG, Marker::Cross),
    style(0x88_55_55, DOTS, Marker::Plus),
    style(0x55_77_33, LONG_SHORT, Marker::Cross),
    style(0xA0_90_B8, SHORT, Marker::Plus),
];

const fn style(rgb: u32, dash: &'static [f64], marker: Marker) -> Style {
    let [_, red, green, blue] = rgb.to_be_bytes();
    Style { colour: Colour(red, green, blue), dash, marker, width: WIDTH }
}

impl Style {
    /// A thin solid neutral look for what belongs to no algorithm.
    pub const fn neutral() -> Self {
        style(0x66_66_66, SOLID, Marker::Cross)
    }
}

/// The look of an algorithm by its name, whatever its case; an unknown name always gets the same one of six spare looks.
pub fn algorithm_style(name: &str) -> Style {
    let name = name.trim();
    let known = ALGORITHMS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    known.map_or_else(|| OTHERS[hash(name) as usize % OTHERS.len()], |(_, style)| *style)
}

/// The 32-bit FNV-1a hash, which never changes.
fn hash(name: &str) -> u32 {
    name.bytes().fold(0x811C_9DC5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::{ALGORITHMS, Colour, algorithm_style};

    #[test]
    fn no_two_algorithms_look_alike_without_colour() {
        for (index, (name, style)) in ALGORITHMS.iter().enumerate() {
            for (other, different) in &ALGORITHMS[index + 1..] {
                assert_ne!(style.marker, different.marker, "{name} and {other}");
                assert_ne!(style.colour, different.colour, "{name} and {other}");
            }
        }
    }

    #[test]
    fn the_five_of_the_paper_differ_in_grey_and_in_dashes() {
        for (index, (name, style)) in ALGORITHMS[..5].iter().enumerate() {
            assert!(style.colour.grey() < 190.0, "{name} is too pale for a white page");
            for (other, different) in &ALGORITHMS[index + 1..5] {
                assert!((style.colour.grey() - different.colour.grey()).abs() > 25.0, "{name} and {other}");
                assert_ne!(style.dash, different.dash, "{name} and {other}");
            }
        }
    }

    #[test]
    fn names_are_found_whatever_their_case_and_unknown_ones_are_stable() {
        assert_eq!(algorithm_style("gd then cd"), algorithm_style(" GD then CD "));
        assert_eq!(algorithm_style("Lion"), algorithm_style("Lion"));
        assert_eq!(Colour(213, 94, 0).hex(), "#d55e00");
    }
}
