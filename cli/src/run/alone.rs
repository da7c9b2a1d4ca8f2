//! One process a run: two that write one file would leave neither's rows.

use anyhow::{Context, bail};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// The right to write a run, as long as it lives: a lock that the system drops with the process, on an empty file beside the trajectory
/// (`gd-seed0.h5.lock`). Not on the trajectory itself, which other programs may read meanwhile.
#[derive(Debug)]
pub(super) struct Alone {
    path: PathBuf,
    _lock: File,
}

impl Alone {
    /// Claims the run in this trajectory. Where the file system knows no locks, nobody is kept out.
    ///
    /// # Errors
    /// If another process has it, or no file can be made there.
    pub(super) fn claim(trajectory: &Path) -> anyhow::Result<Self> {
        let mut name = trajectory.as_os_str().to_owned();
        name.push(".lock");
        let path = PathBuf::from(name);
        let lock = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        let is_taken = matches!(lock.try_lock(), Err(TryLockError::WouldBlock));
        // the other one may have removed it in between
        if is_taken || !path.exists() {
            bail!(
                "{} is being written by another process; wait until it ends, or name another folder with --out",
                trajectory.display()
            );
        }
        Ok(Self { path, _lock: lock })
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        // one that stays is empty, and in nobody's way
        let _ = std::fs::remove_file(&self.path);
    }
}
