use crate::determinism::{TIMING, datasets};
use crate::workshop::{Workshop, stderr};

/// Two seeds of runs that start at multiples of one draw.
const HEAD: &str = r#"
title = "Shared points"
seeds = [3, 1]

[data]
kind = "teacher_student"
n_train = 20
n_test = 300
n_inputs = 280
zero_outputs = "keep"
stream_test = true

[model]
kind = "mlp"
hidden = [15]
init = { kind = "fan_in", alpha = 0.3 }

[loss]
kind = "exponential"

[stop]
steps = 120

[record]
norms = ["l1", "l2"]
per_decade = 20
test_per_decade = 2
norms_per_decade = 2

[step]
size = 0.01

[optimizer]
kind = "steepest"
norm = "l2"
"#;

const RUNS: [(&str, &str); 5] = [
    ("sd", "optimizer.norm = \"linf\"\nstep.scale = \"normalized\""),
    ("cd", "optimizer.norm = \"l1\"\nmodel.init.coordinate = true"),
    ("gd", "model.init.alpha = 0.03"),
    (
        "gd-then-cd",
        "switch = { at = { step = 60 }, optimizer = { kind = \"steepest\", norm = \"l1\" } }\nrecord.test_per_decade = 0",
    ),
    (
        "cd-then-gd",
        "optimizer.norm = \"l1\"\nswitch = { at = { step = 60 }, optimizer = { kind = \"steepest\", norm = \"l2\" } }",
    ),
];

fn experiment(runs: &[(&str, &str)]) -> String {
    let runs = runs.iter().map(|(name, fields)| format!("\n[[run]]\nname = \"{name}\"\n{fields}\n"));
    format!("{HEAD}{}", runs.collect::<String>())
}

#[test]
fn a_run_has_the_same_bits_whoever_made_what_it_shares() {
    let workshop = Workshop::with("points.toml", &experiment(&RUNS));
    workshop.steepest(&["run", "points.toml", "--out", "one", "--jobs", "1"]).success();
    workshop.steepest(&["run", "points.toml", "--out", "two", "--jobs", "2"]).success();
    for run in RUNS {
        workshop.write("points.toml", experiment(&[run]));
        workshop.steepest(&["run", "points.toml", "--out", "alone", "--jobs", "1"]).success();
        for seed in [3, 1] {
            let in_folder = |out: &str| datasets(&workshop, &format!("{out}/points/{}-seed{seed}.h5", run.0));
            let [alone, one, two] = ["alone", "one", "two"].map(in_folder);
            for (name, values) in alone.iter().filter(|(name, _)| *name != TIMING) {
                assert!(*values == one[name] && *values == two[name], "{name} of {} depends on other runs", run.0);
            }
            assert!(alone["/test_accuracy"].iter().any(|bits| !f64::from_bits(*bits).is_nan()));
        }
    }
}

#[test]
fn seeds_come_one_after_the_other_and_are_told_in_the_order_of_the_file() {
    let workshop = Workshop::with("points.toml", &experiment(&RUNS));
    let told = workshop.steepest(&["run", "points.toml", "--jobs", "1"]).success();
    let told = stderr(told.get_output());
    let lines = told.lines().map(|line| line.split_whitespace().take(2).map(str::to_owned).collect::<Vec<_>>());
    let rows: Vec<Vec<String>> =
        lines.filter(|words| words.len() == 2 && RUNS.iter().any(|(run, _)| *run == words[0])).collect();
    let expected = RUNS.iter().flat_map(|(run, _)| [3, 1].map(|seed| vec![(*run).to_owned(), seed.to_string()]));
    assert_eq!(rows, expected.collect::<Vec<_>>(), "{told}");
    let made = |run: &str, seed: u64| {
        let file = workshop.path(&format!("out/points/{run}-seed{seed}.h5"));
        std::fs::metadata(file).unwrap().modified().unwrap()
    };
    let of_seed = |seed| RUNS.map(|(run, _)| made(run, seed));
    let (first, second) = (of_seed(3), of_seed(1));
    assert!(first.iter().max() <= second.iter().min(), "{first:?} {second:?}");
}

#[test]
fn the_longest_run_of_a_seed_starts_first() {
    let runs = [("short", "stop.steps = 20"), ("long", "stop.steps = 400"), ("middle", "stop.steps = 100")];
    let workshop = Workshop::with("points.toml", &experiment(&runs));
    workshop.steepest(&["run", "points.toml", "--jobs", "1"]).success();
    for seed in [3, 1] {
        let made = ["long", "middle", "short"].map(|run| {
            let file = workshop.path(&format!("out/points/{run}-seed{seed}.h5"));
            std::fs::metadata(file).unwrap().modified().unwrap()
        });
        assert!(made.is_sorted(), "seed {seed}: {made:?}");
    }
}
