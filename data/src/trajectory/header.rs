//! What is known about a run before its first row.

use super::schema::{STEP, attribute, dataset, group};
use crate::error::DataError;
use ndarray::Array2;
use steepest_core::{ParameterLayout, metric::MetricInfo};

/// A fact about a run: an attribute of the file.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    /// Text, stored as UTF-8.
    Text(String),
    /// A float64.
    Number(f64),
    /// An int64.
    Integer(i64),
}

/// Something that happened once, such as the separation of the training samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The step at which it happened.
    pub step: u64,
    /// What kind of thing: an ASCII identifier.
    pub kind: String,
    /// A sentence for people.
    pub text: String,
}

/// A series as a file describes it: a [`MetricInfo`] that owns its texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesInfo {
    /// Its name in the file.
    pub name: String,
    /// Its unit; `1` for a pure number.
    pub unit: String,
    /// One sentence, with the formula.
    pub doc: String,
    /// The symbol on an axis.
    pub symbol: String,
    /// The symbol that the paper uses, where it has one.
    pub paper_symbol: Option<String>,
    /// When a cell is NaN; empty if never.
    pub undefined: String,
}

/// What is known about a run before its first row, and all of its structure.
#[derive(Clone, Debug)]
pub struct Header {
    /// One line for people.
    pub title: String,
    /// The series, in the order in which a row gives their values.
    pub metrics: Vec<MetricInfo>,
    /// Number of training samples whose margins are recorded; 0 for none.
    pub n_samples: usize,
    /// The blocks of the parameter vector, as snapshots store them.
    pub layout: ParameterLayout,
    /// Facts about the run.
    pub attributes: Vec<(String, Attribute)>,
    /// The experiment as its author wrote it.
    pub config_as_written: String,
    /// The experiment with every default filled in.
    pub config_resolved: String,
    /// The program and the machine.
    pub provenance: Vec<(String, String)>,
    /// Where the training samples lie in their source; empty for generated data.
    pub train_indices: Vec<u64>,
    /// Where the test samples lie in their source; empty for generated data.
    pub test_indices: Vec<u64>,
    /// Matrices that made the data, such as a teacher.
    pub arrays: Vec<(String, Array2<f64>)>,
    /// Hashes and other facts about the data.
    pub data_attributes: Vec<(String, String)>,
}

impl Header {
    /// A run of which nothing but the title and the parameters is recorded; set the other fields as needed.
    pub fn new(title: impl Into<String>, layout: ParameterLayout) -> Self {
        Self {
            title: title.into(),
            metrics: Vec::new(),
            n_samples: 0,
            layout,
            attributes: Vec::new(),
            config_as_written: String::new(),
            config_resolved: String::new(),
            provenance: Vec::new(),
            train_indices: Vec::new(),
            test_indices: Vec::new(),
            arrays: Vec::new(),
            data_attributes: Vec::new(),
        }
    }

    /// Whether a file can be made of it: names that every reader accepts, no name twice, as many indices as samples.
    pub(super) fn check(&self) -> Result<(), DataError> {
        let taken = [&[STEP][..], &group::ALL].concat();
        check_names("series", self.metrics.iter().map(|m| &m.name), &taken)?;
        let blocks = self.layout.blocks().iter().map(|b| &b.name);
        check_names("parameter block", blocks, &[dataset::SNAPSHOT_STEP])?;
        let arrays = self.arrays.iter().map(|(name, _)| name);
        check_names("data array", arrays, &[dataset::TRAIN_INDICES, dataset::TEST_INDICES])?;
        for (name, value) in &self.attributes {
            check_attribute(name, value)?;
        }
        for (name, text) in self.provenance.iter().chain(&self.data_attributes) {
            check_identifier("attribute", name)?;
            check_text(name, text)?;
        }
        check_text(attribute::TITLE, &self.title)?;
        check_text(attribute::TOML_AS_WRITTEN, &self.config_as_written)?;
        check_text(attribute::TOML_RESOLVED, &self.config_resolved)?;
        let mut indices = self.train_indices.iter().chain(&self.test_indices);
        indices.try_for_each(|i| check_range("sample index", *i))?;
        if self.n_samples > 0 && !self.train_indices.is_empty() {
            check_length("training index", self.n_samples, self.train_indices.len())?;
        }
        Ok(())
    }
}

/// Names that are identifiers in every language that reads the file, none twice, none taken.
fn check_names<'a>(
    what: &'static str,
    names: impl Iterator<Item = &'a String>,
    taken: &[&str],
) -> Result<(), DataError> {
    let mut seen: Vec<&str> = taken.to_vec();
    for name in names {
        check_identifier(what, name)?;
        if seen.contains(&name.as_str()) {
            return Err(DataError::TakenName { what, name: name.clone() });
        }
        seen.push(name);
    }
    Ok(())
}

/// A letter, then letters, digits and underscores.
pub(super) fn check_identifier(what: &'static str, name: &str) -> Result<(), DataError> {
    let good = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if good { Ok(()) } else { Err(DataError::BadName { what, name: name.to_owned() }) }
}

/// An attribute of the file that a caller may set.
pub(super) fn check_attribute(name: &str, value: &Attribute) -> Result<(), DataError> {
    check_identifier("file attribute", name)?;
    if attribute::RESERVED.contains(&name) {
        return Err(DataError::TakenName { what: "file attribute", name: name.to_owned() });
    }
    match value {
        Attribute::Text(text) => check_text(name, text),
        Attribute::Number(_) | Attribute::Integer(_) => Ok(()),
    }
}

/// A text ends at its first zero byte.
pub(super) fn check_text(name: &str, text: &str) -> Result<(), DataError> {
    if text.contains('\0') { Err(DataError::ZeroByte { name: name.to_owned() }) } else { Ok(()) }
}

/// One thing per place.
pub(super) fn check_length(what: &'static str, expected: usize, found: usize) -> Result<(), DataError> {
    if expected == found { Ok(()) } else { Err(DataError::Count { what, expected, found }) }
}

/// The file stores steps and indices as int64, which every reader knows.
pub(super) fn check_range(what: &'static str, value: u64) -> Result<(), DataError> {
    if i64::try_from(value).is_ok() { Ok(()) } else { Err(DataError::TooLarge { what, value }) }
}
