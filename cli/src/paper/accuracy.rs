//! Test accuracy against final margins: the right half of Figure 1, and Figure 5.

use super::Run;
use super::fig1::{title, variants};
use super::groups::{Group, axis, facts, groups};
use super::looks::{star, style_of};
use super::published::FIG1;
use crate::figures::{Axis, Marker, Page, Panel, Points, Rule, Scale, Style, algorithm_style};
use crate::plots::quantile;
use crate::summary::short;

/// Figure 5: accuracy against gamma_1 above and gamma_2 below, one scale of the start a column.
pub(super) fn page(runs: &[Run]) -> anyhow::Result<Page> {
    let all = groups(runs);
    let scales = variants(&all);
    let mut panels = Vec::new();
    for series in ["margin_linf", "margin_l2"] {
        for scale in &scales {
            panels.push(scatter(runs, scale, series, None)?);
        }
    }
    let mut caption = facts(runs, &all);
    caption.truncate(1);
    caption.push("Every run of Figure 1 at its end. Stars: runs that begin with GD and switch.".into());
    caption.push(excess_over_chance(&all));
    let title = format!("Figure 5. {}", runs[0].text("title").unwrap_or_default());
    Ok(Page { title, caption, panels, columns: scales.len().min(3) })
}

/// How far the accuracies are above what the shares of the classes alone would give, a number a scale of the start.
pub(super) fn excess_over_chance(groups: &[Group<'_>]) -> String {
    let scales = variants(groups);
    let mut algorithms: Vec<&str> = Vec::new();
    for group in groups {
        if !algorithms.contains(&group.algorithm) {
            algorithms.push(group.algorithm);
        }
    }
    let median = |algorithm: &str, scale: &&str| {
        let group = groups.iter().find(|g| g.algorithm == algorithm && g.variant == *scale)?;
        let excess: Vec<f64> = group.runs.iter().map(|run| run.last("test_excess_accuracy")).collect();
        (!excess.is_empty()).then(|| short(quantile(&excess, 0.5)))
    };
    let each = |algorithm: &&str| {
        let values: Vec<String> = scales.iter().filter_map(|scale| median(algorithm, scale)).collect();
        format!("{algorithm} {}", values.join(", "))
    };
    let at: Vec<String> = scales.iter().map(|scale| title(scale)).collect();
    let all: Vec<String> = algorithms.iter().map(each).collect();
    format!("Excess of the test accuracy over chance, medians at {}: {}.", at.join(", "), all.join("; "))
}

/// Final test accuracy against a final margin, a symbol a run; with the values published for a rank of alpha where one is given.
pub(super) fn scatter(runs: &[Run], variant: &str, series: &str, rank: Option<usize>) -> anyhow::Result<Panel> {
    let margin = axis(runs, series)?;
    let x = Axis { scale: Scale::Log10, ..margin };
    let y = Axis::linear("test accuracy").with_sublabel("last row of each run");
    let mut panel = Panel { title: title(variant).as_str().into(), x, y, ..Panel::default() };
    let mut majorities = Vec::new();
    for group in groups(runs).iter().filter(|g| g.variant == variant) {
        let style = style_of(group.name);
        let marker = match group.algorithm {
            "GD then CD" => star(false),
            "GD then SD" => star(true),
            _ => style.marker,
        };
        let xy = group.runs.iter().map(|run| (run.last(series), run.last("test_accuracy"))).collect();
        panel.points.push(Points { style, label: group.algorithm.to_owned(), xy, marker });
        majorities.extend(group.runs.iter().filter_map(|run| run.numbers.get("test_majority_rate").copied()));
    }
    if !majorities.is_empty() {
        let label = "majority rate of the test labels (median)".to_owned();
        panel.rules.push(Rule { y: quantile(&majorities, 0.5), style: Style::neutral(), label });
    }
    for f in FIG1.iter().filter(|f| Some(f.alpha_rank) == rank && series == "margin_l1") {
        let xy = vec![(f.margins[2], f.accuracy)];
        let label = format!("{}, published", f.algorithm);
        panel.points.push(Points { style: algorithm_style(f.algorithm), label, xy, marker: Marker::OpenDiamond });
    }
    Ok(panel)
}
