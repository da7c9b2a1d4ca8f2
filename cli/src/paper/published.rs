//! Values read off the paper's own vector figures, for `--overlay paper`. Medians over the runs that it plots.

/// A curve or final value: the run's name here, the series, and (epoch, value) pairs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Published {
    /// The name of the run.
    pub run: &'static str,
    /// The series.
    pub series: &'static str,
    /// Steps and values.
    pub values: &'static [(u64, f64)],
}

const fn published(run: &'static str, series: &'static str, values: &'static [(u64, f64)]) -> Published {
    Published { run, series, values }
}

/// Figure 2: gamma_1 of three runs.
const FIG2: &[Published] = &[
    published(
        "SD",
        "margin_linf",
        &[(1, -512.0), (5, -321.0), (10, 104.0), (20, 895.0), (50, 877.0), (100, 877.0), (1000, 877.0), (5000, 877.0)],
    ),
    published(
        "Adam, eps 1e-8, betas 0, 0",
        "margin_linf",
        &[(1, -510.0), (5, -322.0), (10, 101.0), (20, 896.0), (50, 822.0), (100, 671.0), (1000, 595.0), (5000, 561.0)],
    ),
    published(
        "GD",
        "margin_linf",
        &[(1, -7.0), (5, -12.0), (10, -16.0), (20, 7.1), (50, 17.1), (100, 19.5), (1000, 22.5), (5000, 22.8)],
    ),
    published("GD", "test_accuracy", &[(5000, 0.981)]),
    published("SD", "test_accuracy", &[(5000, 0.975)]),
];

/// Figure 6: where its curves end.
const FIG6: &[Published] = &[
    published("GD", "margin_linf", &[(5000, 14.0)]),
    published("SD", "margin_linf", &[(5000, 375.0)]),
    published("Adam, eps 1e-8, betas 0, 0", "margin_linf", &[(5000, 274.0)]),
    published("Adam, eps 1e-2, betas 0, 0", "margin_linf", &[(5000, 177.0)]),
    published("Adam, eps 1e-8, betas 0.9, 0.99", "margin_linf", &[(5000, 79.0)]),
    published("Adam, eps 1e-2, betas 0.9, 0.99", "margin_linf", &[(5000, 300.0)]),
    published("GD", "margin_l2", &[(5000, 0.477)]),
    published("SD", "margin_l2", &[(5000, 0.024)]),
    published("Adam, eps 1e-8, betas 0, 0", "margin_l2", &[(5000, 0.073)]),
    published("Adam, eps 1e-2, betas 0, 0", "margin_l2", &[(5000, 0.223)]),
    published("Adam, eps 1e-8, betas 0.9, 0.99", "margin_l2", &[(5000, 0.036)]),
    published("Adam, eps 1e-2, betas 0.9, 0.99", "margin_l2", &[(5000, 0.079)]),
    published("GD", "test_accuracy", &[(5000, 0.958)]),
    published("SD", "test_accuracy", &[(5000, 0.967)]),
    published("Adam, eps 1e-8, betas 0, 0", "test_accuracy", &[(5000, 0.962)]),
];

/// What the paper's Figure 2 or 6 shows of a run.
pub(super) fn curves(figure: &str) -> &'static [Published] {
    if figure == "fig6" { FIG6 } else { FIG2 }
}

/// Final medians of the paper's Figure 1 at its own scale (d = 32768).
#[derive(Clone, Copy, Debug)]
pub(super) struct Final {
    /// The algorithm.
    pub algorithm: &'static str,
    /// Its place among the paper's scales of the start, alpha = 0.1, 0.01, 0.001.
    pub alpha_rank: usize,
    /// gamma_1, gamma_2, gamma_inf; the middle where a range was read.
    pub margins: [f64; 3],
    /// Test accuracy.
    pub accuracy: f64,
}

/// Of CD and GD; its SD points are frozen by underflow and were not read.
pub(super) const FIG1: [Final; 6] = [
    Final { algorithm: "CD", alpha_rank: 0, margins: [0.3, 0.0389, 2.5e-9], accuracy: 0.58 },
    Final { algorithm: "CD", alpha_rank: 1, margins: [0.3, 0.0996, 2.6e-7], accuracy: 0.54 },
    Final { algorithm: "CD", alpha_rank: 2, margins: [0.275, 0.098, 2.3e-5], accuracy: 0.639 },
    Final { algorithm: "GD", alpha_rank: 0, margins: [290.0, 0.87, 1.5e-7], accuracy: 0.514 },
    Final { algorithm: "GD", alpha_rank: 1, margins: [506.0, 0.60, 3e-8], accuracy: 0.583 },
    Final { algorithm: "GD", alpha_rank: 2, margins: [420.0, 1.4, 1.2e-7], accuracy: 0.555 },
];

/// The series of [`Final::margins`].
pub(super) const FIG1_SERIES: [&str; 3] = ["margin_linf", "margin_l2", "margin_l1"];
