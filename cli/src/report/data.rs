//! The numbers behind the chart that reacts, as JSON.

use super::{Experiment, folder::run_name};
use crate::figures::{Colour, Level, Text, algorithm_style};
use crate::plots;
use serde::Serialize;
use std::collections::BTreeMap;
use steepest_data::trajectory::{SeriesInfo, Trajectory};

/// The most points of a series.
const MOST_POINTS: usize = 600;
/// The most numbers of a page: about seven megabytes.
const MOST_NUMBERS: usize = 900_000;
/// The fewest points of a series, whatever that makes of the page.
const FEWEST_POINTS: usize = 60;

/// What the chart knows.
#[derive(Serialize)]
struct ChartData<'t> {
    experiments: Vec<ExperimentData<'t>>,
}

#[derive(Serialize)]
struct ExperimentData<'t> {
    name: &'t str,
    title: &'t str,
    series: Vec<SeriesData>,
    looks: Vec<Look<'t>>,
    runs: Vec<RunData>,
}

/// A series, and where it is found in the list.
#[derive(Serialize)]
struct SeriesData {
    name: String,
    group: &'static str,
    is_linear: bool,
    about: String,
    unit: String,
    symbol: Letters,
    paper: Option<Letters>,
}

/// Stretches of text with their level: 0 on the line, -1 beneath it, 1 above it.
type Letters = Vec<(String, i8)>;

/// How the runs of one name look, on a light page and on a dark one.
#[derive(Serialize)]
struct Look<'t> {
    name: &'t str,
    colour: String,
    colour_on_dark: String,
    dash: &'static [f64],
}

#[derive(Serialize)]
struct RunData {
    look: usize,
    seed: i64,
    status: String,
    separation: Option<i64>,
    theory: Option<i64>,
    switch: Option<i64>,
    steps: Vec<u64>,
    /// One list of values a series of the experiment; empty where the run has no such series. JSON has neither NaN nor infinity: they are null.
    values: Vec<Vec<f64>>,
}

/// The JSON of all experiments.
///
/// # Errors
/// If it cannot be written.
pub(super) fn json(experiments: &[Experiment]) -> anyhow::Result<String> {
    let described: Vec<Vec<SeriesInfo>> = experiments.iter().map(|e| series_of(&e.runs)).collect();
    let numbers = experiments.iter().zip(&described).map(|(e, s)| e.runs.len() * s.len());
    let most = points(numbers.sum());
    let chart = ChartData {
        experiments: experiments.iter().zip(described).map(|(e, series)| experiment_data(e, series, most)).collect(),
    };
    Ok(serde_json::to_string(&chart)?)
}

/// How many points a series may have where there are so many of them.
fn points(n_series: usize) -> usize {
    (MOST_NUMBERS / n_series.max(1)).clamp(FEWEST_POINTS, MOST_POINTS)
}

/// The series that any of the runs has, in the order in which they are met.
fn series_of(runs: &[Trajectory]) -> Vec<SeriesInfo> {
    let mut all: Vec<SeriesInfo> = Vec::new();
    for info in runs.iter().flat_map(Trajectory::metrics) {
        if all.iter().all(|known| known.name != info.name) {
            all.push(info.clone());
        }
    }
    all
}

fn experiment_data(experiment: &Experiment, series: Vec<SeriesInfo>, most: usize) -> ExperimentData<'_> {
    let runs = &experiment.runs;
    let mut looks: Vec<Look<'_>> = Vec::new();
    let width = cell_width(runs, most);
    let runs_data = runs.iter().map(|run| {
        let name = run_name(run);
        let look = looks.iter().position(|look| look.name == name).unwrap_or_else(|| {
            looks.push(look_of(name));
            looks.len() - 1
        });
        run_data(run, look, &series, width)
    });
    let runs_data = runs_data.collect();
    let series = series.iter().map(|info| series_data(info, runs)).collect();
    ExperimentData { name: &experiment.name, title: experiment.title(), series, looks, runs: runs_data }
}

fn look_of(name: &str) -> Look<'_> {
    let style = algorithm_style(name);
    Look { name, colour: style.colour.hex(), colour_on_dark: on_dark(style.colour).hex(), dash: style.dash }
}

/// The colour for a dark page: the darker it is, the more white is in it.
fn on_dark(colour: Colour) -> Colour {
    /// A colour of this grey, or a lighter one, is seen as it is.
    const SEEN: f64 = 140.0;
    let white = 0.88 * (1.0 - colour.grey() / SEEN).max(0.0).powi(2);
    let mix = |part: u8| (f64::from(part) + white * f64::from(255 - part)).round() as u8;
    Colour(mix(colour.0), mix(colour.1), mix(colour.2))
}

fn series_data(info: &SeriesInfo, runs: &[Trajectory]) -> SeriesData {
    let degrees: Vec<i64> = runs.iter().filter_map(|run| run.attribute_integer("degree")).collect();
    SeriesData {
        name: info.name.clone(),
        group: group(&info.name),
        is_linear: plots::is_linear(&info.name),
        about: info.doc.clone(),
        unit: info.unit.clone(),
        symbol: letters(&plots::symbol(info, &degrees)),
        paper: info.paper_symbol.as_deref().map(letters),
    }
}

fn group(name: &str) -> &'static str {
    let begins = |start: &str| name.starts_with(start);
    match name {
        "ln_loss" => "Loss",
        _ if begins("margin_") => "Margins",
        _ if begins("soft_margin_") => "Soft margins",
        _ if begins("norm_") => "Norms",
        _ if name.ends_with("accuracy") => "Accuracies",
        _ => "Others",
    }
}

fn letters(symbol: &str) -> Letters {
    let level = |level| match level {
        Level::Base => 0,
        Level::Sub => -1,
        Level::Super => 1,
    };
    Text::parse(symbol).runs.into_iter().map(|run| (run.text, level(run.level))).collect()
}

fn run_data(run: &Trajectory, look: usize, series: &[SeriesInfo], width: f64) -> RunData {
    let kept = kept_rows(run.steps(), width);
    let pick = |name: &str| -> Vec<f64> {
        run.series(name).map_or_else(Vec::new, |values| kept.iter().map(|&row| rounded(values[row])).collect())
    };
    RunData {
        look,
        seed: run.attribute_integer("seed").unwrap_or(0),
        status: run.attribute_text("status").unwrap_or("unfinished").to_owned(),
        separation: run.attribute_integer("separation_step"),
        theory: run.attribute_integer("theory_step"),
        switch: run.attribute_integer("switch_step"),
        steps: kept.iter().map(|&row| run.steps()[row]).collect(),
        values: series.iter().map(|info| pick(&info.name)).collect(),
    }
}

/// The width of a cell of ln(step + 1) in which one row is kept; zero where no run is too long. It is the same for all runs, so that
/// those of one cadence keep the same steps and have medians.
fn cell_width(runs: &[Trajectory], most: usize) -> f64 {
    let longest = runs.iter().map(Trajectory::n_rows).max().unwrap_or(0);
    let last = runs.iter().filter_map(|run| run.steps().last()).max().copied().unwrap_or(0);
    // the first cells and the last row are over and above
    if longest <= most { 0.0 } else { ((last + 1) as f64).ln() / most.saturating_sub(2) as f64 }
}

/// The first row of every cell, and the last row of all.
fn kept_rows(steps: &[u64], width: f64) -> Vec<usize> {
    if width <= 0.0 {
        return (0..steps.len()).collect();
    }
    let mut cells: BTreeMap<u64, usize> = BTreeMap::new();
    for (row, &step) in steps.iter().enumerate() {
        cells.entry((((step + 1) as f64).ln() / width) as u64).or_insert(row);
    }
    let mut kept: Vec<usize> = cells.into_values().collect();
    kept.extend(steps.len().checked_sub(1));
    kept.dedup();
    kept
}

/// A number to six digits: what the eye sees, and a third of the size.
fn rounded(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_of_json_is_null() {
        let run = RunData {
            look: 0,
            seed: 0,
            status: String::new(),
            separation: None,
            theory: None,
            switch: None,
            steps: vec![0],
            values: vec![[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.5e-300].map(rounded).to_vec()],
        };
        assert!(serde_json::to_string(&run).unwrap().contains("[[null,null,null,-1.5e-300]]"));
    }

    #[test]
    fn six_digits_are_kept_at_any_size() {
        for (value, expected) in [(1.234_567_89, 1.23457), (-9.876_543_21e-300, -9.876_54e-300), (0.0, 0.0)] {
            assert!(rounded(value).total_cmp(&expected).is_eq(), "{value}");
        }
        assert!(rounded(f64::INFINITY).is_infinite() && rounded(f64::NAN).is_nan());
    }

    #[test]
    fn long_runs_are_thinned_evenly_in_the_logarithm_and_keep_both_ends() {
        let steps: Vec<u64> = (0..100_000).collect();
        let width = 100_000_f64.ln() / 598.0;
        let kept = kept_rows(&steps, width);
        assert!(kept.len() > 300 && kept.len() <= MOST_POINTS, "{}", kept.len());
        assert_eq!(kept[..4], [0, 1, 2, 3]);
        assert_eq!(kept.last(), Some(&99_999));
        // a shorter run keeps the same steps, but for its last
        let shorter = kept_rows(&steps[..1000], width);
        assert_eq!(shorter[..shorter.len() - 1], kept[..shorter.len() - 1]);
        assert!(kept_rows(&[], width).is_empty());
        assert_eq!(kept_rows(&[0, 5], 0.0), [0, 1]);
    }

    #[test]
    fn a_page_of_many_runs_stays_small() {
        assert_eq!(points(9 * 23), 600);
        assert!(points(100 * 23) * 100 * 23 <= MOST_NUMBERS);
        assert_eq!(points(usize::MAX), FEWEST_POINTS);
        assert_eq!(points(0), 600);
    }

    #[test]
    fn every_colour_is_seen_on_a_dark_page() {
        for name in ["GD", "CD", "SD", "Adam", "Shampoo", "Spectral", "Muon", "Signum", "GD then CD", "GD then SD"] {
            let colour = on_dark(algorithm_style(name).colour);
            assert!(colour.grey() > 95.0, "{name} is {} on a dark page", colour.hex());
        }
    }
}
