//! Where things stand on the page; lengths are points.

use super::canvas::{SMALL, TYPE, type_width};
use super::chart::{Axis, Page, Panel};
use super::frame::Frame;
use super::span::axis_span;
use super::ticks::{Tick, ticks};

const MM: f64 = 72.0 / 25.4;
/// Free border around the page.
pub(super) const PAD: f64 = 3.0;
/// Free space between axes and tick labels.
pub(super) const TICK_GAP: f64 = 3.0;
/// Distance of the baselines of tick label, axis label and our own name beneath.
pub(super) const LABEL_STEP: f64 = 10.5;
/// What our own name takes beneath an axis label.
pub(super) const SUBLABEL_STEP: f64 = 8.5;
/// Height of the axes relative to the width of a panel with its labels.
const HEIGHT: f64 = 0.57;
/// The width of a page and of each panel with its labels: 85 mm for each of one or two columns, 60 mm for more.
pub(super) fn widths(page: &Page) -> (usize, f64, f64) {
    let columns = page.columns.clamp(1, page.panels.len().max(1));
    let cell = MM * if columns < 3 { 85.0 } else { 60.0 };
    (columns, cell * columns as f64, cell)
}

/// The frames of all panels from a height on, and the height at which they end.
pub(super) fn frames(page: &Page, mut top: f64) -> (Vec<Frame>, f64) {
    let (columns, _, cell) = widths(page);
    let mut frames: Vec<Frame> = page.panels.iter().map(|panel| unplaced(panel, cell)).collect();
    for column in 0..columns {
        place_column(page, &mut frames, column, columns, cell);
    }
    for (panels, row) in page.panels.chunks(columns).zip(frames.chunks_mut(columns)) {
        top += row_head(panels);
        for frame in row {
            frame.top = top;
        }
        top += HEIGHT * cell + row_foot(panels);
    }
    (frames, top)
}

/// A frame with ranges, height and vertical ticks, but without a place.
fn unplaced(panel: &Panel, cell: f64) -> Frame {
    let curves = panel.curves.iter();
    let marks = panel.marks.iter().map(|mark| mark.x);
    let pairs = || panel.points.iter().flat_map(|points| points.xy.iter().copied());
    let xs = curves.clone().flat_map(|curve| curve.x.iter().copied()).chain(pairs().map(|pair| pair.0)).chain(marks);
    let bands =
        curves.clone().filter_map(|curve| curve.band.as_ref()).flat_map(|(lower, upper)| lower.iter().chain(upper));
    let ys = curves.flat_map(|curve| curve.y.iter()).chain(bands).copied().chain(pairs().map(|pair| pair.1));
    let ys = ys.chain(panel.rules.iter().map(|rule| rule.y));
    let (x, y) = (axis_span(&panel.x, xs), axis_span(&panel.y, ys));
    let height = HEIGHT * cell;
    let y_ticks = ticks(&y, (height / 17.0) as usize);
    Frame { left: 0.0, top: 0.0, width: cell, height, label_left: PAD, x, y, x_ticks: Vec::new(), y_ticks }
}

/// Gives the frames of one column the same left and right borders, wide enough for their labels.
fn place_column(page: &Page, frames: &mut [Frame], column: usize, columns: usize, cell: f64) {
    let of_column = || (column..page.panels.len()).step_by(columns);
    let left = of_column().map(|index| left_margin(&page.panels[index], &frames[index])).fold(0.0, f64::max);
    for index in of_column() {
        frames[index].width = cell - left - 2.0 * PAD;
        frames[index].x_ticks = fitting_ticks(&frames[index]);
    }
    let right = of_column().map(|index| overhang(&frames[index])).fold(0.0, f64::max) + PAD;
    for index in of_column() {
        frames[index].label_left = column as f64 * cell + PAD;
        frames[index].left = column as f64 * cell + left;
        frames[index].width = cell - left - right;
    }
}

fn label_height(axis: &Axis) -> f64 {
    let label = if axis.label.is_empty() { 0.0 } else { LABEL_STEP };
    label + if axis.sublabel.is_some() { SUBLABEL_STEP } else { 0.0 }
}

fn left_margin(panel: &Panel, frame: &Frame) -> f64 {
    PAD + label_height(&panel.y) + 1.5 + TICK_GAP + widest(&frame.y_ticks)
}

fn widest(ticks: &[Tick]) -> f64 {
    ticks.iter().filter_map(|tick| tick.label.as_ref()).map(|label| label.width(TYPE)).fold(type_width("0"), f64::max)
}

/// As many horizontal ticks as have room for their labels.
fn fitting_ticks(frame: &Frame) -> Vec<Tick> {
    let mut most = (frame.width / 22.0) as usize;
    loop {
        let found = ticks(&frame.x, most);
        let labels = found.iter().filter(|tick| tick.label.is_some()).count() as f64;
        if most <= 2 || labels * (widest(&found) + 0.8 * TYPE) <= frame.width {
            return found;
        }
        most -= 1;
    }
}

/// How far the labels of horizontal ticks reach beyond the right end of the axis.
fn overhang(frame: &Frame) -> f64 {
    let reach = |tick: &Tick| {
        let half = 0.5 * tick.label.as_ref()?.width(TYPE);
        Some(half - (1.0 - frame.x.fraction(tick.value)?) * (frame.width - half))
    };
    frame.x_ticks.iter().filter_map(reach).fold(PAD, f64::max)
}

fn row_head(panels: &[Panel]) -> f64 {
    if panels.iter().all(|panel| panel.title.is_empty()) { 5.0 } else { 1.8 * TYPE }
}

fn row_foot(panels: &[Panel]) -> f64 {
    let label = panels.iter().map(|panel| label_height(&panel.x)).fold(0.0, f64::max);
    TICK_GAP + TYPE + label + 0.9 * SMALL
}

#[cfg(test)]
mod tests {
    use super::{frames, widths};
    use crate::figures::{Axis, Curve, Page, Panel, algorithm_style};

    fn page(count: usize, columns: usize) -> Page {
        let curve = Curve::new(algorithm_style("GD"), "GD", vec![1.0, 1e6], vec![1e-12, 1.0]);
        let panel = Panel {
            x: Axis::log("t"),
            y: Axis::log("γ").with_sublabel("margin"),
            curves: vec![curve],
            ..Panel::default()
        };
        Page { panels: vec![panel; count], columns, ..Page::default() }
    }

    #[test]
    fn frames_do_not_overlap_and_stay_on_the_page() {
        let page = page(5, 3);
        let (frames, end) = frames(&page, 10.0);
        let (columns, width, cell) = widths(&page);
        for (index, frame) in frames.iter().enumerate() {
            let start = (index % columns) as f64 * cell;
            assert!(frame.left > start && frame.right() < start + cell && frame.right() < width);
            assert!(frame.bottom() < end && frame.width > 0.5 * cell);
        }
        assert!(frames[3].top > frames[0].bottom() + 8.0);
    }

    #[test]
    fn columns_are_as_wide_as_a_journal_wants_them() {
        let width = |count, columns| widths(&page(count, columns)).1 * 25.4 / 72.0;
        for (count, columns, expected) in [(1, 1, 85.0), (1, 4, 85.0), (0, 0, 85.0), (2, 2, 170.0), (3, 3, 180.0)] {
            assert!((width(count, columns) - expected).abs() < 1e-9);
        }
    }
}
