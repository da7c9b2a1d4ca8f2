//! One HDF5 file per run, for the eyes of a stranger years later.
//!
//! [`schema`] says what is where. [`TrajectoryWriter`] buffers rows and writes them in blocks, so that a killed run leaves a
//! readable file; [`Trajectory`] reads a file back. Every axis is a real dimension scale: h5py, xarray, netCDF, R, Octave
//! and MATLAB need no help. HDF5 takes one call at a time in the whole process: one file per run, and no writer per row.
//!
//! ```
//! use steepest_core::{BlockShape, ParameterLayout, metric::MetricInfo};
//! use steepest_data::trajectory::{Header, Trajectory, TrajectoryWriter};
//!
//! let folder = std::env::temp_dir().join(format!("steepest-doc-{}", std::process::id()));
//! std::fs::create_dir_all(&folder)?;
//! let path = folder.join("gd-seed0.h5");
//!
//! let layout = ParameterLayout::new([("W1", BlockShape::Vector { len: 2 })])?;
//! let ln_loss = MetricInfo::new("ln_loss", "1", "ln L", "natural logarithm of the training loss");
//! let header = Header { metrics: vec![ln_loss], ..Header::new("two points", layout) };
//! let mut writer = TrajectoryWriter::create_over(&path, &header)?;
//! writer.push_row(0, &[0.69], None)?;
//! writer.push_snapshot(0, &[1.0, -1.0])?;
//! writer.finish(&[])?;
//!
//! let run = Trajectory::open(&path)?;
//! assert!(run.is_finished());
//! assert_eq!(run.series("ln_loss"), Some(&[0.69][..]));
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod attributes;
mod extent;
mod going_on;
mod header;
mod load;
mod reader;
mod scales;
pub mod schema;
mod structure;
mod tables;
#[cfg(test)]
mod tests;
mod writer;

pub use extent::{Extent, Tally};
pub use header::{Attribute, Event, Header, SeriesInfo};
pub use reader::Trajectory;
pub use writer::TrajectoryWriter;
