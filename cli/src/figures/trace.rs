//! Lines of a panel as SVG paths.

use super::canvas::{Canvas, number};
use super::chart::Curve;
use super::decimate::{Place, decimate};
use super::frame::Frame;
use super::palette::{Colour, Style};

/// About how many points of a curve are drawn at most.
pub(super) const MOST: usize = 2000;
/// Strokes and gaps of a continuation, in points of type.
const CONTINUED: &[f64] = &[2.2, 1.8];
/// Width of a continuation relative to its line.
const CONTINUED_WIDTH: f64 = 0.75;
/// Radius of the symbols on lines, in points of type.
pub(super) const RADIUS: f64 = 2.0;

/// The line of a curve: solid up to its continuation, then dashed and thinner from a small ring on.
pub(super) fn draw_line(canvas: &mut Canvas, frame: &Frame, curve: &Curve) {
    let (x, y) = (&curve.x, &curve.y);
    let count = x.len().min(y.len());
    let turn = curve.dashed_from.unwrap_or(count).min(count);
    let solid = (turn + 1).min(count);
    draw_pieces(canvas, pieces(frame, &x[..solid], &y[..solid]), curve.style);
    if turn < count {
        let width = CONTINUED_WIDTH * curve.style.width;
        draw_pieces(canvas, pieces(frame, &x[turn..], &y[turn..]), Style { dash: CONTINUED, width, ..curve.style });
        if let Some((at_x, at_y)) = frame.place(x[turn], y[turn]).filter(|place| frame.holds(*place)) {
            let ring = format!("fill=\"#ffffff\" stroke=\"{}\" stroke-width=\"0.7\"", curve.style.colour.hex());
            canvas.push(&format!("<circle cx=\"{}\" cy=\"{}\" r=\"1.5\" {ring}/>", number(at_x), number(at_y)));
        }
    }
}

/// The symbols of a curve, one about every so many points of type; `turn` from 0 to 1 shifts them so that curves do not hide each other's.
pub(super) fn draw_symbols(canvas: &mut Canvas, frame: &Frame, curve: &Curve, turn: f64) {
    let Some(every) = curve.marker_every.filter(|every| *every > 0.0) else {
        return;
    };
    let count = curve.dashed_from.unwrap_or(usize::MAX);
    let mut next = frame.left + turn * every;
    for (x, y) in curve.x.iter().zip(&curve.y).take(count) {
        if let Some(place) = frame.place(*x, *y).filter(|place| place.0 >= next && frame.holds(*place)) {
            canvas.push(&curve.style.marker.draw(place, RADIUS, curve.style.colour));
            next += every * (1.0 + ((place.0 - next) / every).floor());
        }
    }
}

/// The attributes of a stroke in a style.
pub(super) fn stroke(style: Style) -> String {
    let dash: Vec<String> = style.dash.iter().map(|length| number(*length)).collect();
    let dash = if dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{}\"", dash.join(" ")) };
    format!("stroke=\"{}\" stroke-width=\"{}\"{dash}", style.colour.hex(), number(style.width))
}

fn draw_pieces(canvas: &mut Canvas, pieces: Vec<Vec<Place>>, style: Style) {
    let total: usize = pieces.iter().map(Vec::len).sum();
    for piece in pieces {
        let most = (MOST * piece.len() / total.max(1)).max(8);
        match piece[..] {
            [lone] => canvas.push(&dot(lone, style.width, style.colour)),
            _ => canvas.push(&format!(
                "<path d=\"{}\" fill=\"none\" stroke-linejoin=\"round\" {}/>",
                path(&decimate(piece, most)),
                stroke(style)
            )),
        }
    }
}

/// A point whose neighbours are missing would leave no stroke, so it is drawn as a dot.
fn dot((x, y): Place, radius: f64, colour: Colour) -> String {
    format!("<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{}\"/>", number(x), number(y), number(radius), colour.hex())
}

/// The outline of a line as SVG path data.
pub(super) fn path(line: &[Place]) -> String {
    let step = |(index, (x, y)): (usize, &Place)| {
        format!("{}{} {}", if index == 0 { 'M' } else { 'L' }, number(*x), number(*y))
    };
    line.iter().enumerate().map(step).collect()
}

/// The stretches of a line between the values that have no place on an axis.
fn pieces(frame: &Frame, x: &[f64], y: &[f64]) -> Vec<Vec<Place>> {
    split(x.iter().zip(y).map(|(x, y)| frame.place(*x, *y)))
}

/// Runs of values between the missing ones.
pub(super) fn split<T>(values: impl Iterator<Item = Option<T>>) -> Vec<Vec<T>> {
    let mut runs = vec![Vec::new()];
    for value in values {
        match (value, runs.last_mut()) {
            (Some(value), Some(run)) => run.push(value),
            _ => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

#[cfg(test)]
mod tests {
    use super::{Canvas, draw_line, pieces};
    use crate::figures::frame::tests::frame;
    use crate::figures::{Curve, algorithm_style};

    #[test]
    fn values_without_a_place_leave_gaps() {
        let x = [1.0, 10.0, 100.0, 1000.0, 1000.0, 1000.0];
        let y = [1.0, 10.0, 0.0, 100.0, f64::NAN, 1000.0];
        let found: Vec<usize> = pieces(&frame(), &x, &y).iter().map(Vec::len).collect();
        assert_eq!(found, [2, 1, 1]);
    }

    #[test]
    fn a_continuation_starts_where_the_line_ends() {
        let curve = Curve::new(algorithm_style("GD"), "GD", vec![1.0, 10.0, 100.0], vec![1.0, 10.0, 100.0])
            .with_continuation(1);
        let mut canvas = Canvas::default();
        draw_line(&mut canvas, &frame(), &curve);
        let svg = canvas.finish("", 100.0, 100.0);
        assert!(svg.contains("d=\"M10 170L110 120\"") && svg.contains("d=\"M110 120L210 70\""));
        assert_eq!(svg.matches("stroke-dasharray").count(), 1);
    }
}
