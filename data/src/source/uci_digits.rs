//! The embedded 8x8 digits: 1797 images of the UCI set "Optical Recognition of Handwritten Digits" (E. Alpaydin and
//! C. Kaynak, CC BY 4.0, doi:10.24432/C50P49), for whoever has no MNIST at hand.

use super::digits::{DigitDraw, Images, stored};
use super::{Provenance, Split, fingerprint};
use crate::error::DataError;
use crate::spec::{BALANCED, BuildData, CLASSES, DIGITS, Entry, LABEL_NOISE, N_TRAIN};
use flate2::read::GzDecoder;
use rand::Rng;
use serde::{Deserialize, Serialize};
use std::io::Read;
use std::path::Path;
use steepest_core::Streams;

const EMBEDDED: &[u8] = include_bytes!("../../assets/uci-digits.csv.gz");
/// The name that errors give the embedded file.
const NAME: &str = "(embedded) uci-digits.csv.gz";
const N_PIXELS: usize = 64;
const WHITE: u8 = 16;

/// The 1797 images of 8 x 8 pixels, each from 0 to 16, and their digits.
#[derive(Clone, Debug)]
pub struct UciDigits {
    pixels: Vec<u8>,
    labels: Vec<u8>,
}

impl UciDigits {
    /// Inflates and parses the embedded file.
    ///
    /// # Errors
    /// [`DataError::Io`] or [`DataError::FileFormat`] if the program's own copy is broken.
    pub fn open() -> Result<Self, DataError> {
        let mut text = String::new();
        let failed = |source| DataError::Io { action: "inflate", path: NAME.into(), source };
        GzDecoder::new(EMBEDDED).read_to_string(&mut text).map_err(failed)?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, DataError> {
        let (mut pixels, mut labels) = (Vec::new(), Vec::new());
        for (number, line) in text.lines().enumerate() {
            let values: Option<Vec<u8>> = line.split(',').map(|value| value.parse().ok()).collect();
            let values = values
                .filter(|v| v.len() == N_PIXELS + 1 && v[..N_PIXELS].iter().all(|p| *p <= WHITE) && v[N_PIXELS] <= 9);
            let Some(values) = values else {
                let expected = format!("64 numbers from 0 to {WHITE} and a digit in line {}", number + 1);
                let found = line.chars().take(40).collect();
                return Err(DataError::FileFormat { path: Path::new(NAME).to_owned(), expected, found });
            };
            pixels.extend(&values[..N_PIXELS]);
            labels.push(values[N_PIXELS]);
        }
        Ok(Self { pixels, labels })
    }

    /// Draws training images of some digits; the test set is the rest of their images, in file order.
    ///
    /// Inputs are pixel / 16 (n x 64), labels as [`DigitDraw`] says. The indices are lines of the file, counted from 0.
    ///
    /// # Errors
    /// [`DataError::Field`] if the digits or the number are impossible; at least one image must be left for the test.
    pub fn draw<R: Rng>(&self, request: &DigitDraw, rng: &mut R) -> Result<Split, DataError> {
        let white = f64::from(WHITE);
        let images = Images { pixels: &self.pixels, labels: &self.labels, n_pixels: N_PIXELS, white };
        let drawn = request.draw(&images, 1, rng)?;
        let all = images.of(&request.digits);
        let rest: Vec<usize> = all.iter().copied().filter(|index| !drawn.contains(index)).collect();
        let train = images.dataset(request, &drawn)?;
        let test = images.dataset(request, &rest)?;
        let (versus, balanced) = (request.versus(), if request.balanced { ", balanced" } else { "" });
        let sizes =
            format!("{} of {} images for training{balanced}, {} for testing", drawn.len(), all.len(), rest.len());
        let provenance = Provenance {
            source: "uci_digits".into(),
            note: format!("UCI digits (8x8) {versus}, {sizes}"),
            train_indices: stored(&drawn),
            test_indices: stored(&rest),
            sha256: fingerprint(&train),
            arrays: Vec::new(),
            is_fallback: false,
        };
        Ok(Split { train, test: Some(test), unseen: None, provenance })
    }
}

/// What a configuration says of the embedded digits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UciDigitsSpec {
    /// Two digits, labelled +1 and -1, or more, labelled as classes in this order. Default `[3, 6]`.
    pub digits: Vec<u8>,
    /// Number of training images. Default 100.
    pub n_train: usize,
    /// Draw equally many of each digit. Default false.
    pub balanced: bool,
    /// Label two digits as classes too. Default false.
    pub classes: bool,
    /// The share of training labels that are flipped. Default 0.
    pub label_noise: f64,
}

impl Default for UciDigitsSpec {
    fn default() -> Self {
        Self { digits: vec![3, 6], n_train: 100, balanced: false, classes: false, label_noise: 0.0 }
    }
}

impl UciDigitsSpec {
    /// The digits and the size of the draw.
    pub fn request(&self) -> DigitDraw {
        let Self { digits, n_train, balanced, classes, .. } = self.clone();
        DigitDraw { digits, n_train, balanced, classes }
    }
}

impl BuildData for UciDigitsSpec {
    const ENTRY: Entry = Entry {
        name: "uci_digits",
        summary: "some of the 8x8 digits that come with the program (d = 64): small, easy, needs no download",
        fields: &[DIGITS, N_TRAIN, BALANCED, CLASSES, LABEL_NOISE],
    };

    fn label_noise(&self) -> f64 {
        self.label_noise
    }

    fn validate(&self) -> Result<(), DataError> {
        self.request().validate()
    }

    /// Draws from the stream `data`.
    fn clean(&self, streams: &Streams) -> Result<Split, DataError> {
        UciDigits::open()?.draw(&self.request(), &mut streams.stream("data"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::sha256;

    fn build(seed: u64, n_train: usize) -> Result<Split, DataError> {
        UciDigitsSpec { n_train, ..UciDigitsSpec::default() }.clean(&Streams::new(seed))
    }

    #[test]
    fn the_embedded_file_is_the_published_one() {
        assert_eq!(sha256(EMBEDDED), "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22");
        let digits = UciDigits::open().unwrap();
        let mut counts = [0; 10];
        for label in &digits.labels {
            counts[usize::from(*label)] += 1;
        }
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        assert_eq!(digits.pixels.len(), 1797 * 64);
        assert_eq!(digits.pixels[..8], [0, 0, 5, 13, 9, 1, 0, 0]);
    }

    #[test]
    fn training_and_test_images_part_the_two_digits() {
        let Split { train, test, provenance, .. } = build(1, 100).unwrap();
        assert_eq!(provenance.note, "UCI digits (8x8) 3 vs 6, 100 of 364 images for training, 264 for testing");
        assert_eq!((train.inputs().dim(), test.unwrap().inputs().dim()), ((100, 64), (264, 64)));
        assert!(train.inputs().iter().all(|x| (0.0..=1.0).contains(x)));
        let mut all = [provenance.train_indices, provenance.test_indices].concat();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 364);
    }

    #[test]
    fn draws_are_reproducible_and_differ_between_seeds() {
        let sum = |seed| build(seed, 100).unwrap().provenance.sha256;
        assert_eq!(sum(0), sum(0));
        assert_ne!(sum(0), sum(1));
        // a change here changes every published run: it must be deliberate
        assert_eq!(sum(0), "7323d3ed17e68270c4b0ec7e6048b73687c573eef97c3cf85080377d6bbcb820");
    }

    #[test]
    fn one_image_is_left_for_the_test() {
        assert!(build(0, 363).is_ok());
        let text = build(0, 364).unwrap_err().to_string();
        assert_eq!(text, "`n_train` must be 1 to 363 (images of 3 and 6 there are: 183 and 181), found 364");
    }

    #[test]
    fn a_broken_line_is_named() {
        assert!(UciDigits::parse("1,2,3\n").unwrap_err().to_string().ends_with("and a digit in line 1, found 1,2,3"));
    }
}
