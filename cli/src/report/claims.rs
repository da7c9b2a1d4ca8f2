//! What is claimed of a figure, read from the files `claims.json` and `*.claims.json` beside the runs.

use crate::summary::short;
use anyhow::Context;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// How the name of a file with claims ends.
pub(super) const ENDING: &str = "claims.json";

/// Whether the runs bear a claim out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Verdict {
    /// They do.
    #[serde(rename = "holds")]
    Holds,
    /// They contradict it.
    #[serde(rename = "does not")]
    DoesNot,
    /// They do not decide.
    #[serde(rename = "undecided")]
    Undecided,
}

impl Verdict {
    /// As it stands in files and on the page.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::DoesNot => "does not",
            Self::Undecided => "undecided",
        }
    }
}

/// One line of the table of claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRow {
    /// The figure that it speaks of, such as `fig2`.
    pub figure: String,
    /// The claim, a sentence.
    pub claim: String,
    /// What was measured, with its value and interval, for people.
    pub statistic: String,
    /// Whether the runs bear it out.
    pub verdict: Verdict,
}

/// A file of claims.
#[derive(Deserialize)]
struct ClaimFile {
    figure: String,
    #[serde(default)]
    scale: Option<String>,
    claims: Vec<StoredClaim>,
}

#[derive(Deserialize)]
struct StoredClaim {
    claim: String,
    statistic: String,
    value: Option<f64>,
    interval: Option<[Option<f64>; 2]>,
    verdict: Verdict,
    n_seeds: Option<u64>,
}

impl StoredClaim {
    /// The statistic with its value: `ratio of margins: 1.02 [0.98, 1.05], 4 seeds`.
    fn measured(&self) -> String {
        let number = |value: Option<f64>| value.map_or_else(|| "not a number".to_owned(), short);
        let mut text = format!("{}: {}", self.statistic, number(self.value));
        if let Some([low, high]) = self.interval {
            text += &format!(" [{}, {}]", number(low), number(high));
        }
        match self.n_seeds {
            Some(1) => text += ", 1 seed",
            Some(n) => text += &format!(", {n} seeds"),
            None => {}
        }
        text
    }
}

/// The claims in the files `*.claims.json` of a folder, file by file in the order of their names; none where there is no such file.
///
/// # Errors
/// If the folder or a file cannot be read, or a file is none of claims.
pub fn read_claims(folder: &Path) -> anyhow::Result<Vec<ClaimRow>> {
    let mut rows = Vec::new();
    for path in files(folder)? {
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        rows.extend(parse(&text).with_context(|| format!("{} holds no claims", path.display()))?);
    }
    Ok(rows)
}

fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = super::folder::entries(folder)?;
    Ok(entries.into_iter().filter(|path| path.to_string_lossy().ends_with(ENDING)).collect())
}

fn parse(text: &str) -> anyhow::Result<Vec<ClaimRow>> {
    let file: ClaimFile = serde_json::from_str(text)?;
    let figure = match file.scale.as_deref() {
        Some("default") | None => file.figure,
        Some(scale) => format!("{} ({scale})", file.figure),
    };
    let row = |claim: &StoredClaim| ClaimRow {
        figure: figure.clone(),
        claim: claim.claim.clone(),
        statistic: claim.measured(),
        verdict: claim.verdict,
    };
    Ok(file.claims.iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_read_with_its_value_interval_and_seeds() {
        let text = r#"{"figure": "fig1", "scale": "quick", "claims": [
            {"id": "a", "claim": "SD leads", "statistic": "ratio", "value": 1.5, "interval": [1.25, null], "verdict": "holds", "n_seeds": 4},
            {"id": "b", "claim": "CD leads", "statistic": "ratio", "value": null, "interval": null, "verdict": "undecided", "n_seeds": 1}]}"#;
        let rows = parse(text).unwrap();
        assert_eq!(rows[0].figure, "fig1 (quick)");
        assert_eq!(rows[0].statistic, "ratio: 1.500 [1.250, not a number], 4 seeds");
        assert_eq!((rows[0].verdict, rows[0].verdict.text()), (Verdict::Holds, "holds"));
        assert_eq!(rows[1].statistic, "ratio: not a number, 1 seed");
    }

    #[test]
    fn an_unknown_verdict_is_refused() {
        let text = r#"{"figure": "fig1", "claims": [{"claim": "", "statistic": "", "value": 1, "verdict": "maybe"}]}"#;
        assert!(parse(text).unwrap_err().to_string().contains("maybe"));
    }
}
