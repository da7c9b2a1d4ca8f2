//! The one legend of a page.

use super::canvas::{Anchor, Canvas, Setting, TYPE};
use super::chart::{Page, Panel};
use super::marker::Marker;
use super::palette::{Colour, Style};
use super::panel::{MARK_WIDTH, POINT_RADIUS};
use super::text::Text;
use super::trace::{RADIUS, stroke};

/// Length of a line sample.
const SAMPLE: f64 = 22.0;
/// Width of a sample without a line.
const SHORT_SAMPLE: f64 = 8.0;
/// Space between a sample and its name.
const GAP: f64 = 4.0;
/// Space between entries.
const APART: f64 = 12.0;
/// Distance of legend lines.
const LINE: f64 = 12.0;

/// One name with everything that bears it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    name: Text,
    label: String,
    line: Option<Style>,
    symbol: Option<(Marker, Colour, f64)>,
    mark: Option<Style>,
    rule: Option<Style>,
}

impl Entry {
    fn sample(&self) -> f64 {
        if self.line.is_some() || self.rule.is_some() { SAMPLE } else { SHORT_SAMPLE }
    }

    fn width(&self) -> f64 {
        self.sample() + GAP + self.name.width(TYPE)
    }

    fn draw(&self, canvas: &mut Canvas, left: f64, baseline: f64, room: f64) {
        let (middle, height) = (left + 0.5 * self.sample(), baseline - 0.34 * TYPE);
        if let Some(style) = self.line {
            canvas.line((left, height), (left + SAMPLE, height), &stroke(style));
        }
        if let Some(style) = self.rule {
            let thin = Style { width: MARK_WIDTH, ..style };
            canvas.line((left, height), (left + SAMPLE, height), &stroke(thin));
        }
        if let Some(style) = self.mark {
            let thin = Style { width: MARK_WIDTH, ..style };
            canvas.line((middle, baseline + 1.5), (middle, baseline - TYPE), &stroke(thin));
        }
        if let Some((marker, colour, radius)) = self.symbol {
            canvas.push(&marker.draw((middle, height), radius, colour));
        }
        let setting = Setting::new(left + self.sample() + GAP, baseline, Anchor::Start);
        canvas.text(&self.name, setting.fitted(&self.name, room - self.sample() - GAP));
    }
}

/// The entries of a page in order of first appearance, lines before symbols before marks and rules, each name once.
pub(super) fn entries(page: &Page) -> Vec<Entry> {
    let mut entries = Vec::new();
    for curve in page.panels.iter().flat_map(|panel| &panel.curves) {
        if let Some(entry) = entry_of(&mut entries, &curve.label) {
            entry.line.get_or_insert(curve.style);
            if curve.marker_every.is_some() {
                entry.symbol.get_or_insert((curve.style.marker, curve.style.colour, RADIUS));
            }
        }
    }
    for points in page.panels.iter().flat_map(|panel| &panel.points) {
        if let Some(entry) = entry_of(&mut entries, &points.label) {
            entry.symbol.get_or_insert((points.marker, points.style.colour, POINT_RADIUS));
        }
    }
    page.panels.iter().for_each(|panel| add_marks(&mut entries, panel));
    entries
}

/// Marks of one name and different looks share a neutral sample, and so do rules.
fn add_marks(entries: &mut Vec<Entry>, panel: &Panel) {
    let shared = |old: Option<Style>, new: Style| {
        Some(if old.is_none_or(|style| style == new) { new } else { Style::neutral() })
    };
    for mark in &panel.marks {
        if let Some(entry) = entry_of(entries, &mark.label) {
            entry.mark = shared(entry.mark, mark.style);
        }
    }
    for rule in &panel.rules {
        if let Some(entry) = entry_of(entries, &rule.label) {
            entry.rule = shared(entry.rule, rule.style);
        }
    }
}

fn entry_of<'a>(entries: &'a mut Vec<Entry>, label: &str) -> Option<&'a mut Entry> {
    if label.is_empty() {
        return None;
    }
    let index = entries.iter().position(|entry| entry.label == label).unwrap_or(entries.len());
    if index == entries.len() {
        let name = Text::parse(label);
        entries.push(Entry { name, label: label.to_owned(), line: None, symbol: None, mark: None, rule: None });
    }
    entries.get_mut(index)
}

/// Draws the entries in centred lines from a height on and returns the height at which they end.
pub(super) fn draw_legend(canvas: &mut Canvas, entries: &[Entry], (left, width): (f64, f64), mut top: f64) -> f64 {
    for line in lines(entries, width) {
        top += LINE;
        let total: f64 = line.iter().map(Entry::width).sum::<f64>() + APART * (line.len() - 1) as f64;
        let mut pen = left + (0.5 * (width - total)).max(0.0);
        for entry in line {
            entry.draw(canvas, pen, top - 3.0, width);
            pen += entry.width() + APART;
        }
    }
    top
}

/// Cuts the entries into lines no wider than the page.
fn lines(entries: &[Entry], width: f64) -> Vec<&[Entry]> {
    let mut lines = Vec::new();
    let (mut start, mut used) = (0, 0.0);
    for (index, entry) in entries.iter().enumerate() {
        if index > start && used + entry.width() > width {
            lines.push(&entries[start..index]);
            (start, used) = (index, 0.0);
        }
        used += entry.width() + APART;
    }
    lines.push(&entries[start..]);
    lines.retain(|line| !line.is_empty());
    lines
}

#[cfg(test)]
mod tests {
    use super::{Entry, entries, lines};
    use crate::figures::{Curve, Mark, Marker, Page, Panel, Points, Style, algorithm_style};

    fn page() -> Page {
        let curve = |name: &str| Curve::new(algorithm_style(name), name, vec![1.0], vec![1.0]).with_markers(30.0);
        let mark = |name: &str| Mark { x: 1.0, style: algorithm_style(name), label: "separation".into() };
        let star =
            Points { style: algorithm_style("GD"), label: "GD".into(), xy: vec![(1.0, 1.0)], marker: Marker::Star };
        let panel = Panel {
            curves: vec![curve("GD"), curve("CD"), curve("")],
            points: vec![star],
            marks: vec![mark("GD"), mark("CD")],
            ..Panel::default()
        };
        Page { panels: vec![panel.clone(), panel], ..Page::default() }
    }

    #[test]
    fn every_name_stands_once() {
        let found = entries(&page());
        let names: Vec<&str> = found.iter().map(|entry| entry.label.as_str()).collect();
        assert_eq!(names, ["GD", "CD", "separation"]);
        assert_eq!(found[0].symbol.map(|symbol| symbol.0), Some(Marker::Circle));
        assert_eq!(found[2].mark, Some(Style::neutral()));
    }

    #[test]
    fn entries_are_laid_in_lines() {
        let found = entries(&page());
        let width = found[0].width() + found[1].width() + super::APART + 1.0;
        assert_eq!(lines(&found, width).iter().map(|line| line.len()).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(lines(&found, 1.0).len(), 3);
        assert!(lines(&[] as &[Entry], 1.0).is_empty());
    }
}
