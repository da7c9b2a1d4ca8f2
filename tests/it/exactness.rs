use crate::workshop::{Workshop, root};
use steepest_data::trajectory::Trajectory;

/// Where a double's e^-q ends.
const DOUBLE_ENDS: f64 = -745.0;

/// The first recorded step at which ln L is below a value.
fn first_below(run: &Trajectory, ln_loss: f64) -> Option<f64> {
    let series = run.series("ln_loss").unwrap();
    let row = series.iter().position(|l| *l < ln_loss)?;
    Some(run.steps()[row] as f64)
}

/// The run passes the end of the doubles as if it were not there: the stretch across it takes at most three times as long as the one
/// before (a frozen run would never get through), and no row holds anything but finite numbers.
fn passes_without_a_kink(run: &Trajectory) {
    let name = run.attribute_text("run").unwrap();
    let step =
        |ln_loss: f64| first_below(run, ln_loss).unwrap_or_else(|| panic!("{name} never reaches ln loss {ln_loss}"));
    let (before, at, beyond) = (step(-650.0), step(-730.0), step(DOUBLE_ENDS - 65.0));
    assert!(beyond - at <= 3.0 * (at - before) + 20.0, "{name} slows down at e^-745: steps {before}, {at}, {beyond}");
    let is_linear = run.attribute_text("model").unwrap().starts_with("linear");
    let is_separated: Vec<bool> = run.series("train_accuracy").unwrap()[1..].iter().map(|a| *a >= 1.0).collect();
    for metric in run.metrics() {
        // ln 0 at step 0, and a flow time beyond a double's range, are what they say they are
        let may_be_infinite = metric.name.ends_with("flow_time");
        // at theta = 0, where a linear model starts, there is no geometric margin
        let series = &run.series(&metric.name).unwrap()[1..];
        let fine = series.iter().zip(&is_separated).all(|(v, separated)| match metric.name.as_str() {
            "kkt_slackness" if !separated => v.is_nan(),
            "max_margin_bound" if !is_linear => v.is_nan(),
            _ => v.is_finite() || (may_be_infinite && !v.is_nan()),
        });
        assert!(fine, "{name}: {} has a cell that is not finite", metric.name);
    }
}

fn run_all(experiment: &str, ln_loss_below: &str) -> Vec<Trajectory> {
    let workshop = Workshop::new();
    let file = root().join("experiments/exactness").join(experiment);
    let set = format!("stop.ln_loss_below={ln_loss_below}");
    let file = file.to_str().unwrap();
    workshop.steepest(&["run", file, "--set", &set, "--out", "out"]).success();
    let folder = workshop.path("out").join(experiment.trim_end_matches(".toml"));
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|p| p.extension().is_some_and(|e| e == "h5")).map(|p| Trajectory::open(p).unwrap()).collect()
}

#[test]
fn steepest_descent_passes_the_end_of_the_doubles() {
    let runs = run_all("steepest.toml", "-3000.0");
    assert_eq!(runs.len(), 6);
    runs.iter().for_each(passes_without_a_kink);
    let named = |name: &str| runs.iter().find(|r| r.attribute_text("run") == Some(name)).unwrap();
    // Adam without memory and without eps is sign descent
    let (sign, adam) = (named("SD"), named("Adam without memory"));
    assert_eq!(sign.series("ln_loss"), adam.series("ln_loss"));
}

#[test]
fn algorithms_with_memory_pass_the_end_of_the_doubles() {
    let runs = run_all("memory.toml", "-850.0");
    assert_eq!(runs.len(), 4);
    runs.iter().for_each(passes_without_a_kink);
}
