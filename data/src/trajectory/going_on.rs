//! Going on with a run: the part of its file that is known to be right, in a new file.

use super::extent::Extent;
use super::header::Header;
use super::load;
use super::reader::Trajectory;
use super::schema::ROWS_PER_CHUNK;
use super::writer::{TrajectoryWriter, beside};
use crate::error::DataError;
use std::path::Path;

/// Most margins that are copied at once: 8 MiB.
const MARGINS_AT_ONCE: usize = 1 << 20;

impl TrajectoryWriter {
    /// Goes on with the run in a file that was closed or killed at, or after, this extent; what lies beyond it is lost, and so are attributes
    /// that the header does not give.
    ///
    /// A killed file is never written to: nobody knows what was on its way to the disk. What lies within the extent is read, put into a new
    /// file beside it, and compared; then the new file takes the place of the old one. Whenever this is killed, one of the two is there.
    ///
    /// # Errors
    /// If the file cannot be read or does not hold those rows, snapshots and events bit for bit, if the header is that of another run, or if
    /// the new file cannot be written. The old one is left as it was.
    pub fn go_on(path: impl AsRef<Path>, header: &Header, extent: Extent) -> Result<Self, DataError> {
        let path = path.as_ref();
        let old = Trajectory::open(path)?;
        let beside = beside(path);
        let copied = Self::create_over(&beside, header).and_then(|mut new| {
            copy(&old, header, extent, &mut new)?;
            new.flush_to_disk()?;
            new.move_to(path)?;
            Ok(new)
        });
        copied.inspect_err(|_| drop(std::fs::remove_file(&beside)))
    }
}

fn copy(old: &Trajectory, header: &Header, extent: Extent, new: &mut TrajectoryWriter) -> Result<(), DataError> {
    let changed = || DataError::OtherRows { path: old.path().to_owned() };
    let names = |mut all: Vec<&str>| {
        all.sort_unstable();
        all.join(" ")
    };
    let (found, expected) = (old.metrics().iter().map(|m| &m.name), header.metrics.iter().map(|m| &m.name));
    let same = names(found.map(String::as_str).collect()) == names(expected.map(String::as_str).collect());
    let [n_rows, n_snapshots, n_events] =
        [extent.rows, extent.snapshots, extent.events].map(|tally| usize::try_from(tally.count).unwrap_or(usize::MAX));
    let enough = n_rows <= old.n_rows() && n_snapshots <= old.snapshot_steps().len() && n_events <= old.events().len();
    if !same || !enough {
        return Err(changed());
    }
    copy_rows(old, header, n_rows, new)?;
    for at in 0..n_snapshots {
        let blocks = load::snapshot(old.path(), at)?;
        let in_order = header.layout.blocks().iter().map(|block| blocks.iter().find(|(name, _)| *name == block.name));
        let theta: Vec<f64> = in_order.flatten().flat_map(|(_, values)| values.iter().copied()).collect();
        new.push_snapshot(old.snapshot_steps()[at], &theta)?;
    }
    for event in &old.events()[..n_events] {
        // an event that cannot be written was not written
        new.event(event.step, &event.kind, &event.text).map_err(|_| changed())?;
    }
    new.flush()?;
    if new.extent() == extent { Ok(()) } else { Err(changed()) }
}

fn copy_rows(old: &Trajectory, header: &Header, n_rows: usize, new: &mut TrajectoryWriter) -> Result<(), DataError> {
    let series: Vec<&[f64]> = header.metrics.iter().filter_map(|m| old.series(&m.name)).collect();
    let at_once = (MARGINS_AT_ONCE / header.n_samples.max(1)).clamp(1, ROWS_PER_CHUNK);
    for start in (0..n_rows).step_by(at_once) {
        let rows = start..n_rows.min(start + at_once);
        let margins = if header.n_samples > 0 { load::margins(old.path(), rows.clone())? } else { None };
        for row in rows {
            let values: Vec<f64> = series.iter().map(|column| column[row]).collect();
            let margins = margins.as_ref().map(|block| block.row(row - start).to_vec());
            new.push_row(old.steps()[row], &values, margins.as_deref())?;
        }
    }
    Ok(())
}
