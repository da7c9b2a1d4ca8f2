use crate::workshop::{SMALL, SMALL_FILES, Workshop, stderr, stdout};

/// The runs of the small experiment, in its order.
const NAMES: [&str; 3] = ["GD", "SD", "CD"];

#[test]
fn a_first_run_leaves_trajectories_and_a_figure() {
    let workshop = Workshop::with("small.toml", SMALL);
    let output = workshop.steepest(&["run", "small.toml"]).success();
    assert_eq!(stdout(output.get_output()), "out/small\n", "a script gets the folder and nothing else");

    for file in SMALL_FILES {
        let run = workshop.trajectory(&format!("out/small/{file}"));
        assert!(run.is_finished());
        assert_eq!(run.steps(), (0..=30).collect::<Vec<u64>>());
        assert_eq!(run.attribute_text("status"), Some("steps"));
        assert_eq!(run.title(), "Two digits");
        assert!(SMALL.lines().all(|line| run.config_as_written().contains(line)));
    }
    assert!(workshop.read("out/small/margins.svg").starts_with(b"<svg "));
    assert!(workshop.read("out/small/margins.png").starts_with(b"\x89PNG\r\n\x1a\n"));
    let csv = String::from_utf8(workshop.read("out/small/margins.csv")).unwrap();
    assert!(csv.lines().count() > 30 && csv.starts_with("panel,series,x,y"), "{csv}");
    assert_eq!(std::fs::read_dir(workshop.path("out/small")).unwrap().count(), SMALL_FILES.len() + 3);
}

#[test]
fn what_it_says_fits_a_log_file() {
    let workshop = Workshop::with("small.toml", SMALL);
    let output = workshop.steepest(&["run", "small.toml"]).success();
    let said = stderr(output.get_output());
    assert!(said.chars().all(|c| c == '\n' || !c.is_control()), "control characters without a terminal: {said:?}");
    assert!(said.starts_with("Two digits · "), "the first line says what is trained on what: {said}");
    for fact in ["mlp 64-8-1", "degree 2", "520 parameters", "logistic (sum)", "30 of 364 images"] {
        assert!(said.contains(fact), "no `{fact}` in {said}");
    }
    let rows = |name: &str| said.lines().filter(|line| line.trim_start().starts_with(name)).count();
    assert!(NAMES.iter().all(|name| rows(name) == 2), "a line for each run and seed: {said}");
    assert!(said.contains("margins.svg, margins.csv, margins.png"), "the files are named: {said}");
}

#[test]
fn settings_and_folders_go_where_they_say() {
    let workshop = Workshop::with("small.toml", SMALL);
    let arguments = ["run", "small.toml", "--set", "stop.steps=3", "--set", "seeds=[7]", "--out", "a/b", "-j", "1"];
    workshop.steepest(&arguments).success().stdout("a/b/small\n");
    let run = workshop.trajectory("a/b/small/gd-seed7.h5");
    assert_eq!(run.steps(), [0, 1, 2, 3]);
    assert_eq!(run.attribute_integer("seed"), Some(7));
    assert!(run.config_as_written().contains("--set stop.steps=3"), "{}", run.config_as_written());
    assert!(run.config_resolved().contains("steps = 3"), "{}", run.config_resolved());
    assert!(!workshop.path("out").exists());
}

#[test]
fn a_setting_that_every_run_overrides_does_not_get_lost_in_silence() {
    let workshop = Workshop::with("small.toml", SMALL);
    let setting = "step.size=0.5";
    let assert = workshop.steepest(&["run", "small.toml", "--set", setting]);
    let is_said = stderr(assert.get_output()).contains(setting);
    let has_effect = || workshop.trajectory("out/small/gd-seed0.h5").config_resolved().contains("size = 0.5");
    assert!(is_said || has_effect(), "--set {setting} changes nothing, since every run has a step of its own");
}
