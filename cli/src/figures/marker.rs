//! Symbols that stand on lines and in scatter plots.

use super::canvas::number;
use super::palette::Colour;

/// A symbol; the open ones are white inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Marker {
    /// A filled disc.
    Circle,
    /// A filled square.
    Square,
    /// A filled triangle standing on its base.
    Triangle,
    /// A filled triangle standing on its tip.
    TriangleDown,
    /// A filled square standing on a corner.
    Diamond,
    /// A filled regular hexagon.
    Hexagon,
    /// A filled star with five rays.
    Star,
    /// A ring.
    OpenCircle,
    /// A hollow square.
    OpenSquare,
    /// A hollow triangle standing on its base.
    OpenTriangle,
    /// A hollow square standing on a corner.
    OpenDiamond,
    /// A hollow star with five rays.
    OpenStar,
    /// Two strokes crossing diagonally.
    Cross,
    /// Two strokes crossing upright.
    Plus,
}

/// Corners of the unit triangle, square, diamond, hexagon and star; y points down.
const TRIANGLE: &[(f64, f64)] = &[(0.0, -1.1), (1.05, 0.75), (-1.05, 0.75)];
const TRIANGLE_DOWN: &[(f64, f64)] = &[(0.0, 1.1), (-1.05, -0.75), (1.05, -0.75)];
const SQUARE: &[(f64, f64)] = &[(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)];
const DIAMOND: &[(f64, f64)] = &[(0.0, -1.25), (1.1, 0.0), (0.0, 1.25), (-1.1, 0.0)];
const HEXAGON: &[(f64, f64)] =
    &[(0.0, -1.1), (0.953, -0.55), (0.953, 0.55), (0.0, 1.1), (-0.953, 0.55), (-0.953, -0.55)];
const STAR: &[(f64, f64)] = &[
    (0.0, -1.5),
    (0.353, -0.485),
    (1.427, -0.464),
    (0.571, 0.185),
    (0.882, 1.214),
    (0.0, 0.6),
    (-0.882, 1.214),
    (-0.571, 0.185),
    (-1.427, -0.464),
    (-0.353, -0.485),
];

impl Marker {
    /// The symbol as one SVG element around a centre.
    pub(super) fn draw(self, (x, y): (f64, f64), radius: f64, colour: Colour) -> String {
        let hex = colour.hex();
        let paint = if self.is_open() {
            format!("fill=\"#ffffff\" stroke=\"{hex}\" stroke-width=\"0.8\"")
        } else {
            format!("fill=\"{hex}\" stroke=\"#ffffff\" stroke-width=\"0.35\"")
        };
        let strokes = |path: String| format!("<path d=\"{path}\" fill=\"none\" stroke=\"{hex}\" stroke-width=\"1\"/>");
        match self {
            Self::Circle | Self::OpenCircle => {
                format!("<circle cx=\"{}\" cy=\"{}\" r=\"{}\" {paint}/>", number(x), number(y), number(radius))
            }
            Self::Cross => strokes(format!("{}{}", stroke(x, y, radius, radius), stroke(x, y, radius, -radius))),
            Self::Plus => strokes(format!("{}{}", stroke(x, y, 1.2 * radius, 0.0), stroke(x, y, 0.0, 1.2 * radius))),
            _ => format!("<path d=\"{}Z\" {paint}/>", polygon(self.corners(), x, y, radius)),
        }
    }

    fn is_open(self) -> bool {
        matches!(self, Self::OpenCircle | Self::OpenSquare | Self::OpenTriangle | Self::OpenDiamond | Self::OpenStar)
    }

    fn corners(self) -> &'static [(f64, f64)] {
        match self {
            Self::Triangle | Self::OpenTriangle => TRIANGLE,
            Self::TriangleDown => TRIANGLE_DOWN,
            Self::Square | Self::OpenSquare => SQUARE,
            Self::Diamond | Self::OpenDiamond => DIAMOND,
            Self::Hexagon => HEXAGON,
            Self::Star | Self::OpenStar => STAR,
            Self::Circle | Self::OpenCircle | Self::Cross | Self::Plus => &[],
        }
    }
}

fn polygon(corners: &[(f64, f64)], x: f64, y: f64, radius: f64) -> String {
    let corner = |(index, (dx, dy)): (usize, &(f64, f64))| {
        let pen = if index == 0 { 'M' } else { 'L' };
        format!("{pen}{} {}", number(x + radius * dx), number(y + radius * dy))
    };
    corners.iter().enumerate().map(corner).collect()
}

fn stroke(x: f64, y: f64, dx: f64, dy: f64) -> String {
    format!("M{} {}L{} {}", number(x - dx), number(y - dy), number(x + dx), number(y + dy))
}

#[cfg(test)]
mod tests {
    use super::{Colour, Marker};

    #[test]
    fn every_symbol_is_drawn_around_its_centre() {
        use Marker::{Circle, Cross, Diamond, Hexagon, OpenCircle, OpenDiamond, OpenSquare, OpenStar, OpenTriangle};
        use Marker::{Plus, Square, Star, Triangle, TriangleDown};
        let all = [
            Circle,
            Cross,
            Diamond,
            Hexagon,
            OpenCircle,
            OpenDiamond,
            OpenSquare,
            OpenStar,
            OpenTriangle,
            Plus,
            Square,
            Star,
            Triangle,
            TriangleDown,
        ];
        let mut drawn: Vec<String> = all.iter().map(|marker| marker.draw((10.0, 20.0), 2.0, Colour(1, 2, 3))).collect();
        assert!(drawn.iter().all(|svg| svg.contains("#010203") && !svg.contains("d=\"Z")));
        drawn.sort();
        drawn.dedup();
        assert_eq!(drawn.len(), all.len());
    }
}
