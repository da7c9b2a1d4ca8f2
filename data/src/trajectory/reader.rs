//! Reading a run back.

use super::header::{Attribute, Event, SeriesInfo};
use super::load::{self, Loaded};
use super::schema::attribute;
use crate::error::DataError;
use ndarray::{Array2, ArrayD};
use std::path::{Path, PathBuf};

/// A run as its file told it when it was opened.
///
/// Series, attributes and texts are in memory. Margins and snapshots, which may be large, are read from the file when they
/// are asked for. A file that is still being written may be opened; open it again to see more, or if the first try fell into
/// the middle of a write.
#[derive(Clone, Debug)]
pub struct Trajectory {
    path: PathBuf,
    loaded: Loaded,
}

impl Trajectory {
    /// Reads a file. Rows beyond the shortest series, left by a kill in the middle of a write, are cut.
    ///
    /// # Errors
    /// If the file cannot be read, is not HDF5, is damaged, is no trajectory of this program, or of a newer format.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DataError> {
        let path = path.as_ref();
        Ok(Self { path: path.to_owned(), loaded: load::load(path)? })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.loaded.rows.steps.len()
    }

    /// The step of each row: the number of steps taken before it was measured.
    pub fn steps(&self) -> &[u64] {
        &self.loaded.rows.steps
    }

    /// What the series are, in the order in which they were declared.
    pub fn metrics(&self) -> &[SeriesInfo] {
        &self.loaded.rows.metrics
    }

    /// The values of a series, one per row.
    pub fn series(&self, name: &str) -> Option<&[f64]> {
        let at = self.loaded.rows.metrics.iter().position(|m| m.name == name)?;
        Some(&self.loaded.rows.columns[at])
    }

    /// All attributes of the file in the order in which they were set: `title`, `about`, `format_version`, `finished`, and
    /// those of the run.
    pub fn attributes(&self) -> &[(String, Attribute)] {
        &self.loaded.attributes
    }

    /// An attribute of the file.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes().iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// An attribute that is a text.
    pub fn attribute_text(&self, name: &str) -> Option<&str> {
        match self.attribute(name)? {
            Attribute::Text(text) => Some(text),
            _ => None,
        }
    }

    /// An attribute that is a number, an integer included.
    pub fn attribute_number(&self, name: &str) -> Option<f64> {
        match *self.attribute(name)? {
            Attribute::Number(number) => Some(number),
            Attribute::Integer(integer) => Some(integer as f64),
            Attribute::Text(_) => None,
        }
    }

    /// An attribute that is an integer.
    pub fn attribute_integer(&self, name: &str) -> Option<i64> {
        match *self.attribute(name)? {
            Attribute::Integer(integer) => Some(integer),
            _ => None,
        }
    }

    /// One line for people.
    pub fn title(&self) -> &str {
        self.attribute_text(attribute::TITLE).unwrap_or_default()
    }

    /// Whether the run has ended by itself; not if it was killed or is still running.
    pub fn is_finished(&self) -> bool {
        self.attribute_integer(attribute::FINISHED) == Some(1)
    }

    /// The experiment as its author wrote it.
    pub fn config_as_written(&self) -> &str {
        &self.loaded.config_as_written
    }

    /// The experiment with every default filled in.
    pub fn config_resolved(&self) -> &str {
        &self.loaded.config_resolved
    }

    /// The program and the machine: texts by name.
    pub fn provenance(&self) -> &[(String, String)] {
        &self.loaded.provenance
    }

    /// What happened, in the order in which it was written.
    pub fn events(&self) -> &[Event] {
        &self.loaded.events
    }

    /// Hashes and other facts about the data: texts by name.
    pub fn data_attributes(&self) -> &[(String, String)] {
        &self.loaded.data_attributes
    }

    /// Where the training samples lie in their source; empty for generated data.
    pub fn train_indices(&self) -> &[u64] {
        &self.loaded.train_indices
    }

    /// Where the test samples lie in their source; empty for generated data.
    pub fn test_indices(&self) -> &[u64] {
        &self.loaded.test_indices
    }

    /// The matrices that made the data, such as a teacher, read from the file.
    ///
    /// # Errors
    /// If the file cannot be read any more.
    pub fn arrays(&self) -> Result<Vec<(String, Array2<f64>)>, DataError> {
        load::arrays(&self.path)
    }

    /// The margins of the training samples (rows x samples), read from the file; `None` if the run did not record them.
    ///
    /// # Errors
    /// If the file cannot be read any more.
    pub fn margins(&self) -> Result<Option<Array2<f64>>, DataError> {
        load::margins(&self.path, 0..self.n_rows())
    }

    /// The steps at which the parameters were stored.
    pub fn snapshot_steps(&self) -> &[u64] {
        &self.loaded.snapshot_steps
    }

    /// The parameter blocks at the snapshot of that index, read from the file; the index counts `snapshot_steps`.
    ///
    /// # Errors
    /// If there is no such snapshot, or the file cannot be read any more.
    pub fn snapshot(&self, index: usize) -> Result<Vec<(String, ArrayD<f64>)>, DataError> {
        let count = self.snapshot_steps().len();
        if index >= count {
            return Err(DataError::NoSnapshot { path: self.path.clone(), index, count });
        }
        load::snapshot(&self.path, index)
    }
}
