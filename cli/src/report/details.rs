//! The runs of a page as text: the table, and of each run its configuration and provenance.

use super::folder::run_name;
use super::html::{escape, joined, number};
use super::{Experiment, Report};
use crate::summary::percent;
use steepest_data::trajectory::Trajectory;

/// The tables of the runs, one an experiment.
pub(super) fn tables(report: &Report) -> String {
    let several = report.experiments.len() > 1;
    report.experiments.iter().map(|experiment| heading(experiment, several) + &table(experiment)).collect()
}

fn heading(experiment: &Experiment, several: bool) -> String {
    if several {
        format!("<h3>{} ({})</h3>\n", escape(experiment.title()), escape(&experiment.name))
    } else {
        String::new()
    }
}

fn table(experiment: &Experiment) -> String {
    let heads = ["run", "seed", "steps", "ended", "ln loss", "train", "test", "separated at", "own margin"];
    let heads = joined(heads.iter().map(|head| format!("<th scope=\"col\">{head}</th>")));
    let rows: String = experiment.runs.iter().map(|run| row(experiment, run)).collect();
    format!(
        "<div class=\"wide\"><table class=\"runs\">\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n"
    )
}

fn row(experiment: &Experiment, run: &Trajectory) -> String {
    let last = |series: &str| run.series(series).and_then(|values| values.last().copied()).unwrap_or(f64::NAN);
    let name = format!("<a href=\"#{}\">{}</a>", anchor(experiment, run), escape(run_name(run)));
    let own = own_norm(run);
    let cells = [
        seed(run).to_string(),
        run.steps().last().map_or_else(String::new, ToString::to_string),
        escape(ended(run)),
        number(last("ln_loss")),
        percent(last("train_accuracy")),
        percent(last("test_accuracy")),
        run.attribute_integer("separation_step").map_or_else(|| "never".to_owned(), |step| step.to_string()),
        format!("{} <small>{}</small>", number(last(&format!("margin_{own}"))), escape(own)),
    ];
    let cells = joined(cells.iter().map(|cell| format!("<td>{cell}</td>")));
    format!("<tr><th scope=\"row\">{name}</th>{cells}</tr>\n")
}

fn seed(run: &Trajectory) -> i64 {
    run.attribute_integer("seed").unwrap_or(0)
}

/// The norm of the optimiser that ran last.
fn own_norm(run: &Trajectory) -> &str {
    let switched = run.attribute_integer("switch_step").and(run.attribute_text("norm_after_switch"));
    switched.or_else(|| run.attribute_text("norm")).unwrap_or_default()
}

fn ended(run: &Trajectory) -> &str {
    if let Some(sentence) = run.attribute_text("status_text") { sentence } else { "not finished" }
}

/// The name of the place where a run is described.
fn anchor(experiment: &Experiment, run: &Trajectory) -> String {
    let file = run.path().file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let whole = format!("run-{}-{file}", experiment.name);
    whole.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect()
}

/// Of each run what may be opened: its events, its provenance, its configuration.
pub(super) fn details(report: &Report) -> String {
    let several = report.experiments.len() > 1;
    let one = |experiment: &Experiment| {
        let runs: String = experiment.runs.iter().map(|run| detail(experiment, run)).collect();
        heading(experiment, several) + &runs
    };
    report.experiments.iter().map(one).collect()
}

fn detail(experiment: &Experiment, run: &Trajectory) -> String {
    let file = run.path().file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let facts = ["optimizer", "norm", "descent", "norm_after_switch", "descent_after_switch", "loss", "model", "data"];
    let facts = facts.iter().filter_map(|key| Some((*key, run.attribute_text(key)?)));
    let data = run.data_attributes().iter().filter(|(key, _)| key == "sha256");
    let data = data.map(|(_, value)| ("sha256 of the training set", value.as_str()));
    let provenance = run.provenance().iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let events = joined(
        run.events()
            .iter()
            .map(|event| format!("<li>step {}: {}: {}</li>", event.step, escape(&event.kind), escape(&event.text))),
    );
    format!(
        "<details id=\"{}\"><summary>{}, seed {} <small>{}</small></summary>\n{}<h4>Events</h4>\n<ul>{events}</ul>\n\
         <h4>Provenance</h4>\n{}<h4>Configuration, with every default filled in</h4>\n<pre>{}</pre>\n</details>\n",
        anchor(experiment, run),
        escape(run_name(run)),
        seed(run),
        escape(&file),
        pairs(facts.chain(data)),
        pairs(provenance),
        escape(run.config_resolved().trim()),
    )
}

/// A table of names and texts.
fn pairs<'t>(rows: impl Iterator<Item = (&'t str, &'t str)>) -> String {
    let rows = joined(rows.map(|(key, value)| {
        format!("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", escape(&key.replace('_', " ")), escape(value))
    }));
    format!("<table class=\"pairs\">\n{rows}</table>\n")
}
