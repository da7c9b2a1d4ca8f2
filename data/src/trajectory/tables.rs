//! An open file with everything that grows in it, and how pending rows get there.

use super::header::{Attribute, Event, Header};
use super::schema::{ABOUT, FORMAT_VERSION, STEP, attribute, dataset, event_name, group};
use super::{attributes, structure};
use hdf5::{Dataset, File, Group, Result};
use ndarray::{ArrayView1, ArrayView2, ArrayView3};
use std::path::Path;
use steepest_core::{BlockShape, ParameterLayout};

/// What waits in memory for the next write.
///
/// Nothing else touches the file between two flushes, so that a killed run leaves the state of the last one.
pub(super) struct Pending {
    /// The step of each row.
    pub(super) steps: Vec<u64>,
    /// The values of each series, as long as `steps`.
    pub(super) columns: Vec<Vec<f64>>,
    /// The margins, row after row.
    pub(super) margins: Vec<f64>,
    /// Snapshots of the whole parameter vector.
    pub(super) snapshots: Vec<(u64, Vec<f64>)>,
    /// Events.
    pub(super) events: Vec<Event>,
    /// Attributes of the file.
    pub(super) attributes: Vec<(String, Attribute)>,
}

impl Pending {
    /// Nothing, for so many series.
    pub(super) fn new(n_series: usize) -> Self {
        Self {
            steps: Vec::new(),
            columns: vec![Vec::new(); n_series],
            margins: Vec::new(),
            snapshots: Vec::new(),
            events: Vec::new(),
            attributes: Vec::new(),
        }
    }

    /// Forgets what was written and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.steps.clear();
        self.columns.iter_mut().for_each(Vec::clear);
        self.margins.clear();
        self.snapshots.clear();
        self.events.clear();
        self.attributes.clear();
    }
}

/// An open file: handles of everything that grows, and how far each has come. The file comes last, to be dropped last.
pub(super) struct Tables {
    layout: ParameterLayout,
    step: Dataset,
    series: Vec<Dataset>,
    margins: Option<(Dataset, usize)>,
    snapshot_step: Dataset,
    blocks: Vec<Dataset>,
    events: Group,
    event_step: Dataset,
    n_rows: usize,
    n_snapshots: usize,
    n_events: usize,
    file: File,
}

impl Tables {
    /// Makes the file with all of its structure, and flushes it: it can be read from now on.
    pub(super) fn create(path: &Path, header: &Header) -> Result<Self> {
        let file = structure::options().create(path)?;
        // half a structure is of no use to anybody, and would be in the way of the next try
        Self::build(file, header).inspect_err(|_| drop(std::fs::remove_file(path)))
    }

    fn build(file: File, header: &Header) -> Result<Self> {
        write_root_attributes(&file, header)?;
        let step = structure::growing_coordinate(&file, STEP, "number of steps taken before the row was measured")?;
        let series = header.metrics.iter().map(|m| structure::series(&file, m, &step)).collect::<Result<_>>()?;
        let margins = create_margins(&file, header, &step)?;
        let (snapshot_step, blocks) = create_parameters(&file, &header.layout)?;
        structure::data(&file, header)?;
        write_config(&file, header)?;
        let provenance = structure::new_group(&file, group::PROVENANCE)?;
        attributes::write_texts(&provenance, &header.provenance)?;
        let events = structure::new_group(&file, group::EVENTS)?;
        let meaning = "step of each event; attribute event_0001 of this group describes the first";
        let event_step = structure::growing_coordinate(&events, dataset::EVENT_STEP, meaning)?;
        file.flush()?;
        let layout = header.layout.clone();
        let (n_rows, n_snapshots, n_events) = (0, 0, 0);
        Ok(Self {
            layout,
            step,
            series,
            margins,
            snapshot_step,
            blocks,
            events,
            event_step,
            n_rows,
            n_snapshots,
            n_events,
            file,
        })
    }

    /// Writes what is pending behind what is there, and flushes. After a failure the same may be tried again.
    pub(super) fn append(&mut self, pending: &Pending) -> Result<()> {
        self.append_rows(pending)?;
        self.append_snapshots(&pending.snapshots)?;
        self.append_events(&pending.events)?;
        for (name, value) in &pending.attributes {
            attributes::write(&self.file, name, value)?;
        }
        self.file.flush()?;
        self.n_rows += pending.steps.len();
        self.n_snapshots += pending.snapshots.len();
        self.n_events += pending.events.len();
        Ok(())
    }

    fn append_rows(&self, pending: &Pending) -> Result<()> {
        let rows = self.n_rows..self.n_rows + pending.steps.len();
        for (series, column) in self.series.iter().zip(&pending.columns) {
            series.resize(rows.end)?;
            series.write_slice(ArrayView1::from(column), rows.clone())?;
        }
        if let Some((margins, n_samples)) = &self.margins {
            let block = ArrayView2::from_shape((rows.len(), *n_samples), &pending.margins)?;
            margins.resize((rows.end, *n_samples))?;
            margins.write_slice(block, (rows.clone(), ..))?;
        }
        self.step.resize(rows.end)?;
        self.step.write_slice(ArrayView1::from(&pending.steps), rows)
    }

    fn append_snapshots(&self, snapshots: &[(u64, Vec<f64>)]) -> Result<()> {
        for (at, (step, theta)) in (self.n_snapshots..).zip(snapshots) {
            for (dataset, block) in self.blocks.iter().zip(self.layout.blocks()) {
                write_block(dataset, at, block.shape, &theta[block.range.clone()])?;
            }
            self.snapshot_step.resize(at + 1)?;
            self.snapshot_step.write_slice(ArrayView1::from(&[*step]), at..=at)?;
        }
        Ok(())
    }

    fn append_events(&self, events: &[Event]) -> Result<()> {
        for (at, Event { step, kind, text }) in (self.n_events..).zip(events) {
            attributes::write_text(&self.events, &event_name(at), &format!("step {step}: {kind}: {text}"))?;
            self.event_step.resize(at + 1)?;
            self.event_step.write_slice(ArrayView1::from(&[*step]), at..=at)?;
        }
        Ok(())
    }

    /// Marks the run as ended and closes the file: handles first, then the file, and every error counts.
    pub(super) fn finish(self) -> Result<()> {
        attributes::write(&self.file, attribute::FINISHED, &Attribute::Integer(1))?;
        let file = self.into_file();
        file.flush()?;
        file.close()
    }

    /// Drops every handle but the file itself.
    fn into_file(self) -> File {
        self.file
    }
}

fn write_root_attributes(file: &File, header: &Header) -> Result<()> {
    attributes::write_text(file, attribute::TITLE, &header.title)?;
    attributes::write_text(file, attribute::ABOUT, ABOUT)?;
    attributes::write(file, attribute::FORMAT_VERSION, &Attribute::Integer(FORMAT_VERSION))?;
    attributes::write(file, attribute::FINISHED, &Attribute::Integer(0))?;
    header.attributes.iter().try_for_each(|(name, value)| attributes::write(file, name, value))
}

fn write_config(file: &File, header: &Header) -> Result<()> {
    let config = structure::new_group(file, group::CONFIG)?;
    attributes::write_text(&config, attribute::TOML_AS_WRITTEN, &header.config_as_written)?;
    attributes::write_text(&config, attribute::TOML_RESOLVED, &header.config_resolved)
}

fn create_margins(file: &File, header: &Header, step: &Dataset) -> Result<Option<(Dataset, usize)>> {
    if header.n_samples == 0 {
        return Ok(None);
    }
    let counted: Vec<u64> = (0..header.n_samples as u64).collect();
    let samples = if header.train_indices.is_empty() { &counted } else { &header.train_indices };
    Ok(Some((structure::margins(file, step, samples)?, header.n_samples)))
}

fn create_parameters(file: &File, layout: &ParameterLayout) -> Result<(Dataset, Vec<Dataset>)> {
    let group = structure::new_group(file, group::PARAMETERS)?;
    let meaning = "number of steps taken before the snapshot";
    let snapshot_step = structure::growing_coordinate(&group, dataset::SNAPSHOT_STEP, meaning)?;
    let blocks = layout.blocks().iter().map(|b| structure::block(&group, b, &snapshot_step)).collect::<Result<_>>()?;
    Ok((snapshot_step, blocks))
}

fn write_block(dataset: &Dataset, at: usize, shape: BlockShape, values: &[f64]) -> Result<()> {
    match shape {
        BlockShape::Matrix { rows, cols } => {
            dataset.resize((at + 1, rows, cols))?;
            dataset.write_slice(ArrayView3::from_shape((1, rows, cols), values)?, (at..=at, .., ..))
        }
        BlockShape::Vector { len } => {
            dataset.resize((at + 1, len))?;
            dataset.write_slice(ArrayView2::from_shape((1, len), values)?, (at..=at, ..))
        }
    }
}
