use approx::relative_eq;
use steepest_core::{
    Dynamics, Evaluation, GradedView, HomogeneousModel, Norm, Optimizer, StepLength, logspace, margin,
};
use steepest_norms::NormSpec;
use steepest_optim::{Dense, Schedule, SteepestDescent, StepRule, StepScale};
use steepest_tests::golden::{Case, Run, trajectory_files};

/// What the golden files' README asks for.
const TOLERANCE: f64 = 1e-9;

/// The norm and step scale of a golden algorithm that this house has.
fn algorithm(name: &str) -> Option<(&'static str, StepScale)> {
    Some(match name {
        "gd" => ("l2", StepScale::DualNorm),
        "gd_logloss" => ("l2", StepScale::DualNormOverLoss),
        "normgd" => ("l2", StepScale::Normalized),
        "sd_sign" => ("linf", StepScale::Normalized),
        "sd_dual" => ("linf", StepScale::DualNorm),
        "cd" => ("l1", StepScale::DualNorm),
        "cd_sign" => ("l1", StepScale::Normalized),
        "spectral" => ("spectral", StepScale::Normalized),
        "spectral_dual" => ("spectral", StepScale::DualNorm),
        _ => return None,
    })
}

/// The ordinary polar factor looks at the leading part of a gradient only, and says so; the graded files ask for every singular value,
/// be it e^-8000 of the largest.
fn is_out_of_reach(case: &Case, run: &Run) -> bool {
    case.name.starts_with("graded") && run.algorithm.starts_with("spectral")
}

#[test]
fn golden_trajectories_agree() {
    let files = trajectory_files();
    assert!(!files.is_empty(), "no golden file in {}", steepest_tests::golden::folder().display());
    let mut compared = 0;
    for file in &files {
        let case = Case::read(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        for run in &case.runs {
            if is_out_of_reach(&case, run) {
                continue;
            }
            if let Some((norm, scale)) = algorithm(&run.algorithm) {
                compare(&case, run, norm, scale);
                compared += 1;
            }
        }
    }
    assert!(compared > 0, "no run of {} golden files is of an algorithm of this house", files.len());
    eprintln!("{compared} golden runs of {} files agree", files.len());
}

fn build(norm: &str, case: &Case) -> Box<dyn Norm> {
    NormSpec::named(norm).unwrap().build(case.model.layout()).unwrap()
}

fn compare(case: &Case, run: &Run, norm: &str, scale: StepScale) {
    let optimizer = SteepestDescent::new(build(norm, case));
    let sees_graded = optimizer.sees_graded();
    let mut step_length = StepRule::new(scale, Schedule::Constant { size: run.learning_rate });
    let mut dynamics =
        Dense::new(&case.model, &case.data, &*case.loss, Box::new(optimizer), case.theta.clone()).unwrap();
    for step in 0..=case.steps {
        let what = format!("{} {} step {step}", case.name, run.name);
        let at = dynamics.evaluate();
        compare_series(case, run, step, &at, &what);
        let (ln_loss, length) = (at.loss.ln(), step_length.at(step, &at));
        compare_norms(case, run, step, dynamics.theta(), &what);
        if let Some(row) = case.snapshot_steps.iter().position(|&s| s == step) {
            close_vectors(dynamics.theta(), run.theta.row(row).as_slice().unwrap(), &format!("{what}: theta"));
            let offset = if case.log_domain { ln_loss } else { 0.0 };
            compare_gradient(run, row, dynamics.gradient(), offset, sees_graded, &what);
        }
        let steepest_core::Step::Advance(length) = length else { panic!("{what}: a constant step rolls back") };
        dynamics.advance(length);
    }
}

/// ln L, accuracy, margins and soft margin of every step.
fn compare_series(case: &Case, run: &Run, step: u64, at: &Evaluation<'_>, what: &str) {
    let n = case.data.n_samples();
    let q_soft = case.loss.soft_margin(at.loss, n);
    let found = [
        ("log_loss", at.loss.ln()),
        ("q_min", margin::smallest(at.margins).1),
        ("train_acc", margin::accuracy(at.margins)),
        ("q_soft", q_soft),
    ];
    for (name, value) in found {
        close_column(case, run, step, name, value, what);
    }
}

/// The norms of theta, and the geometric margins.
fn compare_norms(case: &Case, run: &Run, step: u64, theta: &[f64], what: &str) {
    for (norm, column, gamma) in [
        ("l1", "l1", "gamma_1"),
        ("l2", "l2", "gamma_2"),
        ("linf", "linf", "gamma_inf"),
        ("spectral", "spec", "gamma_spec"),
    ] {
        let value = build(norm, case).value(theta);
        close_column(case, run, step, column, value, what);
        if let Some(q) = case.column("q_min") {
            let geometric = margin::geometric(run.series[(step as usize, q)], value, case.model.degree().get());
            close_column(case, run, step, gamma, geometric, what);
        }
    }
}

fn close_column(case: &Case, run: &Run, step: u64, name: &str, value: f64, what: &str) {
    let Some(column) = case.column(name) else { return };
    let golden = run.series[(step as usize, column)];
    // a margin near zero is a difference of terms of the size of the others: absolute there
    let largest = run.series.column(column).iter().fold(0.0_f64, |m, v| if v.is_finite() { m.max(v.abs()) } else { m });
    let epsilon = TOLERANCE * largest.min(1.0);
    assert!(
        relative_eq!(value, golden, max_relative = TOLERANCE, epsilon = epsilon),
        "{what}: {name} {value:e}, golden {golden:e}"
    );
}

fn close_vectors(found: &[f64], golden: &[f64], what: &str) {
    let size = golden.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let error = found.iter().zip(golden).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(found.len() == golden.len() && error <= TOLERANCE * size, "{what} is off by {error:e} of {size:e}");
}

/// The gradient (of ln L where the file says so): entry by entry in ln |.| and sign where the file has exact arithmetic and the optimiser
/// sees every entry, relative to the largest otherwise.
fn compare_gradient(run: &Run, row: usize, gradient: GradedView<'_>, ln_offset: f64, sees_graded: bool, what: &str) {
    if let (Some((signs, ln_abs)), true) = (&run.graded, sees_graded) {
        for k in 0..gradient.len() {
            assert!((gradient.sign(k) - signs[(row, k)]).abs() < 0.5, "{what}: sign of gradient entry {k}");
            let (found, golden) = (gradient.ln_abs(k) - ln_offset, ln_abs[(row, k)]);
            let close = relative_eq!(found, golden, max_relative = TOLERANCE, epsilon = TOLERANCE);
            assert!(close, "{what}: ln |gradient| of entry {k}: {found}, golden {golden}");
        }
        return;
    }
    let plain: Vec<f64> =
        (0..gradient.len()).map(|k| gradient.sign(k) * logspace::exp(gradient.ln_abs(k) - ln_offset)).collect();
    close_vectors(&plain, run.gradient.row(row).as_slice().unwrap(), &format!("{what}: gradient"));
}
