//! Numbers as people read them, and the table at the end of an experiment.

use crate::run::RunReport;
use steepest_core::StopReason;

/// A number in at most seven characters: 0.0012, 905, 3.1e-5.
pub fn short(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        return format!("{value}");
    }
    if size != 0.0 && !(1e-3..1e5).contains(&size) {
        return format!("{value:.2e}");
    }
    match size {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}

/// A rate: 9.1k step/s.
pub fn rate(steps_per_second: f64) -> String {
    if steps_per_second >= 1000.0 {
        format!("{:.1}k step/s", steps_per_second / 1000.0)
    } else {
        format!("{steps_per_second:.0} step/s")
    }
}

/// A duration: 4 s, 2.5 min, 13 min, 2 h 10 min.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.round().max(0.0) as u64;
    let minutes = (whole + 30) / 60;
    match whole {
        0..120 => format!("{whole} s"),
        120..600 => format!("{:.1} min", seconds / 60.0),
        600..7170 => format!("{minutes} min"),
        _ => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}

/// A step that may not have come.
pub fn step(step: Option<u64>) -> String {
    step.map_or_else(|| "never".to_owned(), |s| s.to_string())
}

/// The table of finished runs, one line each.
pub fn table(reports: &[RunReport]) -> String {
    let width = reports.iter().map(|r| r.name.chars().count()).max().unwrap_or(0);
    let mut lines = vec![format!(
        "  {:width$}  seed  {:>8}  {:>10}  {:>6}  {:>6}  {:>9}  {:<28}  ended",
        "run", "steps", "ln loss", "train", "test", "separated", "own margin"
    )];
    for r in reports {
        let ended = if r.outcome.reason == StopReason::Steps { "" } else { r.outcome.reason.name() };
        lines.push(format!(
            "  {:width$}  {:>4}  {:>8}  {:>10}  {:>6}  {:>6}  {:>9}  {:<28}  {ended}",
            r.name,
            r.seed,
            r.outcome.step,
            short(r.progress.ln_loss),
            percent(r.progress.train_accuracy),
            percent(r.progress.test_accuracy),
            step(r.milestones.separation_step),
            format!("margin_{} {}", r.own_norm, short(r.progress.own_margin)),
        ));
    }
    lines.join("\n")
}

/// A share as a percentage; a dash where there is none.
pub fn percent(share: f64) -> String {
    if share.is_nan() { "-".to_owned() } else { format!("{:.1} %", 100.0 * share) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let pairs = [
            (0.0, "0.000"),
            (0.61, "0.610"),
            (905.2, "905"),
            (-4810.2, "-4810"),
            (1.234e-7, "1.23e-7"),
            (f64::NAN, "NaN"),
        ];
        for (value, text) in pairs {
            assert_eq!(short(value), text);
        }
        assert_eq!(rate(9130.0), "9.1k step/s");
        let seconds = [-1.0, 119.4, 153.0, 599.0, 1790.0, 7169.0, 7170.0, 7860.0];
        let texts = ["0 s", "119 s", "2.5 min", "10.0 min", "30 min", "119 min", "2 h 0 min", "2 h 11 min"];
        assert_eq!(seconds.map(duration), texts);
    }
}
