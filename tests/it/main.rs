//! The house's tests: one binary, one module a concern.

// tells Clippy that helpers of tests may unwrap as tests may
#![cfg(test)]

/// A dense step allocates nothing once a run is under way.
mod allocation;
mod catalogue;
/// The same experiment gives the same bytes, however many runs go at a time.
mod determinism;
/// Each way of carrying out a step is the dense one.
mod dynamics;
/// Exact maximum margins, and the certificates that bound them.
mod exact_margin;
/// Every algorithm goes on below e^-745, where a double ends, as if nothing were there.
mod exactness;
/// Agreement with trajectories computed elsewhere, some in hundreds of digits.
mod golden;
/// Residuals of the KKT conditions against the sums that define them.
mod kkt;
/// The laws of losses.
mod laws;
/// The architecture, read from manifests and sources.
mod layering;
/// The program as somebody at a terminal, or a script, meets it.
mod program;
/// A trajectory opened by other people's tools.
mod readers;
/// A report: what is on the page, and that it works in a browser.
mod report;
/// Runs that share what they compute of test points that nobody stores.
mod streamed;
/// The program, built once, and folders to try it in.
mod workshop;
