//! Runs that do not end as they should, and many at once.

use super::super::{Trajectory, TrajectoryWriter, structure};
use super::{header, push, write};
use hdf5::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Names the file to the child process of the test below.
const CHILD: &str = "STEEPEST_KILLED_WRITER";

#[test]
fn a_killed_writer_leaves_the_last_flush() {
    if let Some(path) = std::env::var_os(CHILD) {
        write_and_wait(&PathBuf::from(path));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.h5");
    let name = "trajectory::tests::crash::a_killed_writer_leaves_the_last_flush";
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args([name, "--exact", "--nocapture"])
        .env(CHILD, &path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    let said = BufReader::new(child.stdout.take().expect("its output")).lines();
    assert!(said.map_while(Result::ok).any(|line| line.contains("flushed")), "the child came so far");
    child.kill().and_then(|()| child.wait()).expect("killed");

    let run = Trajectory::open(&path).expect("readable");
    assert_eq!(run.n_rows(), 300);
    assert_eq!(run.series("wall_seconds").and_then(<[f64]>::last), Some(&299.0));
    assert_eq!(run.margins().expect("read").expect("recorded").dim(), (300, 3));
    assert_eq!((run.events().len(), run.snapshot_steps()), (1, &[300][..]));
    assert!(!run.is_finished());
}

/// The child: more rows than are flushed, then waits for its end.
fn write_and_wait(path: &Path) -> ! {
    let mut writer = TrajectoryWriter::create(path, &header()).expect("made");
    (0..300).try_for_each(|step| push(&mut writer, step)).expect("rows");
    writer.push_snapshot(300, &[1.0; 8]).expect("a snapshot");
    writer.event(300, "separated", "all").expect("an event");
    writer.flush().expect("flushed");
    (300..1000).try_for_each(|step| push_without_block(&mut writer, step)).expect("rows");
    println!("flushed");
    let _ = std::io::stdin().read(&mut [0]);
    panic!("the parent was to kill this process");
}

/// Rows that stay in memory: fewer than a block.
fn push_without_block(writer: &mut TrajectoryWriter, step: u64) -> Result<(), crate::DataError> {
    if step < 500 { push(writer, step) } else { Ok(()) }
}

#[test]
fn a_dropped_writer_writes_what_it_has() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.h5");
    let mut writer = TrajectoryWriter::create(&path, &header()).expect("made");
    (0..5).try_for_each(|step| push(&mut writer, step)).expect("rows");
    drop(writer);
    let run = Trajectory::open(&path).expect("read");
    assert_eq!((run.n_rows(), run.is_finished()), (5, false));
}

/// With the library's default, closing returns Ok and the rows after the last flush are lost.
#[test]
fn closing_with_an_open_handle_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = structure::options().create(folder.path().join("run.h5")).expect("made");
    let open = structure::growing_coordinate(&file, "step", "steps").expect("made");
    assert!(file.close().is_err());
    drop(open);
}

#[test]
fn rows_beyond_the_shortest_series_are_cut() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.h5");
    write(&path, 5).expect("written");
    {
        let file = File::open_rw(&path).expect("open");
        file.dataset("wall_seconds").and_then(|d| d.resize(4)).expect("cut");
        file.dataset("parameters/W1").and_then(|d| d.resize((1, 2, 3))).expect("cut");
    }
    let run = Trajectory::open(&path).expect("read");
    assert_eq!((run.steps(), run.n_rows()), (&[0, 1, 2, 3][..], 4));
    assert_eq!(run.series("margin_linf").map(<[f64]>::len), Some(4));
    assert_eq!(run.margins().expect("read").expect("recorded").nrows(), 4);
    assert_eq!(run.snapshot_steps(), [0]);
}

/// Concurrent calls on different files once failed with lock errors in another program (tensor4all-rs#606).
#[test]
fn many_threads_write_and_read_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |k: u64| folder.path().join(format!("run-{k}.h5"));
    std::thread::scope(|scope| {
        for k in 0..8 {
            let path = path(k);
            scope.spawn(move || {
                write(&path, 20 + k).expect("written");
                assert_eq!(Trajectory::open(&path).expect("read").n_rows(), 20 + k as usize);
            });
        }
    });
    for k in 0..8 {
        assert!(Trajectory::open(path(k)).expect("read").is_finished());
    }
}
