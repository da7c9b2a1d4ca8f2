//! Writing a run: rows in, blocks out.

use super::extent::Extent;
use super::header::{
    Attribute, Event, Header, check_attribute, check_identifier, check_length, check_range, check_text,
};
use super::schema::ROWS_PER_CHUNK;
use super::tables::{Pending, Tables};
use crate::error::DataError;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a row may wait in memory where the caller asks [`TrajectoryWriter::flush_if_due`].
const FLUSH_EVERY: Duration = Duration::from_secs(1);

/// Most float64 values that wait in memory: 8 MiB.
const PENDING_VALUES: usize = 1 << 20;

/// Writes one run into one file.
///
/// Rows, snapshots, events and attributes wait in memory; a block of 256 rows, [`flush`](Self::flush) or
/// [`flush_if_due`](Self::flush_if_due) writes them together and flushes. Whatever ends the process, the file keeps the
/// state of the last flush. A writer that is dropped before [`finish`](Self::finish) writes what it can, and the attribute
/// `finished` stays 0.
pub struct TrajectoryWriter {
    path: PathBuf,
    n_samples: usize,
    n_parameters: usize,
    pending: Pending,
    extent: Extent,
    flushed: Instant,
    /// Taken by `finish` alone.
    open: Option<Tables>,
}

/// Where a file grows until it is worth its name: `run.h5.part`.
pub(super) fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

impl TrajectoryWriter {
    /// Makes a new file with all of its structure.
    ///
    /// # Errors
    /// If the file exists, its folder does not, the header cannot be stored, or the file cannot be made.
    pub fn create(path: impl AsRef<Path>, header: &Header) -> Result<Self, DataError> {
        let path = path.as_ref();
        if fs::symlink_metadata(path).is_ok() {
            return Err(DataError::Exists { path: path.to_owned() });
        }
        Self::create_over(path, header)
    }

    /// The same, and what was in the file before is lost.
    ///
    /// # Errors
    /// As [`create`](Self::create), but for a file that exists.
    pub fn create_over(path: impl AsRef<Path>, header: &Header) -> Result<Self, DataError> {
        let path = path.as_ref();
        header.check()?;
        check_folder(path)?;
        // whenever this is killed, no half of a file has the name of a whole one
        let part = beside(path);
        let tables = hdf5::sync::sync(|| Tables::create(&part, header));
        let tables = tables.map_err(|source| DataError::Hdf5 { action: "create", path: path.to_owned(), source })?;
        let mut new = Self {
            path: part.clone(),
            n_samples: header.n_samples,
            n_parameters: header.layout.len(),
            pending: Pending::new(header.metrics.len()),
            extent: Extent::default(),
            flushed: Instant::now(),
            open: Some(tables),
        };
        new.move_to(path).inspect_err(|_| drop(fs::remove_file(&part)))?;
        Ok(new)
    }

    /// Adds a row: the values of the series in the order of the header, and the margins of the samples.
    ///
    /// A row without margins gets NaN in their place.
    ///
    /// # Errors
    /// If the number of values or margins is not that of the header, the step exceeds an int64, or the block that the row
    /// completes cannot be written.
    pub fn push_row(&mut self, step: u64, values: &[f64], margins: Option<&[f64]>) -> Result<(), DataError> {
        check_range("step", step)?;
        check_length("value of a row", self.pending.columns.len(), values.len())?;
        if let Some(margins) = margins {
            check_length("margin of a row", self.n_samples, margins.len())?;
        }
        self.pending.steps.push(step);
        let tally = self.extent.rows.one_more().word(step).numbers(values);
        for (column, value) in self.pending.columns.iter_mut().zip(values) {
            column.push(*value);
        }
        let before = self.pending.margins.len();
        match margins {
            Some(margins) => self.pending.margins.extend_from_slice(margins),
            None => self.pending.margins.extend(std::iter::repeat_n(f64::NAN, self.n_samples)),
        }
        tally.numbers(&self.pending.margins[before..]);
        let full = self.pending.steps.len() >= ROWS_PER_CHUNK || self.pending.margins.len() >= PENDING_VALUES;
        if full { self.flush() } else { Ok(()) }
    }

    /// Adds a snapshot of the whole parameter vector.
    ///
    /// # Errors
    /// If its length is not that of the layout, the step exceeds an int64, or the snapshots that fill the memory cannot be
    /// written.
    pub fn push_snapshot(&mut self, step: u64, theta: &[f64]) -> Result<(), DataError> {
        check_range("step", step)?;
        check_length("parameter of a snapshot", self.n_parameters, theta.len())?;
        self.extent.snapshots.one_more().word(step).numbers(theta);
        self.pending.snapshots.push((step, theta.to_vec()));
        let full = self.pending.snapshots.len() * self.n_parameters >= PENDING_VALUES;
        if full { self.flush() } else { Ok(()) }
    }

    /// Adds something that happened once; `kind` is an ASCII identifier, `text` a sentence for people.
    ///
    /// # Errors
    /// If the kind is no identifier, the text holds a zero byte, or the step exceeds an int64.
    pub fn event(&mut self, step: u64, kind: &str, text: &str) -> Result<(), DataError> {
        check_range("step", step)?;
        check_identifier("kind of event", kind)?;
        check_text(kind, text)?;
        self.extent.events.one_more().word(step).text(kind).text(text);
        self.pending.events.push(Event { step, kind: kind.to_owned(), text: text.to_owned() });
        Ok(())
    }

    /// Sets a fact about the run; one of that name is replaced.
    ///
    /// # Errors
    /// If the name is no ASCII identifier or belongs to the writer (`title`, `about`, `format_version`, `finished`), or a
    /// text holds a zero byte.
    pub fn set_attribute(&mut self, name: &str, value: Attribute) -> Result<(), DataError> {
        check_attribute(name, &value)?;
        self.pending.attributes.push((name.to_owned(), value));
        Ok(())
    }

    /// Writes what waits in memory, if the last time was a second ago.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn flush_if_due(&mut self) -> Result<(), DataError> {
        if self.flushed.elapsed() < FLUSH_EVERY { Ok(()) } else { self.flush() }
    }

    /// Writes what waits in memory. After a failure it still waits, and the same may be tried again.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn flush(&mut self) -> Result<(), DataError> {
        let Some(tables) = &mut self.open else { return Ok(()) };
        let written = hdf5::sync::sync(|| tables.append(&self.pending));
        written.map_err(|source| DataError::Hdf5 { action: "write", path: self.path.clone(), source })?;
        self.pending.clear();
        self.flushed = Instant::now();
        Ok(())
    }

    /// [`flush`](Self::flush), and waits until all of it is on the disk: it is there after a power failure too.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn flush_to_disk(&mut self) -> Result<(), DataError> {
        self.flush()?;
        let synced = fs::OpenOptions::new().write(true).open(&self.path).and_then(|file| file.sync_all());
        synced.map_err(|source| DataError::Io { action: "write", path: self.path.clone(), source })
    }

    /// How far the file has come, what waits in memory included.
    pub const fn extent(&self) -> Extent {
        self.extent
    }

    /// Gives the open file another name, in place of what has that name.
    pub(super) fn move_to(&mut self, path: &Path) -> Result<(), DataError> {
        fs::rename(&self.path, path).map_err(|source| DataError::Io {
            action: "replace",
            path: path.to_owned(),
            source,
        })?;
        path.clone_into(&mut self.path);
        Ok(())
    }

    /// Sets the last facts, writes the rest, marks the run as ended and closes the file.
    ///
    /// # Errors
    /// If an attribute has a bad name, or the file cannot be written or closed.
    pub fn finish(mut self, attributes: &[(String, Attribute)]) -> Result<(), DataError> {
        for (name, value) in attributes {
            self.set_attribute(name, value.clone())?;
        }
        self.flush()?;
        let Some(tables) = self.open.take() else { return Ok(()) };
        let closed = hdf5::sync::sync(|| tables.finish());
        closed.map_err(|source| DataError::Hdf5 { action: "finish", path: self.path.clone(), source })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TrajectoryWriter {
    /// Best effort: nobody is left to hear of an error.
    fn drop(&mut self) {
        let _ = self.flush();
    }
}

/// A missing folder is a likelier slip than a missing right to write.
fn check_folder(path: &Path) -> Result<(), DataError> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            Err(DataError::NoFolder { path: path.to_owned(), folder: folder.to_owned() })
        }
        _ => Ok(()),
    }
}
