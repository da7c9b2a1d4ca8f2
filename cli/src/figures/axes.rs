//! Box, grid, ticks and labels of a panel.

use super::canvas::{Anchor, Canvas, INK, SMALL, Setting, TYPE, number};
use super::chart::{Axis, Panel};
use super::frame::Frame;
use super::layout::{LABEL_STEP, SUBLABEL_STEP, TICK_GAP};
use super::text::Text;
use super::ticks::Tick;

/// Length of labelled ticks.
const MAJOR: f64 = 3.2;
/// Length of ticks without label.
const MINOR: f64 = 1.7;
/// How far a baseline stands below the middle of its digits.
const HALF_DIGIT: f64 = 0.36 * TYPE;

/// Pale lines at the labelled ticks.
pub(super) fn draw_grid(canvas: &mut Canvas, frame: &Frame) {
    let pale = "stroke=\"#e9e9e9\" stroke-width=\"0.4\"";
    for (_, x) in labelled(across(frame)) {
        canvas.line((x, frame.top), (x, frame.bottom()), pale);
    }
    for (_, y) in labelled(upwards(frame)) {
        canvas.line((frame.left, y), (frame.right(), y), pale);
    }
}

/// The box with ticks inside on all four sides, and the labels of the ticks.
pub(super) fn draw_axes(canvas: &mut Canvas, frame: &Frame) {
    let area = frame.rectangle();
    canvas.push(&format!("<rect {area} fill=\"none\" stroke=\"{INK}\" stroke-width=\"0.6\"/>"));
    let strokes: String = across(frame)
        .map(|tick| vertical(frame, tick))
        .chain(upwards(frame).map(|tick| horizontal(frame, tick)))
        .collect();
    canvas.push(&format!("<path d=\"{strokes}\" fill=\"none\" stroke=\"{INK}\" stroke-width=\"0.5\"/>"));
    for (label, x) in labelled(across(frame)) {
        canvas.text(label, Setting::new(x, tick_baseline(frame), Anchor::Middle));
    }
    for (label, y) in labelled(upwards(frame)) {
        canvas.text(label, Setting::new(frame.left - TICK_GAP, y + HALF_DIGIT, Anchor::End));
    }
}

/// A tick with its place along the axis.
type Placed<'a> = (&'a Tick, f64);

fn across(frame: &Frame) -> impl Iterator<Item = Placed<'_>> {
    frame.x_ticks.iter().filter_map(|tick| Some((tick, frame.at_x(tick.value)?)))
}

fn upwards(frame: &Frame) -> impl Iterator<Item = Placed<'_>> {
    frame.y_ticks.iter().filter_map(|tick| Some((tick, frame.at_y(tick.value)?)))
}

fn labelled<'a>(ticks: impl Iterator<Item = Placed<'a>>) -> impl Iterator<Item = (&'a Text, f64)> {
    ticks.filter_map(|(tick, at)| Some((tick.label.as_ref()?, at)))
}

fn length(tick: &Tick) -> f64 {
    if tick.label.is_some() { MAJOR } else { MINOR }
}

/// Strokes at the bottom and the top.
fn vertical(frame: &Frame, (tick, x): Placed) -> String {
    let [x, top, bottom, length] = [x, frame.top, frame.bottom(), length(tick)].map(number);
    format!("M{x} {bottom}v-{length}M{x} {top}v{length}")
}

/// Strokes at the left and the right.
fn horizontal(frame: &Frame, (tick, y): Placed) -> String {
    let [y, left, right, length] = [y, frame.left, frame.right(), length(tick)].map(number);
    format!("M{left} {y}h{length}M{right} {y}h-{length}")
}

fn tick_baseline(frame: &Frame) -> f64 {
    frame.bottom() + TICK_GAP + TYPE
}

/// Title, axis labels and our own names beneath them.
pub(super) fn draw_labels(canvas: &mut Canvas, panel: &Panel, frame: &Frame) {
    let (middle, centre) = frame.centre();
    let head = Setting::new(middle, frame.top - 0.6 * TYPE, Anchor::Middle);
    canvas.text(&panel.title, head.fitted(&panel.title, frame.width));

    let step = if panel.x.label.is_empty() { 0.0 } else { LABEL_STEP };
    let label = Setting::new(middle, tick_baseline(frame) + step, Anchor::Middle);
    let name = Setting { y: label.y + SUBLABEL_STEP, ..label };
    draw_names(canvas, &panel.x, [label, name], frame.width);

    let step = if panel.y.label.is_empty() { 0.0 } else { LABEL_STEP };
    let label = Setting::new(frame.label_left + TYPE, centre, Anchor::Middle).upwards();
    let name = Setting { x: frame.label_left + step + SMALL - 0.5, ..label };
    draw_names(canvas, &panel.y, [label, name], frame.height);
}

/// The label of an axis and our own name, each in its setting.
fn draw_names(canvas: &mut Canvas, axis: &Axis, [label, name]: [Setting; 2], room: f64) {
    canvas.text(&axis.label, label.fitted(&axis.label, room));
    if let Some(text) = axis.sublabel.as_deref().map(Text::parse) {
        canvas.text(&text, name.small(SMALL).fitted(&text, room));
    }
}

#[cfg(test)]
mod tests {
    use super::{Canvas, Panel, draw_axes, draw_labels};
    use crate::figures::frame::tests::frame;
    use crate::figures::{Axis, ticks};

    #[test]
    fn every_tick_stands_at_both_sides() {
        let mut frame = frame();
        frame.x_ticks = ticks(&frame.x, 8);
        let mut canvas = Canvas::default();
        draw_axes(&mut canvas, &frame);
        let svg = canvas.finish("", 100.0, 100.0);
        assert_eq!(svg.matches("v3.2").count() + svg.matches("v-3.2").count(), 8);
        assert_eq!(svg.matches("text-anchor=\"middle\"").count(), 4);
    }

    #[test]
    fn our_own_names_are_smaller_and_grey() {
        let panel = Panel { x: Axis::log("γ_{1}").with_sublabel("min q"), ..Panel::default() };
        let mut canvas = Canvas::default();
        draw_labels(&mut canvas, &panel, &frame());
        let svg = canvas.finish("", 100.0, 100.0);
        assert!(svg.contains("font-size=\"6.5\" fill=\"#666666\"") && svg.contains("min q"));
    }
}
