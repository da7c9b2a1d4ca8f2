/// How a run can end besides by its last step: interrupted, diverged, or handed over to another optimiser.
mod endings;
/// The paper's figures: trained once, drawn from files, refused where a file is missing or foreign.
mod figures;
/// What is there already, is there half, or is in the way.
mod files;
/// Requests that cannot be met: a sentence with a remedy, and the right exit code.
mod requests;
/// Runs that were interrupted, and go on as if they had not been.
mod resume;
/// The small experiment, as somebody meets it who runs it for the first time.
mod runs;
/// `inspect`, `list`, `plot`, `completions`, `--help`.
mod verbs;
