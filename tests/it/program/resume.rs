use super::endings::{Running, rows};
use crate::workshop::{Workshop, stderr, wait_for};
use predicates::prelude::*;
use predicates::str::contains;
use steepest_data::trajectory::Trajectory;

/// Small digits, every row of the first steps, two snapshots; one run called `run`.
fn experiment(loss: &str, steps: u64, run: &str) -> String {
    format!(
        r#"
title = "On and on"

[data]
kind = "uci_digits"
n_train = 40

[model]
kind = "mlp"
hidden = [8]

[loss]
kind = "{loss}"

[record]
every_until = 700
snapshots = [0, 300]
samples = true

[stop]
steps = {steps}

[[run]]
name = "run"
{run}
"#
    )
}

const FILE: &str = "out/long/run-seed0.h5";
const CHECKPOINT: &str = "out/long/run-seed0.h5.checkpoint";

/// Gradient descent in the span of the data, for some seconds.
fn gd() -> String {
    experiment(
        "logistic",
        100_000,
        "optimizer = { kind = \"steepest\", norm = \"l2\" }\nstep = { size = 1e-3 }\ndynamics = \"gram\"",
    )
}

/// The run without an interruption.
fn uninterrupted(text: &str) -> (Workshop, Trajectory) {
    let workshop = Workshop::with("long.toml", text);
    workshop.steepest(&["run", "long.toml"]).success();
    assert!(!workshop.path(CHECKPOINT).exists(), "a run that has ended leaves no checkpoint");
    let run = workshop.trajectory(FILE);
    (workshop, run)
}

/// Starts the run and sends it a signal once so many rows are there.
fn interrupt(workshop: &Workshop, arguments: &[&str], n_rows: usize, signal: &str) -> (Option<i32>, String) {
    let mut running = Running::start(workshop, &[&["run", "long.toml"], arguments].concat());
    let file = workshop.path(FILE);
    wait_for("rows", || rows(&file).filter(|n| *n >= n_rows));
    running.send(signal);
    let (code, _, said) = running.end();
    assert!(!said.contains("panicked"), "{said}");
    (code, said)
}

/// Goes on to the end; what was said.
fn resume(workshop: &Workshop) -> String {
    let assert = workshop.steepest(&["run", "long.toml", "--resume"]).success();
    let left = std::fs::read_dir(workshop.path("out/long")).unwrap();
    let left: Vec<String> = left.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    assert!(left.iter().all(|name| !name.contains("checkpoint") && !name.contains("part")), "{left:?}");
    stderr(assert.get_output())
}

/// Everything but the time that it took and the events `resumed`.
fn assert_same(found: &Trajectory, expected: &Trajectory) {
    assert_eq!(found.steps(), expected.steps());
    for metric in expected.metrics().iter().filter(|m| m.name != "wall_seconds") {
        let [a, b] = [found, expected].map(|run| run.series(&metric.name).unwrap());
        let differs = a.iter().zip(b).position(|(a, b)| a.to_bits() != b.to_bits());
        assert_eq!(differs, None, "{}: first row that differs", metric.name);
    }
    let bits = |run: &Trajectory| run.margins().unwrap().map(|margins| margins.mapv(f64::to_bits));
    assert_eq!(bits(found), bits(expected));
    assert_eq!(found.snapshot_steps(), expected.snapshot_steps());
    for at in 0..expected.snapshot_steps().len() {
        assert_eq!(found.snapshot(at).unwrap(), expected.snapshot(at).unwrap());
    }
    // bounds are made anew after an interruption, and so is what finding them cost
    let attributes = |run: &Trajectory| {
        let belongs = |name: &str| !name.starts_with("count_search_");
        run.attributes().iter().filter(|(name, _)| belongs(name)).cloned().collect::<Vec<_>>()
    };
    assert_eq!(attributes(found), attributes(expected));
    let events = |run: &Trajectory| run.events().iter().filter(|e| e.kind != "resumed").cloned().collect::<Vec<_>>();
    assert_eq!(events(found), events(expected));
}

/// The steps at which a run went on.
fn resumed(run: &Trajectory) -> Vec<u64> {
    run.events().iter().filter(|event| event.kind == "resumed").map(|event| event.step).collect()
}

/// Interrupts the run after so many rows, goes on, and compares.
fn check(text: &str, n_rows: usize) -> Trajectory {
    let (_reference, expected) = uninterrupted(text);
    let workshop = Workshop::with("long.toml", text);
    let (code, said) = interrupt(&workshop, &[], n_rows, "-INT");
    assert_eq!(code, Some(130), "{said}");
    assert!(said.contains("--resume"), "{said}");
    assert!(workshop.path(CHECKPOINT).exists());
    let said = resume(&workshop);
    let found = workshop.trajectory(FILE);
    let [at] = resumed(&found)[..] else { panic!("it went on once: {said}") };
    assert!(at as usize + 1 >= n_rows && said.contains(&format!("run \"run\", seed 0 at step {at}")), "{at}: {said}");
    assert_same(&found, &expected);
    let seconds = found.series("wall_seconds").unwrap();
    assert!(seconds.is_sorted(), "the time goes on as well");
    found
}

#[test]
fn gradient_descent_in_the_span_of_the_data_goes_on_to_the_same_bits() {
    let run = check(&gd(), 256);
    assert_eq!(run.attribute_text("dynamics"), Some("gram"));
}

#[test]
fn dense_gradient_descent_goes_on_to_the_same_bits() {
    let run = check(&gd().replace("100_000", "40_000").replace("\"gram\"", "\"dense\""), 256);
    assert_eq!(run.attribute_text("dynamics"), Some("dense"));
}

#[test]
fn two_sided_coordinate_descent_goes_on_to_the_same_bits() {
    let run = "optimizer = { kind = \"two_sided_cd\" }\nstep = { size = 0.01, scale = \"normalized\" }";
    let text = experiment("exponential", 40_000, run);
    // inputs of both signs, so that weights of single inputs come to kinks
    let teacher = "kind = \"teacher_student\"\nn_inputs = 30\nn_test = 20\nteacher_width = 2\ninputs_per_neuron = 3";
    let run = check(&text.replace("kind = \"uci_digits\"", teacher), 512);
    assert!(run.attribute_integer("held_steps").is_some_and(|held| held > 0), "kinks matter in this run");
}

#[test]
fn adam_in_mini_batches_goes_on_to_the_same_bits() {
    let run = "optimizer = { kind = \"adam\", beta1 = 0.9, beta2 = 0.99, eps = 1e-8 }\nstep = { size = 1e-4, scale = \"normalized\" }\nbatch = { size = 16 }";
    let run = check(&experiment("logistic", 40_000, run), 512);
    assert!(run.attribute_integer("inputs_left_out").is_some_and(|n| n > 0), "zero inputs are left out in this run");
}

#[test]
fn a_run_goes_on_after_its_switch() {
    let run = "optimizer = { kind = \"steepest\", norm = \"l2\" }\nstep = { size = 0.01 }\nswitch = { at = { step = 300 }, \
               optimizer = { kind = \"steepest\", norm = \"l1\" } }";
    let run = check(&experiment("logistic", 40_000, run), 512);
    assert_eq!(run.attribute_integer("switch_step"), Some(300));
    assert_eq!(run.attribute_text("dynamics"), Some("gram, then greedy"));
}

#[test]
fn a_run_on_points_that_nobody_stores_goes_on_after_its_switch() {
    let points = "kind = \"teacher_student\"\nn_inputs = 60\nn_test = 50\nzero_outputs = \"keep\"\nstream_test = true";
    for (first, second) in [("l2", "l1"), ("l1", "l2")] {
        let run = format!(
            "optimizer = {{ kind = \"steepest\", norm = \"{first}\" }}\nstep = {{ size = 0.01 }}\nswitch = {{ at = {{ step = 300 }}, \
             optimizer = {{ kind = \"steepest\", norm = \"{second}\" }} }}"
        );
        let text = experiment("logistic", 40_000, &run).replace("kind = \"uci_digits\"", points);
        let run = check(&text, 512);
        assert_eq!(run.attribute_integer("switch_step"), Some(300));
    }
}

#[test]
fn a_run_goes_on_before_its_switch_to_sign_descent_and_checked_as_well() {
    let points = "kind = \"teacher_student\"\nn_inputs = 2048\nn_test = 20\nzero_outputs = \"keep\"";
    let run = "optimizer = { kind = \"steepest\", norm = \"l2\" }\nstep = { size = 0.01 }\nswitch = { at = { step = 90000 }, \
               optimizer = { kind = \"steepest\", norm = \"linf\" }, step = { size = 1e-4, scale = \"normalized\" } }";
    let text = experiment("exponential", 92_000, run).replace("kind = \"uci_digits\"", points);
    for dynamics in ["auto", "check"] {
        let found = check(&format!("{text}dynamics = \"{dynamics}\"\n"), 256);
        assert!(resumed(&found)[0] < 90_000 && found.attribute_integer("switch_step") == Some(90_000));
        assert_eq!(found.attribute_text("dynamics"), Some("gram, then sign"));
        assert!(found.attribute_integer("count_undetermined_signs").is_some());
    }
}

#[test]
fn sign_descent_goes_on_to_the_same_bits() {
    let points = "kind = \"teacher_student\"\nn_inputs = 60\nn_test = 20\nzero_outputs = \"keep\"";
    let run = "optimizer = { kind = \"steepest\", norm = \"linf\" }\nstep = { size = 1e-3, scale = \"normalized\" }\ndynamics = \"sign\"";
    // over a refresh as well
    let found = check(&experiment("exponential", 60_000, run).replace("kind = \"uci_digits\"", points), 256);
    assert_eq!(found.attribute_text("dynamics"), Some("sign"));
}

#[test]
fn a_step_that_adapts_goes_on_to_the_same_bits_with_momentum_too() {
    for (momentum, size) in [("", 1e3), (", momentum = { beta = 0.9 }", 1e-2)] {
        let run = format!(
            "optimizer = {{ kind = \"steepest\", norm = \"l2\"{momentum} }}\nstep = {{ size = {size:?}, adaptive = true }}"
        );
        check(&experiment("logistic", 20_000, &run), 256);
    }
}

#[test]
fn memories_of_matrices_go_on_to_the_same_bits() {
    let runs = [
        "optimizer = { kind = \"shampoo\", form = \"equation76\" }",
        "optimizer = { kind = \"steepest\", norm = \"spectral\", momentum = { beta = 0.9, nesterov = true } }",
        "optimizer = { kind = \"steepest\", norm = \"linf\", momentum = { beta = 0.9 } }",
    ];
    for run in runs {
        let text = experiment("logistic", 3000, &format!("{run}\nstep = {{ size = 1e-4, scale = \"normalized\" }}"));
        let found = check(&text, 256);
        let switches = found.attribute_integer("count_route_switches");
        assert_eq!(switches.is_some(), run.contains("spectral"), "{run}: {switches:?}");
    }
}

#[test]
fn a_killed_run_goes_on_from_its_last_checkpoint_again_and_again() {
    let (_reference, expected) = uninterrupted(&gd());
    let workshop = Workshop::with("long.toml", &gd());
    std::fs::create_dir_all(workshop.path("out/long")).unwrap();
    // as a kill in the middle of a write leaves it
    workshop.write("out/long/run-seed0.h5.checkpoint.part", "steepest st");
    for time in 0..3 {
        let arguments = ["run", "long.toml", "--resume", "--checkpoint-every", "0.05"];
        let mut running = Running::start(&workshop, &arguments);
        let modified = || std::fs::metadata(workshop.path(CHECKPOINT)).and_then(|m| m.modified()).ok();
        let before = modified();
        wait_for("a new checkpoint", || modified().filter(|at| Some(*at) != before));
        running.send("-KILL");
        let (code, _, said) = running.end();
        assert_eq!(code, None, "killed the {time}th time: {said}");
        assert_eq!(workshop.trajectory(FILE).attribute_integer("finished"), Some(0));
    }
    resume(&workshop);
    let found = workshop.trajectory(FILE);
    let steps = resumed(&found);
    assert!(steps.len() == 3 && steps.is_sorted() && steps[0] > 0, "{steps:?}");
    assert_same(&found, &expected);
}

#[test]
fn without_resume_a_run_begins_anew_and_says_so() {
    let workshop = Workshop::with("long.toml", &gd());
    interrupt(&workshop, &["--checkpoint-every", "0"], 256, "-TERM");
    assert!(workshop.path(CHECKPOINT).exists(), "a polite kill leaves a checkpoint, however seldom they are wanted");
    let mut running = Running::start(&workshop, &["run", "long.toml", "--checkpoint-every", "0"]);
    wait_for("the end of the checkpoint", || (!workshop.path(CHECKPOINT).exists()).then_some(()));
    running.send("-KILL");
    let (_, _, said) = running.end();
    assert!(said.contains("checkpoint") && said.contains("--resume would go on"), "{said}");
    let said = resume(&workshop);
    assert!(!said.contains("going on") && !said.contains("anew"), "no checkpoint, nothing to say: {said}");
    assert!(resumed(&workshop.trajectory(FILE)).is_empty());
}

#[test]
fn a_checkpoint_of_another_configuration_is_refused() {
    let workshop = Workshop::with("long.toml", &gd());
    interrupt(&workshop, &[], 256, "-INT");
    std::fs::remove_file(workshop.path(FILE)).unwrap();
    let before = workshop.read(CHECKPOINT);
    let refused = workshop.steepest(&["run", "long.toml", "--resume", "--set", "stop.steps=99999"]).code(1).stdout("");
    refused.stderr(contains(CHECKPOINT).and(contains("another configuration")).and(contains("--out")));
    assert!(workshop.read(CHECKPOINT) == before && !workshop.path(FILE).exists(), "nothing was touched");
    workshop.steepest(&["run", "long.toml", "--resume", "--force"]).code(2);
}

#[test]
fn what_is_cut_short_is_told_and_the_run_begins_anew() {
    let (_reference, expected) = uninterrupted(&gd());
    for harmed in [CHECKPOINT, FILE] {
        let workshop = Workshop::with("long.toml", &gd());
        interrupt(&workshop, &[], 256, "-INT");
        let bytes = workshop.read(harmed);
        workshop.write(harmed, &bytes[..bytes.len() / 2]);
        let said = resume(&workshop);
        let told = format!("run \"run\", seed 0 begins anew: {harmed} is cut short or damaged");
        assert!(said.contains(&told), "{said}");
        let found = workshop.trajectory(FILE);
        assert!(resumed(&found).is_empty());
        assert_same(&found, &expected);
    }
}

#[test]
fn a_run_that_another_process_writes_is_left_alone() {
    let workshop = Workshop::with("long.toml", &gd().replace("100_000", "1_000_000_000"));
    let mut running = Running::start(&workshop, &["run", "long.toml"]);
    let file = workshop.path(FILE);
    wait_for("rows", || rows(&file).filter(|n| *n >= 64));
    for again in [&["run", "long.toml"][..], &["run", "long.toml", "--resume"]] {
        workshop.steepest(again).code(1).stderr(contains("run-seed0.h5 is being written by another process"));
    }
    running.send("-INT");
    let (code, _, said) = running.end();
    assert_eq!(code, Some(130), "{said}");
    let [n, left] = [rows(&file).unwrap(), usize::from(workshop.path("out/long/run-seed0.h5.lock").exists())];
    assert!(n >= 64 && left == 0, "{n} rows");
}

#[test]
fn a_figure_goes_on_in_the_middle_of_its_runs() {
    let figure = ["reproduce", "fig3"];
    let whole = Workshop::new();
    whole.steepest(&figure).success();
    let files = |workshop: &Workshop, ending: &str| {
        let entries = std::fs::read_dir(workshop.path("out/fig3-quick")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name.ends_with(ending)).collect();
        names.sort();
        names
    };
    let workshop = Workshop::new();
    let mut running = Running::start(&workshop, &figure);
    let file = workshop.path("out/fig3-quick/shampoo-seed0.h5");
    wait_for("rows", || rows(&file).filter(|n| *n >= 8));
    running.send("-INT");
    let (code, _, said) = running.end();
    assert_eq!(code, Some(130), "{said}");
    assert!(!files(&workshop, ".checkpoint").is_empty(), "{said}");

    let assert = workshop.steepest(&["reproduce", "fig3", "--resume"]).success();
    let said = stderr(assert.get_output());
    // that one, or on a fast machine one that follows it
    assert!(said.contains("going on with run \""), "{said}");
    assert_eq!(files(&workshop, ".checkpoint"), Vec::<String>::new());
    assert_eq!(files(&workshop, ".h5"), files(&whole, ".h5"));
    for name in files(&whole, ".h5") {
        let [found, expected] = [&workshop, &whole].map(|w| w.trajectory(&format!("out/fig3-quick/{name}")));
        assert_same(&found, &expected);
    }
    let drawn = |w: &Workshop| w.read("out/fig3-quick/fig3.svg");
    assert!(drawn(&workshop) == drawn(&whole), "the figure is the same, byte for byte");
}
