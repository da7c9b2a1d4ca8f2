//! Labels as a table writes them, and as a loss wants them.

use super::shown;
use crate::error::DataError;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::path::Path;
use steepest_core::Labels;

/// Most different labels of a table.
const MOST_LABELS: usize = 1000;

/// A label in its plainest writing, so that `1`, `1.0` and ` 1` are one label.
pub(super) fn plain(text: &str) -> String {
    let text = text.trim();
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => number.to_string(),
        _ => text.to_owned(),
    }
}

/// The different labels of a table, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LabelNames {
    names: Vec<String>,
    as_signs: bool,
}

impl LabelNames {
    /// The different labels among `labels`; two of them are signs unless `classes`.
    ///
    /// # Errors
    /// [`DataError::FileFormat`] if they are fewer than two, or so many that they are no labels.
    pub(super) fn of(path: &Path, labels: &[String], classes: bool) -> Result<Self, DataError> {
        let mut names: Vec<String> = labels.iter().collect::<BTreeSet<_>>().into_iter().cloned().collect();
        names.sort_by(|a, b| by_value(a, b));
        let wrong = |expected: String, found: String| DataError::FileFormat { path: path.to_owned(), expected, found };
        if names.len() < 2 {
            return Err(wrong("two or more different labels".into(), format!("only {}", list(&names))));
        }
        if names.len() > MOST_LABELS || (names.len() > 2 && names.len() == labels.len()) {
            let expected =
                format!("labels that repeat, at most {MOST_LABELS} different ones (is this the label column?)");
            return Err(wrong(expected, format!("{} in {} rows: {}", names.len(), labels.len(), list(&names))));
        }
        let as_signs = names.len() == 2 && !classes;
        Ok(Self { names, as_signs })
    }

    /// The labels of some rows.
    ///
    /// # Errors
    /// [`DataError::FileFormat`] for a label that is none of the names: `path` has it, the names are another file's.
    pub(super) fn labels<'a>(&self, path: &Path, rows: impl Iterator<Item = &'a String>) -> Result<Labels, DataError> {
        let place = |label: &String| {
            self.names.iter().position(|name| name == label).ok_or_else(|| DataError::FileFormat {
                path: path.to_owned(),
                expected: format!("the labels of the training table ({})", list(&self.names)),
                found: shown(label),
            })
        };
        let classes = rows.map(place).collect::<Result<Vec<usize>, DataError>>()?;
        if self.as_signs {
            return Ok(Labels::Binary(classes.into_iter().map(|class| [-1.0, 1.0][class]).collect()));
        }
        Ok(Labels::Classes { classes, n_classes: self.names.len() })
    }

    /// `labels no: -1, yes: +1`; `labels a: 0, b: 1, c: 2`; with more than ten, their number.
    pub(super) fn describe(&self) -> String {
        if self.as_signs {
            return format!("labels {}: -1, {}: +1", self.names[0], self.names[1]);
        }
        if self.names.len() > 10 {
            return format!("{} classes, {} first", self.names.len(), self.names[0]);
        }
        let pairs: Vec<String> =
            self.names.iter().enumerate().map(|(class, name)| format!("{name}: {class}")).collect();
        format!("labels {}", pairs.join(", "))
    }
}

/// Numbers by value and before words, words by alphabet.
fn by_value(a: &str, b: &str) -> Ordering {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(x), Ok(y)) => x.total_cmp(&y),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => a.cmp(b),
    }
}

/// The first few names.
fn list(names: &[String]) -> String {
    let first: Vec<String> = names.iter().take(5).map(|name| shown(name)).collect();
    format!("{}{}", first.join(", "), if names.len() > 5 { ", ..." } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(labels: &[&str], classes: bool) -> Result<LabelNames, DataError> {
        let labels: Vec<String> = labels.iter().map(|l| plain(l)).collect();
        LabelNames::of(Path::new("t.csv"), &labels, classes)
    }

    #[test]
    fn two_labels_are_signs_and_more_are_classes_in_their_order() {
        assert_eq!(names(&["yes", "no", "yes"], false).unwrap().describe(), "labels no: -1, yes: +1");
        assert_eq!(names(&["1", "-1.0", "-1"], false).unwrap().describe(), "labels -1: -1, 1: +1");
        assert_eq!(names(&["yes", "no"], true).unwrap().describe(), "labels no: 0, yes: 1");
        let three = names(&["10", "9", "2.5", "9.0"], false).unwrap();
        assert_eq!(three.describe(), "labels 2.5: 0, 9: 1, 10: 2");
        let rows = ["10".to_owned(), "2.5".to_owned()];
        let labels = three.labels(Path::new("t.csv"), rows.iter()).unwrap();
        assert_eq!(labels, Labels::Classes { classes: vec![2, 0], n_classes: 3 });
    }

    #[test]
    fn what_are_no_labels_is_refused_with_what_was_found() {
        let text = |labels: &[&str]| names(labels, false).unwrap_err().to_string();
        assert_eq!(text(&["a", "a"]), "t.csv: expected two or more different labels, found only `a`");
        let text = text(&["1.5", "2.5", "0.1", "7", "8", "9"]);
        assert!(text.ends_with("found 6 in 6 rows: `0.1`, `1.5`, `2.5`, `7`, `8`, ..."), "{text}");
        let other = names(&["a", "b"], false).unwrap().labels(Path::new("u.csv"), ["c".to_owned()].iter());
        let text = other.unwrap_err().to_string();
        assert_eq!(text, "u.csv: expected the labels of the training table (`a`, `b`), found `c`");
    }
}
