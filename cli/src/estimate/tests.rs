use super::way::{Way, phases};
use super::*;
use crate::config::{DynamicsChoice, LossSpec, StepSize, Weights};
use crate::reproduce::{FIGURES, Scale};
use steepest_data::DataSpec;
use steepest_models::{Activation, MlpSpec, ModelSpec};
use steepest_optim::{BatchOrder, BatchSpec, StepScale, SwitchAt};

#[test]
fn at_the_paper_s_scale_the_dense_steps_are_what_would_cost_years() {
    let mut config = FIGURES[0].experiment(Scale::Paper, false).unwrap();
    let fast = estimate(&config);
    assert_eq!((fast.n_runs, fast.n_unknown), (150, 0));
    let text = fast.text("fig1");
    assert!(text.contains("150 runs, 1.500e7 steps") && text.contains("GB a run"), "{text}");
    config.runs.iter_mut().for_each(|run| run.dynamics = DynamicsChoice::Dense);
    let dense = estimate(&config);
    // 33.5 Gflop a step
    assert!((dense.flops / dense.n_steps / 33.5e9 - 1.0).abs() < 0.15, "{}", dense.flops / dense.n_steps);
    assert!(dense.text("fig1").contains(" days on one idle core") && dense.seconds > 100.0 * fast.seconds);
}

#[test]
fn the_way_is_the_one_that_a_run_takes() {
    let config = FIGURES[0].experiment(Scale::Paper, false).unwrap();
    let way = |name: &str| {
        let run = config.runs.iter().find(|run| run.name.starts_with(name)).unwrap();
        Way::of(run, &Sizes::of(run).unwrap())
    };
    assert_eq!(["GD,", "CD,", "SD,"].map(way), [Way::Gram, Way::Greedy, Way::Sign]);
    assert_eq!(["GD then CD", "GD then SD"].map(way), [Way::Greedy, Way::Sign]);
}

#[test]
fn what_is_asked_for_is_what_is_counted() {
    let mut run = FIGURES[0].experiment(Scale::Paper, false).unwrap().runs.remove(0);
    let sizes = Sizes::of(&run).unwrap();
    let mut way = |dynamics| {
        run.dynamics = dynamics;
        Way::of(&run, &sizes)
    };
    assert_eq!([DynamicsChoice::SmallSide, DynamicsChoice::Dense].map(&mut way), [Way::SmallSide, Way::Dense]);
    assert_eq!([DynamicsChoice::Auto, DynamicsChoice::Check].map(&mut way), [Way::Gram; 2]);
    let mut config = FIGURES[0].experiment(Scale::Paper, false).unwrap();
    let plain = estimate(&config);
    config.runs.iter_mut().for_each(|run| run.dynamics = DynamicsChoice::Check);
    let dense = 33.5e9 * 100.0 * 150.0;
    assert!(((estimate(&config).flops - plain.flops) / dense - 1.0).abs() < 0.15, "a hundred dense steps a run");
}

/// The run of this name at quick scale of Figure 1, changed as said.
fn changed(name: &str, change: impl Fn(&mut RunConfig)) -> RunConfig {
    let runs = FIGURES[0].experiment(Scale::Quick, false).unwrap().runs;
    let mut run = runs.into_iter().find(|run| run.name.starts_with(name)).unwrap();
    change(&mut run);
    run
}

#[test]
fn a_switch_at_a_step_is_counted_on_both_sides() {
    let counts = |at: SwitchAt| {
        let run = changed("GD then CD", |run| run.switch.as_mut().unwrap().at = at);
        phases(&run, &Sizes::of(&run).unwrap()).iter().map(|phase| (phase.way, phase.steps)).collect::<Vec<_>>()
    };
    assert_eq!(counts(SwitchAt::Step(4000)), [(Way::Gram, 4000.0), (Way::Greedy, 6000.0)]);
    assert_eq!(counts(SwitchAt::Step(70_000)), [(Way::Gram, 10_000.0), (Way::Greedy, 0.0)]);
    assert_eq!(counts(SwitchAt::Separation), [(Way::Gram, 0.0), (Way::Greedy, 10_000.0)]);
}

#[test]
fn what_no_faster_way_serves_is_dense() {
    let of = |change: fn(&mut MlpSpec)| {
        let run = changed("CD", |run| {
            let ModelSpec::Mlp(spec) = &mut run.model else { panic!("a perceptron") };
            change(spec);
        });
        Way::of(&run, &Sizes::of(&run).unwrap())
    };
    assert_eq!(of(|_| ()), Way::Greedy);
    assert_eq!(of(|spec| spec.activation = Activation::ReluPower { power: 2 }), Way::Dense);
    assert_eq!(of(|spec| spec.hidden = vec![5, 5]), Way::Dense);
}

#[test]
fn rows_are_counted_as_they_are_written() {
    let config = FIGURES[0].experiment(Scale::Quick, false).unwrap();
    assert!((cost::Rows::of(&config.runs[0]).all - 201.0).abs() < 1e-9);
    assert!(cost::n_series(&config.runs[0]) > 15);
}

/// The cost of a run alone with these sizes.
fn cost_of(run: &RunConfig, sizes: &Sizes) -> cost::Cost {
    cost::of(run, sizes, &Speeds::ORDINARY, &Made::default().next(&Shared::plan([run])[0], run, sizes))
}

/// The run of this name of Figure 2.
fn of_images(name: &str) -> RunConfig {
    let runs = FIGURES[1].experiment(Scale::Quick, false).unwrap().runs;
    runs.into_iter().find(|run| run.name.starts_with(name)).unwrap()
}

#[test]
fn zeros_of_images_are_skipped_where_dense_steps_skip_them() {
    let mut run = of_images("Adam");
    let sizes = Sizes::of(&run).unwrap();
    let flops = |run: &RunConfig, sizes: &Sizes| cost_of(run, sizes).flops;
    let read = Sizes { inputs: sizes::Inputs::Read, ..sizes };
    let skipped = flops(&run, &sizes) / flops(&run, &read);
    assert!((0.3..0.36).contains(&skipped), "{skipped}");
    let no_first_layer = |sizes| Sizes { above: sizes::Above::Nothing, ..sizes };
    assert_eq!(flops(&run, &no_first_layer(sizes)).to_bits(), flops(&run, &no_first_layer(read)).to_bits());
    // tests do in mini-batches, too
    run.batch = Some(BatchSpec { size: 10, order: BatchOrder::default() });
    let skipped = flops(&run, &sizes) / flops(&run, &read);
    assert!((0.5..0.97).contains(&skipped), "{skipped}");
}

#[test]
fn sign_descent_with_fixed_steps_passes_over_bands_where_it_is_dense() {
    let mut run = of_images("SD");
    let by_patterns = cost_of(&run, &Sizes::of(&run).unwrap()).seconds;
    run.dynamics = DynamicsChoice::Dense;
    let sizes = Sizes::of(&run).unwrap();
    let seconds = |change: &dyn Fn(&mut RunConfig)| {
        let mut changed = run.clone();
        change(&mut changed);
        cost_of(&changed, &sizes).seconds
    };
    let spread = seconds(&|_| ());
    let by_formula = seconds(&|run| run.step.scale = StepScale::DualNorm);
    let single = seconds(&|run| {
        let LossSpec::Logistic(loss) = &mut run.loss else { panic!("the logistic loss") };
        loss.weights = Weights::SinglePrecision;
    });
    let small_batches = seconds(&|run| run.batch = Some(BatchSpec { size: 1, order: BatchOrder::default() }));
    assert!(by_formula < 0.7 * spread && single < 0.7 * spread, "{by_formula} {single} {spread}");
    let short_way = seconds(&|run| run.step.size = StepSize::Number(1e-6));
    assert!((short_way / by_formula - 1.0).abs() < 1e-3, "{short_way} {by_formula}: weights stay together");
    assert!(small_batches < spread, "{small_batches} {spread}");
    assert!(by_patterns < 0.7 * spread, "{by_patterns} {spread}");
}

#[test]
fn products_with_test_points_are_made_once_for_those_that_share_them() {
    let spectral = changed("GD,", |run| {
        run.optimizer = toml::from_str("kind = \"steepest\"\nnorm = \"spectral\"").unwrap();
        let DataSpec::TeacherStudent(data) = &mut run.data else { panic!("a teacher") };
        (data.n_inputs, data.stream_test) = (10 * data.n_train, true);
    });
    let sizes = Sizes::of(&spectral).unwrap();
    assert_eq!(Way::of(&spectral, &sizes), Way::SmallSide);
    let parts = Shared::plan([&spectral, &spectral]);
    let mut made = Made::default();
    let [[first, _], [second, held]] = [0, 1].map(|k| made.next(&parts[k], &spectral, &sizes));
    let [n, _, m] = sizes.shape();
    let per_point = |products: &Products| products.per_point(&sizes) as usize;
    let both = (n + m) as usize;
    assert_eq!([&first, &second, &held].map(per_point), [both, 0, both]);
    // another that takes over starts from where nobody else has been
    let mut switched = spectral.clone();
    switched.switch =
        Some(toml::from_str("at = { step = 10 }\noptimizer = { kind = \"steepest\", norm = \"l2\" }").unwrap());
    let [new, _] = made.next(&parts[1], &switched, &sizes);
    assert_eq!(per_point(&new), both, "with the training inputs, and with the first layer there");
}

#[test]
fn the_longest_run_of_a_figure_is_known() {
    let longest = |figure: usize| {
        let runs = FIGURES[figure].experiment(Scale::Quick, false).unwrap().runs;
        let costs: Vec<f64> = runs.iter().map(relative_cost).collect();
        let at = (0..runs.len()).max_by(|&a, &b| costs[a].total_cmp(&costs[b])).unwrap();
        runs[at].name.clone()
    };
    assert!(longest(1).starts_with("Adam"), "{}", longest(1));
    assert!(longest(2).starts_with("Shampoo"), "{}", longest(2));
}
