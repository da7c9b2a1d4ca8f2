//! Some digits out of a collection of labelled images: what MNIST, other IDX sets and the embedded digits share.

use super::draw::without_replacement;
use crate::error::DataError;
use ndarray::Array2;
use rand::Rng;
use std::array::from_fn;
use steepest_core::{Dataset, Labels};

/// Which digits, how many training images of them, and how they are labelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigitDraw {
    /// Two digits: the first is labelled +1, the second -1. More: classes 0, 1, ... in this order.
    pub digits: Vec<u8>,
    /// Number of training images n, drawn without replacement.
    pub n_train: usize,
    /// Draw n/k of each of k digits instead of n of all together.
    pub balanced: bool,
    /// Label two digits as classes 0 and 1 as well, for a model with two outputs.
    pub classes: bool,
}

impl DigitDraw {
    /// Checks what can be checked without images: different digits, at least one image, a multiple of their number if balanced.
    ///
    /// # Errors
    /// [`DataError::Field`] names the field and what it may be.
    pub fn validate(&self) -> Result<(), DataError> {
        let field = |field, expected: &str, found| Err(DataError::Field { field, expected: expected.into(), found });
        let different =
            self.digits.iter().enumerate().all(|(i, digit)| *digit <= 9 && !self.digits[..i].contains(digit));
        if self.digits.len() < 2 || !different {
            return field("digits", "two or more different digits from 0 to 9", format!("{:?}", self.digits));
        }
        if self.n_train == 0 {
            return field("n_train", "at least 1", "0".into());
        }
        if self.balanced && !self.n_train.is_multiple_of(self.digits.len()) {
            let multiple = match self.digits.len() {
                2 => "even where `balanced = true`".into(),
                k => format!("a multiple of {k} where `balanced = true`"),
            };
            return field("n_train", &multiple, self.n_train.to_string());
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
        let (candidates, k) = (images.of(&self.digits), self.digits.len());
        let class = |index: usize| self.digits.iter().position(|digit| *digit == images.labels[index]).unwrap_or(0);
        let mut counts = vec![0; k];
        candidates.iter().for_each(|&index| counts[class(index)] += 1);
        let (all, fewest) = (candidates.len(), counts.iter().min().copied().unwrap_or(0));
        let most = if self.balanced { k * fewest } else { all }.min(all.saturating_sub(spare));
        let reason = format!(" (images of {} there are: {})", listed(&self.digits), listed(&counts));
        super::check_range("n_train", self.n_train, 1..=most, &reason)?;
        let mut left = vec![if self.balanced { self.n_train / k } else { self.n_train }; k];
        Ok(without_replacement(rng, candidates, self.n_train, |index| {
            let wanted = left[class(index)] > 0;
            left[class(index)] -= usize::from(wanted);
            wanted
        }))
    }

    /// `3 vs 6`, `0 vs 1 vs 2`.
    pub(super) fn versus(&self) -> String {
        let digits: Vec<String> = self.digits.iter().map(u8::to_string).collect();
        digits.join(" vs ")
    }

    /// The labels of images with these digits: signs for two of them unless `classes`, else the places in `digits`.
    fn labels(&self, found: impl Iterator<Item = u8>) -> Labels {
        let places = found.map(|digit| self.digits.iter().position(|d| *d == digit).unwrap_or(0));
        if self.digits.len() == 2 && !self.classes {
            return Labels::Binary(places.map(|place| [1.0, -1.0][place]).collect());
        }
        Labels::Classes { classes: places.collect(), n_classes: self.digits.len() }
    }
}

/// `3 and 6`; `0, 1 and 2`.
fn listed<T: ToString>(items: &[T]) -> String {
    let texts: Vec<String> = items.iter().map(T::to_string).collect();
    match texts.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => texts.concat(),
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
    /// The indices of the images of some digits, in file order.
    pub(super) fn of(&self, digits: &[u8]) -> Vec<usize> {
        (0..self.labels.len()).filter(|&i| digits.contains(&self.labels[i])).collect()
    }

    /// The images of these indices as a dataset: pixel / white, labelled as the request says.
    pub(super) fn dataset(&self, request: &DigitDraw, indices: &[usize]) -> Result<Dataset, DataError> {
        let shades: [f64; 256] = from_fn(|pixel| pixel as f64 / self.white);
        let mut inputs = Array2::zeros((indices.len(), self.n_pixels));
        for (mut row, index) in inputs.rows_mut().into_iter().zip(indices) {
            let pixels = &self.pixels[index * self.n_pixels..(index + 1) * self.n_pixels];
            row.iter_mut().zip(pixels).for_each(|(x, pixel)| *x = shades[usize::from(*pixel)]);
        }
        Ok(Dataset::new(inputs, request.labels(indices.iter().map(|&index| self.labels[index])))?)
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

    fn request(digits: &[u8], n_train: usize, balanced: bool) -> DigitDraw {
        DigitDraw { digits: digits.to_vec(), n_train, balanced, classes: false }
    }

    fn draw(n_train: usize, balanced: bool, spare: usize) -> Result<Vec<usize>, DataError> {
        request(&[3, 6], n_train, balanced).draw(&images(), spare, &mut Streams::new(5).stream("data"))
    }

    #[test]
    fn only_the_two_digits_are_drawn_and_labelled_in_order() {
        let drawn = draw(10, false, 0).unwrap();
        assert!(drawn.iter().all(|&i| LABELS[i] == 3 || LABELS[i] == 6));
        let data = images().dataset(&request(&[6, 3], 1, false), &[1, 11]).unwrap();
        assert_eq!(data.labels(), &Labels::Binary(vec![1.0, -1.0]));
        assert_eq!(data.inputs(), ndarray::array![[5.0 / 255.0], [1.0]]);
    }

    #[test]
    fn more_digits_are_classes_in_the_order_named_and_two_on_request() {
        let three = request(&[6, 3, 0], 5, false);
        let data = images().dataset(&three, &[1, 11, 8]).unwrap();
        assert_eq!(data.labels(), &Labels::Classes { classes: vec![0, 1, 2], n_classes: 3 });
        assert_eq!(three.draw(&images(), 0, &mut Streams::new(5).stream("data")).unwrap().len(), 5);
        assert_eq!((three.versus(), listed(&three.digits)), ("6 vs 3 vs 0".to_owned(), "6, 3 and 0".to_owned()));
        let two = DigitDraw { classes: true, ..request(&[6, 3], 1, false) };
        let data = images().dataset(&two, &[1, 11]).unwrap();
        assert_eq!(data.labels(), &Labels::Classes { classes: vec![0, 1], n_classes: 2 });
    }

    #[test]
    fn a_balanced_draw_has_equally_many_of_each() {
        let drawn = draw(4, true, 0).unwrap();
        assert_eq!(drawn.iter().filter(|&&i| LABELS[i] == 6).count(), 2);
        assert_eq!(drawn.len(), 4);
        let mut three = request(&[3, 6, 1], 3, true).draw(&images(), 0, &mut Streams::new(1).stream("data")).unwrap();
        three.sort_unstable_by_key(|&i| LABELS[i]);
        assert_eq!(three.iter().map(|&i| LABELS[i]).collect::<Vec<_>>(), [1, 3, 6]);
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
        let refusal = |digits: &[u8], n: usize| request(digits, n, true).validate().unwrap_err().to_string();
        assert_eq!(refusal(&[1, 2, 3], 4), "`n_train` must be a multiple of 3 where `balanced = true`, found 4");
        for digits in [&[3, 3][..], &[3, 10], &[3], &[1, 2, 1]] {
            assert!(refusal(digits, 6).contains("`digits` must be two or more different digits from 0 to 9"));
        }
    }
}
