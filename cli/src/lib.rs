//! The library behind the program `steepest`: it composes a configuration into runs and figures, and speaks to a person.
//!
//! [`config`] is exactly what an experiment file may say; [`experiment`] makes runs of it; [`run`] carries one out and [`recorder`] writes
//! its rows; [`plots`] draws figures from stored files only, [`paper`] those of the paper, and [`claims`] tests what it says of them.
//! [`program`] is what a binary calls: it reads the command line, starts the threads and prints.

mod args;
pub mod checkpoint;
pub mod claims;
mod commands;
pub mod config;
pub mod dynamics;
pub mod error;
pub mod estimate;
pub mod experiment;
pub mod figures;
pub mod metrics;
mod moved;
mod output;
pub mod paper;
pub mod plots;
pub mod program;
pub mod provenance;
mod queue;
pub mod recorder;
pub mod report;
pub mod reproduce;
mod residuals;
pub mod run;
pub mod shared;
mod stored;
mod streamed;
pub mod summary;
mod terminal;
mod test_set;
mod unknown;
