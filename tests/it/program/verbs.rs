use crate::workshop::{SMALL_FILES, Workshop, stdout};
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;
use steepest_data::trajectory::Trajectory;

/// What the program says on standard output.
fn said(workshop: &Workshop, arguments: &[&str]) -> String {
    stdout(workshop.steepest(arguments).success().stderr("").get_output())
}

#[test]
fn inspect_shows_what_is_in_a_file() {
    let workshop = Workshop::after_small();
    let text = said(&workshop, &["inspect", "out/small/sd-seed1.h5"]);
    let run = workshop.trajectory("out/small/sd-seed1.h5");
    for (name, _) in run.attributes() {
        assert!(text.lines().any(|line| line.starts_with(name)), "no attribute {name}");
    }
    for metric in run.metrics() {
        let line = text.lines().find(|line| line.starts_with(&metric.name)).unwrap_or_default();
        assert!(line.ends_with(&metric.doc), "{} and its meaning: {line}", metric.name);
    }
    for event in run.events() {
        assert!(text.contains(&event.text), "no event {event:?}");
    }
    assert!(text.contains("31 rows, steps 0 to 30"), "{text}");
    assert!(text.contains("linear_algebra") && text.contains("sha256"), "{text}");
    assert!(run.config_resolved().lines().all(|line| text.contains(line)), "the whole configuration");
}

#[test]
fn inspect_speaks_json_to_scripts() {
    let workshop = Workshop::after_small();
    let text = said(&workshop, &["inspect", "--json", "out/small/gd-seed0.h5"]);
    let json: Value = serde_json::from_str(&text).expect("JSON");
    let run = workshop.trajectory("out/small/gd-seed0.h5");
    let steps: Vec<u64> = json["steps"].as_array().unwrap().iter().filter_map(Value::as_u64).collect();
    assert_eq!(steps, run.steps());
    for metric in run.metrics() {
        let series = json["series"][&metric.name].as_array().unwrap();
        assert_eq!(series.len(), run.n_rows(), "{}", metric.name);
    }
    let every_digit = |value: &f64| text.contains(&format!("{value:?}"));
    assert!(run.series("ln_loss").unwrap().iter().all(every_digit), "{text}");
    assert_eq!(json["series"]["ln_flow_time"][0], "-inf");
    assert_eq!(json["attributes"]["norm"], "l2");
    assert_eq!(json["attributes"]["separation_step"], run.attribute_integer("separation_step").unwrap());
    assert_eq!(json["events"].as_array().unwrap().len(), run.events().len());
    assert_eq!(json["config_resolved"], run.config_resolved());
}

#[test]
fn inspect_of_two_files_shows_what_differs() {
    let workshop = Workshop::after_small();
    let changes = ["--set", "stop.steps=20", "--set", "model.hidden=[4]", "--out", "other"];
    workshop.steepest(&[&["run", "small.toml"][..], &changes].concat()).success();
    let text = said(&workshop, &["inspect", "out/small/gd-seed0.h5", "other/small/gd-seed0.h5"]);
    let lines: Vec<&str> = text.lines().collect();
    for line in ["  - stop.steps = 30", "  + stop.steps = 20", "  - model.hidden = [8]", "  + model.hidden = [4]"] {
        assert!(lines.contains(&line), "no `{line}` in {text}");
    }
    let changed = lines.iter().filter(|line| line.starts_with("  - ") || line.starts_with("  + ")).count();
    assert_eq!(changed, 4, "and nothing that is alike: {text}");
    assert!(lines.iter().any(|line| line.starts_with("ln_loss") && line.ends_with("differs")), "{text}");

    let same = said(&workshop, &["inspect", "out/small/gd-seed0.h5", "out/small/gd-seed0.h5"]);
    assert!(same.contains("the same") && !same.contains("differs"), "{same}");
}

#[test]
fn a_finished_run_is_followed_to_its_end_at_once() {
    let workshop = Workshop::after_small();
    let assert = workshop.steepest(&["inspect", "--follow", "out/small/cd-seed0.h5"]).success();
    let rows = stdout(assert.get_output());
    assert_eq!(rows.lines().count(), 31);
    assert!(rows.lines().all(|line| line.contains("ln_loss") && line.contains("train_accuracy")), "{rows}");
    assert.stderr("all steps done\n");
}

#[test]
fn lists_hold_the_catalogues() {
    let workshop = Workshop::new();
    let lists = [
        ("norms", steepest_norms::catalogue().iter().map(|n| n.name.to_owned()).collect::<Vec<_>>()),
        ("models", steepest_models::catalogue().iter().map(|m| m.name.to_owned()).collect()),
        ("optimizers", steepest_optim::catalogue().iter().map(|o| o.name.to_owned()).collect()),
        ("data", steepest_data::spec::catalogue().iter().map(|d| d.name.to_owned()).collect()),
        ("figures", steepest_cli::reproduce::FIGURES.iter().map(|f| f.name.to_owned()).collect()),
    ];
    let all = said(&workshop, &["list"]);
    for (list, names) in lists {
        let text = said(&workshop, &["list", list]);
        let listed: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().next()).collect();
        assert_eq!(listed, names, "list {list}");
        assert!(text.lines().all(|line| line.split_whitespace().count() > 2), "each with a few words: {text}");
        // all lists at once are the same lines, each list under its name
        let lines: Vec<&str> = all.lines().skip_while(|line| *line != list).skip(1).collect();
        let under: Vec<&str> =
            lines.into_iter().take_while(|line| line.starts_with(' ')).map(str::trim_start).collect();
        assert_eq!(under, text.lines().collect::<Vec<_>>(), "list: {list}");
    }
}

#[test]
fn every_entry_is_explained() {
    let workshop = Workshop::new();
    let all = said(&workshop, &["list"]);
    let entries = all.lines().filter(|line| line.starts_with(' '));
    let names: Vec<&str> = entries.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.len() > 30, "{all}");
    for name in names {
        let text = said(&workshop, &["list", name]);
        assert!(text.starts_with(name), "list {name}: {text}");
    }
    let linf = said(&workshop, &["list", "linf"]);
    for fact in ["max_k |x_k|", "dual: l1", "sign descent (SD)", "paper's margin"] {
        assert!(linf.contains(fact), "no `{fact}` in {linf}");
    }
}

#[test]
fn the_list_of_metrics_is_what_a_file_holds() {
    let workshop = Workshop::after_small();
    let text = said(&workshop, &["list", "metrics"]);
    let listed: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let run = workshop.trajectory("out/small/gd-seed0.h5");
    let held: Vec<&str> = run.metrics().iter().map(|m| m.name.as_str()).collect();
    assert!(held.iter().all(|name| listed.contains(name)), "{listed:?} and {held:?}");
}

#[test]
fn plots_have_the_series_that_were_asked_for() {
    let workshop = Workshop::after_small();
    let files: Vec<String> = SMALL_FILES.iter().map(|file| format!("out/small/{file}")).collect();
    let mut arguments = vec!["plot", "--x", "ln-loss", "--y", "margin_l2,ln_dual_norm", "--png"];
    arguments.extend(["--title", "Two of them", "-o", "two.svg"]);
    arguments.extend(files.iter().map(String::as_str));
    assert_eq!(said(&workshop, &arguments), "two.svg\ntwo.csv\ntwo.png\n");
    let figure = String::from_utf8(workshop.read("two.svg")).unwrap();
    for text in ["Two of them", "margin_l2", "ln_dual_norm", "-ln L"] {
        assert!(figure.contains(text), "no `{text}` in the figure");
    }
    let csv = String::from_utf8(workshop.read("two.csv")).unwrap();
    let x_is_late = csv.lines().skip(1).all(|line| line.split(',').nth(2).is_some_and(|x| !x.starts_with('-')));
    assert!(csv.lines().count() > 10 && x_is_late, "-ln L from the first L < 1 on: {csv}");
}

#[test]
fn plots_are_functions_of_the_files() {
    let workshop = Workshop::after_small();
    let figure = workshop.read("out/small/margins.svg");
    let files: Vec<String> = SMALL_FILES.iter().map(|file| format!("out/small/{file}")).collect();
    let arguments: Vec<&str> = ["plot"].into_iter().chain(files.iter().map(String::as_str)).collect();
    assert_eq!(said(&workshop, &arguments), "margins.svg\nmargins.csv\n");
    assert!(workshop.read("margins.svg") == figure, "the figure of `run`, drawn again from its files");
    assert!(workshop.read("margins.csv") == workshop.read("out/small/margins.csv"));
}

#[test]
fn completions_are_scripts() {
    let workshop = Workshop::new();
    for (shell, word) in [("bash", "_steepest()"), ("zsh", "#compdef steepest"), ("fish", "complete -c steepest")] {
        let script = said(&workshop, &["completions", shell]);
        assert!(script.contains(word) && script.contains("reproduce"), "{shell}: {script}");
    }
    workshop.steepest(&["completions", "cmd"]).code(2).stderr(contains("bash").and(contains("zsh")));
}

/// The verbs below a verb, each with its line of description, from its help.
fn verbs(help: &str) -> Vec<(String, String)> {
    let block = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let pairs = block.filter_map(|line| line.trim().split_once(' '));
    pairs.map(|(verb, line)| (verb.to_owned(), line.trim().to_owned())).filter(|(verb, _)| verb != "help").collect()
}

/// `--help` of a verb and of all verbs below it; returns how many there are.
fn check_help(workshop: &Workshop, path: &[&str]) -> usize {
    let help = said(workshop, &[path, &["--help"]].concat());
    let first = help.lines().next().unwrap_or_default();
    assert!(first.len() > 10 && !first.starts_with("Usage"), "steepest {path:?} has no description: {help}");
    assert!(help.contains("Usage: steepest"), "{help}");
    assert!(help.lines().all(|line| line.chars().count() <= 100), "lines too long for a terminal: {help}");
    let below = verbs(&help);
    for (verb, line) in &below {
        assert!(line.len() > 10, "steepest {path:?} {verb} has no line of its own");
    }
    1 + below.iter().map(|(verb, _)| check_help(workshop, &[path, &[verb.as_str()]].concat())).sum::<usize>()
}

#[test]
fn every_verb_has_help() {
    let workshop = Workshop::new();
    assert!(check_help(&workshop, &[]) > 8, "steepest, its verbs, and those of `data`");
    let version = said(&workshop, &["--version"]);
    assert_eq!(version, format!("steepest {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn an_older_program_refuses_a_newer_file() {
    let workshop = Workshop::after_small();
    let name = "out/small/gd-seed0.h5";
    let file = hdf5::File::open_rw(workshop.path(name)).unwrap();
    file.attr("format_version").unwrap().write_scalar(&99_i64).unwrap();
    file.close().unwrap();
    assert!(Trajectory::open(workshop.path(name)).is_err());
    workshop.steepest(&["inspect", name]).code(1).stderr(contains(name).and(contains("99")));
}
