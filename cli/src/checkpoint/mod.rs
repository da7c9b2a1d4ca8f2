//! The state of a run on its way, in a file beside its trajectory: from there an interrupted run goes on, to the same bits.
//!
//! [`Kept`] is what the file holds and how it is written and read; [`Keeper`] decides when.

mod file;
mod keeper;

pub use file::{CheckpointError, Contents, Head, Kept};
pub use keeper::{Keeper, Pace};

use std::path::{Path, PathBuf};

/// The checkpoint of the run in this trajectory: `gd-seed0.h5.checkpoint` beside `gd-seed0.h5`.
pub fn beside(trajectory: &Path) -> PathBuf {
    with_ending(trajectory, ".checkpoint")
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Removes the checkpoint of the run in this trajectory, if there is one, and what a kill in the middle of writing it, or of going on from it,
/// may have left.
///
/// # Errors
/// If something is there and cannot be removed.
pub fn remove(trajectory: &Path) -> std::io::Result<()> {
    for ending in [".checkpoint", ".checkpoint.part", ".part"] {
        match std::fs::remove_file(with_ending(trajectory, ending)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
