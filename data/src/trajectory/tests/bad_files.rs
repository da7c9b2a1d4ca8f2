//! Files that are no trajectories, each with a sentence that says what to do.

use super::super::{Attribute, Trajectory, attributes};
use super::write;
use crate::error::DataError;
use hdf5::File;
use std::path::Path;

/// The sentence, with its causes, that opening gives.
fn complaint(path: &Path) -> String {
    Trajectory::open(path).expect_err("no trajectory").to_string()
}

#[test]
fn no_file_and_no_hdf5() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.h5");
    assert!(matches!(Trajectory::open(&path), Err(DataError::Io { action: "read", .. })));
    for junk in [&b""[..], b"\x89HDF", b"title = \"no binary file at all\"\n"] {
        std::fs::write(&path, junk).expect("written");
        let said = complaint(&path);
        assert!(said.contains("is not an HDF5 file") && said.contains("run.h5"), "{said}");
    }
    assert!(matches!(Trajectory::open(folder.path()), Err(DataError::Io { .. })), "a folder");
}

#[test]
fn a_file_cut_short() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.h5");
    write(&path, 40).expect("written");
    let whole = std::fs::read(&path).expect("bytes");
    for length in [8, 48, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).expect("written");
        let said = complaint(&path);
        assert!(said.contains("is cut short or damaged"), "{length} bytes: {said}");
    }
}

#[test]
fn somebody_elses_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("other.h5");
    let file = File::create(&path).expect("made");
    file.new_dataset::<f64>().shape(3).create("temperature").expect("made");
    file.close().expect("closed");
    let said = complaint(&path);
    assert!(said.contains("not a trajectory of this program") && said.contains("format_version"), "{said}");
}

#[test]
fn a_file_of_the_same_name_for_its_version() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("other.h5");
    let file = File::create(&path).expect("made");
    attributes::write(&file, "format_version", &Attribute::Integer(1)).expect("set");
    file.close().expect("closed");
    assert!(complaint(&path).contains("no coordinate `step`"));
}

#[test]
fn a_file_of_a_newer_program() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.h5");
    write(&path, 2).expect("written");
    let file = File::open_rw(&path).expect("open");
    attributes::write(&file, "format_version", &Attribute::Integer(2)).expect("set");
    file.close().expect("closed");
    assert!(complaint(&path).contains("newer format 2 (this program reads up to 1)"));
}

#[test]
fn what_others_add_does_no_harm() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.h5");
    write(&path, 4).expect("written");
    {
        let file = File::open_rw(&path).expect("open");
        file.new_dataset::<f64>().shape(2).create("fit").expect("made");
        file.new_dataset::<i8>().create("note").expect("made");
        file.new_attr::<f64>().shape(3).create("three_numbers").expect("made");
        file.create_group("analysis").expect("made");
    }
    let run = Trajectory::open(&path).expect("read");
    assert_eq!((run.n_rows(), run.metrics().len()), (4, 2));
    assert_eq!(run.attribute("three_numbers"), None);
}
