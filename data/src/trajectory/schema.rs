//! What is where in a trajectory file: every name that is written or looked for.
//!
//! ```text
//! /                          attributes: title, about, format_version, finished, and those of the run
//! /step                      int64, the coordinate of every series
//! /ln_loss, /margin_linf ... float64 (step): one dataset per measured quantity
//! /samples/sample            int64, the coordinate of the training samples       (only if margins are recorded)
//! /samples/margins           float64 (step, sample)
//! /parameters/snapshot_step  int64, the coordinate of the snapshots
//! /parameters/W1, W2 ...     float64 (snapshot_step, W1_row, W1_col); vectors (snapshot_step, W1_entry)
//! /data                      train_indices, test_indices (int64), teacher arrays (float64); hashes as attributes
//! /config                    attributes toml_as_written, toml_resolved
//! /provenance                attributes: versions, machine, command line
//! /events/event_step         int64, the step of each event; attribute event_0001 says what happened at the first
//! ```
//!
//! Attributes are scalars: UTF-8 text of variable length, int64 or float64. There is no enum, no compound, no boolean.

/// The format that this program writes, and the newest that it reads.
pub const FORMAT_VERSION: i64 = 1;

/// The coordinate of every series: the number of steps taken before the row was measured.
pub const STEP: &str = "step";

/// Rows per chunk of a series, and the most rows that are buffered.
pub const ROWS_PER_CHUNK: usize = 256;

/// The text by which netCDF knows a dimension without coordinate; its length follows in ten columns.
pub const BARE_DIMENSION: &str = "This is a netCDF dimension but not a netCDF variable.";

/// What the file says about itself to somebody who has never seen the program.
pub const ABOUT: &str = "One training run of an optimiser, recorded to see which margin it maximises: each variable at the \
    root is a quantity measured along the run, its meaning in the attribute long_name, and the groups hold the margin of \
    each training sample (samples), the weights at some steps (parameters), the data used (data), the experiment as TOML \
    (config), what happened when (events), and the program and machine (provenance). The first axis is the step (MATLAB, \
    Julia and R show it last), a cell is NaN only where undefined_when says so, and the attribute finished is 0 until the \
    run has ended.";

/// Names of groups.
pub mod group {
    /// Margins of single training samples.
    pub const SAMPLES: &str = "samples";
    /// Parameters at snapshots.
    pub const PARAMETERS: &str = "parameters";
    /// Which data, by index and hash, and the teacher that made them.
    pub const DATA: &str = "data";
    /// The experiment as TOML.
    pub const CONFIG: &str = "config";
    /// The program and the machine.
    pub const PROVENANCE: &str = "provenance";
    /// What happened when.
    pub const EVENTS: &str = "events";
    /// All of them; no series may have one of these names.
    pub const ALL: [&str; 6] = [SAMPLES, PARAMETERS, DATA, CONFIG, PROVENANCE, EVENTS];
}

/// Names of datasets inside groups.
pub mod dataset {
    /// In `samples`: index of the training sample in its source.
    pub const SAMPLE: &str = "sample";
    /// In `samples`: the margins q.
    pub const MARGINS: &str = "margins";
    /// In `parameters`: the step of each snapshot.
    pub const SNAPSHOT_STEP: &str = "snapshot_step";
    /// In `data`: where the training samples lie in their source.
    pub const TRAIN_INDICES: &str = "train_indices";
    /// In `data`: where the test samples lie in their source.
    pub const TEST_INDICES: &str = "test_indices";
    /// In `events`: the step of each event.
    pub const EVENT_STEP: &str = "event_step";
}

/// Names of attributes.
pub mod attribute {
    /// Of the file: one line for people.
    pub const TITLE: &str = "title";
    /// Of the file: what it is.
    pub const ABOUT: &str = "about";
    /// Of the file: see [`FORMAT_VERSION`](super::FORMAT_VERSION).
    pub const FORMAT_VERSION: &str = "format_version";
    /// Of the file: 0 until the run has ended, then 1.
    pub const FINISHED: &str = "finished";
    /// The four that the writer itself sets at the root.
    pub const RESERVED: [&str; 4] = [TITLE, ABOUT, FORMAT_VERSION, FINISHED];
    /// Of a variable: one sentence, with the formula.
    pub const LONG_NAME: &str = "long_name";
    /// Of a variable: its unit; `1` for a pure number.
    pub const UNITS: &str = "units";
    /// Of a variable: the symbol on an axis.
    pub const SYMBOL: &str = "symbol";
    /// Of a variable: the paper's symbol, where it has one.
    pub const PAPER_SYMBOL: &str = "paper_symbol";
    /// Of a variable: when a cell is NaN; absent if never.
    pub const UNDEFINED_WHEN: &str = "undefined_when";
    /// Of `config`: the experiment as its author wrote it.
    pub const TOML_AS_WRITTEN: &str = "toml_as_written";
    /// Of `config`: the experiment with every default filled in.
    pub const TOML_RESOLVED: &str = "toml_resolved";
}

/// The attribute of the group `events` that describes the event at `index` (from 0).
pub fn event_name(index: usize) -> String {
    format!("event_{:04}", index + 1)
}
