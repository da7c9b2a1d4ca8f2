//! Claims on made-up runs: true where the algorithms are what they are called, not where the labels are shuffled.

use super::{Report, Verdict};
use crate::paper::Run;
use std::collections::BTreeMap;

/// A run whose margins rise from its separation on to the given ends.
fn run(name: &str, seed: i64, ends: &[(&str, f64)]) -> Run {
    let steps: Vec<u64> = (0..=50).collect();
    let wobble = 1.0 + 0.01 * f64::from((seed * 7 % 5) as i32);
    let mut series: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (name, end) in ends {
        let is_margin = name.starts_with("margin");
        let ramp = |step: &u64| if is_margin { end * wobble * *step as f64 / 50.0 } else { *end };
        let values: Vec<f64> = steps.iter().map(ramp).collect();
        if is_margin {
            series.insert(format!("soft_{name}"), values.clone());
        }
        series.insert((*name).to_owned(), values);
    }
    if let Some(accuracy) = series.get("test_accuracy") {
        series.insert("test_excess_accuracy".into(), accuracy.iter().map(|a| a - 0.5).collect());
    }
    series.insert("ln_loss".into(), steps.iter().map(|s| -(*s as f64)).collect());
    let numbers = [("separation_step", 5.0), ("theory_step", 8.0), ("test_majority_rate", 0.5)];
    let numbers = numbers.map(|(name, value)| (name.to_owned(), value)).into();
    Run { name: name.into(), seed, degree: 2, steps, series, numbers, ..Run::default() }
}

const ALGORITHMS: [&str; 5] = ["GD", "CD", "SD", "GD then CD", "GD then SD"];

/// gamma_1, gamma_2, gamma_inf and accuracy as the paper has them.
fn as_published(algorithm: &str) -> [f64; 4] {
    match algorithm {
        "GD" => [9.4, 0.37, 1.2e-4, 0.71],
        "CD" => [0.21, 0.092, 6.5e-4, 0.85],
        "SD" => [400.0, 0.069, 8.3e-6, 0.64],
        "GD then CD" => [2.1, 0.24, 1.3e-4, 0.71],
        _ => [210.0, 0.087, 1.0e-5, 0.71],
    }
}

/// Runs whose name at seed s is `names(s, k)` where the algorithm is the k-th.
fn figure1(n_seeds: i64, names: impl Fn(i64, usize) -> usize) -> Vec<Run> {
    let mut runs = Vec::new();
    for seed in 0..n_seeds {
        for (k, algorithm) in ALGORITHMS.iter().enumerate() {
            let [g1, g2, ginf, accuracy] = as_published(algorithm);
            let ends = [("margin_linf", g1), ("margin_l2", g2), ("margin_l1", ginf), ("test_accuracy", accuracy)];
            runs.push(run(&format!("{}, alpha 0.1", ALGORITHMS[names(seed, k)]), seed, &ends));
        }
    }
    runs
}

fn count(report: &Report, verdict: Verdict) -> usize {
    report.claims.iter().filter(|c| c.verdict == verdict).count()
}

#[test]
fn what_the_paper_says_holds_on_runs_that_are_as_it_says() {
    let report = Report::of("fig1", "made up", &figure1(12, |_, k| k));
    let failed: Vec<&str> = report.claims.iter().filter(|c| c.verdict != Verdict::Holds).map(|c| &*c.id).collect();
    assert!(failed.is_empty() && report.claims.len() == 24, "{failed:?} of {}", report.claims.len());
    assert!(Report::of("fig5", "made up", &figure1(12, |_, k| k)).claims.len() == 5);
}

#[test]
fn labels_that_are_exchanged_turn_every_order() {
    // CD is called SD and SD CD: a wrong order, with all certainty
    let report = Report::of("fig1", "made up", &figure1(12, |_, k| [0, 2, 1, 3, 4][k]));
    let orders = ["ii-linf-", "ii-l1-", "iii-"];
    let turned: Vec<_> = report.claims.iter().filter(|c| orders.iter().any(|start| c.id.starts_with(start))).collect();
    assert_eq!(turned.len(), 6);
    for claim in turned {
        assert_eq!(claim.verdict, Verdict::DoesNot, "{}", claim.id);
    }
}

#[test]
fn labels_shuffled_within_each_seed_decide_no_order() {
    // another turn of the labels at every seed: each algorithm bears each label equally often
    let report = Report::of("fig1", "made up", &figure1(12, |seed, k| if k < 3 { (k + seed as usize) % 3 } else { k }));
    for claim in report.claims.iter().filter(|c| c.id.starts_with("ii-") || c.id.starts_with("iii-")) {
        assert_ne!(claim.verdict, Verdict::Holds, "{} {} {:?}", claim.id, claim.value, claim.interval);
    }
}

#[test]
fn a_run_that_diverged_does_not_vote() {
    let mut runs = figure1(6, |_, k| k);
    runs[1].texts.insert("status".into(), "diverged".into());
    let report = Report::of("fig1", "made up", &runs);
    let claim = report.claims.iter().find(|c| c.id == "ii-l1-CD-GD@0.1").unwrap();
    assert_eq!((claim.n_seeds, claim.verdict), (5, Verdict::Holds));
}

#[test]
fn adam_and_shampoo_have_their_claims() {
    let adam = ["1e-8, betas 0, 0", "1e-2, betas 0, 0", "1e-8, betas 0.9, 0.99", "1e-2, betas 0.9, 0.99"];
    let names: Vec<String> =
        ["GD".to_owned(), "SD".to_owned()].into_iter().chain(adam.map(|a| format!("Adam, eps {a}"))).collect();
    let ends = |name: &str| match name {
        "GD" => [("margin_linf", 20.0), ("margin_l2", 0.6), ("test_accuracy", 0.98)],
        "SD" => [("margin_linf", 4000.0), ("margin_l2", 0.02), ("test_accuracy", 0.97)],
        _ => [("margin_linf", 500.0), ("margin_l2", 0.07), ("test_accuracy", 0.97)],
    };
    let runs: Vec<Run> = (0..5).flat_map(|seed| names.iter().map(move |n| run(n, seed, &ends(n)))).collect();
    let report = Report::of("fig2", "made up", &runs);
    let verdict = |id: &str| report.claims.iter().find(|c| c.id == id).unwrap().verdict;
    assert_eq!(verdict("ii-linf-SD"), Verdict::Holds);
    assert_eq!(verdict("ii-l2-GD"), Verdict::Holds);
    // these runs only rise: Adam does not leave gamma_1
    assert_eq!(verdict("v-leaves"), Verdict::DoesNot);
    assert_eq!(verdict("v-follows"), Verdict::DoesNot);
    let shampoo: Vec<Run> = (0..5)
        .flat_map(|seed| {
            [("GD", 1.0), ("Adam", 2.0), ("Shampoo", 3.0)].map(|(n, v)| run(n, seed, &[("margin_spectral", v)]))
        })
        .collect();
    let report = Report::of("fig3", "made up", &shampoo);
    assert_eq!((report.claims.len(), count(&report, Verdict::Holds)), (2, 2));
    assert!(report.table().contains("2 hold, 0 do not") && report.markdown().contains("| holds | 5 |"));
}
