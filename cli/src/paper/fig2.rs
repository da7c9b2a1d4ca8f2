//! Figures 2 and 6: accuracies, loss and margins of GD, SD and Adam on two digits.

use super::groups::{Group, facts, groups, panel};
use super::looks::style_of;
use super::published::curves;
use super::{Overlay, Run};
use crate::figures::{Axis, Curve, Mark, Marker, Page, Panel, Points, Style};
use crate::plots::quantile;
use steepest_core::LogReal;

/// ln 1e-7: the loss at which the paper stopped sign descent and repeated its last value.
pub(crate) const LN_STOP: f64 = -16.118_095_650_958_32;
/// ln loss at which e^-q ends in single and in double precision.
pub(crate) const LN_FLOAT_ENDS: [(f64, &str); 2] =
    [(-104.0, "float32 ends (SD, ln L = −104)"), (-745.0, "float64 ends (SD, ln L = −745)")];
/// The losses that are shown; ln L far below has a panel of its own.
const SHOWN_LOSSES: (f64, f64) = (1e-12, 300.0);
/// The accuracies that are shown.
pub(super) const ACCURACIES: (f64, f64) = (0.85, 1.01);

/// Six panels: accuracies, loss, the depth of the loss, gamma_1 and gamma_2.
pub(super) fn page(figure: &str, runs: &[Run], overlay: Overlay) -> anyhow::Result<Page> {
    let groups = groups(runs);
    let mut panels = vec![
        panel(runs, &groups, "train_accuracy", "")?,
        panel(runs, &groups, "test_accuracy", "")?,
        loss(runs, &groups)?,
        depth(runs, &groups)?,
        panel(runs, &groups, "margin_linf", "")?,
        panel(runs, &groups, "margin_l2", "")?,
    ];
    let series = ["train_accuracy", "test_accuracy", "", "", "margin_linf", "margin_l2"];
    panels[0].y.range = Some(ACCURACIES);
    panels[1].y.range = Some(ACCURACIES);
    let sd = groups.iter().find(|g| g.algorithm == "SD");
    for (panel, series) in panels.iter_mut().zip(series) {
        if series.starts_with("margin") {
            panel.curves.extend(sd.and_then(|g| frozen(g, series)));
        }
        panel.marks = sd.map(float_ends).unwrap_or_default();
        if overlay.paper {
            panel.points = points(figure, series);
        }
    }
    let mut caption = facts(runs, &groups);
    caption.push(
        "SD is not stopped here: solid beyond the loss of 10^{-7} at which the paper stopped it and repeated the last value (dashed, from the \
         ring on). Vertical lines: where e^{−q} would have ended in single and in double precision."
            .into(),
    );
    if overlay.paper {
        caption.push("Open squares: values read off the paper's figure.".into());
    }
    let number = figure.trim_start_matches("fig");
    let title = format!("Figure {number}. {}", runs[0].text("title").unwrap_or_default());
    Ok(Page { title, caption, panels, columns: 2 })
}

/// The loss itself, as far as it is of ordinary size.
pub(super) fn loss(runs: &[Run], groups: &[Group<'_>]) -> anyhow::Result<Panel> {
    let mut panel = panel(runs, groups, "ln_loss", "")?;
    panel.y = Axis::log("L").with_sublabel("loss").with_range(SHOWN_LOSSES.0, SHOWN_LOSSES.1);
    let value = |ln: &mut f64| *ln = LogReal::from_ln(*ln).value();
    for curve in &mut panel.curves {
        curve.y.iter_mut().for_each(value);
        if let Some((lower, upper)) = &mut curve.band {
            lower.iter_mut().chain(upper).for_each(value);
        }
    }
    Ok(panel)
}

/// -ln L on a logarithmic axis, from L < 1 on.
pub(super) fn depth(runs: &[Run], groups: &[Group<'_>]) -> anyhow::Result<Panel> {
    let mut panel = panel(runs, groups, "ln_loss", "")?;
    panel.y = Axis::log("−ln L").with_sublabel("−ln_loss");
    for curve in &mut panel.curves {
        curve.y.iter_mut().for_each(|y| *y = -*y);
        if let Some((lower, upper)) = curve.band.take() {
            let turned = |edge: Vec<f64>| edge.into_iter().map(|y| -y).collect();
            curve.band = Some((turned(upper), turned(lower)));
        }
    }
    Ok(panel)
}

/// Sign descent as the paper drew it: its value where the loss first is below 1e-7, repeated.
fn frozen(group: &Group<'_>, series: &str) -> Option<Curve> {
    let stops: Vec<f64> = group.runs.iter().filter_map(|r| Some((r.steps[r.row_below(LN_STOP)?] + 1) as f64)).collect();
    let values: Vec<f64> = group.runs.iter().map(|r| r.at_loss(series, LN_STOP)).filter(|v| v.is_finite()).collect();
    let end = group.runs.iter().filter_map(|r| r.steps.last()).max()? + 1;
    if values.is_empty() {
        return None;
    }
    let y = vec![quantile(&values, 0.5); 2];
    let style = Style { width: 1.3, ..style_of(group.name) };
    Some(Curve::new(style, "", vec![quantile(&stops, 0.5), end as f64], y).with_continuation(0))
}

/// Where the floats would have ended the runs of a group, at the median step.
pub(super) fn float_ends(group: &Group<'_>) -> Vec<Mark> {
    let step = |ln: f64| -> Vec<f64> {
        group.runs.iter().filter_map(|r| Some((r.steps[r.row_below(ln)?] + 1) as f64)).collect()
    };
    let dashes: [&'static [f64]; 2] = [&[1.3, 1.3], &[5.0, 1.5]];
    let marks = LN_FLOAT_ENDS.iter().zip(dashes).filter_map(|((ln, label), dash)| {
        let steps = step(*ln);
        let style = Style { dash, ..Style::neutral() };
        (!steps.is_empty()).then(|| Mark { x: quantile(&steps, 0.5), style, label: (*label).to_owned() })
    });
    marks.collect()
}

fn points(figure: &str, series: &str) -> Vec<Points> {
    let of_series = curves(figure).iter().filter(|p| p.series == series);
    let points = of_series.map(|p| Points {
        style: style_of(p.run),
        label: "published".into(),
        xy: p.values.iter().map(|(step, value)| ((step + 1) as f64, *value)).collect(),
        marker: Marker::OpenSquare,
    });
    points.collect()
}
