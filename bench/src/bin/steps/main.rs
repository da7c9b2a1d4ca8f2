//! Times the steps of an experiment's runs as the program carries them out, and prints one JSON object a run.
//!
//! `steps FILE [--run NAME]... [--set KEY=VALUE]... [--seconds S] [--products]`: each run starts at its initial parameters and takes the steps
//! of its trajectory until its `[stop]` or until S seconds have passed. Rows are not recorded. `bench/peers` compares the times with those of
//! other programs, which print objects with the same fields.

#![expect(clippy::print_stdout, reason = "a benchmark reports on the terminal")]

mod arguments;
mod products;
mod timing;

use anyhow::Context;
use arguments::Arguments;
use serde_json::{Value, json};
use steepest_cli::config::{ExperimentConfig, RunConfig};
use steepest_cli::run::{build_data, build_model};
use steepest_core::linalg::backend;
use steepest_data::Split;
use timing::{Times, trajectory};

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse(std::env::args().skip(1))?;
    let file = &arguments.file;
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let experiment = ExperimentConfig::parse(&text, &arguments.settings)?;
    let chosen = |run: &&RunConfig| arguments.runs.is_empty() || arguments.runs.contains(&run.name);
    for run in experiment.runs.iter().filter(chosen) {
        let row = row(run, &arguments).with_context(|| format!("run \"{}\"", run.name))?;
        println!("{row}");
    }
    Ok(())
}

/// The times of one run, or of the two matrix products of its shapes.
fn row(run: &RunConfig, arguments: &Arguments) -> anyhow::Result<Value> {
    let split = build_data(run)?;
    let built = build_model(run, &split)?;
    let sizes = built.sizes.clone();
    let (dynamics, reason, times) = if arguments.products {
        let shape = (split.train.n_samples(), sizes[0], sizes[1]);
        (
            "products",
            "forward and backward product of the first layer".to_owned(),
            products::times(shape, arguments.seconds),
        )
    } else {
        trajectory(run, &split, built, arguments.seconds)?
    };
    Ok(describe(run, &split, &sizes, (dynamics, &reason), &times))
}

/// The fields that every program of the comparison prints.
fn describe(run: &RunConfig, split: &Split, sizes: &[usize], (dynamics, reason): (&str, &str), times: &Times) -> Value {
    json!({
        "program": "steepest",
        "version": env!("CARGO_PKG_VERSION"),
        "variant": dynamics,
        "reason": reason,
        "optimizer": run.name,
        "n": split.train.n_samples(),
        "d": sizes.first(),
        "width": sizes.get(1),
        "dtype": "float64",
        "threads": 1,
        "blas": backend().reason,
        "setup_s": times.setup,
        "median_ms": times.median() * 1e3,
        "min_ms": times.smallest() * 1e3,
        "mean_ms": times.mean() * 1e3,
        "steps": times.steps.len(),
        "ended": times.ended,
        "peak_mib": peak_mib(),
    })
}

/// The largest resident memory of this process so far in MiB, where the system says it.
fn peak_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kib| kib / 1024.0)
}
