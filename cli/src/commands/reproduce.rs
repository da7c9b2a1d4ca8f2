//! `steepest reproduce`: the paper's figures.

use super::run::train_missing;
use crate::args::{ReproduceArgs, ScaleArg};
use crate::claims::Report as Claims;
use crate::config::ExperimentConfig;
use crate::estimate;
use crate::figures;
use crate::output::{Failure, note, result};
use crate::paper::{self, Overlay, Run};
use crate::plots;
use crate::report::{self, Experiment, Report, read_claims};
use crate::reproduce::{FIGURES, Figure, Scale};
use anyhow::Context;
use std::path::Path;
use steepest_data::source::mnist_files::{default_folder, find_all};
use steepest_data::trajectory::Trajectory;

/// `steepest reproduce [FIGURE ...]`.
pub(crate) fn reproduce(args: &ReproduceArgs) -> Result<(), Failure> {
    let scale = match args.scale {
        ScaleArg::Quick => Scale::Quick,
        ScaleArg::Default => Scale::Default,
        ScaleArg::Paper => Scale::Paper,
    };
    let (mut drawn, mut experiments, mut figures, mut claims) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for figure in chosen(&args.figures)? {
        if args.how.dry_run {
            if figure.trains() {
                let config = figure.experiment(scale, lacks_mnist(&figure))?;
                note(&estimate::estimate(&config).text(&format!("{} at {} scale", figure.name, scale.name())));
            }
            continue;
        }
        let trajectories = if args.from_files || !figure.trains() {
            stored(&figure, scale, args)?
        } else {
            trained(&figure, scale, args)?
        };
        let runs: Vec<Run> = trajectories.iter().map(Run::from).collect();
        let folder = args.how.out.join(Figure::folder(figure.name, scale));
        figures.push(draw(&figure, scale, &runs, &folder, Overlay { paper: args.overlay.is_some() })?);
        claims.extend(read_claims(&folder)?);
        if !drawn.contains(&figure.draws) {
            drawn.push(figure.draws);
            let of_runs = args.how.out.join(Figure::folder(figure.draws, scale));
            experiments.push(Experiment::of(&of_runs, trajectories));
        }
        result(&folder.display().to_string());
    }
    if figures.is_empty() {
        return Ok(());
    }
    let page = args.how.out.join("report.html");
    let title = format!("The figures of \u{201c}Flavors of Margin\u{201d} at {} scale", scale.name());
    let report = Report { title, figures, claims, experiments };
    report.write(&page)?;
    result(&page.display().to_string());
    Ok(())
}

/// Trains what is missing of a figure's experiment, and reads all of it.
fn trained(figure: &Figure, scale: Scale, args: &ReproduceArgs) -> Result<Vec<Trajectory>, Failure> {
    let fallback = lacks_mnist(figure);
    if fallback {
        note(
            "MNIST is not in datasets/mnist (`steepest data fetch mnist` gets it): the embedded UCI 8x8 digits stand in for it",
        );
    }
    let config = figure.experiment(scale, fallback)?;
    let name = Figure::folder(figure.name, scale);
    let (_, trajectories) = train_missing(config, &name, &args.how, fallback.then_some("MNIST"))?;
    Ok(trajectories)
}

/// Reads the experiment that a figure draws, and trains nothing.
fn stored(figure: &Figure, scale: Scale, args: &ReproduceArgs) -> Result<Vec<Trajectory>, Failure> {
    let folder = args.how.out.join(Figure::folder(figure.draws, scale));
    let read = |config: &ExperimentConfig| paper::load(config, &folder);
    let first = read(&figure.experiment(scale, false)?);
    let runs = match first {
        // drawn where MNIST was not there
        Err(_) if figure.needs_mnist => read(&figure.experiment(scale, true)?).or(first),
        _ => first,
    };
    let hint = format!(
        "{} is drawn from stored runs: `steepest reproduce {} --scale {}` makes them",
        figure.name,
        figure.draws,
        scale.name()
    );
    Ok(runs.context(hint)?)
}

/// Writes the figure, its data and its claims; the figure as it stands in a report.
fn draw(
    figure: &Figure,
    scale: Scale,
    runs: &[Run],
    folder: &Path,
    overlay: Overlay,
) -> Result<report::Figure, Failure> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot create the folder {}", folder.display()))?;
    let mut page = paper::page(figure.name, runs, overlay)?;
    let mut files = plots::write(&page, &folder.join(format!("{}.svg", figure.name)), true)?;
    let tested = Claims::of(figure.name, scale.name(), runs);
    let claims = folder.join("claims.json");
    std::fs::write(&claims, tested.json().context("the claims cannot be written as JSON")?)
        .with_context(|| format!("cannot write {}", claims.display()))?;
    let table = folder.join("claims.md");
    std::fs::write(&table, tested.markdown()).with_context(|| format!("cannot write {}", table.display()))?;
    files.extend([claims, table]);
    note(&tested.table());
    let names: Vec<String> =
        files.iter().filter_map(|p| p.file_name()).map(|n| n.to_string_lossy().into_owned()).collect();
    note(&format!("{}/   {} trajectories drawn, {}", folder.display(), runs.len(), names.join(", ")));
    // in a report the caption is text of the page
    let caption = std::mem::take(&mut page.caption).join(" ");
    Ok(report::Figure { name: Figure::folder(figure.name, scale), svg: figures::render_svg(&page), caption })
}

fn lacks_mnist(figure: &Figure) -> bool {
    figure.needs_mnist && find_all(&default_folder()).is_err()
}

fn chosen(names: &[String]) -> Result<Vec<Figure>, Failure> {
    if names.is_empty() {
        return Ok(FIGURES.to_vec());
    }
    let find = |name: &String| {
        let known: Vec<&str> = FIGURES.iter().map(|f| f.name).collect();
        let unknown = || Failure::misunderstood(format!("unknown figure `{name}`\n  figures: {}", known.join(", ")));
        FIGURES.iter().find(|f| f.name == name).copied().ok_or_else(unknown)
    };
    names.iter().map(find).collect()
}
