//! Runs that go on from what an interrupted one left.

use super::super::{Attribute, Extent, Trajectory, TrajectoryWriter};
use super::{header, push};
use crate::error::DataError;
use hdf5::File;
use std::path::Path;

/// What a run says between its first row and `rows`.
fn part(writer: &mut TrajectoryWriter, rows: std::ops::Range<u64>) {
    for step in rows {
        push(writer, step).expect("a row");
        if step % 100 == 7 {
            writer.push_snapshot(step, &[step as f64; 8]).expect("a snapshot");
            writer.event(step, "seen", &format!("step {step}: seven")).expect("an event");
        }
    }
}

/// A run that was interrupted after `rows`, of which the first `kept` are known, and that extent.
fn interrupted(path: &Path, kept: u64, rows: u64) -> Extent {
    let mut writer = TrajectoryWriter::create(path, &header()).expect("made");
    part(&mut writer, 0..kept);
    let extent = writer.extent();
    writer.flush_to_disk().expect("flushed");
    part(&mut writer, kept..rows);
    writer.set_attribute("status", Attribute::Text("interrupted".into())).expect("an attribute");
    extent
}

#[test]
fn a_run_that_went_on_has_the_bytes_of_one_that_did_not_stop() {
    let folder = tempfile::tempdir().expect("a folder");
    let (whole, halved) = (folder.path().join("whole.h5"), folder.path().join("halved.h5"));
    let mut writer = TrajectoryWriter::create(&whole, &header()).expect("made");
    part(&mut writer, 0..700);
    writer.finish(&[]).expect("finished");

    for kept in [0, 1, 300, 512, 699] {
        let extent = interrupted(&halved, kept, 700);
        let mut writer = TrajectoryWriter::go_on(&halved, &header(), extent).expect("it goes on");
        assert_eq!((writer.extent(), writer.path()), (extent, halved.as_path()));
        let again = Trajectory::open(&halved).expect("readable at once");
        assert_eq!((again.n_rows() as u64, again.attribute("status")), (kept, None));
        part(&mut writer, kept..700);
        writer.finish(&[]).expect("finished");

        let [a, b] = [&whole, &halved].map(|path| Trajectory::open(path).expect("read"));
        assert_eq!((a.steps(), a.attributes(), a.events()), (b.steps(), b.attributes(), b.events()));
        for metric in a.metrics() {
            assert_eq!(a.series(&metric.name), b.series(&metric.name));
        }
        assert_eq!(a.margins().expect("read"), b.margins().expect("read"));
        assert_eq!(a.snapshot_steps(), b.snapshot_steps());
        for at in 0..a.snapshot_steps().len() {
            assert_eq!(a.snapshot(at).expect("read"), b.snapshot(at).expect("read"));
        }
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 2, "nothing is left beside it");
        std::fs::remove_file(&halved).expect("removed");
    }
}

#[test]
fn rows_that_are_not_those_of_the_run_are_refused_and_left_alone() {
    type Harm = fn(&File) -> hdf5::Result<()>;
    let harms: [Harm; 6] = [
        |file| file.dataset("step")?.resize(299),
        |file| file.dataset("margin_linf")?.write_slice(ndarray::arr1(&[0.0]).view(), 0..=0), // -0.0 before
        |file| file.dataset("samples/margins")?.write_slice(ndarray::arr2(&[[1.0]]).view(), (299..300, 2..3)),
        |file| file.dataset("parameters/W2")?.write_slice(ndarray::arr2(&[[0.5]]).view(), (1..2, 0..1)),
        |file| file.dataset("events/event_step")?.write_slice(ndarray::arr1(&[8]).view(), 0..=0),
        |file| file.unlink("margin_linf"),
    ];
    for (k, harm) in harms.into_iter().enumerate() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("run.h5");
        let extent = interrupted(&path, 300, 300);
        let file = File::open_rw(&path).expect("open");
        harm(&file).expect("harmed");
        file.close().expect("closed");
        let before = std::fs::read(&path).expect("bytes");
        let Err(error) = TrajectoryWriter::go_on(&path, &header(), extent) else { panic!("harm {k} goes unnoticed") };
        assert!(matches!(error, DataError::OtherRows { .. }), "harm {k}: {error}");
        assert!(std::fs::read(&path).expect("bytes") == before, "harm {k}: the old file is as it was");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "harm {k}: nothing beside it");
    }
}

#[test]
fn a_torn_or_missing_file_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.h5");
    let extent = interrupted(&path, 300, 600);
    let bytes = std::fs::read(&path).expect("bytes");
    std::fs::write(&path, &bytes[..bytes.len() / 2]).expect("cut");
    assert!(TrajectoryWriter::go_on(&path, &header(), extent).is_err());
    std::fs::remove_file(&path).expect("removed");
    assert!(TrajectoryWriter::go_on(&path, &header(), extent).is_err());
    assert!(!path.exists());
}
