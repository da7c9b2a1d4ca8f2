//! A figure nobody could draw: all algorithms and all margins, from the first step to ln L = -1,000,000.

use super::Run;
use super::fig2::LN_FLOAT_ENDS;
use super::groups::{Group, axis, facts, groups, panel};
use super::looks::style_of;
use crate::figures::{Axis, Curve, Mark, Page, Panel, Style};
use crate::plots::{Medians, quantile};

const MARGINS: [&str; 4] = ["margin_linf", "margin_l2", "margin_l1", "margin_spectral"];

/// A row for each margin: over steps on the left, over -ln L on the right.
pub(super) fn page(runs: &[Run]) -> anyhow::Result<Page> {
    let groups = groups(runs);
    let mut panels = Vec::new();
    for series in MARGINS {
        panels.push(panel(runs, &groups, series, "")?);
        panels.push(over_loss(runs, &groups, series)?);
    }
    let mut caption = facts(runs, &groups);
    caption.push(
        "Left: over steps, the median over seeds. Right: over −ln L, at each seed's first row below a loss. Vertical lines: where a loss ends in \
         single and in double precision; everything right of them needs the log domain. Steps of fixed length, so that the loss falls fast: \
         a step moves q by much more than one late in a run."
            .into(),
    );
    caption.extend(groups.iter().filter_map(short_of_it));
    let title = format!("Down to e^{{−1000000}}. {}", runs[0].text("title").unwrap_or_default());
    Ok(Page { title, caption, panels, columns: 2 })
}

/// Says where a group ended that its number of steps ended, not its loss.
fn short_of_it(group: &Group<'_>) -> Option<String> {
    let short: Vec<f64> =
        group.runs.iter().filter(|run| run.text("status") == Some("steps")).map(|run| run.last("ln_loss")).collect();
    let steps = group.runs.iter().filter_map(|run| run.steps.last()).max()?;
    let median = quantile(&short, 0.5);
    (!short.is_empty()).then(|| format!("{} is at ln L = {median:.0} when its {steps} steps are done.", group.name))
}

/// The losses at which runs are compared: -ln L from 0.1 to 1,000,000, 40 a factor of ten.
fn depths() -> impl Iterator<Item = f64> {
    (-40..=240).map(|k| 10_f64.powf(f64::from(k) / 40.0))
}

/// The median of a group at the losses that all of its runs reach.
fn curve(group: &Group<'_>, series: &str) -> Option<Curve> {
    let columns: Vec<(Vec<u64>, Vec<f64>)> = group
        .runs
        .iter()
        .map(|run| {
            let at = depths().map(|depth| run.at_loss(series, -depth)).enumerate();
            at.filter(|(_, value)| !value.is_nan()).map(|(k, value)| (k as u64, value)).unzip()
        })
        .collect();
    let columns: Vec<_> = columns.iter().map(|(places, values)| (&**places, &**values)).collect();
    let medians = (!columns.is_empty()).then(|| Medians::of(&columns, series))?;
    let x = medians.steps.iter().filter_map(|k| depths().nth(*k as usize)).collect();
    Some(Curve { x, ..medians.curve(group.name, style_of(group.name)) })
}

fn over_loss(runs: &[Run], groups: &[Group<'_>], series: &str) -> anyhow::Result<Panel> {
    let dashes: [&'static [f64]; 2] = [&[1.3, 1.3], &[5.0, 1.5]];
    let labels = ["float32 ends", "float64 ends"];
    let marks = LN_FLOAT_ENDS.iter().zip(dashes).zip(labels).map(|(((ln, _), dash), label)| Mark {
        x: -ln,
        style: Style { dash, ..Style::neutral() },
        label: label.into(),
    });
    Ok(Panel {
        x: Axis::log("−ln L").with_sublabel("−ln_loss"),
        y: axis(runs, series)?,
        curves: groups.iter().filter_map(|group| curve(group, series)).collect(),
        marks: marks.collect(),
        ..Panel::default()
    })
}
