use crate::workshop::{Workshop, stderr, stdout};
use predicates::str::contains;
use steepest_cli::reproduce::{FIGURES, Scale};

/// Of a request that was understood and failed.
const FAILED: i32 = 1;

#[test]
fn reproduce_falls_back_to_the_embedded_digits_and_draws_again_from_files_alone() {
    let workshop = Workshop::new();
    let assert = workshop.steepest(&["reproduce", "fig2"]).success().stdout("out/fig2-quick\nout/report.html\n");
    let said = stderr(assert.get_output());
    assert!(said.contains("datasets/mnist") && said.contains("`steepest data fetch mnist`"), "{said}");
    assert!(said.contains("claims of fig2 at quick scale") && said.contains("undecided"), "{said}");
    let run = workshop.trajectory("out/fig2-quick/sd-seed0.h5");
    assert_eq!(run.attribute_text("stands_in_for"), Some("MNIST"));
    assert!(run.attribute_integer("separation_step").is_some(), "an experiment of the paper separates");
    let figure = String::from_utf8(workshop.read("out/fig2-quick/fig2.svg")).unwrap();
    assert!(figure.contains("MNIST was not there"), "the caption says so too");
    let claims: serde_json::Value = serde_json::from_slice(&workshop.read("out/fig2-quick/claims.json")).unwrap();
    assert_eq!((&claims["figure"], &claims["scale"]), (&"fig2".into(), &"quick".into()));
    let claims = claims["claims"].as_array().unwrap();
    assert!(claims.len() > 8 && claims.iter().all(|c| c["verdict"] == "undecided"), "one seed decides nothing");

    let page = String::from_utf8(workshop.read("out/report.html")).unwrap();
    assert!(
        page.contains("MNIST was not there") && page.contains("run-fig2-quick-sd-seed0"),
        "the page is of its runs"
    );

    // again: the same bytes, and nothing is trained
    let written = |name: &str| std::fs::metadata(workshop.path(name)).unwrap().modified().unwrap();
    let before = written("out/fig2-quick/gd-seed0.h5");
    workshop.steepest(&["reproduce", "fig2", "--from-files"]).success();
    assert_eq!(String::from_utf8(workshop.read("out/fig2-quick/fig2.svg")).unwrap(), figure);
    assert_eq!(written("out/fig2-quick/gd-seed0.h5"), before);
    workshop.steepest(&["reproduce", "fig2", "--from-files", "--overlay", "paper"]).success();
    assert!(String::from_utf8(workshop.read("out/fig2-quick/fig2.svg")).unwrap().contains("published"));

    // a foreign file, then a missing one
    std::fs::copy(workshop.path("out/fig2-quick/sd-seed0.h5"), workshop.path("out/fig2-quick/gd-seed0.h5")).unwrap();
    let refused = |text: &'static str| {
        workshop.steepest(&["reproduce", "fig2", "--from-files"]).code(FAILED).stdout("").stderr(contains(text));
    };
    refused("gd-seed0.h5 holds another run");
    std::fs::remove_file(workshop.path("out/fig2-quick/gd-seed0.h5")).unwrap();
    refused("gd-seed0.h5 is missing");
}

#[test]
fn a_figure_that_trains_nothing_names_the_one_that_does() {
    let workshop = Workshop::new();
    let assert = workshop.steepest(&["reproduce", "fig5"]).code(FAILED).stdout("");
    assert.stderr(contains("`steepest reproduce fig1 --scale quick`")).stderr(contains("is missing"));
    assert!(!workshop.path("out").exists(), "a refused request leaves nothing behind");
}

#[test]
fn a_dry_run_says_what_every_figure_costs_and_trains_nothing() {
    let workshop = Workshop::new();
    for scale in [Scale::Quick, Scale::Paper] {
        let assert = workshop.steepest(&["reproduce", "--dry-run", "--scale", scale.name()]).success();
        let said = stderr(assert.get_output());
        for figure in FIGURES.iter().filter(|figure| figure.trains()) {
            assert!(said.contains(&format!("{} at {} scale: ", figure.name, scale.name())), "{said}");
        }
        assert_eq!(stdout(assert.get_output()), "");
    }
    workshop.write("small.toml", crate::workshop::SMALL);
    workshop.steepest(&["run", "small.toml", "--dry-run"]).success().stderr(contains("small: 6 runs"));
    assert!(!workshop.path("out").exists());
}

#[test]
fn a_dry_run_knows_how_much_will_be_written() {
    let workshop = Workshop::with("small.toml", crate::workshop::SMALL);
    let assert = workshop.steepest(&["run", "small.toml", "--dry-run"]).success();
    let said = stderr(assert.get_output());
    let disk = said.lines().find_map(|line| line.trim().strip_prefix("disk")).expect("a line about the disk");
    let (number, unit) = disk.trim().trim_end_matches(" at most").split_once(' ').expect("a number and its unit");
    let estimate = number.parse::<f64>().unwrap() * if unit == "MB" { 1e6 } else { 1e3 };
    workshop.steepest(&["run", "small.toml"]).success();
    let files = std::fs::read_dir(workshop.path("out/small")).unwrap().map(|entry| entry.unwrap());
    let files = files.filter(|file| file.path().extension().is_some_and(|ending| ending == "h5"));
    let written: u64 = files.map(|file| file.metadata().unwrap().len()).sum();
    let ratio = estimate / written as f64;
    assert!((0.95..1.3).contains(&ratio), "{written} bytes where {said} was said");
}
