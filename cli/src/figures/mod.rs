//! The drawing kit: plain chart data in, SVG text, PNG bytes or CSV text out.
//!
//! A [`Page`] holds panels of curves, points, vertical marks and horizontal rules; [`render_svg`] typesets it at the
//! width of a journal column, [`render_png`] rasterises that text with the bundled font alone, and
//! [`render_csv`] writes the same numbers for those who redraw. Equal pages give equal bytes.
//!
//! ```
//! use steepest_cli::figures::{Axis, Curve, Page, Panel, algorithm_style, render_svg};
//!
//! let curve = Curve::new(algorithm_style("GD"), "GD", vec![1.0, 10.0], vec![0.5, 0.1]);
//! let panel = Panel { x: Axis::log("step + 1"), y: Axis::log("γ_{1}"), curves: vec![curve], ..Panel::default() };
//! let page = Page { panels: vec![panel], ..Page::default() };
//! assert!(render_svg(&page).starts_with("<svg"));
//! ```

mod axes;
mod band;
mod canvas;
mod chart;
mod check;
mod csv;
mod decimate;
mod error;
mod frame;
mod layout;
mod legend;
mod marker;
mod metrics;
mod palette;
mod panel;
mod png;
mod span;
mod svg;
mod text;
mod ticks;
mod trace;

pub use chart::{Axis, Curve, Mark, Page, Panel, Points, Rule, Scale};
pub use csv::render_csv;
pub use error::FigureError;
pub use marker::Marker;
pub use palette::{Colour, Style, algorithm_style};
pub use png::render_png;
pub use span::{Span, axis_span};
pub use svg::render_svg;
pub use text::{Level, Run, Text};
pub use ticks::{Tick, ticks};
