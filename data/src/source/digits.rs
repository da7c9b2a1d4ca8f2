//! Two digits out of a collection of labelled images: what MNIST and the embedded digits share.

use super::draw::without_replacement;
use crate::error::DataError;
use ndarray::Array2;
use rand::Rng;
use steepest_core::{Dataset, Labels};

/// Which two digits, and how many training images of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TwoDigits {
    /// The first is labelled +1, the second -1.
    pub digits: [u8; 2],
    /// Number of training images n, drawn without replacement.
    pub n_train: usize,
    /// Draw n/2 of each digit instead of n of both together.
    pub balanced: bool,
}

impl TwoDigits {
    /// Checks what can be checked without images: two different digits, at least one image, an even number if balanced.
    ///
    /// # Errors
    /// [`DataError::Field`] names the field and what it may be.
    pub fn validate(&self) -> Result<(), DataError> {
        let [first, second] = self.digits;
        if first == second || first > 9 || second > 9 {
            let expected = "two different digits from 0 to 9".into();
            return Err(DataError::Field { field: "digits", expected, found: format!("[{first}, {second}]") });
        }
        if self.n_train == 0 {
            return Err(DataError::Field { field: "n_train", expected: "at least 1".into(), found: "0".into() });
        }
        if self.balanced && !self.n_train.is_multiple_of(2) {
            let expected = "even where `balanced = true`".into();
            return Err(DataError::Field { field: "n_train", expected, found: self.n_train.to_string() });
        }
        Ok(())
    }

    /// Draws the training images, uniformly without replacement: their indices, in the order drawn.
    ///
    /// `spare` images must be left over (for a test set cut from the same images).
    ///
    /// # Errors
    /// [`DataError::Field`] if the digits or the number are impossible.
    pub(super) fn draw<R: Rng>(&self, images: &Images<'_>, spare: usize, rng: &mut R) -> Result<Vec<usize>, DataError> {
        self.validate()?;
        let candidates = images.of(self.digits);
        let (first, second) = self.counts(images, &candidates);
        let available = if self.balanced { 2 * first.min(second) } else { first + second };
        let most = available.min((first + second).saturating_sub(spare));
        let reason = format!(" (images of {} and {} there are: {first} and {second})", self.digits[0], self.digits[1]);
        super::check_range("n_train", self.n_train, 1..=most, &reason)?;
        let mut left = if self.balanced { [self.n_train / 2; 2] } else { [self.n_train; 2] };
        Ok(without_replacement(rng, candidates, self.n_train, |index| {
            let class = usize::from(images.labels[index] != self.digits[0]);
            let wanted = left[class] > 0;
            left[class] -= usize::from(wanted);
            wanted
        }))
    }

    fn counts(&self, images: &Images<'_>, candidates: &[usize]) -> (usize, usize) {
        let first = candidates.iter().filter(|&&i| images.labels[i] == self.digits[0]).count();
        (first, candidates.len() - first)
    }

    /// `3 vs 6`.
    pub(super) fn versus(&self) -> String {
        format!("{} vs {}", self.digits[0], self.digits[1])
    }
}

/// Labelled images in memory, one byte a pixel.
pub(super) struct Images<'a> {
    /// n x d, image by image.
    pub(super) pixels: &'a [u8],
    /// The digit of each image.
    pub(super) labels: &'a [u8],
    /// Pixels per image, d.
    pub(super) n_pixels: usize,
    /// The value of a white pixel, which becomes 1.
    pub(super) white: f64,
}

impl Images<'_> {
    /// The indices of the images of two digits, in file order.
    pub(super) fn of(&self, digits: [u8; 2]) -> Vec<usize> {
        (0..self.labels.len()).filter(|&i| digits.contains(&self.labels[i])).collect()
    }

    /// The images of these indices as a dataset: pixel / white, +1 for the first digit and -1 for the second.
    pub(super) fn dataset(&self, digits: [u8; 2], indices: &[usize]) -> Result<Dataset, DataError> {
        let inputs = Array2::from_shape_fn((indices.len(), self.n_pixels), |(row, pixel)| {
            f64::from(self.pixels[indices[row] * self.n_pixels + pixel]) / self.white
        });
        let sign = |&index: &usize| if self.labels[index] == digits[0] { 1.0 } else { -1.0 };
        Ok(Dataset::new(inputs, Labels::Binary(indices.iter().map(sign).collect()))?)
    }
}

/// Indices as they are stored.
pub(super) fn stored(indices: &[usize]) -> Vec<u64> {
    indices.iter().map(|&i| i as u64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use steepest_core::Streams;

    const LABELS: [u8; 12] = [3, 6, 1, 3, 3, 6, 3, 3, 0, 3, 3, 3];
    const PIXELS: [u8; 12] = [0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 255];

    fn images() -> Images<'static> {
        Images { pixels: &PIXELS, labels: &LABELS, n_pixels: 1, white: 255.0 }
    }

    fn draw(n_train: usize, balanced: bool, spare: usize) -> Result<Vec<usize>, DataError> {
        TwoDigits { digits: [3, 6], n_train, balanced }.draw(&images(), spare, &mut Streams::new(5).stream("data"))
    }

    #[test]
    fn only_the_two_digits_are_drawn_and_labelled_in_order() {
        let drawn = draw(10, false, 0).unwrap();
        assert!(drawn.iter().all(|&i| LABELS[i] == 3 || LABELS[i] == 6));
        let data = images().dataset([6, 3], &[1, 11]).unwrap();
        assert_eq!(data.labels(), &Labels::Binary(vec![1.0, -1.0]));
        assert_eq!(data.inputs(), ndarray::array![[5.0 / 255.0], [1.0]]);
    }

    #[test]
    fn a_balanced_draw_has_half_of_each() {
        let drawn = draw(4, true, 0).unwrap();
        assert_eq!(drawn.iter().filter(|&&i| LABELS[i] == 6).count(), 2);
        assert_eq!(drawn.len(), 4);
    }

    #[test]
    fn impossible_requests_name_the_field_and_the_range() {
        let text = |result: Result<Vec<usize>, DataError>| result.unwrap_err().to_string();
        let counts = "(images of 3 and 6 there are: 8 and 2)";
        assert_eq!(text(draw(11, false, 0)), format!("`n_train` must be 1 to 10 {counts}, found 11"));
        assert_eq!(text(draw(10, false, 1)), format!("`n_train` must be 1 to 9 {counts}, found 10"));
        assert_eq!(text(draw(6, true, 0)), format!("`n_train` must be 1 to 4 {counts}, found 6"));
        assert_eq!(text(draw(3, true, 0)), "`n_train` must be even where `balanced = true`, found 3");
        assert_eq!(text(draw(0, false, 0)), "`n_train` must be at least 1, found 0");
        for digits in [[3, 3], [3, 10]] {
            let request = TwoDigits { digits, n_train: 1, balanced: false };
            assert!(request.validate().unwrap_err().to_string().contains("`digits` must be two different digits"));
        }
    }
}
