//! The norm where a norm of the house would be: in a few lines of Rust, in an experiment file, in the list.

use outside_norm::{TopK, TopKSpec};
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::{Command, Output};
use steepest_core::loss::Exponential;
use steepest_core::observer::Unobserved;
use steepest_core::{Dataset, Labels};
use steepest_data::trajectory::Trajectory;
use steepest_models::Linear;
use steepest_norms::{NormSpec, register};
use steepest_optim::{Schedule, SteepestDescent, StepRule, StepScale, Stop, Trainer};

/// The program of this crate, in a folder.
fn program(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_outside-norm")).args(arguments).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn an_experiment_descends_in_it_and_records_its_margin() {
    let folder = tempfile::tempdir().unwrap();
    let experiment = concat!(env!("CARGO_MANIFEST_DIR"), "/top-k.toml");
    let output = program(folder.path(), &["run", experiment]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let files = folder.path().join("out/top-k");
    let run = Trajectory::open(files.join("top-10-seed0.h5")).unwrap();
    let margin = run.series("margin_top_k_10").unwrap();
    assert!(margin[0] < 0.0 && *margin.last().unwrap() > 0.0, "the margin of its own norm grows: {margin:?}");
    assert!(run.config_resolved().contains("kind = \"top_k\""), "{}", run.config_resolved());
    // the same margin of another algorithm, and the figure
    assert!(Trajectory::open(files.join("sd-seed0.h5")).unwrap().series("margin_top_k_10").is_some());
    assert!(std::fs::read_to_string(files.join("margins.svg")).unwrap().contains("top-10"));
    // a finished run is recognised by its configuration
    let again = program(folder.path(), &["run", experiment]);
    assert!(text(&again.stderr).contains("3 of 3 runs are there already"), "{}", text(&again.stderr));
}

#[test]
fn it_is_listed_and_its_name_is_guessed() {
    let folder = tempfile::tempdir().unwrap();
    let list = text(&program(folder.path(), &["list", "norms"]).stdout);
    assert!(list.contains("top_k") && list.contains("linf"), "{list}");
    let one = text(&program(folder.path(), &["list", "top_k"]).stdout);
    assert!(one.contains("the sum of the k largest |g_j|"), "{one}");
    let wrong = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/top-k.toml")).unwrap();
    std::fs::write(folder.path().join("wrong.toml"), wrong.replace("kind = \"top_k\"", "kind = \"topk\"")).unwrap();
    let output = program(folder.path(), &["run", "wrong.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("did you mean `top_k`"), "{}", text(&output.stderr));
}

#[test]
fn it_is_read_and_written_like_any_other() {
    register::<TopKSpec>().unwrap();
    let ten = NormSpec::outside(TopKSpec { k: NonZeroUsize::new(10).unwrap() });
    assert_eq!(ten.label().name, "top_k_10");
    assert!(steepest_norms::catalogue().iter().any(|info| info.name == "top_k"));
    assert!(NormSpec::named("top_k").unwrap_err().contains("missing field `k`"));
}

/// One sample a coordinate, down to a loss of e^-2000.
#[test]
fn a_run_in_rust_needs_no_file() -> Result<(), Box<dyn std::error::Error>> {
    let inputs = vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
    let data = Dataset::new(ndarray::Array2::from_shape_vec((3, 3), inputs)?, Labels::Binary(vec![1.0; 3]))?;
    let (model, loss, norm) =
        (Linear::new(3, 1)?, Exponential::sum(), TopK::new(NonZeroUsize::MIN.saturating_add(1), 3));
    let run = Trainer::new(&model, &data, &loss)
        .optimizer(SteepestDescent::new(norm))
        .step(StepRule::new(StepScale::Normalized, Schedule::Constant { size: 1.0 }))
        .until(Stop::after(3000))
        .train(vec![0.0; 3], &mut Unobserved)?;
    // two of three coordinates move in each step, in turn
    assert_eq!(run.theta, [2000.0; 3]);
    assert!((run.margin(&norm) - 2.0 / 3.0).abs() < 1e-15);
    Ok(())
}
