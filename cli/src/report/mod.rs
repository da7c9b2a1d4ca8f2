//! One page to send: a report of stored runs as a single HTML file that loads nothing.
//!
//! The page holds, in this order: a summary, figures, claims, a chart that reacts, a table of runs, and of each run its configuration and
//! provenance. Styles, scripts and numbers are inside; its content security policy forbids the network. Equal files give equal pages.
//!
//! ```no_run
//! use steepest_cli::report::Report;
//! # fn main() -> anyhow::Result<()> {
//! let report = Report::open(&["out/mnist-3-6".into()], None)?;
//! std::fs::write("report.html", report.html()?)?;
//! # Ok(())
//! # }
//! ```

mod claims;
mod data;
mod details;
mod folder;
mod html;
mod page;

pub use claims::{ClaimRow, Verdict, read_claims};

use crate::plots::{self, PlotOptions};
use anyhow::Context;
use std::path::{Path, PathBuf};
use steepest_data::trajectory::Trajectory;

/// What a page is made of.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The title.
    pub title: String,
    /// The figures, in reading order.
    pub figures: Vec<Figure>,
    /// What is claimed of the figures and whether the runs bear it out; without any, the page has no such section.
    pub claims: Vec<ClaimRow>,
    /// The runs.
    pub experiments: Vec<Experiment>,
}

/// A drawn figure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figure {
    /// Its name, such as `fig2-quick`.
    pub name: String,
    /// The drawing: an `<svg>` element as [`crate::figures::render_svg`] makes it, set into the page as it is.
    pub svg: String,
    /// Plain sentences beneath it.
    pub caption: String,
}

/// The runs that belong together: those of one folder.
#[derive(Clone, Debug, Default)]
pub struct Experiment {
    /// The name of its folder.
    pub name: String,
    /// Its runs, in the order of the experiment file, then by seed.
    pub runs: Vec<Trajectory>,
}

impl Experiment {
    /// Runs that were read from a folder, in the order of the experiment file, then by seed.
    pub fn of(folder: &Path, runs: Vec<Trajectory>) -> Self {
        folder::in_order(folder, runs)
    }

    /// The title that its files give it; its own name if they give none.
    pub fn title(&self) -> &str {
        self.runs.first().map(Trajectory::title).filter(|title| !title.is_empty()).unwrap_or(&self.name)
    }
}

impl Report {
    /// Reads trajectories, and the claims that lie beside them, and draws the margins of each experiment.
    ///
    /// A path is a trajectory, a folder of trajectories, or a folder of such folders. Without a title the page takes that of the runs.
    ///
    /// # Errors
    /// If a folder holds no trajectory, a file cannot be read or is none, or a figure cannot be drawn.
    pub fn open(paths: &[PathBuf], title: Option<&str>) -> anyhow::Result<Self> {
        let mut report = Self::default();
        for (folder, files) in folder::experiments(paths)? {
            let experiment = Experiment::of(&folder, plots::load(&files)?);
            report.figures.push(margins(&experiment)?);
            report.experiments.push(experiment);
        }
        for folder in folder::with_claims(paths) {
            report.claims.extend(read_claims(&folder)?);
        }
        report.title = title.map_or_else(|| report.own_title(), str::to_owned);
        Ok(report)
    }

    fn own_title(&self) -> String {
        let mut titles: Vec<&str> = self.experiments.iter().map(Experiment::title).collect();
        titles.dedup();
        titles.join("; ")
    }

    /// The page.
    ///
    /// # Errors
    /// If the numbers cannot be written as JSON.
    pub fn html(&self) -> anyhow::Result<String> {
        page::render(self)
    }

    /// Writes the page into a file.
    ///
    /// # Errors
    /// If it cannot be made or written.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        std::fs::write(path, self.html()?).with_context(|| format!("cannot write {}", path.display()))
    }
}

/// The default figure of an experiment; its caption is text of the page, not of the drawing.
fn margins(experiment: &Experiment) -> anyhow::Result<Figure> {
    let mut page = plots::page(&experiment.runs, &PlotOptions::default())?;
    let caption = std::mem::take(&mut page.caption).join(" ");
    page.check().with_context(|| format!("cannot draw the margins of {}", experiment.name))?;
    Ok(Figure { name: experiment.name.clone(), svg: crate::figures::render_svg(&page), caption })
}
