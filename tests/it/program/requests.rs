use crate::workshop::{SMALL, Workshop, stderr};
use predicates::prelude::*;
use predicates::str::contains;

/// The program did what it was asked but it came to nothing.
const FAILED: i32 = 1;

/// The request could not be understood.
const MISUNDERSTOOD: i32 = 2;

/// Asks, and expects this exit code, a message that begins with `error: ` and holds all of these texts, and no result.
fn refused(workshop: &Workshop, arguments: &[&str], code: i32, texts: &[&str]) {
    let mut assert = workshop.steepest(arguments).code(code).stdout("");
    assert = assert.stderr(predicate::str::starts_with("error: "));
    for text in texts {
        assert = assert.stderr(contains(*text));
    }
}

/// The small experiment with a change by `--set` is refused as not understood.
fn setting_refused(setting: &str, texts: &[&str]) {
    let workshop = Workshop::with("small.toml", SMALL);
    refused(&workshop, &["run", "small.toml", "--set", setting], MISUNDERSTOOD, texts);
}

#[test]
fn an_unknown_field_gets_the_nearest_name_and_its_origin() {
    let texts = ["unknown field `hiden` in [model]", "did you mean `hidden`?", "(from --set model.hiden=[3])"];
    setting_refused("model.hiden=[3]", &texts);
    let workshop = Workshop::with("typo.toml", &SMALL.replace("n_train", "n_trian"));
    let texts =
        ["cannot understand typo.toml", "unknown field `n_trian` in [data]", "did you mean `n_train`?", "(line 7)"];
    refused(&workshop, &["run", "typo.toml"], MISUNDERSTOOD, &texts);
}

#[test]
fn an_unknown_name_gets_the_nearest_one() {
    setting_refused("model.kind=\"mlpp\"", &["unknown name `mlpp`", "did you mean `mlp`?"]);
    let workshop = Workshop::with("norm.toml", &SMALL.replace("\"linf\"", "\"lnf\""));
    let texts = ["unknown name `lnf` in [optimizer]", "did you mean `linf`?", "names: l1, l2, linf,"];
    refused(&workshop, &["run", "norm.toml"], MISUNDERSTOOD, &texts);
}

#[test]
fn values_out_of_range_name_their_field() {
    for (setting, field) in [
        ("data.n_train=0", "n_train"),
        ("data.digits=[3,3]", "digits"),
        ("record.per_decade=0", "per_decade"),
        ("model.hidden=[0]", "no units"),
        ("model.frozen=[3]", "layer 3"),
        ("seeds=[-1]", "-1"),
    ] {
        setting_refused(setting, &[field]);
    }
}

#[test]
fn more_samples_than_there_are_cannot_be_asked_for() {
    setting_refused("data.n_train=100000", &["`n_train` must be 1 to 363"]);
}

#[test]
fn an_experiment_without_seeds_is_not_understood() {
    setting_refused("seeds=[]", &["seeds"]);
}

#[test]
fn an_experiment_without_runs_is_not_understood() {
    setting_refused("run=[]", &["[[run]]"]);
}

#[test]
fn a_loss_for_several_classes_refuses_two_signs() {
    setting_refused("loss.kind=\"cross_entropy\"", &["cross_entropy"]);
}

#[test]
fn bad_toml_gets_its_line() {
    let workshop = Workshop::with("bad.toml", "title = 3\n[[[\n");
    refused(&workshop, &["run", "bad.toml"], MISUNDERSTOOD, &["cannot understand bad.toml", "line 2, column 3"]);
}

#[test]
fn a_setting_must_have_a_key_and_a_value() {
    setting_refused("model.hidden", &["KEY=VALUE"]);
    setting_refused("title.deep=3", &["--set title.deep=3", "`title` is not a table"]);
}

#[test]
fn unknown_figures_and_entries_get_the_known_ones() {
    let workshop = Workshop::new();
    refused(
        &workshop,
        &["reproduce", "fig99"],
        MISUNDERSTOOD,
        &["unknown figure `fig99`", "figures: fig1, fig2, fig3, fig5, fig6, exact"],
    );
    refused(&workshop, &["list", "lnf"], MISUNDERSTOOD, &["nothing is named `lnf`", "did you mean `linf`?"]);
    assert!(!workshop.path("out").exists(), "a refused request leaves nothing behind");
}

#[test]
fn unknown_verbs_and_options_are_not_understood() {
    let workshop = Workshop::with("small.toml", SMALL);
    refused(&workshop, &["rum", "small.toml"], MISUNDERSTOOD, &["unrecognized subcommand 'rum'", "'run'"]);
    refused(&workshop, &["run", "small.toml", "--job", "1"], MISUNDERSTOOD, &["'--jobs"]);
    refused(&workshop, &["run"], MISUNDERSTOOD, &["<EXPERIMENT>"]);
}

#[test]
fn missing_files_are_named() {
    let workshop = Workshop::new();
    refused(&workshop, &["run", "nowhere.toml"], FAILED, &["nowhere.toml not found"]);
    refused(&workshop, &["inspect", "nowhere.h5"], FAILED, &["nowhere.h5", "No such file"]);
    refused(&workshop, &["plot", "nowhere.h5"], FAILED, &["nowhere.h5", "No such file"]);
    assert!(!workshop.path("margins.svg").exists());
}

#[test]
fn files_of_another_kind_are_no_trajectories() {
    let workshop = Workshop::with("notes.h5", "no HDF5, whatever its name says\n");
    let junk: Vec<u8> = (0..300_u32).map(|k| (k.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    workshop.write("junk.h5", junk);
    for file in ["notes.h5", "junk.h5"] {
        refused(&workshop, &["inspect", file], FAILED, &[file, "is not an HDF5 file", "steepest run"]);
        refused(&workshop, &["plot", file], FAILED, &[file, "is not an HDF5 file"]);
    }
    hdf5::File::create(workshop.path("foreign.h5")).unwrap().new_dataset::<f64>().shape(3).create("x").unwrap();
    refused(&workshop, &["inspect", "foreign.h5"], FAILED, &["foreign.h5", "trajectory"]);
}

#[test]
fn a_folder_below_a_file_cannot_be_made() {
    let workshop = Workshop::with("small.toml", SMALL);
    workshop.write("file", "");
    let texts = ["cannot create the folder file/x/small"];
    refused(&workshop, &["run", "small.toml", "--out", "file/x"], FAILED, &texts);
}

#[test]
fn missing_mnist_is_named_with_its_remedy() {
    let workshop = Workshop::with("small.toml", SMALL);
    let texts = ["MNIST", "datasets/mnist", "`steepest data fetch mnist`"];
    refused(&workshop, &["run", "small.toml", "--set", "data.kind=\"mnist\""], FAILED, &texts);
    let elsewhere = ["run", "small.toml", "--set", "data={kind=\"mnist\",folder=\"elsewhere\"}"];
    refused(&workshop, &elsewhere, FAILED, &["elsewhere", "`steepest data fetch mnist`"]);
    assert!(!workshop.path("out").exists(), "a refused request leaves nothing behind");
}

#[test]
fn missing_mnist_is_part_of_the_status() {
    let workshop = Workshop::new();
    let assert = workshop.steepest(&["data", "status"]).success();
    assert.stdout(contains("datasets/mnist").and(contains("steepest data fetch mnist")).and(contains("uci_digits")));
}

#[test]
fn an_unknown_series_gets_the_known_ones() {
    let workshop = Workshop::after_small();
    let arguments = ["plot", "out/small/gd-seed0.h5", "--y", "margin_l7"];
    refused(&workshop, &arguments, FAILED, &["`margin_l7`", "margin_l2", "ln_loss"]);
}

#[test]
fn a_reader_who_has_seen_enough_is_no_reason_to_panic() {
    let workshop = Workshop::with("small.toml", SMALL);
    for arguments in [&["list", "metrics"][..], &["run", "small.toml"]] {
        let mut child = workshop
            .command()
            .args(arguments)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        drop((child.stdout.take(), child.stderr.take()));
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(0), "steepest {arguments:?} with nobody listening");
    }
    assert!(workshop.trajectory("out/small/cd-seed1.h5").is_finished(), "the runs go on where nobody listens");
}

#[test]
fn an_error_is_said_once() {
    let workshop = Workshop::new();
    let assert = workshop.steepest(&["run", "nowhere.toml"]).code(FAILED);
    let text = stderr(assert.get_output());
    assert_eq!(text.matches("nowhere.toml").count(), 1, "{text}");
    assert!(text.lines().count() <= 2, "{text}");
}
