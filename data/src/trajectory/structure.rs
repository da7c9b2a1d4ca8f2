//! The structure of a file: groups, empty datasets and scales, all made before the first row.

use super::header::Header;
use super::schema::{BARE_DIMENSION, ROWS_PER_CHUNK, attribute, dataset, group};
use super::{attributes, scales};
use hdf5::file::{AttrCreationOrder, FileCloseDegree, LibraryVersion, LinkCreationOrder};
use hdf5::{Dataset, File, FileBuilder, Group, H5Type, Result};
use ndarray::Array2;
use steepest_core::{Block, BlockShape, metric::MetricInfo};

/// Up to so many attributes lie in a row, in the order in which they were set. Beyond that the library sorts them by a hash,
/// and versions before 1.14 then fail to delete one that was renamed if their order is tracked.
const COMPACT_ATTRIBUTES: u32 = 1024;

/// How every file is made and opened.
///
/// The older file format survives a kill after a flush and can be read while it is written. Locks fail on network disks.
/// Closing fails loudly while a handle is open, instead of losing the rows after the last flush. No time is stored: what is
/// alike gives like bytes.
pub(super) fn options() -> FileBuilder {
    let mut options = File::with_options();
    options
        .with_fapl(|p| {
            p.libver_bounds(LibraryVersion::V18, LibraryVersion::V110)
                .file_locking(false)
                .fclose_degree(FileCloseDegree::Semi)
        })
        .with_fcpl(|p| {
            p.obj_track_times(false)
                .link_creation_order(LinkCreationOrder::Indexed)
                .attr_creation_order(AttrCreationOrder::Tracked)
                .attr_phase_change(COMPACT_ATTRIBUTES, COMPACT_ATTRIBUTES / 2)
        });
    options
}

/// A group that remembers the order of its members. That of its attributes is not tracked: a tracked place can hold no more
/// than 65 535 of them, and there may be many events.
pub(super) fn new_group(file: &File, name: &str) -> Result<Group> {
    let builder = file.create_group_builder().with_gcpl(|p| {
        p.obj_track_times(false)
            .link_creation_order(LinkCreationOrder::Indexed)
            .attr_phase_change(COMPACT_ATTRIBUTES, COMPACT_ATTRIBUTES / 2)
    });
    builder.create(name)
}

/// An empty coordinate that grows: int64, a scale of its own name.
pub(super) fn growing_coordinate(parent: &Group, name: &str, meaning: &str) -> Result<Dataset> {
    let coordinate = parent.new_dataset::<i64>().chunk(ROWS_PER_CHUNK).shape(0..).create(name)?;
    describe(&coordinate, meaning)?;
    scales::set_scale(&coordinate, name)?;
    Ok(coordinate)
}

/// An empty series along a coordinate. What a killed write left out is NaN for every reader, not zero.
pub(super) fn series(parent: &Group, info: &MetricInfo, step: &Dataset) -> Result<Dataset> {
    let series =
        parent.new_dataset::<f64>().fill_value(f64::NAN).chunk(ROWS_PER_CHUNK).shape(0..).create(info.name.as_str())?;
    attributes::write_text(&series, attribute::LONG_NAME, &info.doc)?;
    attributes::write_text(&series, attribute::UNITS, info.unit)?;
    attributes::write_text(&series, attribute::SYMBOL, &info.symbol)?;
    if let Some(symbol) = &info.paper_symbol {
        attributes::write_text(&series, attribute::PAPER_SYMBOL, symbol)?;
    }
    if !info.undefined.is_empty() {
        attributes::write_text(&series, attribute::UNDEFINED_WHEN, info.undefined)?;
    }
    scales::attach(&series, step, 0)?;
    Ok(series)
}

/// The margins of single samples, empty, along steps and samples.
pub(super) fn margins(file: &File, step: &Dataset, samples: &[u64]) -> Result<Dataset> {
    let group = new_group(file, group::SAMPLES)?;
    let sample = group.new_dataset_builder().with_data_as(samples, i64::type_descriptor()).create(dataset::SAMPLE)?;
    describe(&sample, "index of the training sample in its source (0, 1, 2, ... for generated data)")?;
    scales::set_scale(&sample, dataset::SAMPLE)?;

    let n = samples.len();
    let rows = (ROWS_PER_CHUNK * ROWS_PER_CHUNK / n).clamp(1, ROWS_PER_CHUNK);
    let margins =
        group.new_dataset::<f64>().fill_value(f64::NAN).chunk((rows, n)).shape((0.., n)).create(dataset::MARGINS)?;
    let meaning = "margin q of each training sample, not divided by any norm: positive where the model is right";
    describe(&margins, meaning)?;
    attributes::write_text(&margins, attribute::SYMBOL, "q_{i}")?;
    attributes::write_text(&margins, attribute::UNDEFINED_WHEN, "the margins were not recorded at this step")?;
    scales::attach(&margins, step, 0)?;
    scales::attach(&margins, &sample, 1)?;
    Ok(margins)
}

/// One parameter block at snapshots, empty. A chunk is one snapshot. It is not compressed: the digits of weights are as good as random, and seven eighths of
/// the bytes are not worth what the rest of a short run takes.
pub(super) fn block(parent: &Group, block: &Block, snapshot_step: &Dataset) -> Result<Dataset> {
    let (name, new) = (block.name.as_str(), parent.new_dataset::<f64>());
    let (dataset, axes) = match block.shape {
        BlockShape::Matrix { rows, cols } => {
            let dataset = new.chunk((1, rows, cols)).shape((0.., rows, cols)).create(name)?;
            (dataset, vec![(format!("{name}_row"), rows), (format!("{name}_col"), cols)])
        }
        BlockShape::Vector { len } => {
            let dataset = new.chunk((1, len)).shape((0.., len)).create(name)?;
            (dataset, vec![(format!("{name}_entry"), len)])
        }
    };
    describe(&dataset, &format!("parameter block {name} at the snapshots"))?;
    scales::attach(&dataset, snapshot_step, 0)?;
    bare_axes(parent, &dataset, &axes, 1)?;
    Ok(dataset)
}

/// Which data the run used.
pub(super) fn data(file: &File, header: &Header) -> Result<()> {
    let group = new_group(file, group::DATA)?;
    attributes::write_texts(&group, &header.data_attributes)?;
    data_indices(&group, "train", dataset::TRAIN_INDICES, &header.train_indices)?;
    data_indices(&group, "test", dataset::TEST_INDICES, &header.test_indices)?;
    header.arrays.iter().try_for_each(|(name, array)| data_array(&group, name, array))
}

fn data_indices(group: &Group, part: &str, name: &str, indices: &[u64]) -> Result<()> {
    if indices.is_empty() {
        return Ok(());
    }
    let stored = group.new_dataset_builder().with_data_as(indices, i64::type_descriptor()).create(name)?;
    describe(&stored, &format!("where the {part} samples lie in their source, from 0"))?;
    bare_axes(group, &stored, &[(format!("{part}_sample"), indices.len())], 0)
}

fn data_array(group: &Group, name: &str, array: &Array2<f64>) -> Result<()> {
    let (rows, cols) = array.dim();
    let stored = group.new_dataset_builder().with_data(&array.as_standard_layout()).create(name)?;
    describe(&stored, &format!("matrix {name} that made the data"))?;
    bare_axes(group, &stored, &[(format!("{name}_row"), rows), (format!("{name}_col"), cols)], 0)
}

/// Names the axes of a variable, from `first` on, by dimensions without coordinate: no reader has to invent names.
fn bare_axes(parent: &Group, variable: &Dataset, axes: &[(String, usize)], first: u32) -> Result<()> {
    for (axis, (name, len)) in (first..).zip(axes) {
        let dimension = parent.new_dataset::<f32>().shape(*len).create(name.as_str())?;
        scales::set_scale(&dimension, &format!("{BARE_DIMENSION}{len:10}"))?;
        scales::attach(variable, &dimension, axis)?;
    }
    Ok(())
}

/// Says what a pure number means.
fn describe(variable: &Dataset, meaning: &str) -> Result<()> {
    attributes::write_text(variable, attribute::LONG_NAME, meaning)?;
    attributes::write_text(variable, attribute::UNITS, "1")
}
