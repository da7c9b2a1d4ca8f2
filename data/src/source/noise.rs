//! Label noise, for every source in one place.

use super::draw::{below, without_replacement};
use super::{Split, fingerprint};
use crate::error::DataError;
use ndarray::Array2;
use steepest_core::{Dataset, Labels, Streams};

/// Refuses a share of noise outside 0 to 1.
pub(crate) fn check_share(share: f64) -> Result<(), DataError> {
    if (0.0..=1.0).contains(&share) {
        return Ok(());
    }
    Err(DataError::Field { field: "label_noise", expected: "0 to 1".into(), found: share.to_string() })
}

/// Flips the given share of the training labels: exactly round(share n) of them, drawn without replacement from the stream
/// `noise`. A sign becomes the other, a class one of the others with equal chance; the test set stays as it is.
///
/// The rows are kept as the array `noisy_labels` (1 x their number, rising), the note says how many there are, and the
/// fingerprint is that of the training set with its noise. With everything else equal, the rows of a smaller share are among
/// those of a larger one, with the same new labels. A share of 0 changes nothing.
///
/// # Errors
/// [`DataError::Field`] for a share outside 0 to 1.
pub(crate) fn flip(split: Split, share: f64, streams: Streams) -> Result<Split, DataError> {
    check_share(share)?;
    if share <= 0.0 {
        return Ok(split);
    }
    let Split { train, test, unseen, mut provenance } = split;
    let n = train.n_samples();
    let mut rng = streams.stream("noise");
    let mut labels = train.labels().clone();
    // one draw a row, flipped or not, so that the shares are nested
    let shifts: Vec<usize> = (0..n).map(|_| below(&mut rng, labels.n_outputs().max(2) - 1)).collect();
    let mut rows = without_replacement(&mut rng, (0..n).collect(), (share * n as f64).round() as usize, |_| true);
    rows.sort_unstable();
    match &mut labels {
        Labels::Binary(signs) => rows.iter().for_each(|&row| signs[row] = -signs[row]),
        Labels::Classes { classes, n_classes } => {
            rows.iter().for_each(|&row| classes[row] = (classes[row] + 1 + shifts[row]) % *n_classes);
        }
    }
    let train = Dataset::new(train.inputs().to_owned(), labels)?;
    provenance.note += &format!("; then {} of {n} training labels flipped", rows.len());
    provenance.sha256 = fingerprint(&train);
    if !rows.is_empty() {
        let flipped = Array2::from_shape_fn((1, rows.len()), |(_, place)| rows[place] as f64);
        provenance.arrays.push(("noisy_labels".into(), flipped));
    }
    Ok(Split { train, test, unseen, provenance })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DataSpec;
    use crate::source::uci_digits::UciDigitsSpec;

    fn build(digits: Vec<u8>, label_noise: f64) -> Result<Split, DataError> {
        DataSpec::UciDigits(UciDigitsSpec { digits, label_noise, ..UciDigitsSpec::default() }).build(&Streams::new(3))
    }

    fn rows(split: &Split) -> Vec<usize> {
        split.provenance.arrays[0].1.iter().map(|row| *row as usize).collect()
    }

    #[test]
    fn exactly_the_recorded_signs_are_flipped() {
        let (clean, noisy) = (build(vec![3, 6], 0.0).unwrap(), build(vec![3, 6], 0.07).unwrap());
        let (Labels::Binary(before), Labels::Binary(after)) = (clean.train.labels(), noisy.train.labels()) else {
            panic!("signs")
        };
        let flipped: Vec<usize> = (0..100).filter(|&i| before[i] * after[i] < 0.0).collect();
        assert_eq!((flipped.len(), &flipped), (7, &rows(&noisy)));
        assert_eq!((noisy.train.inputs(), &noisy.test), (clean.train.inputs(), &clean.test));
        assert!(noisy.provenance.note.ends_with("; then 7 of 100 training labels flipped"));
        assert_eq!(noisy.provenance.sha256, fingerprint(&noisy.train));
        assert!(clean.provenance.arrays.is_empty());
    }

    #[test]
    fn classes_move_to_any_other_and_shares_are_nested() {
        let (clean, few, all) = (build(vec![0, 1, 2], 0.0), build(vec![0, 1, 2], 0.2), build(vec![0, 1, 2], 1.0));
        let [clean, few, all] = [clean, few, all].map(Result::unwrap);
        let classes = |split: &Split| match split.train.labels() {
            Labels::Classes { classes, n_classes: 3 } => classes.clone(),
            other => panic!("{other:?}"),
        };
        let (before, after) = (classes(&clean), classes(&all));
        let shifts: Vec<usize> = before.iter().zip(&after).map(|(a, b)| (b + 3 - a) % 3).collect();
        assert!((30..70).contains(&shifts.iter().filter(|s| **s == 1).count()) && !shifts.contains(&0));
        assert!(rows(&few).iter().all(|&row| classes(&few)[row] == after[row]));
        assert_eq!((rows(&few).len(), rows(&all).len()), (20, 100));
    }

    #[test]
    fn a_share_that_rounds_to_nothing_says_so_and_an_impossible_one_is_refused() {
        assert!(build(vec![3, 6], 0.001).unwrap().provenance.note.ends_with("; then 0 of 100 training labels flipped"));
        for share in [-0.1, 1.5, f64::NAN] {
            assert!(build(vec![3, 6], share).unwrap_err().to_string().starts_with("`label_noise` must be 0 to 1"));
        }
    }
}
