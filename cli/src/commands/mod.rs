//! One file a verb.

mod data;
mod inspect;
mod list;
mod plot;
mod reproduce;
mod run;

use crate::args::{Arguments, Command};
use crate::output::{Failure, result};
use clap::CommandFactory;
use steepest_core::linalg;

/// Carries out what the command line says.
pub(crate) fn dispatch(arguments: Arguments) -> Result<(), Failure> {
    match arguments.linalg.backend() {
        Some(backend) => linalg::set_backend(backend),
        // chosen, and BLAS put on one thread, before any other thread exists
        None => drop(linalg::backend()),
    }
    match arguments.command {
        Command::Run(args) => run::run(&args),
        Command::Reproduce(args) => reproduce::reproduce(&args),
        Command::Plot(args) => plot::plot(&args),
        Command::Inspect(args) => inspect::inspect(&args),
        Command::List(args) => list::list(&args),
        Command::Data(args) => data::data(&args),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "steepest", &mut script);
            result(String::from_utf8_lossy(&script).trim_end());
            Ok(())
        }
    }
}
