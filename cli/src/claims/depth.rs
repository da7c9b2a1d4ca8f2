//! Claims of the figure that goes to ln L = -1,000,000.

use super::claim::{Claim, Side};
use crate::paper::{Run, groups};

/// How far the runs go.
const LN_END: f64 = -1e6;
/// Each margin with the algorithm that increases it.
const OWN: [(&str, &str, &str); 4] = [
    ("gamma_1", "margin_linf", "SD"),
    ("gamma_2", "margin_l2", "GD"),
    ("gamma_inf", "margin_l1", "CD"),
    ("gamma_sigma", "margin_spectral", "Spectral"),
];

/// Every algorithm arrives, and is the best in its own margin there.
pub(super) fn claims(runs: &[Run]) -> Vec<Claim> {
    let mut claims: Vec<Claim> = groups(runs)
        .iter()
        .map(|group| {
            let ends: Vec<f64> = group.runs.iter().map(|run| run.last("ln_loss")).collect();
            let (id, claim) =
                (format!("depth-{}", group.name.replace(' ', "-")), format!("{} goes to ln L = -1e6", group.name));
            Claim::of_median(&id, &claim, "the last ln loss", &ends, Side::Below(LN_END))
        })
        .collect();
    for (symbol, series, own) in OWN {
        let lead = |run: &Run| {
            let others = runs.iter().filter(|r| r.seed == run.seed && r.name != run.name && !is_same(own, &r.name));
            run.last(series) / others.filter(|r| r.is_used()).map(|r| r.last(series)).fold(f64::NAN, f64::max)
        };
        let values: Vec<f64> = runs.iter().filter(|r| r.name == own && r.is_used()).map(lead).collect();
        claims.push(Claim::of_median(
            &format!("own-{own}"),
            &format!("at its end {own} has the largest {symbol}"),
            &format!("final {series} of {own} / the largest of the others"),
            &values,
            Side::Above(1.0),
        ));
    }
    claims
}

/// Adam without memory is sign descent.
fn is_same(own: &str, other: &str) -> bool {
    own == "SD" && other.starts_with("Adam")
}
