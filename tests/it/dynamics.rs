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
name = "SD"
optimizer = { kind = "steepest", norm = "linf" }
step = { size = 1e-4 }
"#;

#[test]
fn the_fast_way_is_the_dense_way_and_the_file_says_which_was_taken() {
    let workshop = Workshop::with("ways.toml", EXPERIMENT);
    workshop.steepest(&["run", "ways.toml", "--out", "auto"]).success();
    workshop.steepest(&["run", "ways.toml", "--out", "dense", "--set", "dynamics=dense"]).success();
    let expected = [("gd", "gram"), ("sd", "dense")];
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
    refused.stderr(contains("run \"SD\"").and(contains("dynamics = \"auto\"")));
    workshop.steepest(&["run", "ways.toml", "--set", "dynamics=grma"]).failure().stderr(contains("gram"));
}
