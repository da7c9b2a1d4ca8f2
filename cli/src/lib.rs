//! The library behind the program `steepest`: it composes a configuration into runs and figures. The threads are in the program.
//!
//! [`config`] is exactly what an experiment file may say; [`experiment`] makes runs of it; [`run`] carries one out and [`recorder`] writes
//! its rows; [`plots`] draws figures from stored files only, [`paper`] those of the paper, and [`claims`] tests what it says of them.

pub mod claims;
pub mod config;
pub mod error;
pub mod estimate;
pub mod experiment;
pub mod figures;
pub mod metrics;
pub mod paper;
pub mod plots;
pub mod provenance;
pub mod recorder;
pub mod reproduce;
pub mod run;
pub mod summary;
mod unknown;
