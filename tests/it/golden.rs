use approx::relative_eq;
use steepest_core::{Dynamics, Evaluation, GradedView, HomogeneousModel, Norm, StepLength, logspace, margin};
use steepest_norms::{NormSpec, Polar, SpectralSpec};
use steepest_optim::{
    AdamSpec, Dense, MomentumSpec, NormOf, OptimizerSpec, Schedule, ShampooForm, ShampooSpec, SteepestSpec, StepRule,
    StepScale,
};
use steepest_tests::golden::{Case, Run, trajectory_files};

/// What the golden files' README asks for.
const TOLERANCE: f64 = 1e-9;

/// The optimiser and step scale of a golden algorithm.
fn algorithm(case: &Case, run: &Run) -> Option<(OptimizerSpec<NormSpec>, StepScale)> {
    let steepest = |norm: &str, scale| {
        let norm = NormSpec::named(norm).unwrap();
        Some((OptimizerSpec::Steepest(SteepestSpec { norm, momentum: None }), scale))
    };
    // the graded files ask for every singular value, be it e^-8000 of the largest
    let spectral = |scale| {
        let polar = if case.name.starts_with("graded") { Polar::Graded } else { Polar::Leading };
        let norm = NormSpec::Spectral(SpectralSpec { polar, ..SpectralSpec::default() });
        Some((OptimizerSpec::Steepest(SteepestSpec { norm, momentum: None }), scale))
    };
    let with_momentum = |norm: &str, dampening: bool| {
        let nesterov = run.parameters.get("nesterov").is_some_and(|n| *n > 0.0);
        let momentum = Some(MomentumSpec { beta: run.parameters["beta"], dampening, nesterov });
        let norm = NormSpec::named(norm).unwrap();
        Some((OptimizerSpec::Steepest(SteepestSpec { norm, momentum }), StepScale::Normalized))
    };
    let shampoo = |form| {
        let spec = ShampooSpec { form, eps: run.parameters["eps"] };
        Some((OptimizerSpec::Shampoo(spec), StepScale::Normalized))
    };
    match run.algorithm.as_str() {
        "gd" => steepest("l2", StepScale::DualNorm),
        "gd_logloss" => steepest("l2", StepScale::DualNormOverLoss),
        "normgd" => steepest("l2", StepScale::Normalized),
        "sd_sign" => steepest("linf", StepScale::Normalized),
        "sd_dual" => steepest("linf", StepScale::DualNorm),
        "cd" => steepest("l1", StepScale::DualNorm),
        "cd_sign" => steepest("l1", StepScale::Normalized),
        "spectral" => spectral(StepScale::Normalized),
        "spectral_dual" => spectral(StepScale::DualNorm),
        "signum" => with_momentum("linf", true),
        "muon" => with_momentum("spectral", false),
        "adam" => {
            let get = |name: &str| run.parameters[name];
            let bias_correction = get("bias_correction") > 0.0;
            let spec = AdamSpec { beta1: get("beta1"), beta2: get("beta2"), eps: get("eps"), bias_correction };
            Some((OptimizerSpec::Adam(spec), StepScale::Normalized))
        }
        "shampoo_to" => shampoo(ShampooForm::TorchOptimizer),
        "shampoo_gupta" => shampoo(ShampooForm::Equation76),
        _ => None,
    }
}

/// What the golden files' README asks for: eigenvalues of the size of eps make the package's own program lose digits.
fn tolerance(run: &Run) -> f64 {
    if run.algorithm == "shampoo_to" { 1e-7 } else { TOLERANCE }
}

/// The momentum of a graded gradient would have to keep every term that it ever saw for a polar factor over all singular values; the
/// ordinary polar factor of Muon looks at the leading part only, and says so.
fn is_out_of_reach(case: &Case, run: &Run) -> bool {
    case.name.starts_with("graded") && run.algorithm == "muon"
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
            let (optimizer, scale) =
                algorithm(&case, run).unwrap_or_else(|| panic!("{}: unknown {}", case.name, run.algorithm));
            compare(&case, run, &optimizer, scale);
            compared += 1;
        }
    }
    assert!(compared > 0, "no run of {} golden files is of an algorithm of this house", files.len());
    eprintln!("{compared} golden runs of {} files agree", files.len());
}

fn build(norm: &str, case: &Case) -> Box<dyn Norm> {
    NormSpec::named(norm).unwrap().build(case.model.layout()).unwrap()
}

fn compare(case: &Case, run: &Run, spec: &OptimizerSpec<NormSpec>, scale: StepScale) {
    let own_norm = match spec.own_norm() {
        NormOf::Configured(norm) => norm.build(case.model.layout()).unwrap(),
        NormOf::Named(name) => build(name, case),
    };
    let optimizer = spec.build(case.model.layout(), own_norm);
    let sees_graded = optimizer.sees_graded();
    let mut step_length = StepRule::new(scale, Schedule::Constant { size: run.learning_rate });
    let mut dynamics = Dense::new(&case.model, &case.data, &*case.loss, optimizer, case.theta.clone()).unwrap();
    for step in 0..=case.steps {
        let what = format!("{} {} step {step}", case.name, run.name);
        let at = dynamics.evaluate();
        compare_series(case, run, step, &at, &what);
        let (ln_loss, length) = (at.loss.ln(), step_length.at(step, &at));
        compare_norms(case, run, step, dynamics.theta(), &what);
        if let Some(row) = case.snapshot_steps.iter().position(|&s| s == step) {
            close_vectors(
                dynamics.theta(),
                run.theta.row(row).as_slice().unwrap(),
                tolerance(run),
                &format!("{what}: theta"),
            );
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
    let tolerance = tolerance(run);
    let epsilon = tolerance * largest.min(1.0);
    assert!(
        relative_eq!(value, golden, max_relative = tolerance, epsilon = epsilon),
        "{what}: {name} {value:e}, golden {golden:e}"
    );
}

fn close_vectors(found: &[f64], golden: &[f64], tolerance: f64, what: &str) {
    let size = golden.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let error = found.iter().zip(golden).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(found.len() == golden.len() && error <= tolerance * size, "{what} is off by {error:e} of {size:e}");
}

/// The gradient (of ln L where the file says so): entry by entry in ln |.| and sign where the file has exact arithmetic and the optimiser
/// sees every entry, relative to the largest otherwise.
fn compare_gradient(run: &Run, row: usize, gradient: GradedView<'_>, ln_offset: f64, sees_graded: bool, what: &str) {
    if let (Some((signs, ln_abs)), true) = (&run.graded, sees_graded) {
        for k in 0..gradient.len() {
            assert!((gradient.sign(k) - signs[(row, k)]).abs() < 0.5, "{what}: sign of gradient entry {k}");
            let (found, golden) = (gradient.ln_abs(k) - ln_offset, ln_abs[(row, k)]);
            let close = found.total_cmp(&golden).is_eq()
                || relative_eq!(found, golden, max_relative = TOLERANCE, epsilon = TOLERANCE);
            assert!(close, "{what}: ln |gradient| of entry {k}: {found}, golden {golden}");
        }
        return;
    }
    let plain: Vec<f64> =
        (0..gradient.len()).map(|k| gradient.sign(k) * logspace::exp(gradient.ln_abs(k) - ln_offset)).collect();
    close_vectors(&plain, run.gradient.row(row).as_slice().unwrap(), tolerance(run), &format!("{what}: gradient"));
}
