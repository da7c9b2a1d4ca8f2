//! Runs of one name over seeds, and what figures make of them.

use super::looks::style_of;
use super::stored::Run;
use crate::figures::{Axis, Curve, Mark, Panel};
use crate::plots::{Medians, quantile, y_axis};
use anyhow::Context;

/// The runs of one name. Those that diverged, or never reached 100 % train accuracy and so have no margin, are counted and left out.
#[derive(Clone, Debug, Default)]
pub struct Group<'r> {
    /// The name.
    pub name: &'r str,
    /// The algorithm.
    pub algorithm: &'r str,
    /// What tells it from other groups of the algorithm.
    pub variant: &'r str,
    /// The runs that are used.
    pub runs: Vec<&'r Run>,
    /// Number of runs that diverged.
    pub n_diverged: usize,
    /// Number of runs without a first step of 100 % train accuracy.
    pub n_unseparated: usize,
}

/// The groups in order of first appearance.
pub fn groups(runs: &[Run]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for run in runs {
        let at = groups.iter().position(|g| g.name == run.name).unwrap_or_else(|| {
            let (name, algorithm, variant) = (&*run.name, run.algorithm(), run.variant());
            groups.push(Group { name, algorithm, variant, ..Group::default() });
            groups.len() - 1
        });
        if run.is_diverged() {
            groups[at].n_diverged += 1;
        } else if run.is_used() {
            groups[at].runs.push(run);
        } else {
            groups[at].n_unseparated += 1;
        }
    }
    groups
}

impl Group<'_> {
    /// The median of a series over step + 1 with its band; `None` if a run lacks it.
    pub(super) fn curve(&self, series: &str) -> Option<Curve> {
        let columns: Vec<_> = self.runs.iter().map(|run| (&*run.steps, run.values(series))).collect();
        let is_whole = !columns.is_empty() && columns.iter().all(|(steps, values)| steps.len() == values.len());
        is_whole.then(|| Medians::of(&columns, series).curve(&label(self.name), style_of(self.name)))
    }

    /// A thin line at the median of a step of its runs.
    pub(super) fn mark(&self, attribute: &str, label: &str) -> Option<Mark> {
        let steps: Option<Vec<f64>> = self.runs.iter().map(|run| run.step(attribute).map(|s| (s + 1) as f64)).collect();
        let steps = steps.filter(|s| !s.is_empty())?;
        Some(Mark { x: quantile(&steps, 0.5), style: style_of(self.name), label: label.to_owned() })
    }
}

/// A name in the legend: the scale of the start is told by the panel's title.
fn label(name: &str) -> String {
    name.split_once(", alpha ").map_or(name, |(algorithm, _)| algorithm).to_owned()
}

/// The values of a function of two runs of one seed, for every seed that both groups have.
pub fn paired(one: &Group<'_>, other: &Group<'_>, mut value: impl FnMut(&Run, &Run) -> f64) -> Vec<f64> {
    let partner = |run: &Run| other.runs.iter().find(|r| r.seed == run.seed).copied();
    one.runs.iter().filter_map(|run| Some(value(run, partner(run)?))).collect()
}

/// The axis of a series as the files describe it.
pub(super) fn axis(runs: &[Run], series: &str) -> anyhow::Result<Axis> {
    let info = runs.iter().find_map(|run| run.metrics.iter().find(|m| m.name == series));
    let degrees: Vec<i64> = runs.iter().map(|run| run.degree).collect();
    Ok(y_axis(info.with_context(|| format!("no file has the series `{series}`"))?, &degrees))
}

/// The panel of a series over steps.
pub(super) fn panel(runs: &[Run], groups: &[Group<'_>], series: &str, title: &str) -> anyhow::Result<Panel> {
    Ok(Panel {
        title: title.into(),
        x: Axis::log("step + 1"),
        y: axis(runs, series)?,
        curves: groups.iter().filter_map(|group| group.curve(series)).collect(),
        ..Panel::default()
    })
}

/// What is left out of a figure, a sentence a group.
pub(super) fn exclusions(runs: &[Run]) -> Vec<String> {
    let mut lines = Vec::new();
    for group in groups(runs) {
        let n_all = group.runs.len() + group.n_diverged + group.n_unseparated;
        for (count, what) in
            [(group.n_diverged, "diverged"), (group.n_unseparated, "did not reach 100 % train accuracy")]
        {
            if count > 0 {
                lines.push(format!("{}: {count} of {n_all} runs {what} and are left out.", group.name));
            }
        }
    }
    lines
}

/// The first lines of a caption: what was trained on what, and how many seeds.
pub(super) fn facts(runs: &[Run], groups: &[Group<'_>]) -> Vec<String> {
    let facts: Vec<&str> = ["data", "model", "loss"].iter().filter_map(|name| runs[0].text(name)).collect();
    let seed = runs[0].seed;
    let most = groups.iter().map(|g| g.runs.len()).max().unwrap_or(0);
    let mut lines = vec![format!("{} (seed {seed}).", facts.join("; "))];
    if most > 1 {
        lines.push(format!(
            "Median and inter-quartile band over {most} seeds; a margin is drawn from where its median is positive for good."
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(name: &str, seed: i64, status: &str, separation: Option<f64>) -> Run {
        let numbers = separation.map(|step| ("separation_step".to_owned(), step)).into_iter().collect();
        let texts = [("status".to_owned(), status.to_owned())].into();
        Run { name: name.into(), seed, numbers, texts, ..Run::default() }
    }

    #[test]
    fn runs_without_a_margin_are_counted_and_named() {
        let runs = [
            run("CD, alpha 0.1", 0, "steps", Some(3.0)),
            run("CD, alpha 0.1", 1, "steps", None),
            run("CD, alpha 0.1", 2, "diverged", Some(1.0)),
        ];
        let groups = groups(&runs);
        assert_eq!((groups.len(), groups[0].runs.len(), groups[0].n_diverged, groups[0].n_unseparated), (1, 1, 1, 1));
        let said = exclusions(&runs).join(" ");
        assert!(
            said.contains("CD, alpha 0.1: 1 of 3 runs diverged") && said.contains("1 of 3 runs did not reach"),
            "{said}"
        );
    }

    #[test]
    fn pairs_share_a_seed() {
        let runs = [run("A", 0, "", Some(1.0)), run("A", 1, "", Some(1.0)), run("B", 1, "", Some(1.0))];
        let groups = groups(&runs);
        assert_eq!(paired(&groups[0], &groups[1], |a, b| (a.seed + b.seed) as f64), [2.0]);
    }
}
