//! Figure 1: margins over epochs for each scale of the start, and test accuracy against the final gamma_inf.

use super::accuracy::{excess_over_chance, scatter};
use super::groups::{Group, facts, groups, panel};
use super::looks::published;
use super::published::{FIG1, FIG1_SERIES};
use super::{Overlay, Run};
use crate::figures::{Page, Rule, algorithm_style};

/// The margins of the left half, in the paper's order: gamma_1, gamma_2, gamma_inf.
const MARGINS: [&str; 3] = ["margin_linf", "margin_l2", "margin_l1"];
/// The algorithms of the left half; runs that switch are stars in the right half.
const WHOLE: [&str; 3] = ["GD", "CD", "SD"];

/// A row of margins for each scale of the start, largest first, then a row of accuracies.
pub(super) fn page(runs: &[Run], overlay: Overlay) -> anyhow::Result<Page> {
    let all = groups(runs);
    let mut panels = Vec::new();
    let scales = variants(&all);
    for (rank, scale) in scales.iter().enumerate() {
        let whole: Vec<Group<'_>> =
            all.iter().filter(|g| g.variant == *scale && WHOLE.contains(&g.algorithm)).cloned().collect();
        for series in MARGINS {
            let mut panel = panel(runs, &whole, series, &title(scale))?;
            panel.marks = whole.iter().filter_map(|g| g.mark("separation_step", SEPARATION)).collect();
            if overlay.paper {
                panel.rules = rules(rank, series);
            }
            panels.push(panel);
        }
    }
    for (rank, scale) in scales.iter().enumerate() {
        panels.push(scatter(runs, scale, "margin_l1", overlay.paper.then_some(rank))?);
    }
    let mut caption = facts(runs, &all);
    caption.push(format!(
        "Top: one scale of the start a row. Bottom: test accuracy against the final γ_{{∞}} of every run; stars: runs that begin with GD and \
         switch{}.",
        switch_steps(runs)
    ));
    caption.push(excess_over_chance(&all));
    if overlay.paper {
        caption.push("Dotted and open: medians that the paper published at d = 32768, its scales of the start in the same order.".into());
    }
    Ok(Page { title: format!("Figure 1. {}", runs[0].text("title").unwrap_or_default()), caption, panels, columns: 3 })
}

/// When the runs that switched did; nothing if none did.
fn switch_steps(runs: &[Run]) -> String {
    let steps = runs.iter().filter(|run| run.is_used()).filter_map(|run| run.step("switch_step"));
    match (steps.clone().min(), steps.max()) {
        (Some(first), Some(last)) if first < last => format!(" at step {first} to {last}"),
        (Some(step), _) => format!(" at step {step}"),
        _ => String::new(),
    }
}

const SEPARATION: &str = "100 % train accuracy (median)";

/// The variants of the groups in order of first appearance.
pub(super) fn variants<'r>(groups: &[Group<'r>]) -> Vec<&'r str> {
    let mut found = Vec::new();
    for group in groups {
        if !found.contains(&group.variant) {
            found.push(group.variant);
        }
    }
    found
}

/// `alpha 0.1` as the title of a panel.
pub(super) fn title(variant: &str) -> String {
    variant.replace("alpha ", "α = ")
}

fn rules(rank: usize, series: &str) -> Vec<Rule> {
    let Some(place) = FIG1_SERIES.iter().position(|s| *s == series) else { return Vec::new() };
    let of_rank = FIG1.iter().filter(|f| f.alpha_rank == rank);
    let rule = |algorithm: &str, y| Rule {
        y,
        style: published(algorithm_style(algorithm)),
        label: format!("{algorithm}, published"),
    };
    of_rank.map(|f| rule(f.algorithm, f.margins[place])).collect()
}
