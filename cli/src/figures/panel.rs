//! One panel: axes, ticks, labels and what is drawn between them.

use super::axes::{draw_axes, draw_grid, draw_labels};
use super::band::draw_band;
use super::canvas::{Anchor, Canvas, Setting, TYPE};
use super::chart::{Mark, Panel, Points, Rule};
use super::frame::Frame;
use super::palette::Style;
use super::text::Text;
use super::trace::{draw_line, draw_symbols, stroke};

/// Width of vertical marks.
pub(super) const MARK_WIDTH: f64 = 0.6;
/// Radius of scattered symbols.
pub(super) const POINT_RADIUS: f64 = 2.6;
/// Draws a panel into its frame; `index` tells its clipping path from those of the other panels.
pub(super) fn draw_panel(canvas: &mut Canvas, panel: &Panel, frame: &Frame, index: usize) {
    draw_grid(canvas, frame);
    draw_clipped(canvas, panel, frame, index);
    draw_axes(canvas, frame);
    for (number, curve) in panel.curves.iter().enumerate() {
        draw_symbols(canvas, frame, curve, (number as f64 + 0.5) / panel.curves.len() as f64);
    }
    for points in &panel.points {
        draw_points(canvas, frame, points);
    }
    if is_bare(panel, frame) {
        let (x, y) = frame.centre();
        canvas.text(&Text::plain("no data"), Setting::new(x, y, Anchor::Middle).small(TYPE));
    }
    draw_labels(canvas, panel, frame);
}

/// Bands, marks and lines, in this order, cut off at the box. What stays inside needs no cutting, which takes a drawing program longer than all
/// the lines do.
fn draw_clipped(canvas: &mut Canvas, panel: &Panel, frame: &Frame, index: usize) {
    let is_cut = !stays_inside(panel, frame);
    if is_cut {
        let area = frame.rectangle();
        canvas.push(&format!("<clipPath id=\"panel-{index}\"><rect {area}/></clipPath>"));
        canvas.push(&format!("<g clip-path=\"url(#panel-{index})\">"));
    }
    for curve in &panel.curves {
        draw_band(canvas, frame, curve);
    }
    for mark in &panel.marks {
        draw_mark(canvas, frame, mark);
    }
    for rule in &panel.rules {
        draw_rule(canvas, frame, rule);
    }
    for curve in &panel.curves {
        draw_line(canvas, frame, curve);
    }
    if is_cut {
        canvas.push("</g>");
    }
}

/// Whether all lines and bands lie inside the box, with the width of their strokes, and no mark or rule on its border.
fn stays_inside(panel: &Panel, frame: &Frame) -> bool {
    let inside = |x: f64, y: f64, reach| frame.place(x, y).is_none_or(|place| frame.encloses(place, reach));
    let (middle_x, middle_y) = frame.centre();
    panel.curves.iter().all(|curve| {
        let along = |y: &[f64], reach| curve.x.iter().zip(y).all(|(x, y)| inside(*x, *y, reach));
        let band = curve.band.as_ref();
        // a lone point is a dot with the width as its radius, and a lone piece of a band is a point wide
        along(&curve.y, curve.style.width) && band.is_none_or(|(low, high)| along(low, 0.5) && along(high, 0.5))
    }) && panel.marks.iter().filter_map(|mark| frame.at_x(mark.x)).all(|x| frame.encloses((x, middle_y), MARK_WIDTH))
        && panel.rules.iter().filter_map(|rule| frame.at_y(rule.y)).all(|y| frame.encloses((middle_x, y), MARK_WIDTH))
}

/// Whether no curve and no point of a panel has a place on its axes.
fn is_bare(panel: &Panel, frame: &Frame) -> bool {
    let seen = |x: f64, y: f64| frame.place(x, y).is_some();
    let on_curves = panel.curves.iter().flat_map(|curve| curve.x.iter().copied().zip(curve.y.iter().copied()));
    let in_points = panel.points.iter().flat_map(|points| points.xy.iter().copied());
    !on_curves.chain(in_points).any(|(x, y)| seen(x, y))
}

fn draw_mark(canvas: &mut Canvas, frame: &Frame, mark: &Mark) {
    if let Some(x) = frame.at_x(mark.x) {
        let thin = Style { width: MARK_WIDTH, ..mark.style };
        canvas.line((x, frame.bottom()), (x, frame.top), &stroke(thin));
    }
}

fn draw_rule(canvas: &mut Canvas, frame: &Frame, rule: &Rule) {
    if let Some(y) = frame.at_y(rule.y) {
        let thin = Style { width: MARK_WIDTH, ..rule.style };
        canvas.line((frame.left, y), (frame.right(), y), &stroke(thin));
    }
}

fn draw_points(canvas: &mut Canvas, frame: &Frame, points: &Points) {
    for place in points.xy.iter().filter_map(|(x, y)| frame.place(*x, *y)).filter(|place| frame.holds(*place)) {
        canvas.push(&points.marker.draw(place, POINT_RADIUS, points.style.colour));
    }
}

#[cfg(test)]
mod tests {
    use crate::figures::{Axis, Curve, Mark, Page, Panel, Rule, Style, algorithm_style, render_svg};

    fn drawn(panel: Panel) -> String {
        render_svg(&Page { panels: vec![panel], ..Page::default() })
    }

    #[test]
    fn an_empty_panel_says_so() {
        assert!(drawn(Panel::default()).contains("no data"));
        let nothing = Curve::new(algorithm_style("GD"), "GD", vec![1.0], vec![f64::NAN]);
        let log = Panel { x: Axis::log("x"), y: Axis::log("y"), curves: vec![nothing], ..Panel::default() };
        assert!(drawn(log).contains("no data"));
    }

    #[test]
    fn only_what_leaves_the_box_is_cut() {
        let curve = || Curve::new(algorithm_style("GD"), "GD", vec![1.0, 2.0, 3.0], vec![1.0, 5.0, 2.0]);
        let panel = |y: Axis, curve| Panel { y, curves: vec![curve], ..Panel::default() };
        let is_cut = |panel| drawn(panel).contains("<g clip-path=\"url(#panel-0)\">");
        assert!(!is_cut(panel(Axis::linear("y"), curve())));
        assert!(is_cut(panel(Axis::linear("y").with_range(0.0, 4.0), curve())));
        // a line along the border is half outside
        assert!(is_cut(panel(Axis::linear("y").with_range(0.0, 5.0), curve())));
        let banded = |high| curve().with_band(vec![1.0, 4.0, 2.0], vec![1.0, high, 2.0]);
        assert!(!is_cut(panel(Axis::linear("y").with_range(0.0, 8.0), banded(6.0))));
        assert!(is_cut(panel(Axis::linear("y").with_range(0.0, 8.0), banded(9.0))));
        let marked = |x| Panel {
            x: Axis::linear("x").with_range(0.0, 4.0),
            marks: vec![Mark { x, style: Style::neutral(), label: String::new() }],
            ..panel(Axis::linear("y"), curve())
        };
        assert!(!is_cut(marked(1.0)) && is_cut(marked(4.0)));
    }

    #[test]
    fn a_rule_goes_from_side_to_side_and_widens_the_axis() {
        let rule = |y| Rule { y, style: Style::neutral(), label: "published".into() };
        let drawn =
            drawn(Panel { y: Axis::log("y"), rules: vec![rule(1e-3), rule(1e3), rule(-1.0)], ..Panel::default() });
        assert_eq!(
            drawn.matches(&format!("stroke=\"{}\"", Style::neutral().colour.hex())).count(),
            3,
            "two and a sample"
        );
        assert!(drawn.contains("published"));
    }

    #[test]
    fn a_mark_without_a_place_is_not_drawn() {
        let colour = Style::neutral().colour.hex();
        let mark = |x| Mark { x, style: Style::neutral(), label: String::new() };
        let panel = |x| Panel { x: Axis::log("x"), marks: vec![mark(x)], ..Panel::default() };
        let stroke = format!("stroke=\"{colour}\"");
        assert!(drawn(panel(10.0)).contains(&stroke));
        assert!(!drawn(panel(0.0)).contains(&stroke));
    }
}
