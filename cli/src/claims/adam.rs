//! Claim (v), and what else the paper says of Figures 2 and 6: Adam beside sign and gradient descent.

use super::claim::{Claim, Side};
use super::teacher_student::own_margin;
use crate::paper::{Group, Run, groups, paired};

/// Adam without momentum, small eps.
const PLAIN: &str = "Adam, eps 1e-8, betas 0, 0";
/// Adam with momentum, small eps.
const SMALL: &str = "Adam, eps 1e-8, betas 0.9, 0.99";
/// Adam with momentum, large eps.
const LARGE: &str = "Adam, eps 1e-2, betas 0.9, 0.99";
/// ln 1e-7: the loss at which the paper stopped sign descent.
const LN_STOP: f64 = crate::paper::LN_STOP;
/// gamma_1.
const G1: &str = "margin_linf";
/// gamma_2.
const G2: &str = "margin_l2";
/// The step at which Adam is compared with sign descent, about where both have their peak.
const EARLY: u64 = 20;

/// All claims.
pub(super) fn claims(runs: &[Run]) -> Vec<Claim> {
    let groups = groups(runs);
    let of = |name: &str| groups.iter().find(|g| g.name == name);
    let (Some(gd), Some(sd)) = (of("GD"), of("SD")) else { return Vec::new() };
    let mut claims = Vec::new();
    claims.extend(own_margin(gd, "gamma_2", "l2", &str::to_owned));
    claims.extend(own_margin(sd, "gamma_1", "linf", &str::to_owned));
    let seeds = |value: &dyn Fn(i64) -> f64| -> Vec<f64> { gd.runs.iter().map(|run| value(run.seed)).collect() };
    let stopped = |group: &Group<'_>, seed, series: &str| {
        let run = group.runs.iter().find(|r| r.seed == seed);
        let frozen = run.map_or(f64::NAN, |r| r.at_loss(series, LN_STOP));
        if frozen.is_nan() { run.map_or(f64::NAN, |r| r.last(series)) } else { frozen }
    };
    let largest = |without: &str, series: &str, seed: i64| {
        let others = runs.iter().filter(|r| r.seed == seed && r.name != without && r.is_used());
        others.map(|r| r.last(series)).fold(f64::NAN, f64::max)
    };
    claims.push(Claim::of_median(
        "ii-linf-SD-stopped",
        "(ii) gamma_1 is largest for SD, stopped at a loss of 1e-7 as in the paper",
        "margin_linf of SD where L < 1e-7 first / the largest final one of the others",
        &seeds(&|seed| stopped(sd, seed, G1) / largest("SD", G1, seed)),
        Side::Above(1.0),
    ));
    claims.push(Claim::of_median(
        "ii-linf-SD",
        "(ii) gamma_1 is largest for SD, not stopped",
        "final margin_linf of SD / the largest of the others",
        &seeds(&|seed| {
            sd.runs.iter().find(|r| r.seed == seed).map_or(f64::NAN, |r| r.last(G1)) / largest("SD", G1, seed)
        }),
        Side::Above(1.0),
    ));
    claims.push(Claim::of_median(
        "ii-l2-GD",
        "(ii) gamma_2 is largest for GD",
        "final margin_l2 of GD / the largest of the others",
        &seeds(&|seed| {
            gd.runs.iter().find(|r| r.seed == seed).map_or(f64::NAN, |r| r.last(G2)) / largest("GD", G2, seed)
        }),
        Side::Above(1.0),
    ));
    claims.push(Claim::of_median(
        "iii-GD-SD",
        "test accuracy: GD > SD (published: .981 and .975)",
        "final test accuracy of GD - of SD",
        &paired(gd, sd, |one, other| one.last("test_accuracy") - other.last("test_accuracy")),
        Side::Above(0.0),
    ));
    if let (Some(plain), Some(small), Some(large)) = (of(PLAIN), of(SMALL), of(LARGE)) {
        claims.extend(two_phases(sd, plain));
        claims.extend(later_and_steeper(small, large));
    }
    claims
}

/// Adam first follows sign descent, then leaves gamma_1 for gamma_2.
fn two_phases(sd: &Group<'_>, plain: &Group<'_>) -> [Claim; 3] {
    let seeds = |value: &dyn Fn(&Run) -> f64| -> Vec<f64> { plain.runs.iter().map(|run| value(run)).collect() };
    [
        Claim::of_median(
            "v-follows",
            "(v) Adam (1e-8; 0, 0) first follows SD in gamma_1",
            "margin_linf of Adam / of SD at step 20",
            &paired(plain, sd, |one, other| one.at_step(G1, EARLY) / other.at_step(G1, EARLY)),
            Side::Between(0.8, 1.25),
        ),
        Claim::of_median(
            "v-leaves",
            "(v) then its gamma_1 falls",
            "final margin_linf / its peak, Adam (1e-8; 0, 0)",
            &seeds(&|run| run.last(G1) / peak(run, G1).1),
            Side::Below(0.95),
        ),
        Claim::of_median(
            "v-turns",
            "(v) while its gamma_2 rises",
            "final margin_l2 / at the peak of margin_linf, Adam (1e-8; 0, 0)",
            &seeds(&|run| run.last(G2) / run.at_step(G2, peak(run, G1).0)),
            Side::Above(1.05),
        ),
    ]
}

/// With the larger eps the turn comes later and is steeper.
fn later_and_steeper(small: &Group<'_>, large: &Group<'_>) -> [Claim; 3] {
    [
        Claim::of_median(
            "v-later",
            "(v) the turn comes later with eps = 1e-2 (betas 0.9, 0.99)",
            "step of the peak of margin_linf, eps 1e-2 / eps 1e-8",
            &paired(large, small, |one, other| (peak(one, G1).0 + 1) as f64 / (peak(other, G1).0 + 1) as f64),
            Side::Above(1.0),
        ),
        Claim::of_median(
            "v-higher",
            "(v) its peak of gamma_1 is higher with eps = 1e-2 (betas 0.9, 0.99)",
            "peak of margin_linf, eps 1e-2 / eps 1e-8",
            &paired(large, small, |one, other| peak(one, G1).1 / peak(other, G1).1),
            Side::Above(1.0),
        ),
        Claim::of_median(
            "v-steeper",
            "(v) gamma_2 then rises more steeply with eps = 1e-2 (betas 0.9, 0.99)",
            "slope of ln margin_l2 over ln step in the last factor of ten, eps 1e-2 - eps 1e-8",
            &paired(large, small, |one, other| slope(one) - slope(other)),
            Side::Above(0.0),
        ),
    ]
}

/// Step and value of the largest entry of a series.
fn peak(run: &Run, series: &str) -> (u64, f64) {
    run.from_step(series, 0).fold((0, f64::NAN), |best, row| if row.1 <= best.1 { best } else { row })
}

/// d ln gamma_2 / d ln t over the last factor of ten in steps.
fn slope(run: &Run) -> f64 {
    let last = run.steps.last().copied().unwrap_or(0);
    (run.last(G2) / run.at_step(G2, last / 10)).ln() / 10.0_f64.ln()
}
