//! The only place that prints: text for people goes to standard error, results that a script may want to standard output.

use std::io::Write;
use std::process::ExitCode;

/// A line for people. Where nobody listens any more the work goes on.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// A result. A closed pipe ends the program quietly: whoever reads has seen enough. Anything else, such as a full disk, ends it loudly.
pub(crate) fn result(text: &str) {
    let Err(error) = writeln!(std::io::stdout(), "{text}") else { return };
    let code = if error.kind() == std::io::ErrorKind::BrokenPipe {
        0
    } else {
        note(&format!("error: cannot write to standard output\n  because: {error}"));
        1
    };
    #[expect(clippy::exit, reason = "nobody is left to hand a result to")]
    std::process::exit(code);
}

/// Why the program ends with another code than zero.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The run or check failed: code 1.
    Failed(anyhow::Error),
    /// The request could not be understood: code 2.
    Misunderstood(anyhow::Error),
    /// Somebody interrupted: code 130, as shells say it. Everything is on disk.
    Interrupted,
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        let out_of_range = matches!(error.downcast_ref(), Some(steepest_data::DataError::Field { .. }));
        if out_of_range || error.is::<crate::error::ConfigError>() {
            Self::Misunderstood(error)
        } else {
            Self::Failed(error)
        }
    }
}

impl Failure {
    /// A request that cannot be understood.
    pub(crate) fn misunderstood(text: String) -> Self {
        Self::Misunderstood(anyhow::Error::msg(text))
    }

    /// Prints the error with its causes, once, and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        let (error, code) = match self {
            Self::Failed(error) => (error, 1),
            Self::Misunderstood(error) => (error, 2),
            Self::Interrupted => {
                note(
                    "interrupted; what was done is in the files, and the same command goes on with the runs that are missing; with --resume also in the \
                     middle of those that were interrupted",
                );
                return ExitCode::from(130);
            }
        };
        note(&format!("error: {error}"));
        let mut last = error.to_string();
        for cause in error.chain().skip(1).map(ToString::to_string) {
            // a transparent error repeats its cause
            if !last.contains(&cause) {
                note(&format!("  because: {cause}"));
            }
            last = cause;
        }
        ExitCode::from(code)
    }
}
