//! From the file into memory.

use super::header::{Attribute, Event, SeriesInfo};
use super::schema::{FORMAT_VERSION, STEP, attribute, dataset, event_name, group};
use super::{attributes, scales, structure};
use crate::error::DataError;
use hdf5::{Dataset, File, Group, IndexType, IterationOrder, LocationType, Result};
use ndarray::{Array2, ArrayD, Ix1, Ix2};
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

/// The eight bytes that every HDF5 file has at its start, or behind a user block.
const SIGNATURE: [u8; 8] = *b"\x89HDF\r\n\x1a\n";

/// The series: `columns[k]` belongs to `metrics[k]` and is as long as `steps`.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    pub(super) steps: Vec<u64>,
    pub(super) metrics: Vec<SeriesInfo>,
    pub(super) columns: Vec<Vec<f64>>,
}

/// What is small enough to be kept in memory.
#[derive(Clone, Debug)]
pub(super) struct Loaded {
    pub(super) rows: Rows,
    pub(super) attributes: Vec<(String, Attribute)>,
    pub(super) config_as_written: String,
    pub(super) config_resolved: String,
    pub(super) provenance: Vec<(String, String)>,
    pub(super) events: Vec<Event>,
    pub(super) data_attributes: Vec<(String, String)>,
    pub(super) train_indices: Vec<u64>,
    pub(super) test_indices: Vec<u64>,
    pub(super) snapshot_steps: Vec<u64>,
}

/// Reads all but margins, snapshots and arrays.
pub(super) fn load(path: &Path) -> Result<Loaded, DataError> {
    with_file(path, |file| {
        let (config, data) = (file.group(group::CONFIG)?, file.group(group::DATA)?);
        let provenance = file.group(group::PROVENANCE)?;
        Ok(Loaded {
            rows: rows(file)?,
            attributes: attributes::read_all(file)?,
            config_as_written: attributes::read_text(&config, attribute::TOML_AS_WRITTEN)?.unwrap_or_default(),
            config_resolved: attributes::read_text(&config, attribute::TOML_RESOLVED)?.unwrap_or_default(),
            provenance: attributes::read_texts(&provenance)?,
            events: events(&file.group(group::EVENTS)?)?,
            data_attributes: attributes::read_texts(&data)?,
            train_indices: indices(&data, dataset::TRAIN_INDICES)?,
            test_indices: indices(&data, dataset::TEST_INDICES)?,
            snapshot_steps: snapshot_steps(&file.group(group::PARAMETERS)?)?,
        })
    })
}

/// Some rows of the margins; `None` if there are no margins.
pub(super) fn margins(path: &Path, rows: Range<usize>) -> Result<Option<Array2<f64>>, DataError> {
    with_file(path, |file| margins_of(file)?.map(|m| m.read_slice::<f64, _, Ix2>((rows, ..))).transpose())
}

/// The parameter blocks of one snapshot.
pub(super) fn snapshot(path: &Path, index: usize) -> Result<Vec<(String, ArrayD<f64>)>, DataError> {
    with_file(path, |file| {
        let parameters = file.group(group::PARAMETERS)?;
        let blocks = variables(&parameters, &parameters.dataset(dataset::SNAPSHOT_STEP)?)?;
        blocks.into_iter().map(|(name, block)| Ok((name, block_at(&block, index)?))).collect()
    })
}

/// The matrices that made the data.
pub(super) fn arrays(path: &Path) -> Result<Vec<(String, Array2<f64>)>, DataError> {
    with_file(path, |file| {
        let matrices = datasets(&file.group(group::DATA)?)?.into_iter().filter(|(_, d)| d.ndim() == 2);
        matrices.map(|(name, matrix)| Ok((name, matrix.read_2d()?))).collect()
    })
}

/// Opens a trajectory, reads, and closes it, as one HDF5 operation.
fn with_file<T>(path: &Path, read: impl FnOnce(&File) -> Result<T>) -> Result<T, DataError> {
    check_signature(path)?;
    hdf5::sync::sync(|| {
        let file = structure::options().open(path);
        let file = file.map_err(|source| DataError::Damaged { path: path.to_owned(), source })?;
        check_version(&file, path)?;
        read(&file).map_err(|source| DataError::Hdf5 { action: "read", path: path.to_owned(), source })
    })
}

/// Whether the file is HDF5 at all: the library's own words for a text file are of no help.
fn check_signature(path: &Path) -> Result<(), DataError> {
    let failed = |source| DataError::Io { action: "read", path: path.to_owned(), source };
    let mut file = std::fs::File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let mut start = 0;
    while start + 8 <= length {
        let mut found = [0; 8];
        file.seek(SeekFrom::Start(start)).and_then(|_| file.read_exact(&mut found)).map_err(failed)?;
        if found == SIGNATURE {
            return Ok(());
        }
        start = if start == 0 { 512 } else { 2 * start };
    }
    Err(DataError::NotHdf5 { path: path.to_owned() })
}

/// Whether this program wrote the file, in a format that it knows.
fn check_version(file: &File, path: &Path) -> Result<(), DataError> {
    let foreign = |missing| DataError::NotATrajectory { path: path.to_owned(), missing };
    match attributes::read(file, attribute::FORMAT_VERSION) {
        Ok(Some(Attribute::Integer(found))) if found > FORMAT_VERSION => {
            return Err(DataError::NewerFormat { path: path.to_owned(), found, known: FORMAT_VERSION });
        }
        Ok(Some(Attribute::Integer(_))) => {}
        _ => return Err(foreign("attribute `format_version`")),
    }
    if !file.link_exists(STEP) {
        return Err(foreign("coordinate `step`"));
    }
    match group::ALL.into_iter().find(|name| *name != group::SAMPLES && !file.link_exists(name)) {
        Some(_) => Err(foreign("complete set of groups")),
        None => Ok(()),
    }
}

/// Steps and series, cut to the rows that all of them have.
fn rows(file: &File) -> Result<Rows> {
    let step = file.dataset(STEP)?;
    let mut series = variables(file, &step)?;
    series.retain(|(_, dataset)| dataset.ndim() == 1);
    let margins = margins_of(file)?.map_or(usize::MAX, |m| m.shape()[0]);
    let n_rows = series.iter().map(|(_, d)| d.size()).fold(step.size().min(margins), usize::min);
    let columns = series.iter().map(|(_, d)| Ok(d.read_slice_1d(0..n_rows)?.to_vec())).collect::<Result<_>>()?;
    let metrics = series.iter().map(|(name, d)| series_info(name, d)).collect::<Result<_>>()?;
    Ok(Rows { steps: step.read_slice_1d(0..n_rows)?.to_vec(), metrics, columns })
}

fn series_info(name: &str, series: &Dataset) -> Result<SeriesInfo> {
    let text = |key| attributes::read_text(series, key).map(Option::unwrap_or_default);
    Ok(SeriesInfo {
        name: name.to_owned(),
        unit: text(attribute::UNITS)?,
        doc: text(attribute::LONG_NAME)?,
        symbol: text(attribute::SYMBOL)?,
        paper_symbol: attributes::read_text(series, attribute::PAPER_SYMBOL)?,
        undefined: text(attribute::UNDEFINED_WHEN)?,
    })
}

fn margins_of(file: &File) -> Result<Option<Dataset>> {
    let group = if file.link_exists(group::SAMPLES) { file.group(group::SAMPLES)? } else { return Ok(None) };
    if group.link_exists(dataset::MARGINS) { group.dataset(dataset::MARGINS).map(Some) } else { Ok(None) }
}

/// Snapshots that are complete.
fn snapshot_steps(parameters: &Group) -> Result<Vec<u64>> {
    let steps = parameters.dataset(dataset::SNAPSHOT_STEP)?;
    let blocks = variables(parameters, &steps)?;
    let n = blocks.iter().map(|(_, block)| block.shape()[0]).fold(steps.size(), usize::min);
    Ok(steps.read_slice_1d(0..n)?.to_vec())
}

fn block_at(block: &Dataset, index: usize) -> Result<ArrayD<f64>> {
    if block.ndim() == 3 {
        Ok(block.read_slice::<f64, _, Ix2>((index, .., ..))?.into_dyn())
    } else {
        Ok(block.read_slice::<f64, _, Ix1>((index, ..))?.into_dyn())
    }
}

/// The text of an event is `step 41: kind: sentence`.
fn events(events: &Group) -> Result<Vec<Event>> {
    let mut found = Vec::new();
    for (at, step) in events.dataset(dataset::EVENT_STEP)?.read_raw::<u64>()?.into_iter().enumerate() {
        let text = attributes::read_text(events, &event_name(at))?.unwrap_or_default();
        let said = text.strip_prefix(&format!("step {step}: ")).unwrap_or(&text);
        let (kind, text) = said.split_once(": ").unwrap_or(("", said));
        found.push(Event { step, kind: kind.to_owned(), text: text.to_owned() });
    }
    Ok(found)
}

fn indices(data: &Group, name: &str) -> Result<Vec<u64>> {
    if data.link_exists(name) { data.dataset(name)?.read_raw() } else { Ok(Vec::new()) }
}

/// The datasets whose first axis is that scale. Datasets that somebody added without it are left alone.
fn variables(group: &Group, scale: &Dataset) -> Result<Vec<(String, Dataset)>> {
    let mut found = datasets(group)?;
    found.retain(|(_, dataset)| scales::is_attached(dataset, scale, 0).unwrap_or(false));
    Ok(found)
}

/// All datasets of a group, in the order in which they were made, or of their names in a copy that forgot it.
fn datasets(group: &Group) -> Result<Vec<(String, Dataset)>> {
    let in_order = group.member_names_by(IndexType::CreationOrder, IterationOrder::Increasing);
    let names = in_order.or_else(|_| group.member_names())?;
    let is_dataset = |name: &String| group.loc_type_by_name(name).is_ok_and(|kind| kind == LocationType::Dataset);
    names.into_iter().filter(is_dataset).map(|name| group.dataset(&name).map(|d| (name, d))).collect()
}
