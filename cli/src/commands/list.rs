//! `steepest list`: the catalogues, from the same tables that build, store and test.

use crate::args::ListArgs;
use crate::config::{LOSSES, RecordSpec};
use crate::output::{Failure, result};
use crate::recorder::metrics;
use crate::reproduce::FIGURES;
use steepest_models::{Activation, InitSpec};
use steepest_norms::NormLabel;
use steepest_optim::StepScale;

/// One entry: name, one line, and what else there is to say.
struct Entry {
    name: String,
    line: String,
    details: Vec<(String, String)>,
}

impl Entry {
    fn new(name: &str, line: &str, details: &[(&str, &str)]) -> Self {
        let details = details.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Self { name: name.to_owned(), line: line.to_owned(), details }
    }
}

/// A catalogue.
struct Catalogue {
    name: &'static str,
    entries: Vec<Entry>,
}

fn catalogues() -> Vec<Catalogue> {
    let norms = steepest_norms::catalogue();
    let norm_entries = norms.iter().map(|n| {
        let paper = n.paper_margin.unwrap_or("-");
        let mut details = vec![("dual", n.dual), ("steepest descent", n.descent), ("paper's margin", paper)];
        details.extend(n.fields);
        Entry::new(n.name, &format!("{}; {}", n.formula, n.descent), &details)
    });
    let models = steepest_models::catalogue();
    let models = models.iter().map(|m| {
        let mut details = vec![("formula", m.formula), ("degree", m.degree)];
        details.extend(m.fields);
        Entry::new(m.name, &format!("{}; degree {}", m.formula, m.degree), &details)
    });
    let optimizers = steepest_optim::catalogue();
    let optimizers = optimizers.iter().map(|o| {
        let mut details = vec![("update", o.formula)];
        details.extend(o.fields);
        Entry::new(o.name, o.summary, &details)
    });
    let data = steepest_data::spec::catalogue().iter().map(|d| Entry::new(d.name, d.summary, d.fields));
    let losses = LOSSES.iter().map(|l| Entry::new(l.name, l.summary, l.fields));
    let metrics = metrics(&default_norms()).into_iter().map(|m| {
        let paper = m.paper_symbol.as_deref().unwrap_or("-");
        Entry::new(&m.name, &m.doc, &[("unit", m.unit), ("paper's symbol", paper), ("NaN when", m.undefined)])
    });
    let plain = |entries: &[(&str, &str)]| entries.iter().map(|(name, line)| Entry::new(name, line, &[])).collect();
    let steps = StepScale::CATALOGUE.iter().chain(&STEPS).copied().collect::<Vec<_>>();
    let figures = FIGURES.iter().map(|f| Entry::new(f.name, f.summary, &[]));
    vec![
        Catalogue { name: "norms", entries: norm_entries.collect() },
        Catalogue { name: "models", entries: models.collect() },
        Catalogue { name: "data", entries: data.collect() },
        Catalogue { name: "losses", entries: losses.collect() },
        Catalogue { name: "optimizers", entries: optimizers.collect() },
        Catalogue { name: "steps", entries: plain(&steps) },
        Catalogue { name: "inits", entries: plain(&InitSpec::CATALOGUE) },
        Catalogue { name: "activations", entries: plain(&Activation::CATALOGUE) },
        Catalogue { name: "metrics", entries: metrics.collect() },
        Catalogue { name: "figures", entries: figures.collect() },
    ]
}

/// The norms that are recorded unless a file says otherwise.
fn default_norms() -> Vec<NormLabel> {
    RecordSpec::default().norms.iter().map(steepest_norms::NormSpec::label).collect()
}

/// One line an entry.
fn print(catalogue: &Catalogue, indent: &str) {
    let width = catalogue.entries.iter().map(|e| e.name.len()).max().unwrap_or(0);
    for entry in &catalogue.entries {
        result(&format!("{indent}{:width$}  {}", entry.name, entry.line));
    }
}

/// What a step's table says besides its scale, and the mini-batches.
const STEPS: [(&str, &str); 5] = [
    ("size", "the learning rate: a number, or a list with one number a step, of which the last stays"),
    ("power", "the size at step t is size (t + 1)^-power; 0, a constant, by default"),
    ("adaptive", "raise the step while the loss falls, go back where it did not (Lyu and Li 2020)"),
    ("batch.size", "mini-batches of so many samples; the full batch without"),
    ("batch.order", "\"shuffled\" (each sample once an epoch, the default), \"sequential\" or \"with_replacement\""),
];

/// `steepest list [WHAT]`.
pub(crate) fn list(args: &ListArgs) -> Result<(), Failure> {
    let catalogues = catalogues();
    let Some(what) = &args.what else {
        for catalogue in &catalogues {
            result(catalogue.name);
            print(catalogue, "  ");
        }
        return Ok(());
    };
    if let Some(catalogue) = catalogues.iter().find(|c| c.name == what || c.name.trim_end_matches('s') == what) {
        print(catalogue, "");
        return Ok(());
    }
    let found: Vec<(&Catalogue, &Entry)> = catalogues
        .iter()
        .flat_map(|c| c.entries.iter().map(move |e| (c, e)))
        .filter(|(_, e)| e.name == *what)
        .collect();
    for (catalogue, entry) in &found {
        result(&format!("{} ({})\n  {}", entry.name, catalogue.name, entry.line));
        for (key, value) in entry.details.iter().filter(|(_, v)| !v.is_empty()) {
            result(&format!("  {key}: {value}"));
        }
    }
    if found.is_empty() { Err(unknown(what, &catalogues)) } else { Ok(()) }
}

fn unknown(what: &str, catalogues: &[Catalogue]) -> Failure {
    let names =
        catalogues.iter().flat_map(|c| std::iter::once(c.name).chain(c.entries.iter().map(|e| e.name.as_str())));
    let nearest = names.min_by_key(|name| strsim::damerau_levenshtein(name, what)).unwrap_or("norms");
    let all: Vec<&str> = catalogues.iter().map(|c| c.name).collect();
    Failure::misunderstood(format!("nothing is named `{what}`\n  did you mean `{nearest}`?  lists: {}", all.join(", ")))
}
