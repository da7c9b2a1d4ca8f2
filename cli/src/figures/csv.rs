//! The numbers of a page in long form, for those who redraw.

use super::chart::{Curve, Mark, Page, Panel, Rule};

/// What is added to the name of a series where its line is a dashed continuation.
const CONTINUED: &str = " (continued)";

/// Writes every value of a page as `panel,series,x,y,lower,upper`, all digits kept, nothing thinned or clipped.
///
/// Panels are named by their title if no other panel has it, otherwise `panel 1`, `panel 2`, …; series by their label or
/// `series 1`, … . From the start of a dashed continuation the series is named with ` (continued)` behind. A vertical mark is
/// a row with x alone, a horizontal rule one with y alone. Columns without a value are empty; values that are not finite are written `NaN`, `inf` and `-inf`.
pub fn render_csv(page: &Page) -> String {
    let mut out = String::from("panel,series,x,y,lower,upper\n");
    for (index, panel) in page.panels.iter().enumerate() {
        let name = panel_name(page, panel, index);
        let series = panel.curves.len();
        for (number, curve) in panel.curves.iter().enumerate() {
            push_curve(&mut out, &name, &series_name(&curve.label, number), curve);
        }
        for (number, points) in panel.points.iter().enumerate() {
            let label = series_name(&points.label, series + number);
            for (x, y) in &points.xy {
                push_row(&mut out, &name, &label, [Some(*x), Some(*y), None, None]);
            }
        }
        panel.marks.iter().for_each(|mark| push_mark(&mut out, &name, mark));
        panel.rules.iter().for_each(|rule| push_rule(&mut out, &name, rule));
    }
    out
}

fn panel_name(page: &Page, panel: &Panel, index: usize) -> String {
    let title = panel.title.to_plain();
    let same = page.panels.iter().filter(|other| other.title.to_plain() == title).count();
    if title.is_empty() || same > 1 { format!("panel {}", index + 1) } else { title }
}

fn series_name(label: &str, index: usize) -> String {
    if label.is_empty() { format!("series {}", index + 1) } else { label.to_owned() }
}

fn push_curve(out: &mut String, panel: &str, label: &str, curve: &Curve) {
    let continued = format!("{label}{CONTINUED}");
    for (index, (x, y)) in curve.x.iter().zip(&curve.y).enumerate() {
        let label = if curve.dashed_from.is_some_and(|from| index >= from) { &continued } else { label };
        let edges = curve.band.as_ref().map(|(lower, upper)| (lower.get(index).copied(), upper.get(index).copied()));
        let (lower, upper) = edges.unwrap_or_default();
        push_row(out, panel, label, [Some(*x), Some(*y), lower, upper]);
    }
}

fn push_mark(out: &mut String, panel: &str, mark: &Mark) {
    let label = if mark.label.is_empty() { "mark" } else { &mark.label };
    push_row(out, panel, label, [Some(mark.x), None, None, None]);
}

fn push_rule(out: &mut String, panel: &str, rule: &Rule) {
    let label = if rule.label.is_empty() { "rule" } else { &rule.label };
    push_row(out, panel, label, [None, Some(rule.y), None, None]);
}

fn push_row(out: &mut String, panel: &str, series: &str, values: [Option<f64>; 4]) {
    let numbers = values.map(|value| value.map(|value| format!("{value:e}")).unwrap_or_default());
    out.push_str(&[field(panel), field(series), numbers.join(",")].join(","));
    out.push('\n');
}

/// A field as RFC 4180 quotes it.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::render_csv;
    use crate::figures::{Curve, Mark, Marker, Page, Panel, Points, Style, Text, algorithm_style};

    const X: [f64; 3] = [1.0, 0.1 + 0.2, 1e-300];
    const Y: [f64; 3] = [f64::MAX, -0.0, f64::NAN];

    fn page() -> Page {
        let curve = Curve::new(algorithm_style("GD"), "GD, plain", X.to_vec(), Y.to_vec())
            .with_band(X.to_vec(), vec![2.0; 3])
            .with_continuation(2);
        let points =
            Points { style: algorithm_style("SD"), label: String::new(), xy: vec![(1.5, 2.5)], marker: Marker::Star };
        let marks = vec![Mark { x: 7.0, style: Style::neutral(), label: "separation".into() }];
        let panel =
            Panel {
                title: Text::parse("γ_{1}"), curves: vec![curve], points: vec![points], marks, ..Panel::default()
            };
        Page { panels: vec![panel], ..Page::default() }
    }

    #[test]
    fn numbers_come_back_as_they_were() {
        let csv = render_csv(&page());
        for (line, (x, y)) in csv.lines().skip(1).zip(X.iter().zip(Y)) {
            let tail: Vec<f64> = line.rsplit(',').take(4).filter_map(|cell| cell.parse().ok()).collect();
            let expected = [2.0, *x, y, *x];
            assert_eq!(tail.len(), 4);
            assert!(tail.iter().zip(expected).all(|(found, wanted)| found.to_bits() == wanted.to_bits()), "{line}");
        }
    }

    #[test]
    fn every_series_is_listed_under_its_name() {
        let csv = render_csv(&page());
        let heads: Vec<&str> = csv.lines().collect();
        assert_eq!(heads[0], "panel,series,x,y,lower,upper");
        assert!(heads[1].starts_with("γ1,\"GD, plain\",1e0,"));
        assert!(heads[3].starts_with("γ1,\"GD, plain (continued)\",1e-300,NaN,"));
        assert_eq!(&heads[4..], ["γ1,series 2,1.5e0,2.5e0,,", "γ1,separation,7e0,,,"]);
    }

    #[test]
    fn panels_of_one_title_are_numbered() {
        let twice = Page { panels: vec![page().panels[0].clone(); 2], ..Page::default() };
        let csv = render_csv(&twice);
        assert!(csv.contains("\npanel 1,") && csv.contains("\npanel 2,") && !csv.contains("γ1,"));
    }
}
