//! `steepest inspect`: what is in a file.

use crate::args::InspectArgs;
use crate::output::{Failure, note, result};
use crate::summary::short;
use serde_json::{Map, Value, json};
use std::path::Path;
use std::time::Duration;
use steepest_data::trajectory::{Attribute, Trajectory};

/// `steepest inspect FILE [OTHER]`.
pub(crate) fn inspect(args: &InspectArgs) -> Result<(), Failure> {
    if args.follow {
        return follow(&args.file);
    }
    let run = Trajectory::open(&args.file)?;
    match &args.other {
        Some(other) => compare(&run, &Trajectory::open(other)?),
        None if args.json => result(&serde_json::to_string_pretty(&as_json(&run))?),
        None => show(&run),
    }
    Ok(())
}

fn text(value: &Attribute) -> String {
    match value {
        Attribute::Text(text) => text.clone(),
        Attribute::Number(number) => number.to_string(),
        Attribute::Integer(integer) => integer.to_string(),
    }
}

fn show(run: &Trajectory) {
    for (name, value) in run.attributes() {
        result(&format!("{name:<18} {}", text(value)));
    }
    let steps = run.steps();
    let span = match (steps.first(), steps.last()) {
        (Some(first), Some(last)) => format!("steps {first} to {last}"),
        _ => "no row yet".to_owned(),
    };
    result(&format!("\n{} rows, {span}", run.n_rows()));
    result(&format!("{:<28} {:>12} {:>12} {:>12}", "series", "first", "last", "largest"));
    for metric in run.metrics() {
        let Some(series) = run.series(&metric.name) else { continue };
        let largest = series.iter().copied().fold(f64::NAN, f64::max);
        let [first, last] = [series.first(), series.last()].map(|v| v.map_or_else(String::new, |v| short(*v)));
        result(&format!("{:<28} {first:>12} {last:>12} {:>12}   {}", metric.name, short(largest), metric.doc));
    }
    result("\nevents");
    for event in run.events() {
        result(&format!("  step {:>8}  {:<18} {}", event.step, event.kind, event.text));
    }
    result(&format!("\nsnapshots of the parameters at steps {:?}", run.snapshot_steps()));
    for (title, pairs) in [("data", run.data_attributes()), ("provenance", run.provenance())] {
        result(&format!("\n{title}"));
        pairs.iter().for_each(|(name, value)| result(&format!("  {name:<22} {value}")));
    }
    result(&format!("\nresolved configuration\n{}", indent(run.config_resolved())));
}

fn indent(text: &str) -> String {
    text.lines()
        .map(|line| if line.is_empty() { String::new() } else { format!("  {line}") })
        .collect::<Vec<_>>()
        .join("\n")
}

/// A number as JSON; what JSON has no number for, as a text.
fn number(value: f64) -> Value {
    serde_json::Number::from_f64(value).map_or_else(|| Value::String(value.to_string()), Value::Number)
}

fn as_json(run: &Trajectory) -> Value {
    let attribute = |value: &Attribute| match value {
        Attribute::Text(text) => json!(text),
        Attribute::Number(value) => number(*value),
        Attribute::Integer(value) => json!(value),
    };
    let attributes: Map<String, Value> = run.attributes().iter().map(|(k, v)| (k.clone(), attribute(v))).collect();
    let series: Map<String, Value> = run
        .metrics()
        .iter()
        .filter_map(|m| Some((m.name.clone(), run.series(&m.name)?.iter().map(|v| number(*v)).collect())))
        .collect();
    let events: Vec<Value> =
        run.events().iter().map(|e| json!({ "step": e.step, "kind": e.kind, "text": e.text })).collect();
    let pairs = |pairs: &[(String, String)]| -> Map<String, Value> {
        pairs.iter().map(|(k, v)| (k.clone(), json!(v))).collect()
    };
    json!({
        "attributes": attributes,
        "steps": run.steps(),
        "series": series,
        "events": events,
        "snapshot_steps": run.snapshot_steps(),
        "data": pairs(run.data_attributes()),
        "provenance": pairs(run.provenance()),
        "config_resolved": run.config_resolved(),
    })
}

/// What two runs differ in: configuration line by line, and the last row.
fn compare(a: &Trajectory, b: &Trajectory) {
    let lines = |run: &Trajectory| -> Vec<String> { qualified(run.config_resolved()) };
    let (left, right) = (lines(a), lines(b));
    result("configuration");
    let (mut only_left, mut only_right) = (difference(&left, &right), difference(&right, &left));
    if only_left.is_empty() && only_right.is_empty() {
        result("  the same");
    }
    only_left.drain(..).for_each(|line| result(&format!("  - {line}")));
    only_right.drain(..).for_each(|line| result(&format!("  + {line}")));
    result(&format!("\n{:<28} {:>14} {:>14}", "last row", "first file", "second file"));
    let last = |run: &Trajectory, name: &str| run.series(name).and_then(|s| s.last().copied()).unwrap_or(f64::NAN);
    let step = |run: &Trajectory| run.steps().last().copied().unwrap_or(0);
    result(&format!("{:<28} {:>14} {:>14}", "step", step(a), step(b)));
    for metric in a.metrics() {
        let (x, y) = (last(a, &metric.name), last(b, &metric.name));
        let mark = if x.to_bits() == y.to_bits() { "" } else { "  differs" };
        result(&format!("{:<28} {:>14} {:>14}{mark}", metric.name, short(x), short(y)));
    }
}

/// Lines of a TOML text, each with the table it stands in.
fn qualified(text: &str) -> Vec<String> {
    let mut table = String::new();
    let mut lines = Vec::new();
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty()) {
        if line.starts_with('[') {
            table = line.trim_matches(['[', ']']).to_owned() + ".";
        } else {
            lines.push(format!("{table}{line}"));
        }
    }
    lines
}

fn difference(of: &[String], from: &[String]) -> Vec<String> {
    of.iter().filter(|line| !from.contains(line)).cloned().collect()
}

/// Prints new rows about once a second until the run ends.
fn follow(path: &Path) -> Result<(), Failure> {
    let mut shown = 0;
    let mut failures = 0;
    loop {
        // a file may be caught in the middle of a flush: the next look finds it whole
        let run = match Trajectory::open(path) {
            Ok(run) => run,
            Err(_) if failures < 3 => {
                failures += 1;
                pause();
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        failures = 0;
        let columns = ["ln_loss", "train_accuracy", "test_accuracy"];
        for row in shown..run.n_rows() {
            let values =
                columns.map(|name| run.series(name).map_or_else(String::new, |s| format!("{name} {}", short(s[row]))));
            result(&format!("step {:>9}  {}", run.steps()[row], values.join("  ")));
        }
        shown = run.n_rows();
        if run.attribute("status").is_some() {
            note(run.attribute_text("status_text").unwrap_or("ended"));
            return Ok(());
        }
        pause();
    }
}

fn pause() {
    std::thread::park_timeout(Duration::from_millis(700));
}
