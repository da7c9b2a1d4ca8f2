//! Claim (vi): Shampoo and the spectral margin, Figure 3.

use super::claim::{Claim, Side};
use crate::paper::{Run, groups, paired};

const SPECTRAL: &str = "margin_spectral";
/// Shampoo as the paper ran it, as it wrote it, and without accumulation; each with its short name.
const FORMS: [(&str, &str); 3] = [("Shampoo", "package"), ("Shampoo, Eq. (76)", "eq76"), ("Spectral", "spectral")];

/// Each form of Shampoo against GD and Adam.
pub(super) fn claims(runs: &[Run]) -> Vec<Claim> {
    let groups = groups(runs);
    let of = |name: &str| groups.iter().find(|g| g.name == name);
    let mut claims = Vec::new();
    for (form, short) in FORMS {
        for rival in ["GD", "Adam"] {
            let (Some(one), Some(other)) = (of(form), of(rival)) else { continue };
            claims.push(Claim::of_median(
                &format!("vi-{short}-{rival}"),
                &format!("(vi) spectral margin: {form} > {rival}"),
                &format!("final {SPECTRAL} of {form} / of {rival}"),
                &paired(one, other, |one, other| one.last(SPECTRAL) / other.last(SPECTRAL)),
                Side::Above(1.0),
            ));
        }
    }
    claims
}
