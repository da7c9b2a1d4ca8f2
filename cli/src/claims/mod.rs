//! Claims of the paper as numbers: each figure's are tested on its stored runs.

mod adam;
mod claim;
mod depth;
mod shampoo;
mod statistic;
mod teacher_student;
#[cfg(test)]
mod tests;

pub use claim::{Claim, FEWEST_SEEDS, Side, Verdict};
pub use statistic::{bootstrap, median, median_interval, rank_correlation};

use crate::paper::Run;
use crate::summary::short;
use serde::Serialize;

/// The claims of a figure at a scale, as `claims.json` has them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The figure.
    pub figure: String,
    /// The scale.
    pub scale: String,
    /// Its claims.
    pub claims: Vec<Claim>,
}

impl Report {
    /// Tests the claims of a figure; none if there is no such figure.
    pub fn of(figure: &str, scale: &str, runs: &[Run]) -> Self {
        let claims = match figure {
            "fig1" => teacher_student::claims(runs),
            "fig5" => teacher_student::accuracy_claims(runs),
            "fig2" | "fig6" => adam::claims(runs),
            "fig3" => shampoo::claims(runs),
            "exact" => depth::claims(runs),
            _ => Vec::new(),
        };
        Self { figure: figure.to_owned(), scale: scale.to_owned(), claims }
    }

    /// As JSON.
    ///
    /// # Errors
    /// Never for claims; what the serialiser says otherwise.
    pub fn json(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// As a table for people, a line a claim and a line of counts.
    pub fn table(&self) -> String {
        let width = |column: &dyn Fn(&Claim) -> String| {
            self.claims.iter().map(|c| column(c).chars().count()).max().unwrap_or(0)
        };
        let (ids, says) = (width(&|c| c.id.clone()), width(&|c| c.claim.clone()));
        let intervals = width(&|c| c.interval_text());
        let mut lines = vec![format!("  claims of {} at {} scale", self.figure, self.scale)];
        for c in &self.claims {
            let interval = c.interval_text();
            let line = format!(
                "  {:ids$}  {:says$}  {:>9}  {interval:intervals$}  {:9}  {} seeds",
                c.id,
                c.claim,
                short(c.value),
                c.verdict.name(),
                c.n_seeds
            );
            lines.push(line);
        }
        let count = |verdict| self.claims.iter().filter(|c| c.verdict == verdict).count();
        lines.push(format!(
            "  {} hold, {} do not, {} undecided",
            count(Verdict::Holds),
            count(Verdict::DoesNot),
            count(Verdict::Undecided)
        ));
        lines.join("\n")
    }

    /// As a table in Markdown, statistics included.
    pub fn markdown(&self) -> String {
        let mut lines = vec![
            "| claim | statistic | value | 95 % interval | verdict | seeds |".to_owned(),
            "|---|---|---|---|---|---|".into(),
        ];
        for c in &self.claims {
            let (claim, statistic) = (c.claim.replace('|', "\\|"), c.statistic.replace('|', "\\|"));
            let (value, interval) = (short(c.value), c.interval_text());
            lines.push(format!(
                "| {claim} | {statistic} | {value} | {interval} | {} | {} |",
                c.verdict.name(),
                c.n_seeds
            ));
        }
        lines.join("\n") + "\n"
    }
}
