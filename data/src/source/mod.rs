//! Where datasets come from: one file is one source, all of them give a [`Split`].
//!
//! Every draw is named and seeded: sources of images and tables draw from the stream `data`, generators from `teacher`, `train` and
//! `test`, label noise from `noise`, so that the size of one set never changes another. Sets are nested: with everything else
//! equal, the first rows of a larger training set are the smaller one (balanced draws excepted).

pub mod clusters;
mod digits;
mod draw;
pub mod fetch;
pub mod idx;
pub mod idx_set;
pub mod known_margin;
pub mod mnist;
pub mod mnist_files;
mod noise;
mod plain;
pub mod points;
pub mod separable;
pub mod table;
pub mod teacher;
pub mod teacher_student;
pub mod uci_digits;

pub use digits::DigitDraw;
pub(crate) use noise::{check_share, flip};
pub use points::{PointStream, Unseen};

use crate::error::DataError;
use ndarray::Array2;
use sha2::{Digest, Sha256};
use std::ops::RangeInclusive;
use steepest_core::{Dataset, Labels};

/// Most numbers (n x d) that one generated set may hold: 2^30, that is 8 GiB.
pub const LARGEST_SET: usize = 1 << 30;

/// A training set, a test set where there is one, and where both came from.
#[derive(Clone, Debug)]
pub struct Split {
    /// What the network is trained on (`n_train` x d).
    pub train: Dataset,
    /// What its accuracy is also measured on (`n_test` x d).
    pub test: Option<Dataset>,
    /// The same where it is too large to be stored; then there is no `test`.
    pub unseen: Option<Unseen>,
    /// Source, draw and fingerprint.
    pub provenance: Provenance,
}

/// Where a [`Split`] came from, in enough detail to make it again and to see whether two runs had the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Provenance {
    /// The source, as in `kind`; `idx` also for files read as MNIST that are not MNIST's.
    pub source: String,
    /// One line for captions: `MNIST 3 vs 6, 100 of 12049 training images, 1968 test images`.
    pub note: String,
    /// Row i of the training set is the sample `train_indices[i]` of the source's training file; empty for generated data.
    pub train_indices: Vec<u64>,
    /// The same for the test set, in the source's test file.
    pub test_indices: Vec<u64>,
    /// SHA-256 of the training set, see [`fingerprint`].
    pub sha256: String,
    /// Named arrays worth keeping: the teacher's weights, the direction of the maximum margin, the rows with flipped labels.
    pub arrays: Vec<(String, Array2<f64>)>,
    /// Whether this source stands in for another that was asked for. Sources leave it false; who substitutes sets it.
    pub is_fallback: bool,
}

/// SHA-256, in lower-case hexadecimal, of the inputs (row by row, each an `f64`) followed by the labels (each an `f64` for
/// binary labels, a `u64` for classes), all little endian. Images have the same on every machine; Gaussian points have it
/// on machines whose logarithms round alike (the normal law's tails take one).
pub fn fingerprint(data: &Dataset) -> String {
    let mut hasher = Sha256::new();
    for row in data.inputs().rows() {
        let bytes: Vec<u8> = row.iter().flat_map(|x| x.to_le_bytes()).collect();
        hasher.update(&bytes);
    }
    match data.labels() {
        Labels::Binary(signs) => signs.iter().for_each(|y| hasher.update(y.to_le_bytes())),
        Labels::Classes { classes, .. } => classes.iter().for_each(|&c| hasher.update((c as u64).to_le_bytes())),
    }
    hex(&hasher.finalize())
}

/// SHA-256 of bytes in lower-case hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Refuses a value outside `range`, naming the field, the range and its reason.
pub(crate) fn check_range(
    field: &'static str,
    found: usize,
    range: RangeInclusive<usize>,
    reason: &str,
) -> Result<(), DataError> {
    if range.contains(&found) {
        return Ok(());
    }
    let expected = format!("{} to {}{reason}", range.start(), range.end());
    Err(DataError::Field { field, expected, found: found.to_string() })
}

/// `54 % labelled +1`, or `35 % in the largest of 3 classes`: the share that every accuracy is to be judged against.
pub(crate) fn share(data: &Dataset) -> String {
    match data.labels() {
        Labels::Binary(signs) => {
            let positive = signs.iter().filter(|y| **y > 0.0).count();
            format!("{:.0} % labelled +1", 100.0 * positive as f64 / data.n_samples() as f64)
        }
        labels @ Labels::Classes { n_classes, .. } => {
            format!("{:.0} % in the largest of {n_classes} classes", 100.0 * labels.majority_rate())
        }
    }
}

/// `100 training points (54 % labelled +1), 2000 test points (49 % labelled +1)`.
pub(crate) fn sizes(train: &Dataset, test: Option<&Dataset>) -> String {
    let train = format!("{} training points ({})", train.n_samples(), share(train));
    match test {
        Some(test) => format!("{train}, {} test points ({})", test.n_samples(), share(test)),
        None => format!("{train}, no test points"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn sha256_is_the_published_one() {
        assert_eq!(sha256(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[test]
    fn the_fingerprint_sees_inputs_and_labels_and_nothing_else() {
        let data = |x: f64, y: f64| Dataset::new(array![[x, 2.0]], Labels::Binary(vec![y])).unwrap();
        let bytes: Vec<u8> = [1.0_f64, 2.0, -1.0].iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!(fingerprint(&data(1.0, -1.0)), sha256(&bytes));
        assert_ne!(fingerprint(&data(1.0, -1.0)), fingerprint(&data(1.0, 1.0)));
        assert_ne!(fingerprint(&data(1.0, -1.0)), fingerprint(&data(1.5, -1.0)));
    }

    #[test]
    fn a_range_error_names_field_range_and_value() {
        let text = check_range("n_train", 0, 1..=5, " (images)").unwrap_err().to_string();
        assert_eq!(text, "`n_train` must be 1 to 5 (images), found 0");
    }
}
