//! What is written is read back, by us and by the rules of netCDF.

use super::super::{Attribute, Trajectory, TrajectoryWriter, scales, schema};
use super::{header, text, write};
use hdf5::File;
use ndarray::{Array2, array};

#[test]
fn rows_come_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.h5");
    write(&path, 600).expect("written");
    let run = Trajectory::open(&path).expect("read");
    assert_eq!(run.n_rows(), 600);
    assert_eq!(run.steps(), (0..600).collect::<Vec<u64>>());
    assert_eq!(run.series("margin_linf"), Some(&(0..600).map(|s| -f64::from(s)).collect::<Vec<f64>>()[..]));
    assert_eq!(run.series("step"), None);
    let margins = run.margins().expect("read").expect("recorded");
    assert_eq!(margins, Array2::from_shape_fn((600, 3), |(i, j)| i as f64 + 0.25 * j as f64));
}

#[test]
fn texts_and_facts_come_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.h5");
    write(&path, 3).expect("written");
    let run = Trajectory::open(&path).expect("read");
    assert_eq!(run.title(), "three points");
    assert!(run.is_finished());
    assert_eq!(run.attribute_text("norm"), Some("ℓ∞"));
    assert_eq!(run.attribute("degree"), Some(&Attribute::Number(2.5)), "replaced");
    assert_eq!(run.attribute_integer("separation_step"), Some(5));
    assert_eq!(run.attribute_number("separation_step"), Some(5.0));
    assert_eq!(run.attribute_integer("format_version"), Some(schema::FORMAT_VERSION));
    let names: Vec<&str> = run.attributes().iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["title", "about", "format_version", "finished", "norm", "degree", "separation_step"]);
    assert_eq!(run.config_as_written(), header().config_as_written);
    assert_eq!(run.config_resolved(), header().config_resolved);
    assert_eq!(run.provenance(), header().provenance);
    assert_eq!(run.data_attributes(), header().data_attributes);
    assert_eq!((run.train_indices(), run.test_indices()), (&[7, 11, 4][..], &[1][..]));
    assert_eq!(run.arrays().expect("read"), header().arrays);
    let names: Vec<&str> = run.metrics().iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ["wall_seconds", "margin_linf"], "as declared, not by name");
    let margin = &run.metrics()[1];
    assert_eq!((margin.unit.as_str(), margin.symbol.as_str()), ("1", "γ_{∞}"));
    assert_eq!((margin.paper_symbol.as_deref(), margin.undefined.as_str()), (Some("γ_{1}"), "theta is zero"));
}

#[test]
fn events_and_snapshots_come_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.h5");
    write(&path, 9).expect("written");
    let run = Trajectory::open(&path).expect("read");
    let told: Vec<_> = run.events().iter().map(|e| (e.step, e.kind.as_str(), e.text.as_str())).collect();
    assert_eq!(told, [(5, "separated", "all 3 samples: right"), (9, "stopped", "enough")]);
    assert_eq!(run.snapshot_steps(), [0, 9]);
    let blocks = run.snapshot(1).expect("read");
    let w1 = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]].into_dyn();
    assert_eq!(blocks, [("W1".to_owned(), w1), ("W2".to_owned(), array![7.0, 8.0].into_dyn())]);
    assert!(run.snapshot(2).expect_err("beyond the last").to_string().contains("no snapshot 2"));
}

#[test]
fn rows_without_margins_and_runs_without_rows() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.h5");
    let mut writer = TrajectoryWriter::create(&path, &header()).expect("made");
    assert_eq!(Trajectory::open(&path).expect("readable while it is written").n_rows(), 0);
    writer.push_row(0, &[0.0, f64::NAN], None).expect("a row");
    writer.flush_if_due().expect("not due");
    assert_eq!(Trajectory::open(&path).expect("read").n_rows(), 0, "a row waits in memory");
    writer.flush().expect("flushed");
    let run = Trajectory::open(&path).expect("read");
    assert!(run.margins().expect("read").expect("recorded").iter().all(|q| q.is_nan()));
    assert!(run.series("margin_linf").is_some_and(|s| s[0].is_nan()));
    assert!(!run.is_finished());
}

#[test]
fn every_axis_is_a_dimension_scale() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.h5");
    write(&path, 2).expect("written");
    let file = File::open(&path).expect("open");
    let attached = |variable: &str, scale: &str, axis: u32| {
        let (variable, scale) = (file.dataset(variable).expect("there"), file.dataset(scale).expect("there"));
        scales::is_attached(&variable, &scale, axis).expect("an answer")
    };
    assert!(attached("wall_seconds", "step", 0) && attached("margin_linf", "step", 0));
    assert!(attached("samples/margins", "step", 0) && attached("samples/margins", "samples/sample", 1));
    assert!(!attached("samples/margins", "step", 1));
    assert!(attached("parameters/W1", "parameters/snapshot_step", 0));
    assert!(attached("parameters/W1", "parameters/W1_row", 1) && attached("parameters/W1", "parameters/W1_col", 2));
    assert!(attached("parameters/W2", "parameters/W2_entry", 1));
    assert!(attached("data/train_indices", "data/train_sample", 0) && attached("data/teacher", "data/teacher_col", 1));
    assert_eq!(file.dataset("samples/sample").and_then(|d| d.read_raw::<i64>()).expect("read"), [7, 11, 4]);
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let (first, second) = (folder.path().join("a.h5"), folder.path().join("b.h5"));
    write(&first, 300).expect("written");
    write(&second, 300).expect("written");
    assert!(std::fs::read(&first).expect("bytes") == std::fs::read(&second).expect("bytes"));
}

#[test]
fn facts_keep_their_kind() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.h5");
    let mut writer = TrajectoryWriter::create(&path, &header()).expect("made");
    for n in 0..20 {
        writer.set_attribute(&format!("fact_{n}"), Attribute::Integer(n)).expect("set");
    }
    for n in 0..70_000 {
        writer.set_attribute("counter", Attribute::Integer(n)).expect("set again and again");
    }
    writer.flush().expect("flushed");
    let facts = [("fact_3".to_owned(), text("")), ("fact_4".to_owned(), Attribute::Number(f64::NEG_INFINITY))];
    writer.finish(&facts).expect("finished");
    let run = Trajectory::open(&path).expect("read");
    assert_eq!(run.attribute_text("fact_3"), Some(""));
    assert_eq!(run.attribute("fact_4"), Some(&Attribute::Number(f64::NEG_INFINITY)));
    assert_eq!(run.attribute_integer("fact_19"), Some(19));
    assert_eq!(run.attribute_integer("counter"), Some(69_999));
}
