//! `steepest reproduce`: the paper's figures.

use super::run::carry_out_all;
use crate::args::{ReproduceArgs, ScaleArg};
use crate::output::{Failure, note, result};
use crate::report::{Report, read_claims};
use crate::reproduce::{FIGURES, Figure, Scale};
use steepest_data::source::mnist_files::{default_folder, find_all};

/// `steepest reproduce [FIGURE ...]`.
pub(crate) fn reproduce(args: &ReproduceArgs) -> Result<(), Failure> {
    let scale = match args.scale {
        ScaleArg::Quick => Scale::Quick,
        ScaleArg::Default => Scale::Default,
    };
    let mut folders = Vec::new();
    for figure in chosen(&args.figures)? {
        let fallback = figure.needs_mnist && find_all(&default_folder()).is_err();
        if fallback {
            note(
                "MNIST is not in datasets/mnist (`steepest data fetch mnist` gets it): the embedded UCI 8x8 digits stand in for it",
            );
        }
        let config = figure.experiment(scale, fallback)?;
        let name = match args.scale {
            ScaleArg::Quick => format!("{}-quick", figure.name),
            ScaleArg::Default => figure.name.to_owned(),
        };
        carry_out_all(config, &name, &args.how, fallback.then_some("MNIST"))?;
        folders.push(args.how.out.join(&name));
    }
    let page = args.how.out.join("report.html");
    let mut report = Report::open(&folders, None)?;
    report.claims.extend(read_claims(&args.how.out)?);
    report.write(&page)?;
    result(&page.display().to_string());
    Ok(())
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
