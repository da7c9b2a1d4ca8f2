use crate::workshop::{Workshop, stderr, wait_for};
use predicates::prelude::*;
use predicates::str::contains;
use std::process::{Child, Command, Stdio};
use steepest_cli::config::ExperimentConfig;
use steepest_cli::experiment::Experiment;
use steepest_data::trajectory::Trajectory;

/// 30 small digits and gradient descent; the loss and what else there is to say are put in.
fn experiment(loss: &str, rest: &str) -> String {
    format!(
        r#"
title = "Endings"

[data]
kind = "uci_digits"
n_train = 30

[model]
kind = "mlp"
hidden = [8]

[loss]
kind = "{loss}"

[record]
every_until = 400
{rest}
"#
    )
}

/// A run without an end in sight, two seeds, all rows of the first steps.
fn long() -> String {
    let text = experiment(
        "logistic",
        r#"
[stop]
steps = 1_000_000_000

[[run]]
name = "GD"
optimizer = { kind = "steepest", norm = "l2" }
step = { size = 1e-3 }
"#,
    );
    format!("seeds = [0, 1]\n{text}")
}

/// A process that ends with the test, whatever happens.
pub(super) struct Running(Child);

impl Running {
    pub(super) fn start(workshop: &Workshop, arguments: &[&str]) -> Self {
        let mut command = workshop.command();
        Self(command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts"))
    }

    pub(super) fn send(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.0.id().to_string()]).status().expect("kill runs");
        assert!(status.success(), "kill {signal}");
    }

    /// Waits for the end: exit code, standard output, standard error.
    pub(super) fn end(&mut self) -> (Option<i32>, String, String) {
        let read = |stream: &mut dyn std::io::Read| std::io::read_to_string(stream).expect("UTF-8");
        let said = self.0.stderr.as_mut().map_or_else(String::new, |s| read(s));
        let result = self.0.stdout.as_mut().map_or_else(String::new, |s| read(s));
        (self.0.wait().expect("an end").code(), result, said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // already over unless the test fails
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The number of rows that a file has by now.
pub(super) fn rows(file: &std::path::Path) -> Option<usize> {
    Trajectory::open(file).ok().map(|run| run.n_rows()).filter(|n| *n > 0)
}

#[test]
fn an_interrupted_run_keeps_its_rows_and_is_not_done() {
    for signal in ["-INT", "-TERM"] {
        let workshop = Workshop::with("long.toml", &long());
        let mut running = Running::start(&workshop, &["run", "long.toml", "--jobs", "1"]);
        let file = workshop.path("out/long/gd-seed0.h5");
        let seen = wait_for("the first rows", || rows(&file));
        running.send(signal);
        let (code, result, said) = running.end();
        assert_eq!((code, result.as_str()), (Some(130), ""), "{said}");
        assert!(said.contains("interrupted") && !said.contains("panicked"), "{said}");

        let run = Trajectory::open(&file).unwrap();
        assert!(run.n_rows() >= seen);
        assert_eq!(run.attribute_text("status"), Some("interrupted"));
        assert_eq!(run.attribute_integer("finished"), Some(0));
        let last = run.steps()[run.n_rows() - 1];
        assert_eq!(run.attribute_integer("steps_done"), Some(last as i64), "the last state is a row");
        assert_eq!(run.snapshot_steps().last(), Some(&last), "and a snapshot");
        assert_eq!(run.events().last().map(|e| (e.step, e.kind.as_str())), Some((last, "interrupted")));
        assert!(!workshop.path("out/long/gd-seed1.h5").exists(), "a run that had not begun does not begin");

        let config = ExperimentConfig::parse(&long(), &[]).unwrap();
        let plan = Experiment::plan(config, &workshop.path("out"), "long", false).unwrap();
        assert!(plan.runs.iter().all(|run| !run.is_done), "the same command does it again");
    }
}

#[test]
fn a_running_file_can_be_followed() {
    let workshop = Workshop::with("long.toml", &long());
    let mut running = Running::start(&workshop, &["run", "long.toml", "--jobs", "1"]);
    wait_for("the first rows", || rows(&workshop.path("out/long/gd-seed0.h5")));
    workshop.steepest(&["inspect", "out/long/gd-seed0.h5"]).success().stdout(contains("rows, steps 0 to"));
    let mut follower = Running::start(&workshop, &["inspect", "--follow", "out/long/gd-seed0.h5"]);
    running.send("-INT");
    running.end();
    let (code, shown, said) = follower.end();
    assert_eq!((code, said.as_str()), (Some(0), "interrupted\n"));
    let steps: Vec<u64> =
        shown.lines().map(|row| row.split_whitespace().nth(1).unwrap().parse().expect("a step")).collect();
    assert_eq!(steps, workshop.trajectory("out/long/gd-seed0.h5").steps(), "every row once, in order");
}

/// Both ways to diverge: margins overflow, or a step does.
fn diverging() -> String {
    experiment(
        "exponential",
        r#"
[stop]
steps = 50

[[run]]
name = "margin overflows"
optimizer = { kind = "steepest", norm = "l2" }
step = { size = 1e200 }

[[run]]
name = "step overflows"
model.hidden = []
optimizer = { kind = "steepest", norm = "l2" }
step = { size = 1e3 }
"#,
    )
}

#[test]
fn a_run_that_diverges_says_where_and_stores_numbers_only() {
    let workshop = Workshop::with("far.toml", &diverging());
    let assert = workshop.steepest(&["run", "far.toml"]).success().stdout("out/far\n");
    let said = stderr(assert.get_output());
    let told = said.lines().filter(|line| line.trim_end().ends_with("diverged")).count();
    assert_eq!(told, 2, "the table says so: {said}");
    for (file, place) in
        [("margin-overflows-seed0.h5", "margin of sample"), ("step-overflows-seed0.h5", "step or the loss")]
    {
        let run = workshop.trajectory(&format!("out/far/{file}"));
        assert!(run.is_finished(), "it will not get better");
        assert_eq!(run.attribute_text("status"), Some("diverged"));
        let event = run.events().last().unwrap();
        assert_eq!(run.attribute_integer("steps_done"), Some(event.step as i64));
        assert!(event.kind == "diverged" && event.text.contains(place), "{event:?}");
        assert!(run.n_rows() > 0 && run.steps().iter().all(|step| *step < event.step));
        for metric in run.metrics().iter().filter(|m| m.undefined.is_empty() && m.name != "ln_flow_time") {
            let series = run.series(&metric.name).unwrap();
            assert!(series.iter().all(|v| v.is_finite()), "{file}: {} = {series:?}", metric.name);
        }
        assert!(run.margins().unwrap().unwrap().iter().all(|q| q.is_finite()));
    }
    let figure = String::from_utf8(workshop.read("out/far/margins.svg")).unwrap();
    assert!(figure.contains("1 of 1 runs diverged"), "the caption says so");
}

/// Gradient descent, then coordinate descent from the separation on.
fn switching() -> String {
    experiment(
        "logistic",
        r#"
[stop]
steps = 60

[[run]]
name = "GD then CD"
optimizer = { kind = "steepest", norm = "l2" }
step = { size = 0.03 }
switch = { at = "separation", optimizer = { kind = "steepest", norm = "l1" } }

[[run]]
name = "GD"
optimizer = { kind = "steepest", norm = "l2" }
step = { size = 0.03 }
"#,
    )
}

#[test]
fn a_switch_happens_at_separation_and_changes_nothing_before() {
    let workshop = Workshop::with("switch.toml", &switching());
    workshop.steepest(&["run", "switch.toml"]).success();
    let (run, plain) =
        (workshop.trajectory("out/switch/gd-then-cd-seed0.h5"), workshop.trajectory("out/switch/gd-seed0.h5"));
    let switch = run.attribute_integer("switch_step").expect("the run separates");
    assert_eq!(run.attribute_integer("separation_step"), Some(switch));
    assert_eq!(plain.attribute_integer("separation_step"), Some(switch));
    assert_eq!(plain.attribute("switch_step"), None);
    let event = run.events().iter().find(|e| e.kind == "switch").unwrap();
    assert!(event.step as i64 == switch && event.text.contains("coordinate descent"), "{event:?}");

    assert_eq!(run.steps(), (0..=60).collect::<Vec<u64>>(), "one row for each step, the switch included");
    let (a, b) = (run.series("norm_l1").unwrap(), plain.series("norm_l1").unwrap());
    let at = switch as usize;
    assert_eq!(a[..=at], b[..=at], "the same optimiser up to there");
    assert!((a[at + 1] - b[at + 1]).abs() > 1e-9, "another one from there on");
    assert!(run.attribute_text("status") == Some("steps"));
}

#[test]
fn flow_time_is_the_sum_of_the_steps_that_were_taken() {
    let workshop = Workshop::with("switch.toml", &switching());
    workshop.steepest(&["run", "switch.toml"]).success();
    for file in ["gd-seed0.h5", "gd-then-cd-seed0.h5"] {
        let run = workshop.trajectory(&format!("out/switch/{file}"));
        let [time, step, ln_dual] = ["flow_time", "step_size", "ln_dual_norm"].map(|name| run.series(name).unwrap());
        for row in 0..run.n_rows() - 1 {
            let (found, expected) = (time[row + 1] - time[row], step[row].ln() - ln_dual[row]);
            let error = (found.ln() - expected).abs();
            assert!(error < 1e-9, "{file}: the step from row {row} takes {found}, not e^{expected}");
        }
    }
}

#[test]
fn events_are_stored_in_the_order_in_which_they_happened() {
    let text = switching().replace("at = \"separation\"", "at = { step = 50 }");
    let workshop = Workshop::with("late.toml", &text);
    workshop.steepest(&["run", "late.toml"]).success();
    let steps: Vec<u64> =
        workshop.trajectory("out/late/gd-then-cd-seed0.h5").events().iter().map(|event| event.step).collect();
    assert!(steps.len() > 2 && steps.is_sorted(), "events at steps {steps:?}");
}

#[test]
fn a_loss_that_is_low_enough_ends_a_run() {
    let text = experiment(
        "logistic",
        r#"
[stop]
steps = 100_000
ln_loss_below = -2.0

[[run]]
name = "GD"
optimizer = { kind = "steepest", norm = "l2" }
step = { size = 0.03 }
"#,
    );
    let workshop = Workshop::with("low.toml", &text);
    workshop.steepest(&["run", "low.toml"]).success().stderr(contains("ln_loss").and(contains("diverged").not()));
    let run = workshop.trajectory("out/low/gd-seed0.h5");
    let ln_loss = run.series("ln_loss").unwrap();
    let (last, before) = ln_loss.split_last().unwrap();
    assert!(*last < -2.0 && before.iter().all(|l| *l >= -2.0));
    assert_eq!(run.attribute_text("status"), Some("ln_loss"));
}
