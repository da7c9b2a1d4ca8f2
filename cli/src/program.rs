//! The program, for the binary of this crate and for others: one that registers norms of its own first is `steepest` with these norms.

use crate::{args, commands};
use clap::Parser;
use std::process::ExitCode;

/// Does what the command line says, and speaks to the person at the terminal; the exit code says how it went.
///
/// ```no_run
/// // steepest_norms::register::<MyNormSpec>() comes first
/// let code: std::process::ExitCode = steepest_cli::program::main();
/// ```
pub fn main() -> ExitCode {
    let arguments = args::Arguments::parse();
    match commands::dispatch(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
