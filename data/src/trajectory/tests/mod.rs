//! Tests of files as a whole; one small run serves them all.

mod bad_files;
mod crash;
mod going_on;
mod header;
mod round_trip;

use super::{Attribute, Header, TrajectoryWriter};
use crate::error::DataError;
use ndarray::array;
use std::path::Path;
use steepest_core::{BlockShape, ParameterLayout, metric::MetricInfo};

/// Two series, three samples, a matrix and a vector.
fn header() -> Header {
    let blocks = [("W1", BlockShape::Matrix { rows: 2, cols: 3 }), ("W2", BlockShape::Vector { len: 2 })];
    let margin = MetricInfo::new("margin_linf", "1", "γ_{∞}", "min_i y_i f(x_i) / |theta|_inf^2").in_paper("γ_{1}");
    Header {
        metrics: vec![
            MetricInfo::new("wall_seconds", "s", "t", "seconds since the start"),
            margin.undefined_when("theta is zero"),
        ],
        n_samples: 3,
        attributes: vec![("norm".into(), text("ℓ∞")), ("degree".into(), Attribute::Integer(2))],
        config_as_written: "title = \"three points\"\n".into(),
        config_resolved: "title = \"three points\"\nseeds = [0]\n".into(),
        provenance: vec![("empty".into(), String::new()), ("version".into(), "0.1.0".into())],
        train_indices: vec![7, 11, 4],
        test_indices: vec![1],
        arrays: vec![("teacher".into(), array![[1.0, 2.0], [3.0, 4.0]].reversed_axes())],
        data_attributes: vec![("sha256".into(), "00ff".into())],
        ..Header::new("three points", ParameterLayout::new(blocks).expect("a layout"))
    }
}

fn text(text: &str) -> Attribute {
    Attribute::Text(text.into())
}

/// A row whose values can be told from its step.
fn push(writer: &mut TrajectoryWriter, step: u64) -> Result<(), DataError> {
    let x = step as f64;
    writer.push_row(step, &[x, -x], Some(&[x, x + 0.25, x + 0.5]))
}

/// A finished run of so many rows, with two snapshots and two events.
fn write(path: &Path, rows: u64) -> Result<(), DataError> {
    let mut writer = TrajectoryWriter::create(path, &header())?;
    for step in 0..rows {
        push(&mut writer, step)?;
    }
    writer.push_snapshot(0, &[0.0; 8])?;
    writer.push_snapshot(rows, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])?;
    writer.event(5, "separated", "all 3 samples: right")?;
    writer.event(rows, "stopped", "enough")?;
    writer.set_attribute("degree", Attribute::Number(2.5))?;
    writer.finish(&[("separation_step".into(), Attribute::Integer(5))])
}
