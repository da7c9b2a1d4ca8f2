//! The figures of the paper as functions of stored runs. Nothing here trains.
//!
//! `stored` reads the files that an experiment should have left, and refuses what is missing or foreign; each figure is a file with one
//! function from runs to a [`Page`]; `published` holds the values read off the paper's own figures. A page becomes text by
//! [`render_svg`](crate::figures::render_svg), and the claims of the same runs by [`Report`](crate::claims::Report).

mod accuracy;
mod exact;
mod fig1;
mod fig2;
mod fig3;
mod groups;
mod looks;
mod published;
mod stored;

pub(crate) use fig2::LN_STOP;
pub use groups::{Group, groups, paired};
pub use stored::{Run, load};

use crate::figures::Page;
use anyhow::bail;

/// What is drawn beside the runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overlay {
    /// The values that the paper published.
    pub paper: bool,
}

/// The page of a figure.
///
/// # Errors
/// If there is no such figure, or the runs lack a series.
pub fn page(figure: &str, runs: &[Run], overlay: Overlay) -> anyhow::Result<Page> {
    if runs.is_empty() {
        bail!("{figure}: there is no run to draw");
    }
    let mut page = match figure {
        "fig1" => fig1::page(runs, overlay)?,
        "fig5" => accuracy::page(runs)?,
        "fig2" | "fig6" => fig2::page(figure, runs, overlay)?,
        "fig3" => fig3::page(runs, overlay)?,
        "exact" => exact::page(runs)?,
        _ => bail!("there is no figure `{figure}`"),
    };
    page.caption.extend(groups::exclusions(runs));
    if let Some(wanted) = runs.iter().find_map(|run| run.text("stands_in_for")) {
        page.caption.push(format!("{wanted} was not there: the embedded UCI 8x8 digits stand in for it."));
    }
    Ok(page)
}
