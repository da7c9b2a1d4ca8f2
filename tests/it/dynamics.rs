use crate::workshop::Workshop;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

/// Gradient and sign descent on 20 of the small digits, some of whose pixels are dark in all of them.
const EXPERIMENT: &str = r#"
title = "Two ways"

[data]
kind = "uci_digits"
n_train = 20

[model]
kind = "mlp"
hidden = [7]

[loss]
kind = "logistic"

[stop]
steps = 400

[[run]]
name = "GD"
optimizer = { kind = "steepest", norm = "l2" }
step = { size = 0.02 }

[[run]]
name = "Heavy"
optimizer = { kind = "steepest", norm = "l2", momentum = { beta = 0.9 } }
step = { size = 0.02 }

[[run]]
name = "CD"
optimizer = { kind = "steepest", norm = "l1" }
step = { size = 0.02 }

[[run]]
name = "Two-sided"
optimizer = { kind = "two_sided_cd" }
step = { size = 0.02 }

[[run]]
name = "SD"
optimizer = { kind = "steepest", norm = "linf" }
step = { size = 1e-4 }

[[run]]
name = "Shampoo"
optimizer = { kind = "shampoo", form = "equation76" }
step = { size = 1e-3, scale = "normalized" }

[[run]]
name = "Muon"
optimizer = { kind = "steepest", norm = "spectral", momentum = { beta = 0.9 } }
step = { size = 1e-3 }
"#;

#[test]
fn the_fast_way_is_the_dense_way_and_the_file_says_which_was_taken() {
    let workshop = Workshop::with("ways.toml", EXPERIMENT);
    workshop.steepest(&["run", "ways.toml", "--out", "auto"]).success();
    workshop.steepest(&["run", "ways.toml", "--out", "dense", "--set", "dynamics=dense"]).success();
    let expected = [
        ("gd", "gram"),
        ("cd", "greedy"),
        ("two-sided", "greedy"),
        ("heavy", "gram"),
        ("sd", "dense"),
        ("shampoo", "small_side"),
        ("muon", "small_side"),
    ];
    for (run, way) in expected {
        let [auto, dense] = ["auto", "dense"].map(|out| workshop.trajectory(&format!("{out}/ways/{run}-seed0.h5")));
        assert_eq!((auto.attribute_text("dynamics"), dense.attribute_text("dynamics")), (Some(way), Some("dense")));
        assert!(auto.attribute_text("dynamics_reason").is_some_and(|why| why.len() > 10));
        assert!(dense.attribute_integer("inputs_left_out").is_some_and(|n| n > 0), "dark pixels leave the dense step");
        for name in ["ln_loss", "margin_l2", "margin_linf", "norm_l1", "alignment", "ln_dual_norm"] {
            let (a, b) = (auto.series(name).unwrap(), dense.series(name).unwrap());
            for (row, (a, b)) in a.iter().zip(b).enumerate() {
                assert!((a - b).abs() <= 1e-8 * a.abs().max(1e-3), "{run}: {name} of row {row}: {a} and {b}");
            }
        }
    }
}

#[test]
fn a_way_that_does_not_serve_is_refused_with_what_would() {
    let workshop = Workshop::with("ways.toml", EXPERIMENT);
    let refused = workshop.steepest(&["run", "ways.toml", "--set", "dynamics=gram"]).failure();
    refused.stderr(contains("run \"").and(contains("dynamics = \"auto\"")));
    let refused = workshop.steepest(&["run", "ways.toml", "--out", "small", "--set", "dynamics=small_side"]).failure();
    refused.stderr(contains("run \"").and(contains("dynamics = \"auto\"")));
    workshop.steepest(&["run", "ways.toml", "--set", "dynamics=grma"]).failure().stderr(contains("gram"));
}

#[test]
fn a_check_compares_with_the_dense_step_and_counts() {
    let workshop = Workshop::with("ways.toml", EXPERIMENT);
    workshop.steepest(&["run", "ways.toml", "--set", "dynamics=check"]).success().stderr(contains("differ from").not());
    // with a memory, the first twenty steps as well
    for (run, way, n_checks) in [
        ("gd", "gram", 100),
        ("two-sided", "greedy", 115),
        ("heavy", "gram", 115),
        ("shampoo", "small_side", 115),
        ("muon", "small_side", 115),
    ] {
        let run = workshop.trajectory(&format!("out/ways/{run}-seed0.h5"));
        assert_eq!(run.attribute_text("dynamics"), Some(way));
        assert!(run.attribute_text("dynamics_reason").is_some_and(|why| why.ends_with("the dense step every 4 steps")));
        let counts = ["checks", "disagreements"].map(|name| run.attribute_integer(&format!("count_{name}")));
        assert_eq!(counts, [Some(n_checks), Some(0)], "{way}");
    }
}

/// The three algorithms of the paper, and switches between them, on as many inputs as sign descent wants.
const WIDE: &str = r#"
title = "Many inputs"

[data]
kind = "teacher_student"
n_train = 20
n_test = 50
n_inputs = 2048

[model]
kind = "mlp"
hidden = [6]
init = { kind = "fan_in", alpha = 0.3 }

[loss]
kind = "exponential"

[stop]
steps = 400

[record]
every_until = 20
per_decade = 10

[[run]]
name = "SD"
optimizer = { kind = "steepest", norm = "linf" }
step = { size = 1e-3, scale = "normalized" }

[[run]]
name = "CD then SD"
optimizer = { kind = "steepest", norm = "l1" }
step = { size = 0.02 }
switch = { at = { step = 150 }, optimizer = { kind = "steepest", norm = "linf" }, step = { size = 1e-3, scale = "normalized" } }

[[run]]
name = "GD then CD"
optimizer = { kind = "steepest", norm = "l2" }
step = { size = 0.02 }
switch = { at = { step = 150 }, optimizer = { kind = "steepest", norm = "l1" } }

[[run]]
name = "GD then SD"
optimizer = { kind = "steepest", norm = "l2" }
step = { size = 0.02 }
switch = { at = { step = 150 }, optimizer = { kind = "steepest", norm = "linf" }, step = { size = 1e-3, scale = "normalized" } }

[[run]]
name = "SD then GD"
optimizer = { kind = "steepest", norm = "linf" }
step = { size = 1e-3, scale = "normalized" }
switch = { at = { step = 150 }, optimizer = { kind = "steepest", norm = "l2" }, step = { size = 0.02 } }
"#;

#[test]
fn each_phase_starts_where_the_last_one_ended_whatever_the_dynamics() {
    let workshop = Workshop::with("wide.toml", WIDE);
    workshop.steepest(&["run", "wide.toml", "--out", "check", "--set", "dynamics=check"]).success();
    workshop.steepest(&["run", "wide.toml", "--out", "dense", "--set", "dynamics=dense"]).success();
    for (run, way) in [
        ("sd", "sign"),
        ("cd-then-sd", "greedy, then sign"),
        ("gd-then-cd", "gram, then greedy"),
        ("gd-then-sd", "gram, then sign"),
        ("sd-then-gd", "sign, then gram"),
    ] {
        let [fast, dense] = ["check", "dense"].map(|out| workshop.trajectory(&format!("{out}/wide/{run}-seed0.h5")));
        assert_eq!(fast.attribute_text("dynamics"), Some(way));
        assert_eq!(fast.attribute_integer("count_disagreements"), Some(0), "{run}");
        for name in ["ln_loss", "norm_l1", "norm_l2", "norm_linf", "ln_dual_norm", "test_accuracy"] {
            let (a, b) = (fast.series(name).unwrap(), dense.series(name).unwrap());
            assert_eq!(a.len(), b.len());
            for (row, (a, b)) in a.iter().zip(b).enumerate() {
                assert!((a - b).abs() <= 1e-8 * a.abs().max(1e-3), "{run}: {name} of row {row}: {a} and {b}");
            }
        }
    }
}

/// Test points that are never stored, what is dear in few rows only, a late switch, and weights that underflow.
const SPARSE: &str = r#"
title = "Few dear rows"

[data]
kind = "teacher_student"
n_train = 20
n_test = 300
n_inputs = 60
zero_outputs = "keep"
stream_test = true

[model]
kind = "mlp"
hidden = [15]
init = { kind = "fan_in", alpha = 0.3 }

[loss]
kind = "exponential"

[stop]
steps = 400

[record]
every_until = 10
per_decade = 20
test_per_decade = 1
norms_per_decade = 2

[[run]]
name = "GD"
optimizer = { kind = "steepest", norm = "l2" }
step = { size = 0.01 }
switch = { at = { min_margin = 1.0 }, optimizer = { kind = "steepest", norm = "spectral" }, step = { size = 1e-3 } }

[[run]]
name = "SD"
optimizer = { kind = "steepest", norm = "linf" }
step = { size = 0.03, scale = "normalized" }
loss = { weights = "single_precision" }
"#;

#[test]
fn dear_series_are_measured_in_the_rows_that_were_asked_for_and_in_the_last() {
    let workshop = Workshop::with("sparse.toml", SPARSE);
    workshop.steepest(&["run", "sparse.toml", "--out", "out"]).success();
    let gd = workshop.trajectory("out/sparse/gd-seed0.h5");
    let (steps, accuracy) = (gd.steps().to_vec(), gd.series("test_accuracy").unwrap());
    let switch = gd.attribute_integer("switch_step").unwrap();
    assert_eq!(gd.attribute_integer("unit_margin_step"), Some(switch), "the switch is where every margin exceeds one");
    let measured: Vec<i64> =
        steps.iter().zip(accuracy).filter(|(_, a)| !a.is_nan()).map(|(step, _)| *step as i64).collect();
    for step in [0, 1, 10, 100, 400, switch] {
        assert!(measured.contains(&step), "{step} is not in {measured:?}");
    }
    assert!(measured.len() <= 6, "{measured:?}");
    assert!(gd.attribute_number("test_majority_rate").is_some_and(|rate| (0.5..1.0).contains(&rate)));
    // the l2 norm is known without theta, the l1 norm is not
    let missing = |name: &str| gd.series(name).unwrap().iter().filter(|v| v.is_nan()).count();
    assert!(missing("norm_l2") == 0 && missing("norm_l1") > 10, "{} {}", missing("norm_l2"), missing("norm_l1"));

    let sd = workshop.trajectory("out/sparse/sd-seed0.h5");
    assert_eq!(sd.attribute_text("status"), Some("gradient_vanished"), "every weight underflows in single precision");
    assert!(sd.attribute_text("loss").is_some_and(|loss| loss.contains("single precision")));
    assert!(!sd.series("test_accuracy").unwrap().last().unwrap().is_nan(), "the last row is whole");
    assert!(*sd.series("ln_loss").unwrap().last().unwrap() < -100.9, "each of 20 losses is below e^-103.97");
}
