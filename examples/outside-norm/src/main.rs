//! The program `steepest`, with one norm more.

use outside_norm::TopKSpec;
use std::process::ExitCode;

fn main() -> Result<ExitCode, steepest_norms::NormError> {
    steepest_norms::register::<TopKSpec>()?;
    Ok(steepest_cli::program::main())
}
