//! MNIST, or any set in its four IDX files: some digits, pixels in [0, 1], two of them labelled +1 and -1 and more as classes.

use super::digits::{DigitDraw, Images};
use super::idx::{IdxArray, Items};
use super::mnist_files::{OFFICIAL_FILES, default_folder, find_all};
use super::plain::Plain;
use super::{Provenance, Split, fingerprint};
use crate::error::DataError;
use crate::spec::{BALANCED, BuildData, CLASSES, DIGITS, Entry, LABEL_NOISE, N_TRAIN};
use rand::Rng;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use steepest_core::Streams;

/// Whether four files are those of MNIST, byte for byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksums {
    /// All four SHA-256 sums are MNIST's.
    Verified,
    /// At least one is another: not MNIST, or not unharmed.
    Different,
}

/// The four files, checked against one another, and those of their images that were asked for in memory.
#[derive(Clone, Debug)]
pub struct Mnist {
    folder: PathBuf,
    train: Part,
    test: Part,
    checksums: Checksums,
}

/// Images of one set with their labels, and the place of each in the file.
#[derive(Clone, Debug)]
struct Part {
    images: IdxArray,
    labels: Vec<u8>,
    places: Vec<u64>,
}

impl Mnist {
    /// Reads the four files of a folder; with `verify`, only MNIST itself is let through.
    ///
    /// # Errors
    /// [`DataError::MissingMnist`] if a file is not there, [`DataError::FileFormat`] if one is no IDX file or they do not
    /// fit together, [`DataError::Checksum`] if `verify` and one is not MNIST's, [`DataError::Io`].
    pub fn open(folder: &Path, verify: bool) -> Result<Self, DataError> {
        Self::open_digits(folder, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], verify)
    }

    /// Reads and checks all of the four files, and keeps the images of some digits: of others none can be drawn.
    ///
    /// # Errors
    /// As [`Mnist::open`].
    pub(super) fn open_digits(folder: &Path, digits: &[u8], verify: bool) -> Result<Self, DataError> {
        let paths = find_all(folder)?;
        let read = |place: usize, wanted: &dyn Fn(usize) -> bool| {
            let mut file = Plain::open(&paths[place])?.hashed();
            let items = IdxArray::items(&mut file, OFFICIAL_FILES[place].n_axes, wanted)?;
            Ok::<_, DataError>((items, file.sha256()))
        };
        let is_official = |place: usize, found: String| {
            let (path, expected) = (paths[place].clone(), OFFICIAL_FILES[place].sha256);
            if verify && found != expected {
                return Err(DataError::Checksum { path, expected: expected.into(), found });
            }
            Ok(found == expected)
        };
        let part = |place: usize| {
            let (labels, sum_of_labels) = read(place + 1, &|_| true)?;
            let labels = labels.kept.values();
            let (images, sum) = read(place, &|item| labels.get(item).is_some_and(|label| digits.contains(label)))?;
            let (is_first, is_second) = (is_official(place, sum)?, is_official(place + 1, sum_of_labels)?);
            Ok::<_, DataError>((Part::new(images, labels, digits, &paths[place + 1])?, is_first && is_second))
        };
        // reading and hashing fifty megabytes is what a short experiment waits for
        let (train, test) = std::thread::scope(|scope| {
            let test = scope.spawn(|| part(2));
            (part(0), test.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        let ((train, is_train), (test, is_test)) = (train?, test?);
        if train.images.axes()[1..] != test.images.axes()[1..] {
            let expected = format!("images of {:?} pixels, as in the training file", &train.images.axes()[1..]);
            let found = format!("{:?}", &test.images.axes()[1..]);
            return Err(DataError::FileFormat { path: paths[2].clone(), expected, found });
        }
        let checksums = if is_train && is_test { Checksums::Verified } else { Checksums::Different };
        Ok(Self { folder: folder.to_owned(), train, test, checksums })
    }

    /// Whether the files are MNIST's.
    pub const fn checksums(&self) -> Checksums {
        self.checksums
    }

    /// Draws training images of some digits; the test set is every official test image of them.
    ///
    /// Inputs are pixel / 255 (n x 784), labels as [`DigitDraw`] says. The draw is uniform without replacement over the official
    /// training images of the digits; the indices are places in the official files.
    ///
    /// # Errors
    /// [`DataError::Field`] if the digits or the number are impossible.
    pub fn draw<R: Rng>(&self, request: &DigitDraw, rng: &mut R) -> Result<Split, DataError> {
        let (source, name) = self.names();
        self.draw_as(source, &name, request, rng)
    }

    /// The same under a name of the caller's.
    pub(super) fn draw_as<R: Rng>(
        &self,
        source: &str,
        name: &str,
        request: &DigitDraw,
        rng: &mut R,
    ) -> Result<Split, DataError> {
        let (train_images, test_images) = (self.train.view(), self.test.view());
        let drawn = request.draw(&train_images, 0, rng)?;
        let available = train_images.of(&request.digits).len();
        let tested = test_images.of(&request.digits);
        let train = train_images.dataset(request, &drawn)?;
        let test = if tested.is_empty() { None } else { Some(test_images.dataset(request, &tested)?) };
        let (versus, balanced) = (request.versus(), if request.balanced { ", balanced" } else { "" });
        let sizes = format!("{} of {available} training images{balanced}, {} test images", drawn.len(), tested.len());
        let provenance = Provenance {
            source: source.to_owned(),
            note: format!("{name} {versus}, {sizes}"),
            train_indices: self.train.places(&drawn),
            test_indices: self.test.places(&tested),
            sha256: fingerprint(&train),
            arrays: Vec::new(),
            is_fallback: false,
        };
        Ok(Split { train, test, unseen: None, provenance })
    }

    fn names(&self) -> (&'static str, String) {
        match self.checksums {
            Checksums::Verified => ("mnist", "MNIST".into()),
            Checksums::Different => {
                let name = self.folder.file_name().unwrap_or_default().to_string_lossy();
                ("idx", format!("{name} (IDX files, not MNIST's)"))
            }
        }
    }
}

impl Part {
    /// Joins the images of some digits and all labels, which must be as many as there are images in the file.
    fn new(images: Items, labels: &[u8], digits: &[u8], path: &Path) -> Result<Self, DataError> {
        let wrong = |expected, found| DataError::FileFormat { path: path.to_owned(), expected, found };
        if labels.len() != images.n_all {
            return Err(wrong(format!("{} labels, one an image", images.n_all), labels.len().to_string()));
        }
        if let Some(label) = labels.iter().find(|label| **label > 9) {
            return Err(wrong("labels from 0 to 9".into(), label.to_string()));
        }
        let (places, labels) = (0..).zip(labels).filter(|(_, label)| digits.contains(label)).unzip();
        Ok(Self { images: images.kept, labels, places })
    }

    fn view(&self) -> Images<'_> {
        let n_pixels = self.images.axes()[1..].iter().product();
        Images { pixels: self.images.values(), labels: &self.labels, n_pixels, white: 255.0 }
    }

    /// The places in the file of some of the images.
    fn places(&self, images: &[usize]) -> Vec<u64> {
        images.iter().map(|&image| self.places[image]).collect()
    }
}

/// What a configuration says of MNIST.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MnistSpec {
    /// Two digits, labelled +1 and -1, or more, labelled as classes in this order. Default `[3, 6]`.
    pub digits: Vec<u8>,
    /// Number of training images. Default 100.
    pub n_train: usize,
    /// Draw equally many of each digit. Default false.
    pub balanced: bool,
    /// Label two digits as classes too. Default false.
    pub classes: bool,
    /// Where the four files lie. Default [`default_folder`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// Refuse files that are not MNIST's byte for byte. Default true; false for other sets in the same format.
    pub verify: bool,
    /// The share of training labels that are flipped. Default 0.
    pub label_noise: f64,
}

impl Default for MnistSpec {
    fn default() -> Self {
        Self {
            digits: vec![3, 6],
            n_train: 100,
            balanced: false,
            classes: false,
            folder: None,
            verify: true,
            label_noise: 0.0,
        }
    }
}

impl MnistSpec {
    /// The digits and the size of the draw.
    pub fn request(&self) -> DigitDraw {
        let Self { digits, n_train, balanced, classes, .. } = self.clone();
        DigitDraw { digits, n_train, balanced, classes }
    }
}

impl BuildData for MnistSpec {
    const ENTRY: Entry = Entry {
        name: "mnist",
        summary: "some digits of MNIST, pixels in [0, 1] (d = 784); tested on all official test images of them",
        fields: &[
            DIGITS,
            N_TRAIN,
            BALANCED,
            CLASSES,
            ("folder", "where the four IDX files lie (default $STEEPEST_DATASETS/mnist, else datasets/mnist)"),
            ("verify", "refuse files that are not MNIST's; false for other sets in the same files (default true)"),
            LABEL_NOISE,
        ],
    };

    fn label_noise(&self) -> f64 {
        self.label_noise
    }

    fn validate(&self) -> Result<(), DataError> {
        self.request().validate()
    }

    /// Reads the files and draws from the stream `data`.
    fn clean(&self, streams: &Streams) -> Result<Split, DataError> {
        self.validate()?;
        let folder = self.folder.clone().unwrap_or_else(default_folder);
        Mnist::open_digits(&folder, &self.digits, self.verify)?.draw(&self.request(), &mut streams.stream("data"))
    }
}

#[cfg(test)]
#[path = "mnist_tests.rs"]
mod tests;
