//! Claims (i) to (iv): Figures 1 and 5.

use super::claim::{Claim, Side};
use super::statistic::rank_correlation;
use crate::paper::{Group, Run, groups, paired};

/// An order of two algorithms in a margin: the paper's symbol, the series, the larger, the smaller.
const ORDERS: [(&str, &str, &str, &str); 6] = [
    ("gamma_1", "margin_linf", "SD", "GD"),
    ("gamma_1", "margin_linf", "GD", "CD"),
    ("gamma_2", "margin_l2", "GD", "CD"),
    ("gamma_2", "margin_l2", "GD", "SD"),
    ("gamma_inf", "margin_l1", "CD", "GD"),
    ("gamma_inf", "margin_l1", "GD", "SD"),
];

/// What a switch does to the margins in the norms of both algorithms: id, run, series, whether it should end above GD's.
const SWITCHES: [(&str, &str, &str, bool); 4] = [
    ("gamma_inf", "GD then CD", "margin_l1", true),
    ("gamma_1", "GD then CD", "margin_linf", false),
    ("gamma_1", "GD then SD", "margin_linf", true),
    ("gamma_inf", "GD then SD", "margin_l1", false),
];

/// An accuracy that changes by less is not called a large change.
const LARGE_CHANGE: f64 = 0.05;
/// A margin that falls by less than this share of its peak is not called falling.
const RELAPSE: f64 = 0.01;

/// The own margins of the algorithms.
pub(super) const OWN: [(&str, &str, &str); 3] =
    [("GD", "gamma_2", "l2"), ("CD", "gamma_inf", "l1"), ("SD", "gamma_1", "linf")];

/// The groups of one scale of the start.
struct Scale<'g, 'r> {
    variant: &'r str,
    groups: &'g [Group<'r>],
}

impl<'g, 'r> Scale<'g, 'r> {
    fn group(&self, algorithm: &str) -> Option<&'g Group<'r>> {
        self.groups.iter().find(|g| g.algorithm == algorithm && g.variant == self.variant)
    }

    fn id(&self, text: &str) -> String {
        if self.variant.is_empty() { text.to_owned() } else { format!("{text}@{}", self.variant.replace("alpha ", "")) }
    }

    fn paired(&self, one: &str, other: &str, value: impl FnMut(&Run, &Run) -> f64) -> Vec<f64> {
        match (self.group(one), self.group(other)) {
            (Some(one), Some(other)) => paired(one, other, value),
            _ => Vec::new(),
        }
    }
}

/// Claims (i) to (iv), each at every scale of the start.
pub(super) fn claims(runs: &[Run]) -> Vec<Claim> {
    let groups = groups(runs);
    let mut claims = Vec::new();
    for variant in variants(&groups) {
        let scale = Scale { variant, groups: &groups };
        for (algorithm, symbol, norm) in OWN {
            if let Some(group) = scale.group(algorithm) {
                claims.extend(own_margin(group, symbol, norm, &|text| scale.id(text)));
            }
        }
        claims.extend(ORDERS.map(|order| ordered(&scale, order)));
        claims
            .extend([accuracy(&scale, "CD", "GD", Side::Above(0.0)), accuracy(&scale, "GD", "SD", Side::AtLeast(0.0))]);
        claims.extend(SWITCHES.map(|switch| switched(&scale, switch)));
        claims.extend(["GD then CD", "GD then SD"].map(|run| kept(&scale, run)));
    }
    claims.extend(correlation(runs, "margin_l1", "gamma_inf", Side::Above(0.0)));
    claims
}

/// Figure 5: accuracy against the other two margins.
pub(super) fn accuracy_claims(runs: &[Run]) -> Vec<Claim> {
    let others = [("margin_linf", "gamma_1"), ("margin_l2", "gamma_2")];
    let mut claims: Vec<Claim> =
        others.iter().filter_map(|(series, symbol)| correlation(runs, series, symbol, Side::Below(0.0))).collect();
    let groups = groups(runs);
    for variant in variants(&groups) {
        let scale = Scale { variant, groups: &groups };
        for algorithm in ["CD", "GD", "SD"] {
            let Some(group) = scale.group(algorithm) else { continue };
            let excess = |run: &&Run| run.last("test_excess_accuracy");
            claims.push(Claim::of_median(
                &scale.id(&format!("excess-{algorithm}")),
                &format!("{algorithm} learns: better than chance{}", at(variant)),
                "final test accuracy - chance",
                &group.runs.iter().map(excess).collect::<Vec<_>>(),
                Side::Above(0.0),
            ));
        }
    }
    claims
}

/// Claim (i) in three forms: the margin at twice the separation time, how much of it is ever lost, and the soft margin's loss from the first
/// step on at which Theorem 3.1 speaks of it.
pub(super) fn own_margin(group: &Group<'_>, symbol: &str, norm: &str, id: &dyn Fn(&str) -> String) -> [Claim; 3] {
    let (name, series) = (group.algorithm, format!("margin_{norm}"));
    let at = at(group.variant);
    let growth = |run: &&Run| {
        let t = run.step("separation_step").unwrap_or(0);
        (run.at_step(&series, 2 * t + 2) - run.at_step(&series, t)) / run.last(&series)
    };
    let soft = format!("soft_{series}");
    let lost = |run: &&Run, series: &str, from: &str| {
        run.step(from).map_or(f64::NAN, |step| worst_loss(run.from_step(series, step)))
    };
    let values = |f: &dyn Fn(&&Run) -> f64| -> Vec<f64> { group.runs.iter().map(f).collect() };
    [
        Claim::of_median(
            &id(&format!("i-rise-{name}")),
            &format!("(i) {name}: {symbol} rises right after separation{at}"),
            &format!("({series} at 2 t - at t) / final, t the separation step"),
            &values(&growth),
            Side::Above(0.0),
        ),
        Claim::of_median(
            &id(&format!("i-keep-{name}")),
            &format!("(i) {name}: {symbol} never falls back after separation{at}"),
            &format!("the largest share of its peak that {series} loses after separation"),
            &values(&|run| lost(run, &series, "separation_step")),
            Side::Below(RELAPSE),
        ),
        Claim::of_median(
            &id(&format!("i-theory-{name}")),
            &format!("(i) {name}: soft {symbol} never falls back once the theory applies{at}"),
            &format!("the largest share of its peak that {soft} loses from the first sum of losses below l(0) on"),
            &values(&|run| lost(run, &soft, "theory_step")),
            Side::Below(RELAPSE),
        ),
    ]
}

/// The largest fall from a running maximum, relative to that: one where it falls to zero or beyond, NaN of nothing.
fn worst_loss(rows: impl Iterator<Item = (u64, f64)>) -> f64 {
    let (mut peak, mut worst) = (0.0_f64, f64::NAN);
    for (_, value) in rows {
        peak = peak.max(value);
        worst = worst.max(((peak - value) / peak.max(f64::MIN_POSITIVE)).min(1.0));
    }
    worst
}

fn ordered(scale: &Scale<'_, '_>, (symbol, series, larger, smaller): (&str, &str, &str, &str)) -> Claim {
    Claim::of_median(
        &scale.id(&format!("ii-{}-{larger}-{smaller}", series.trim_start_matches("margin_"))),
        &format!("(ii) {symbol}: {larger} > {smaller}{}", at(scale.variant)),
        &format!("final {series} of {larger} / of {smaller}"),
        &scale.paired(larger, smaller, |one, other| one.last(series) / other.last(series)),
        Side::Above(1.0),
    )
}

fn accuracy(scale: &Scale<'_, '_>, better: &str, worse: &str, side: Side) -> Claim {
    let sign = if matches!(side, Side::AtLeast(_)) { ">=" } else { ">" };
    Claim::of_median(
        &scale.id(&format!("iii-{better}-{worse}")),
        &format!("(iii) test accuracy: {better} {sign} {worse}{}", at(scale.variant)),
        &format!("final test accuracy of {better} - of {worse}"),
        &scale.paired(better, worse, |one, other| one.last("test_accuracy") - other.last("test_accuracy")),
        side,
    )
}

fn switched(scale: &Scale<'_, '_>, (symbol, run, series, is_above): (&str, &str, &str, bool)) -> Claim {
    let (word, side) = if is_above { ("raises", Side::Above(1.0)) } else { ("lowers", Side::Below(1.0)) };
    Claim::of_median(
        &scale.id(&format!("iv-{}-{}", series.trim_start_matches("margin_"), run.replace(' ', "-"))),
        &format!("(iv) {run} {word} {symbol}{}", at(scale.variant)),
        &format!("final {series} of {run} / of GD"),
        &scale.paired(run, "GD", |one, other| one.last(series) / other.last(series)),
        side,
    )
}

fn kept(scale: &Scale<'_, '_>, run: &str) -> Claim {
    Claim::of_median(
        &scale.id(&format!("iv-accuracy-{}", run.replace(' ', "-"))),
        &format!("(iv) {run} keeps GD's test accuracy{}", at(scale.variant)),
        &format!("final test accuracy of {run} - of GD"),
        &scale.paired(run, "GD", |one, other| one.last("test_accuracy") - other.last("test_accuracy")),
        Side::Between(-LARGE_CHANGE, LARGE_CHANGE),
    )
}

/// Whether accuracy goes with a margin over all runs of GD, CD and SD; seeds are drawn whole.
fn correlation(runs: &[Run], series: &str, symbol: &str, side: Side) -> Option<Claim> {
    let groups = groups(runs);
    let mut by_seed: std::collections::BTreeMap<i64, Vec<(f64, f64)>> = std::collections::BTreeMap::new();
    for group in groups.iter().filter(|g| OWN.iter().any(|(name, ..)| *name == g.algorithm)) {
        for run in &group.runs {
            by_seed.entry(run.seed).or_default().push((run.last(series), run.last("test_accuracy")));
        }
    }
    let seeds: Vec<Vec<(f64, f64)>> = by_seed.into_values().collect();
    let value = |drawn: &[usize]| {
        let (x, y): (Vec<f64>, Vec<f64>) = drawn.iter().flat_map(|seed| seeds[*seed].iter().copied()).unzip();
        rank_correlation(&x, &y)
    };
    let goes = if matches!(side, Side::Above(_)) { "goes with" } else { "does not go with" };
    let id = format!("accuracy-{}", series.trim_start_matches("margin_"));
    let claim = format!("a larger {symbol} {goes} a higher test accuracy");
    let statistic =
        format!("rank correlation of final {series} and final test accuracy over all runs of GD, CD and SD");
    (!seeds.is_empty()).then(|| Claim::of_seeds((&id, &claim, &statistic), seeds.len(), value, side))
}

fn variants<'r>(groups: &[Group<'r>]) -> Vec<&'r str> {
    let mut found = Vec::new();
    for group in groups {
        if !found.contains(&group.variant) {
            found.push(group.variant);
        }
    }
    found
}

/// `, alpha 0.1` behind a claim.
fn at(variant: &str) -> String {
    if variant.is_empty() { String::new() } else { format!(", {variant}") }
}
