//! Translucent bands of a panel as SVG paths.

use super::canvas::Canvas;
use super::chart::{Curve, Scale};
use super::decimate::decimate;
use super::frame::Frame;
use super::trace::{MOST, path, split};

/// The translucent band of a curve, if it has one.
pub(super) fn draw_band(canvas: &mut Canvas, frame: &Frame, curve: &Curve) {
    let Some((lower, upper)) = &curve.band else {
        return;
    };
    for piece in band_pieces(frame, &curve.x, lower, upper) {
        let edge =
            |pick: fn(&Edges) -> f64| decimate(piece.iter().map(|edges| (edges.x, pick(edges))).collect(), MOST / 2);
        let mut outline = edge(|edges| edges.upper);
        outline.extend(edge(|edges| edges.lower).into_iter().rev());
        let fill = curve.style.colour.hex();
        canvas.push(&format!("<path d=\"{}Z\" fill=\"{fill}\" fill-opacity=\"0.17\"/>", path(&outline)));
    }
}

/// Both edges of a band above one abscissa, on the page.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Edges {
    x: f64,
    lower: f64,
    upper: f64,
}

/// The stretches of a band; a lower edge that is not positive reaches the bottom of a logarithmic axis.
fn band_pieces(frame: &Frame, x: &[f64], lower: &[f64], upper: &[f64]) -> Vec<Vec<Edges>> {
    let below = |lower: f64| frame.y.scale == Scale::Log10 && lower <= 0.0;
    let edges = x.iter().zip(lower.iter().zip(upper)).map(|(x, (lower, upper))| {
        let (at_x, upper) = frame.place(*x, *upper)?;
        let lower = if below(*lower) { frame.bottom() } else { frame.place(*x, *lower)?.1 };
        Some(Edges { x: at_x, lower, upper })
    });
    let mut pieces = split(edges);
    for piece in &mut pieces {
        if let [lone] = piece[..] {
            *piece = vec![Edges { x: lone.x - 0.5, ..lone }, Edges { x: lone.x + 0.5, ..lone }];
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::band_pieces;
    use crate::figures::frame::tests::frame;

    #[test]
    fn a_band_reaches_the_bottom_where_its_lower_edge_is_not_positive() {
        let bands = band_pieces(&frame(), &[1.0, 10.0, 100.0], &[10.0, -1.0, f64::NAN], &[100.0, 100.0, 100.0]);
        assert_eq!(bands.len(), 1);
        let lower: Vec<f64> = bands[0].iter().map(|edges| edges.lower).collect();
        assert!((lower[0] - 120.0).abs() < 1e-9 && (lower[1] - 170.0).abs() < 1e-9);
    }
}
