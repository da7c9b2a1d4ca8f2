//! Figures as functions of stored files, never of memory.

use crate::figures::{Axis, Curve, Mark, Page, Panel, Style, algorithm_style};
use anyhow::{Context, bail};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use steepest_data::trajectory::{SeriesInfo, Trajectory};

/// The horizontal axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum XAxis {
    /// step + 1, so that step 0 has a place on a logarithmic axis.
    #[default]
    Step,
    /// -ln L, from the first step with L < 1 on; one curve a run, since runs have no common values.
    LnLoss,
}

/// What a figure shows.
#[derive(Clone, Debug, Default)]
pub struct PlotOptions {
    /// The horizontal axis.
    pub x: XAxis,
    /// The series of the panels, one panel each; empty for the margins of l1, l2, linf, and of spectral where a run descends in it.
    pub y: Vec<String>,
    /// The title; the files' own if there is none.
    pub title: Option<String>,
}

/// Distance of two markers on a curve, in points.
const MARKERS_EVERY: f64 = 36.0;

/// Reads trajectories.
///
/// # Errors
/// If one cannot be read.
pub fn load(files: &[PathBuf]) -> anyhow::Result<Vec<Trajectory>> {
    if files.is_empty() {
        bail!("no trajectory was named");
    }
    files.iter().map(|path| Ok(Trajectory::open(path)?)).collect()
}

/// The runs of one name, over seeds. Runs that diverged, or never reached 100 % train accuracy and so have no margin, are counted and left
/// out.
struct Group<'t> {
    name: &'t str,
    runs: Vec<&'t Trajectory>,
    n_diverged: usize,
    n_unseparated: usize,
}

impl Group<'_> {
    fn n_all(&self) -> usize {
        self.runs.len() + self.n_diverged + self.n_unseparated
    }
}

fn group(trajectories: &[Trajectory]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for run in trajectories {
        let name = run.attribute_text("run").unwrap_or("run");
        let at = groups.iter().position(|g| g.name == name).unwrap_or_else(|| {
            groups.push(Group { name, runs: Vec::new(), n_diverged: 0, n_unseparated: 0 });
            groups.len() - 1
        });
        if run.attribute_text("status") == Some("diverged") {
            groups[at].n_diverged += 1;
        } else if run.attribute_integer("separation_step").is_none() {
            groups[at].n_unseparated += 1;
        } else {
            groups[at].runs.push(run);
        }
    }
    groups
}

/// The page of margins (or other series) of some trajectories.
///
/// # Errors
/// If a series is not in the files.
pub fn page(trajectories: &[Trajectory], options: &PlotOptions) -> anyhow::Result<Page> {
    let groups = group(trajectories);
    let names = if options.y.is_empty() { default_series(trajectories) } else { options.y.clone() };
    let panels: anyhow::Result<Vec<Panel>> =
        names.iter().map(|name| panel(name, &groups, trajectories, options.x)).collect();
    let panels = panels?;
    let title =
        options.title.clone().unwrap_or_else(|| trajectories.first().map_or(String::new(), |t| t.title().to_owned()));
    let columns = if panels.len() == 4 { 2 } else { panels.len().clamp(1, 3) };
    Ok(Page { title, caption: caption(trajectories, &groups, options.x), panels, columns })
}

fn default_series(trajectories: &[Trajectory]) -> Vec<String> {
    let mut norms = vec!["l1", "l2", "linf"];
    if trajectories.iter().any(|t| t.attribute_text("norm") == Some("spectral")) {
        norms.push("spectral");
    }
    norms
        .into_iter()
        .map(|n| format!("margin_{n}"))
        .filter(|n| trajectories.iter().all(|t| t.series(n).is_some()))
        .collect()
}

fn panel(name: &str, groups: &[Group<'_>], trajectories: &[Trajectory], x: XAxis) -> anyhow::Result<Panel> {
    let info = trajectories.iter().find_map(|t| t.metrics().iter().find(|m| m.name == name));
    let Some(info) = info else {
        let known: Vec<&str> =
            trajectories.first().map_or(Vec::new(), |t| t.metrics().iter().map(|m| m.name.as_str()).collect());
        bail!("no file has a series `{name}`; there are: {}", known.join(", "));
    };
    let degrees: Vec<i64> = trajectories.iter().filter_map(|t| t.attribute_integer("degree")).collect();
    let mut panel = Panel { x: x_axis(x), y: y_axis(info, &degrees), ..Panel::default() };
    for group in groups {
        let style = algorithm_style(group.name);
        match x {
            XAxis::Step => panel.curves.extend(median_curve(group, name, style)),
            XAxis::LnLoss => {
                panel.curves.extend(group.runs.iter().filter_map(|run| loss_curve(run, name, group.name, style)));
            }
        }
        panel.marks.extend(separation_mark(group, style).filter(|_| x == XAxis::Step));
    }
    Ok(panel)
}

/// The label of a horizontal axis.
pub(crate) fn x_axis(x: XAxis) -> Axis {
    match x {
        XAxis::Step => Axis::log("step + 1"),
        XAxis::LnLoss => Axis::log("-ln L"),
    }
}

/// Whether a series has its place on a linear axis: accuracies and logarithms; margins, norms and times are logarithmic.
pub(crate) fn is_linear(name: &str) -> bool {
    name.starts_with("ln_") || name.ends_with("accuracy") || name == "alignment"
}

/// The symbol of a series, with the degree as a number where all runs have the same.
pub(crate) fn symbol(info: &SeriesInfo, degrees: &[i64]) -> String {
    match degrees.first() {
        Some(degree) if degrees.iter().all(|d| d == degree) && *degree == 1 => info.symbol.replace("^{L}", ""),
        Some(degree) if degrees.iter().all(|d| d == degree) => info.symbol.replace("^{L}", &format!("^{{{degree}}}")),
        _ => info.symbol.clone(),
    }
}

/// Margins, norms and times on a logarithmic axis; accuracies and logarithms on a linear one.
/// The symbol is the paper's with our name beneath, L the common degree.
pub(crate) fn y_axis(info: &SeriesInfo, degrees: &[i64]) -> Axis {
    let symbol = symbol(info, degrees);
    let label = info.paper_symbol.clone().unwrap_or_else(|| symbol.clone());
    let axis = if is_linear(&info.name) { Axis::linear(&label) } else { Axis::log(&label) };
    let own = if info.paper_symbol.is_some() { format!("{} = {symbol}", info.name) } else { info.name.clone() };
    axis.with_sublabel(&own)
}

/// Median and inter-quartile band over seeds, at the steps that every run of the group has.
fn median_curve(group: &Group<'_>, name: &str, style: Style) -> Option<Curve> {
    let runs: Option<Vec<_>> = group.runs.iter().map(|run| Some((run.steps(), run.series(name)?))).collect();
    Some(Medians::of(&runs?, name).curve(group.name, style))
}

/// Quartiles over runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Medians {
    /// The steps that every run has.
    pub steps: Vec<u64>,
    /// The three quartiles at each.
    pub quartiles: [Vec<f64>; 3],
    /// Number of runs.
    pub n_runs: usize,
}

impl Medians {
    /// Of the steps and values of some runs. A margin begins where its median is positive for good: one that relapses below zero would be
    /// a row of dots.
    pub fn of(runs: &[(&[u64], &[f64])], series: &str) -> Self {
        let mut at_step: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
        for (steps, values) in runs {
            for (&step, &value) in steps.iter().zip(*values) {
                at_step.entry(step).or_default().push(value);
            }
        }
        // a row in which no run measured it is no row of this series
        at_step.retain(|_, values| values.len() == runs.len() && !values.iter().all(|value| value.is_nan()));
        if series.contains("margin_") && !series.ends_with("drop") {
            let last_bad = at_step
                .iter()
                .rev()
                .find(|(_, v)| quantile(v, 0.5).max(0.0).total_cmp(&0.0).is_eq())
                .map(|(&step, _)| step);
            at_step.retain(|&step, _| last_bad.is_none_or(|bad| step > bad));
        }
        let quartile = |p: f64| -> Vec<f64> { at_step.values().map(|v| quantile(v, p)).collect() };
        let quartiles = [0.25, 0.5, 0.75].map(quartile);
        Self { steps: at_step.into_keys().collect(), quartiles, n_runs: runs.len() }
    }

    /// The median over step + 1, with a band where there are several runs.
    pub fn curve(self, label: &str, style: Style) -> Curve {
        let x: Vec<f64> = self.steps.iter().map(|&s| (s + 1) as f64).collect();
        let [lower, middle, upper] = self.quartiles;
        let curve = Curve::new(style, label, x, middle).with_markers(MARKERS_EVERY);
        if self.n_runs > 1 { curve.with_band(lower, upper) } else { curve }
    }
}

/// The quantile of a sample by linear interpolation between order statistics; NaN if a value is NaN or there is none.
pub fn quantile(values: &[f64], p: f64) -> f64 {
    if values.is_empty() || values.iter().any(|v| v.is_nan()) {
        return f64::NAN;
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = p * (sorted.len() - 1) as f64;
    let (low, high) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    let between = place - place.floor();
    if between > 0.0 { low + between * (high - low) } else { low }
}

fn loss_curve(run: &Trajectory, name: &str, label: &str, style: Style) -> Option<Curve> {
    let (ln_loss, y) = (run.series("ln_loss")?, run.series(name)?);
    let points = ln_loss.iter().zip(y).filter(|(l, _)| **l < 0.0).map(|(l, y)| (-l, *y));
    let (x, y) = points.unzip();
    Some(Curve::new(style, label, x, y).with_markers(MARKERS_EVERY))
}

/// A thin line at the median first step of 100 % train accuracy.
fn separation_mark(group: &Group<'_>, style: Style) -> Option<Mark> {
    let steps: Option<Vec<f64>> =
        group.runs.iter().map(|run| run.attribute_integer("separation_step").map(|s| (s + 1) as f64)).collect();
    let steps = steps.filter(|s| !s.is_empty())?;
    Some(Mark { x: quantile(&steps, 0.5), style, label: "100 % train accuracy (median)".into() })
}

fn caption(trajectories: &[Trajectory], groups: &[Group<'_>], x: XAxis) -> Vec<String> {
    let mut lines = Vec::new();
    let mut facts: Vec<String> = Vec::new();
    for name in ["data", "model", "loss"] {
        let mut values: Vec<&str> = trajectories.iter().filter_map(|t| t.attribute_text(name)).collect();
        values.dedup();
        match values[..] {
            [one] => facts.push(one.to_owned()),
            [first, ..] if name == "data" => facts.push(format!("{first} (seed {})", seed(&trajectories[0]))),
            [first, ..] => facts.push(format!("{first} and others")),
            [] => {}
        }
    }
    lines.push(format!("{}.", facts.join("; ")));
    if x == XAxis::Step {
        let most = groups.iter().map(|g| g.runs.len()).max().unwrap_or(0);
        if most > 1 {
            lines.push(format!("Median line and inter-quartile band over {most} seeds; curves begin where the median margin is positive for good."));
        }
    }
    for g in groups {
        for (count, what) in [(g.n_diverged, "diverged"), (g.n_unseparated, "did not reach 100 % train accuracy")] {
            if count > 0 {
                lines.push(format!("{}: {count} of {} runs {what} and are left out.", g.name, g.n_all()));
            }
        }
    }
    if let Some(wanted) = trajectories.iter().find_map(|t| t.attribute_text("stands_in_for")) {
        lines.push(format!("{wanted} was not there: the embedded UCI 8x8 digits stand in for it."));
    }
    lines
}

fn seed(run: &Trajectory) -> i64 {
    run.attribute_integer("seed").unwrap_or(0)
}

/// Writes a page as SVG and CSV, and as PNG where asked for, beside each other; returns the files.
///
/// # Errors
/// If the page cannot be drawn or a file not written.
pub fn write(page: &Page, svg: &Path, png: bool) -> anyhow::Result<Vec<PathBuf>> {
    page.check()?;
    let drawn = crate::figures::render_svg(page);
    let mut files = vec![
        save(svg, drawn.as_bytes())?,
        save(&svg.with_extension("csv"), crate::figures::render_csv(page).as_bytes())?,
    ];
    if png {
        /// 300 dots an inch.
        const SCALE: f32 = 3.125;
        files.push(save(&svg.with_extension("png"), &crate::figures::render_png(&drawn, SCALE)?)?);
    }
    Ok(files)
}

fn save(path: &Path, bytes: &[u8]) -> anyhow::Result<PathBuf> {
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate() {
        assert!((quantile(&[4.0, 1.0, 2.0, 3.0], 0.5) - 2.5).abs() < 1e-15);
        assert!((quantile(&[4.0, 1.0, 2.0, 3.0], 0.25) - 1.75).abs() < 1e-15);
        assert!((quantile(&[7.0], 0.75) - 7.0).abs() < 1e-15);
        assert!(quantile(&[1.0, f64::NAN], 0.5).is_nan() && quantile(&[], 0.5).is_nan());
        assert!((quantile(&[f64::NEG_INFINITY, 1.0, 2.0], 0.5) - 1.0).abs() < 1e-15);
    }

    #[test]
    fn a_series_has_the_rows_in_which_it_was_measured() {
        let (steps, nan) = ([0, 1, 2, 3], f64::NAN);
        let runs: [&[f64]; 2] = [&[-1.0, nan, 2.0, 4.0], &[-1.0, nan, 4.0, 6.0]];
        let medians = Medians::of(&runs.map(|values| (&steps[..], values)), "margin_l1");
        assert_eq!((medians.steps, medians.quartiles[1].clone()), (vec![2, 3], vec![3.0, 5.0]));
    }
}
