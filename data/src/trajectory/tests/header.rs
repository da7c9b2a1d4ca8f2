//! What cannot be stored is refused before a file is made.

use super::super::{Attribute, Header, Trajectory, TrajectoryWriter};
use super::{header, push, text, write};
use crate::error::DataError;
use ndarray::Array2;
use steepest_core::{BlockShape, ParameterLayout, metric::MetricInfo};

/// Why a header is refused; no file is left behind.
fn complaint(header: &Header) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.h5");
    let error = TrajectoryWriter::create(&path, header).err().expect("refused");
    assert!(!path.exists());
    error.to_string()
}

fn series(name: &str) -> MetricInfo {
    MetricInfo::new(name, "1", "x", "a number")
}

#[test]
fn a_file_is_not_overwritten_by_accident() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.h5");
    write(&path, 6).expect("written");
    let error = TrajectoryWriter::create(&path, &header()).err().expect("refused");
    assert!(error.to_string().contains("exists already"), "{error}");
    assert_eq!(Trajectory::open(&path).expect("still there").n_rows(), 6);
    let mut writer = TrajectoryWriter::create_over(&path, &header()).expect("made");
    push(&mut writer, 0).expect("a row");
    writer.finish(&[]).expect("finished");
    assert_eq!(Trajectory::open(&path).expect("read").n_rows(), 1);
}

#[test]
fn a_missing_folder_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = TrajectoryWriter::create(folder.path().join("out/run.h5"), &header()).err().expect("refused");
    assert!(matches!(&error, DataError::NoFolder { folder, .. } if folder.ends_with("out")), "{error}");
}

#[test]
fn names_that_no_reader_would_like() {
    for name in ["", "ln loss", "1st", "γ", "a/b", "step-size"] {
        let said = complaint(&Header { metrics: vec![series(name)], ..header() });
        assert!(said.contains("cannot name a series"), "{name}: {said}");
    }
    for name in ["step", "samples", "events"] {
        assert!(complaint(&Header { metrics: vec![series(name)], ..header() }).contains("taken"), "{name}");
    }
    assert!(complaint(&Header { metrics: vec![series("a"), series("a")], ..header() }).contains("taken"));
    let array = ("train_indices".to_owned(), Array2::zeros((1, 1)));
    assert!(complaint(&Header { arrays: vec![array], ..header() }).contains("taken"));
    let layout = ParameterLayout::new([("snapshot_step", BlockShape::Vector { len: 1 })]).expect("a layout");
    assert!(complaint(&Header { layout, ..header() }).contains("taken"));
    let attribute = ("finished".to_owned(), Attribute::Integer(1));
    assert!(complaint(&Header { attributes: vec![attribute], ..header() }).contains("taken"));
}

#[test]
fn counts_that_do_not_fit() {
    assert!(complaint(&Header { n_samples: 2, ..header() }).contains("expected 2 x training index, found 3"));
    assert!(complaint(&Header { test_indices: vec![u64::MAX], ..header() }).contains("too large"));
}

#[test]
fn texts_that_would_be_cut() {
    assert!(complaint(&Header { title: "a\0b".into(), ..header() }).contains("zero byte"));
    let config_resolved = "seeds = [0]\0".into();
    assert!(complaint(&Header { config_resolved, ..header() }).contains("toml_resolved"));
    assert!(complaint(&Header { attributes: vec![("norm".into(), text("\0"))], ..header() }).contains("norm"));
}

/// The rows of `W1` are a dimension of that name: the library refuses when the file is half made.
#[test]
fn half_a_structure_is_taken_away() {
    let blocks = [("W1", BlockShape::Matrix { rows: 2, cols: 3 }), ("W1_row", BlockShape::Vector { len: 2 })];
    let layout = ParameterLayout::new(blocks).expect("a layout");
    let said = complaint(&Header { layout, ..header() });
    assert!(said.contains("cannot create"), "{said}");
}

#[test]
fn half_a_file_that_a_kill_left_is_in_nobodys_way() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.h5");
    std::fs::write(folder.path().join("run.h5.part"), "half").expect("written");
    TrajectoryWriter::create(&path, &header()).expect("made").finish(&[]).expect("finished");
    assert_eq!(Trajectory::open(&path).expect("read").n_rows(), 0);
    assert_eq!(std::fs::read_dir(&folder).expect("a folder").count(), 1, "no part is left");
}

#[test]
fn rows_that_do_not_fit() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.h5");
    let mut writer = TrajectoryWriter::create(&path, &header()).expect("made");
    assert!(writer.push_row(0, &[1.0], None).is_err());
    assert!(writer.push_row(0, &[1.0, 2.0], Some(&[1.0])).is_err());
    assert!(writer.push_row(u64::MAX, &[1.0, 2.0], None).is_err());
    assert!(writer.push_snapshot(0, &[1.0]).is_err());
    assert!(writer.event(0, "two words", "").is_err());
    assert!(writer.event(0, "stopped", "a\0").is_err());
    assert!(writer.set_attribute("title", text("another")).is_err());
    writer.finish(&[]).expect("finished");
    assert_eq!(Trajectory::open(&path).expect("read").n_rows(), 0);
}

#[test]
fn generated_data_and_no_margins() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.h5");
    let bare = Header { n_samples: 0, train_indices: vec![], test_indices: vec![], arrays: vec![], ..header() };
    let mut writer = TrajectoryWriter::create(&path, &bare).expect("made");
    assert!(writer.push_row(0, &[1.0, 2.0], Some(&[1.0])).is_err());
    writer.push_row(0, &[1.0, 2.0], None).expect("a row");
    writer.finish(&[]).expect("finished");
    let run = Trajectory::open(&path).expect("read");
    assert_eq!(run.margins().expect("read"), None);
    assert!(run.train_indices().is_empty() && run.arrays().expect("read").is_empty());
}
