//! Progress bars, and Ctrl-C.

use crate::output::note;
use crate::recorder::{Progress, Watcher};
use crate::run::RunReport;
use crate::summary::{duration, percent, rate, short};
use anyhow::Context;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::fmt::Write;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use steepest_core::StopReason;

/// Lets Ctrl-C (and a polite kill) set the flag; a second one ends the program at once.
pub(crate) fn on_interrupt(flag: &'static AtomicBool) -> anyhow::Result<()> {
    static ONCE: Once = Once::new();
    let mut outcome = Ok(());
    ONCE.call_once(|| {
        outcome = ctrlc::set_handler(move || {
            if flag.swap(true, Ordering::Relaxed) {
                #[expect(clippy::exit, reason = "the second interrupt: somebody does not want to wait")]
                std::process::exit(130);
            }
        });
    });
    outcome.context("cannot catch Ctrl-C")
}

/// The bars of an experiment, one a run. Draws nothing where standard error is no terminal.
pub(crate) struct Board {
    bars: MultiProgress,
    rows: Vec<ProgressBar>,
}

impl Board {
    /// A waiting bar for each (name, seed, steps).
    pub(crate) fn new(runs: impl Iterator<Item = (String, u64, u64)>) -> Self {
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        let runs: Vec<_> = runs.collect();
        let width = runs.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or(0);
        let rows = runs.into_iter().map(|(name, seed, steps)| {
            let bar = bars.add(ProgressBar::new(steps));
            bar.set_style(style("{prefix}  waiting"));
            bar.set_prefix(format!("  {name:width$}  seed {seed}"));
            bar.tick();
            bar
        });
        let rows = rows.collect();
        Self { bars, rows }
    }

    /// The bar of a run that starts.
    pub(crate) fn bar(&self, run: usize) -> RunBar {
        let bar = self.rows[run].clone();
        bar.set_style(style("{prefix}  {bar:24}  {pos:>6}/{len}  {rate}  {msg}  {left} left"));
        bar.reset_elapsed();
        RunBar { bar }
    }

    /// Takes the bars off the screen: the table of results follows.
    pub(crate) fn clear(&self) {
        // a terminal that went away is no reason to lose a result
        let _ = self.bars.clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    let left = |state: &ProgressState, w: &mut dyn Write| {
        let _ = w.write_str(&duration(state.eta().as_secs_f64()));
    };
    let speed = |state: &ProgressState, w: &mut dyn Write| {
        let _ = write!(w, "{:>12}", rate(state.per_sec()));
    };
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸╌")
        .with_key("left", left)
        .with_key("rate", speed)
}

/// The bar of a running run.
pub(crate) struct RunBar {
    bar: ProgressBar,
}

impl RunBar {
    /// The run ended: the bar says how.
    pub(crate) fn finish(&self, report: &RunReport) {
        self.update(&report.progress);
        if matches!(report.outcome.reason, StopReason::NonFinite { .. }) {
            self.bar.abandon_with_message("diverged");
        } else {
            self.bar.finish();
        }
    }
}

impl Watcher for RunBar {
    fn update(&self, progress: &Progress) {
        self.bar.set_position(progress.step);
        self.bar.set_message(format!(
            "ln loss {:>9}  acc {:>7}  own margin {:>9}",
            short(progress.ln_loss),
            percent(progress.train_accuracy),
            short(progress.own_margin)
        ));
    }

    fn say(&self, text: &str) {
        self.bar.suspend(|| note(text));
    }
}
