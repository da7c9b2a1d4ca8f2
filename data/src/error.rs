//! What can go wrong between the disk and a dataset or a trajectory.

use std::path::PathBuf;
use thiserror::Error;

/// A dataset or a trajectory that cannot be read, made or written. The message says what was wrong, where, and what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// A file or folder that could not be read or written.
    #[error("cannot {action} {path}")]
    Io {
        /// What was tried: `read`, `create`, ...
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Values that make no dataset.
    #[error(transparent)]
    Core(#[from] steepest_core::CoreError),
    /// A field of a specification with a value that it cannot have.
    #[error("`{field}` must be {expected}, found {found}")]
    Field {
        /// The field.
        field: &'static str,
        /// What it may be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A file whose content is not what its use demands.
    #[error("{path}: expected {expected}, found {found}")]
    FileFormat {
        /// The file.
        path: PathBuf,
        /// What would be right.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A file of MNIST that is another, or harmed.
    #[error(
        "{path} is not MNIST's: expected SHA-256 {expected}, found {found}; \
         fetch it again, or say `verify = false` for another set in the same format"
    )]
    Checksum {
        /// The file.
        path: PathBuf,
        /// The sum of the genuine file.
        expected: String,
        /// The sum of this one.
        found: String,
    },
    /// The four files of MNIST, or some of them, are not there.
    #[error(
        "MNIST needs four IDX files in {folder}: {files} (each plain or .gz); missing there: {missing}; \
         run `steepest data fetch mnist`, put them there by hand, or name their folder with `--set data.folder=FOLDER`"
    )]
    MissingMnist {
        /// Where they were looked for.
        folder: PathBuf,
        /// Their names.
        files: String,
        /// Which are not there.
        missing: String,
    },
    /// The four IDX files of another set, or some of them, are not there.
    #[error(
        "an IDX set needs four files in {folder}: {files} (each plain or .gz); missing there: {missing}; \
         name the right folder with `--set data.folder=FOLDER`"
    )]
    MissingIdx {
        /// Where they were looked for.
        folder: PathBuf,
        /// Their names.
        files: String,
        /// Which are not there.
        missing: String,
    },
    /// A cell of a table that is not what its column must hold.
    #[error("{path}, {place}: expected {expected}, found {found}")]
    Cell {
        /// The table.
        path: PathBuf,
        /// Where in it: `line 7, column 3 (\`age\`)`.
        place: String,
        /// What would be right.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A download that failed.
    #[error("cannot fetch MNIST with `{tried}`: {reason}; put the four files into {folder} by hand instead: {files}")]
    Fetch {
        /// The command that was tried.
        tried: String,
        /// Why it failed.
        reason: String,
        /// Where the files were to go.
        folder: PathBuf,
        /// Their names.
        files: String,
    },
    /// A teacher whose output is zero wherever one looks, and zero outputs were to be drawn again.
    #[error(
        "the teacher's output is zero at {n_points} points in a row, so none can be labelled: \
         take another seed, more inputs or neurons, or `zero_outputs = \"keep\"`"
    )]
    ZeroTeacher {
        /// Number of points tried.
        n_points: usize,
    },
    /// A trajectory that HDF5 could not make, write or read.
    #[cfg(feature = "trajectory")]
    #[error("cannot {action} the trajectory {path}")]
    Hdf5 {
        /// What was tried: `create`, `write`, `finish`, `read`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the library said.
        #[source]
        source: hdf5::Error,
    },
    /// A file that is not to be overwritten.
    #[cfg(feature = "trajectory")]
    #[error("{path} exists already: remove it, choose another name, or ask to write over it")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A file in a folder that does not exist.
    #[cfg(feature = "trajectory")]
    #[error("cannot create {path}: there is no folder {folder}; make it first")]
    NoFolder {
        /// The file.
        path: PathBuf,
        /// Its folder.
        folder: PathBuf,
    },
    /// A file of another kind.
    #[cfg(feature = "trajectory")]
    #[error("{path} is not an HDF5 file: give one of the .h5 files that `steepest run` writes")]
    NotHdf5 {
        /// The file.
        path: PathBuf,
    },
    /// An HDF5 file that cannot be opened.
    #[cfg(feature = "trajectory")]
    #[error("{path} is cut short or damaged: copy it again from where it was made, or run the experiment again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the library said.
        #[source]
        source: hdf5::Error,
    },
    /// An HDF5 file that somebody else made.
    #[cfg(feature = "trajectory")]
    #[error(
        "{path} is an HDF5 file but not a trajectory of this program: it has no {missing}; \
         give one of the files that `steepest run` writes"
    )]
    NotATrajectory {
        /// The file.
        path: PathBuf,
        /// What a trajectory would have.
        missing: &'static str,
    },
    /// A trajectory of a later program.
    #[cfg(feature = "trajectory")]
    #[error(
        "{path} was written by a newer format {found} (this program reads up to {known}): \
         take a newer steepest, or open the file with h5py or xarray"
    )]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest that is known.
        known: i64,
    },
    /// A snapshot beyond the last.
    #[cfg(feature = "trajectory")]
    #[error("there is no snapshot {index} in {path}: it has {count}, counted from 0")]
    NoSnapshot {
        /// The file.
        path: PathBuf,
        /// What was asked for.
        index: usize,
        /// Number of snapshots.
        count: usize,
    },
    /// A file that was changed, or harmed, since its run was interrupted.
    #[cfg(feature = "trajectory")]
    #[error(
        "{path} does not hold the rows that it held when the state of its run was kept: do the run again from its start"
    )]
    OtherRows {
        /// The file.
        path: PathBuf,
    },
    /// A name that some readers of a trajectory would refuse.
    #[cfg(feature = "trajectory")]
    #[error("`{name}` cannot name a {what}: take an ASCII letter, then letters, digits and underscores")]
    BadName {
        /// What it was to name.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A name that is given twice, or that the format keeps for itself.
    #[cfg(feature = "trajectory")]
    #[error("the name `{name}` of a {what} is taken: choose another")]
    TakenName {
        /// What it was to name.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A text that would end in its middle.
    #[cfg(feature = "trajectory")]
    #[error("the text of `{name}` holds a zero byte, where HDF5 would cut it: take it out")]
    ZeroByte {
        /// The attribute or event.
        name: String,
    },
    /// Too few or too many values.
    #[cfg(feature = "trajectory")]
    #[error("expected {expected} x {what}, found {found}")]
    Count {
        /// One of them.
        what: &'static str,
        /// How many there should be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A count that an int64 cannot hold.
    #[cfg(feature = "trajectory")]
    #[error("{what} {value} is too large for a trajectory, whose integers end at 2^63 - 1")]
    TooLarge {
        /// What it counts.
        what: &'static str,
        /// Its value.
        value: u64,
    },
}
