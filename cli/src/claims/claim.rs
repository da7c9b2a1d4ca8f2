//! One claim of the paper, its statistic and its verdict.

use super::statistic::{bootstrap, median, median_interval};
use crate::summary::short;
use serde::Serialize;

/// With fewer seeds nothing is decided.
pub const FEWEST_SEEDS: usize = 4;

/// Whether a claim holds at a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Verdict {
    /// The whole interval lies on the claimed side.
    #[serde(rename = "holds")]
    Holds,
    /// The whole interval lies on the other side.
    #[serde(rename = "does not")]
    DoesNot,
    /// The interval lies on both sides, or there are fewer than four seeds.
    #[serde(rename = "undecided")]
    Undecided,
}

impl Verdict {
    /// As it stands in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::DoesNot => "does not",
            Self::Undecided => "undecided",
        }
    }
}

/// Where the statistic should lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Side {
    /// Above a number.
    Above(f64),
    /// At a number or above.
    AtLeast(f64),
    /// Below a number.
    Below(f64),
    /// Between two numbers.
    Between(f64, f64),
}

impl Side {
    fn verdict(self, [low, high]: [f64; 2]) -> Verdict {
        let (inside, outside) = match self {
            Self::Above(limit) => (low > limit, high <= limit),
            Self::AtLeast(limit) => (low >= limit, high < limit),
            Self::Below(limit) => (high < limit, low >= limit),
            Self::Between(from, to) => (low > from && high < to, high <= from || low >= to),
        };
        match (inside, outside) {
            (true, _) => Verdict::Holds,
            (_, true) => Verdict::DoesNot,
            _ => Verdict::Undecided,
        }
    }

    /// As it stands behind a statistic: `> 1`.
    pub fn text(self) -> String {
        match self {
            Self::Above(limit) => format!("> {limit}"),
            Self::AtLeast(limit) => format!(">= {limit}"),
            Self::Below(limit) => format!("< {limit}"),
            Self::Between(from, to) => format!("in ({from}, {to})"),
        }
    }
}

/// A claim of the paper, tested on stored runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Claim {
    /// A short name that stays the same.
    pub id: String,
    /// What the paper says.
    pub claim: String,
    /// What was computed, and on which side it should lie.
    pub statistic: String,
    /// The statistic; not a number, `null` in JSON, where no seed has it.
    pub value: f64,
    /// Its 95 % bootstrap interval over seeds; none with fewer than four seeds.
    pub interval: Option<[f64; 2]>,
    /// Whether the claim holds.
    pub verdict: Verdict,
    /// Number of seeds.
    pub n_seeds: usize,
}

impl Claim {
    /// A claim about the median of one value a seed; values that are not a number belong to seeds that do not have it.
    pub fn of_median(id: &str, claim: &str, statistic: &str, values: &[f64], side: Side) -> Self {
        let values: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
        let interval = (values.len() >= FEWEST_SEEDS).then(|| median_interval(&values));
        let statistic = format!("median over seeds of {statistic}");
        Self::judged(id, claim, &statistic, median(&values), interval, side, values.len())
    }

    /// A claim about a statistic of the seeds of these indices.
    pub fn of_seeds(
        (id, claim, statistic): (&str, &str, &str),
        n_seeds: usize,
        mut value: impl FnMut(&[usize]) -> f64,
        side: Side,
    ) -> Self {
        let whole: Vec<usize> = (0..n_seeds).collect();
        let (all, interval) = (value(&whole), (n_seeds >= FEWEST_SEEDS).then(|| bootstrap(n_seeds, value)));
        Self::judged(id, claim, statistic, all, interval, side, n_seeds)
    }

    fn judged(
        id: &str,
        claim: &str,
        statistic: &str,
        value: f64,
        interval: Option<[f64; 2]>,
        side: Side,
        n_seeds: usize,
    ) -> Self {
        let interval = interval.filter(|ends| ends.iter().all(|end| end.is_finite()));
        Self {
            id: id.to_owned(),
            claim: claim.to_owned(),
            statistic: format!("{statistic} {}", side.text()),
            value,
            interval,
            verdict: interval.map_or(Verdict::Undecided, |interval| side.verdict(interval)),
            n_seeds,
        }
    }

    /// The interval as people read it.
    pub fn interval_text(&self) -> String {
        self.interval.map_or_else(|| "-".to_owned(), |[low, high]| format!("[{}, {}]", short(low), short(high)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(values: &[f64], side: Side) -> Verdict {
        Claim::of_median("id", "claim", "value", values, side).verdict
    }

    #[test]
    fn the_whole_interval_decides() {
        assert_eq!(verdict(&[2.0, 3.0, 4.0, 5.0], Side::Above(1.0)), Verdict::Holds);
        assert_eq!(verdict(&[2.0, 3.0, 4.0, 5.0], Side::Below(1.0)), Verdict::DoesNot);
        assert_eq!(verdict(&[0.5, 3.0, 4.0, 5.0], Side::Above(1.0)), Verdict::Undecided);
        assert_eq!(verdict(&[0.0; 4], Side::AtLeast(0.0)), Verdict::Holds);
        assert_eq!(verdict(&[0.0; 4], Side::Above(0.0)), Verdict::DoesNot);
        assert_eq!(verdict(&[0.1, 0.2, 0.1, 0.2], Side::Between(0.0, 1.0)), Verdict::Holds);
        assert_eq!(verdict(&[1.1, 1.2, 1.1, 1.2], Side::Between(0.0, 1.0)), Verdict::DoesNot);
    }

    #[test]
    fn three_seeds_decide_nothing() {
        let claim = Claim::of_median("id", "claim", "value", &[2.0, 3.0, 4.0, f64::NAN], Side::Above(1.0));
        assert_eq!((claim.verdict, claim.interval, claim.n_seeds), (Verdict::Undecided, None, 3));
        assert_eq!(claim.statistic, "median over seeds of value > 1");
        assert_eq!(Claim::of_median("id", "claim", "value", &[], Side::Above(1.0)).verdict, Verdict::Undecided);
    }

    #[test]
    fn json_has_the_agreed_names() {
        let json = serde_json::to_value(Claim::of_median("a", "b", "c", &[2.0; 5], Side::Below(1.0))).unwrap();
        assert_eq!(json["verdict"], "does not");
        assert_eq!(json["interval"], serde_json::json!([2.0, 2.0]));
        assert_eq!(json["n_seeds"], 5);
    }
}
