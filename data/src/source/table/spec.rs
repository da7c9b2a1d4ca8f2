//! What a configuration says of a table, and the split that comes of it.

use super::labels::LabelNames;
use super::{Table, csv, npy};
use crate::error::DataError;
use crate::source::digits::stored;
use crate::source::draw::without_replacement;
use crate::source::{Provenance, Split, fingerprint, share};
use crate::spec::{BuildData, Entry, LABEL_NOISE};
use ndarray::Axis;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use steepest_core::{Dataset, Streams};

/// A column of a CSV table: its name in the header, or its number from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Column {
    /// Counted from 1.
    Number(usize),
    /// As the header has it.
    Name(String),
}

/// What a configuration says of a table of the user's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TableSpec {
    /// The samples: a CSV file with its labels, or an NPY file (name ending in `.npy`). Required.
    pub inputs: PathBuf,
    /// The NPY file with the labels of an NPY file of samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<PathBuf>,
    /// The column with the labels of a CSV file. Default the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_column: Option<Column>,
    /// Whether the first line of a CSV file names its columns. Default: found out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// What stands between the cells of a CSV file. Default a comma.
    pub delimiter: char,
    /// Number of rows for training, drawn without replacement; the rest, unless there is a file for it, is the test set.
    /// Default all, in the order of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_train: Option<usize>,
    /// The samples of the test set, in a file of the same kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_inputs: Option<PathBuf>,
    /// Their labels, if it is an NPY file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_labels: Option<PathBuf>,
    /// Make two labels the classes 0 and 1 instead of signs. Default false.
    pub classes: bool,
    /// The share of training labels that are flipped. Default 0.
    pub label_noise: f64,
}

impl Default for TableSpec {
    fn default() -> Self {
        Self {
            inputs: PathBuf::new(),
            labels: None,
            label_column: None,
            header: None,
            delimiter: ',',
            n_train: None,
            test_inputs: None,
            test_labels: None,
            classes: false,
            label_noise: 0.0,
        }
    }
}

fn is_npy(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npy"))
}

fn refuse<T>(field: &'static str, expected: &str, found: String) -> Result<T, DataError> {
    Err(DataError::Field { field, expected: expected.into(), found })
}

impl TableSpec {
    pub(super) fn delimiter_byte(&self) -> Result<u8, DataError> {
        match u8::try_from(self.delimiter) {
            Ok(byte) if byte.is_ascii() && !b"\r\n\"".contains(&byte) => Ok(byte),
            _ => refuse("delimiter", "one ASCII character, such as \",\" or \"\\t\"", format!("{:?}", self.delimiter)),
        }
    }

    fn read(&self, inputs: &Path, labels: Option<&PathBuf>) -> Result<Table, DataError> {
        match labels {
            Some(labels) => npy::read(inputs, labels),
            None => csv::read(inputs, self),
        }
    }

    /// Labels stand beside NPY samples and within CSV ones.
    fn check_pair(fields: [&'static str; 2], inputs: &Path, labels: Option<&PathBuf>) -> Result<(), DataError> {
        match labels {
            None if is_npy(inputs) => {
                let expected = format!("the NPY file with the labels, since `{}` is an NPY file", fields[0]);
                refuse(fields[1], &expected, "nothing".into())
            }
            Some(labels) if !is_npy(inputs) => {
                let expected = format!("left out: the labels of a CSV file are a column of `{}`", fields[0]);
                refuse(fields[1], &expected, labels.display().to_string())
            }
            Some(labels) if !is_npy(labels) => refuse(fields[1], "an NPY file", labels.display().to_string()),
            _ => Ok(()),
        }
    }

    /// The rows for training, in the order drawn, and the others, in the order of the file.
    fn rows(&self, n: usize, streams: Streams) -> Result<(Vec<usize>, Vec<usize>), DataError> {
        let Some(n_train) = self.n_train else { return Ok(((0..n).collect(), Vec::new())) };
        crate::source::check_range("n_train", n_train, 1..=n, " (rows of the table)")?;
        let drawn = without_replacement(&mut streams.stream("data"), (0..n).collect(), n_train, |_| true);
        let mut is_drawn = vec![false; n];
        drawn.iter().for_each(|&row| is_drawn[row] = true);
        Ok((drawn, (0..n).filter(|&row| !is_drawn[row]).collect()))
    }

    /// All rows of the second file.
    fn test_file(&self, path: &Path, d: usize, names: &LabelNames) -> Result<Test, DataError> {
        let table = self.read(path, self.test_labels.as_ref())?;
        if table.inputs.ncols() != d {
            let (expected, found) = (format!("{d} inputs, as for training"), table.inputs.ncols().to_string());
            return Err(DataError::FileFormat { path: path.to_owned(), expected, found });
        }
        let rows: Vec<usize> = (0..table.inputs.nrows()).collect();
        let note = format!("{} rows of {} for testing", rows.len(), name(path));
        Ok(Test { set: Some(dataset(path, &table, names, &rows)?), rows, note })
    }
}

/// A test set, its rows in its file, and a few words about it.
struct Test {
    set: Option<Dataset>,
    rows: Vec<usize>,
    note: String,
}

/// Some rows of a table.
fn dataset(path: &Path, table: &Table, names: &LabelNames, rows: &[usize]) -> Result<Dataset, DataError> {
    let labels = names.labels(path, rows.iter().map(|&row| &table.labels[row]))?;
    Ok(Dataset::new(table.inputs.select(Axis(0), rows), labels)?)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

impl BuildData for TableSpec {
    const ENTRY: Entry = Entry {
        name: "table",
        summary: "a table of your own: a CSV file, or a pair of NPY files; two labels become -1 and +1, more become classes",
        fields: &[
            ("inputs", "the CSV file, or the NPY file with the samples (required)"),
            ("labels", "the NPY file with the labels; left out for a CSV file"),
            (
                "label_column",
                "column of the CSV file with the labels: its name, or its number from 1 (default the last)",
            ),
            ("header", "whether the first line of the CSV file names its columns (default: found out)"),
            ("delimiter", "what stands between its cells (default \",\")"),
            ("n_train", "rows for training, drawn by the seed; the rest is for testing (default all)"),
            ("test_inputs", "a second file for testing instead, of the same kind"),
            ("test_labels", "its labels, if it is an NPY file"),
            ("classes", "make two labels the classes 0 and 1 too (default false)"),
            LABEL_NOISE,
        ],
    };

    fn label_noise(&self) -> f64 {
        self.label_noise
    }

    fn validate(&self) -> Result<(), DataError> {
        if self.inputs.as_os_str().is_empty() {
            return refuse("inputs", "a CSV or NPY file", "nothing".into());
        }
        self.delimiter_byte()?;
        Self::check_pair(["inputs", "labels"], &self.inputs, self.labels.as_ref())?;
        match (&self.test_inputs, &self.test_labels) {
            (Some(inputs), labels) if is_npy(inputs) == is_npy(&self.inputs) => {
                Self::check_pair(["test_inputs", "test_labels"], inputs, labels.as_ref())?;
            }
            (Some(inputs), _) => {
                return refuse("test_inputs", "a file of the same kind as `inputs`", inputs.display().to_string());
            }
            (None, Some(labels)) => {
                return refuse("test_labels", "left out without `test_inputs`", labels.display().to_string());
            }
            (None, None) => {}
        }
        match (&self.label_column, self.header) {
            (Some(Column::Number(0)), _) => refuse("label_column", "a name, or a number from 1", "0".into()),
            (Some(_), _) if is_npy(&self.inputs) => refuse("label_column", "left out for NPY files", "one".into()),
            (Some(Column::Name(name)), Some(false)) => {
                refuse("label_column", "a number where `header = false`", format!("`{name}`"))
            }
            _ if self.n_train == Some(0) => refuse("n_train", "at least 1", "0".into()),
            _ => Ok(()),
        }
    }

    /// Reads the files and draws the training rows from the stream `data`. Indices are rows counted from 0, the header aside.
    fn clean(&self, streams: &Streams) -> Result<Split, DataError> {
        self.validate()?;
        let table = self.read(&self.inputs, self.labels.as_ref())?;
        let names = LabelNames::of(&self.inputs, &table.labels, self.classes)?;
        let (n, d) = table.inputs.dim();
        let (rows, rest) = self.rows(n, *streams)?;
        let train = dataset(&self.inputs, &table, &names, &rows)?;
        let Test { set: test, rows: test_rows, note: tested } = match &self.test_inputs {
            Some(path) => self.test_file(path, d, &names)?,
            None if rest.is_empty() => Test { set: None, rows: rest, note: "none for testing".into() },
            None => {
                let set = Some(dataset(&self.inputs, &table, &names, &rest)?);
                Test { set, note: format!("{} for testing", rest.len()), rows: rest }
            }
        };
        let trained = format!("{} of {n} rows for training ({})", rows.len(), share(&train));
        let provenance = Provenance {
            source: "table".into(),
            note: format!("{}, {d} inputs, {}, {trained}, {tested}", name(&self.inputs), names.describe()),
            train_indices: stored(&rows),
            test_indices: stored(&test_rows),
            sha256: fingerprint(&train),
            arrays: Vec::new(),
            is_fallback: false,
        };
        Ok(Split { train, test, unseen: None, provenance })
    }
}
