//! Any set in the four IDX files of MNIST: Fashion-MNIST, KMNIST, one of your own.

use super::Split;
use super::digits::DigitDraw;
use super::mnist::Mnist;
use crate::error::DataError;
use crate::spec::{BALANCED, BuildData, CLASSES, DIGITS, Entry, LABEL_NOISE, N_TRAIN};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use steepest_core::Streams;

/// What a configuration says of such a set. Its files have the names, sizes and labels (0 to 9) of MNIST's, in any content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdxSpec {
    /// Where the four files lie. Required.
    pub folder: PathBuf,
    /// Two labels of the files, which become +1 and -1, or more, which become classes in this order. Default `[0, 1]`.
    pub digits: Vec<u8>,
    /// Number of training images. Default 100.
    pub n_train: usize,
    /// Draw equally many of each. Default false.
    pub balanced: bool,
    /// Make two of them classes too. Default false.
    pub classes: bool,
    /// The share of training labels that are flipped. Default 0.
    pub label_noise: f64,
}

impl Default for IdxSpec {
    fn default() -> Self {
        Self {
            folder: PathBuf::new(),
            digits: vec![0, 1],
            n_train: 100,
            balanced: false,
            classes: false,
            label_noise: 0.0,
        }
    }
}

impl IdxSpec {
    /// The labels and the size of the draw.
    pub fn request(&self) -> DigitDraw {
        let Self { digits, n_train, balanced, classes, .. } = self.clone();
        DigitDraw { digits, n_train, balanced, classes }
    }
}

impl BuildData for IdxSpec {
    const ENTRY: Entry = Entry {
        name: "idx",
        summary: "another set in MNIST's four IDX files, such as Fashion-MNIST; its checksums are not checked",
        fields: &[
            ("folder", "where the four IDX files lie, under MNIST's names, plain or .gz (required)"),
            ("digits", DIGITS.1),
            N_TRAIN,
            BALANCED,
            CLASSES,
            LABEL_NOISE,
        ],
    };

    fn label_noise(&self) -> f64 {
        self.label_noise
    }

    fn validate(&self) -> Result<(), DataError> {
        self.request().validate()?;
        if self.folder.as_os_str().is_empty() {
            let expected = "the folder of the four IDX files".into();
            return Err(DataError::Field { field: "folder", expected, found: "nothing".into() });
        }
        Ok(())
    }

    /// Reads the files and draws from the stream `data`.
    fn clean(&self, streams: &Streams) -> Result<Split, DataError> {
        self.validate()?;
        let set = Mnist::open_digits(&self.folder, &self.digits, false).map_err(|error| match error {
            DataError::MissingMnist { folder, files, missing } => DataError::MissingIdx { folder, files, missing },
            other => other,
        })?;
        let folder = self.folder.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{folder} (IDX files, checksums not checked)");
        set.draw_as("idx", &name, &self.request(), &mut streams.stream("data"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::idx::IdxArray;
    use steepest_core::Labels;

    fn write(folder: &std::path::Path, name: &str, axes: &[u32], values: &[u8]) {
        let path = folder.join(name);
        IdxArray::new(&path, axes, values).unwrap().write(&path).unwrap();
    }

    #[test]
    fn three_labels_of_another_set_are_classes_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for (stem, n) in [("train", 30_u8), ("t10k", 10)] {
            let pixels: Vec<u8> = (0..n).flat_map(|i| [i, 0, 255]).collect();
            let labels: Vec<u8> = (0..n).map(|i| i % 5).collect();
            write(folder.path(), &format!("{stem}-images-idx3-ubyte"), &[u32::from(n), 1, 3], &pixels);
            write(folder.path(), &format!("{stem}-labels-idx1-ubyte"), &[u32::from(n)], &labels);
        }
        let spec = IdxSpec { folder: folder.path().into(), digits: vec![4, 0, 2], n_train: 9, ..IdxSpec::default() };
        let Split { train, test, provenance, .. } = spec.clean(&Streams::new(1)).unwrap();
        let Labels::Classes { classes, n_classes: 3 } = train.labels() else { panic!("three classes") };
        for (class, index) in classes.iter().zip(&provenance.train_indices) {
            assert_eq!([4, 0, 2][*class], index % 5);
        }
        assert_eq!(test.unwrap().labels(), &Labels::Classes { classes: vec![1, 2, 0, 1, 2, 0], n_classes: 3 });
        let note = "(IDX files, checksums not checked) 4 vs 0 vs 2, 9 of 18 training images, 6 test images";
        assert!(provenance.source == "idx" && provenance.note.ends_with(note), "{}", provenance.note);
    }

    #[test]
    fn a_missing_folder_is_named() {
        let text = IdxSpec::default().validate().unwrap_err().to_string();
        assert_eq!(text, "`folder` must be the folder of the four IDX files, found nothing");
        let text = IdxSpec { folder: "no/such".into(), ..IdxSpec::default() }.clean(&Streams::new(0)).unwrap_err();
        let text = text.to_string();
        assert!(
            text.contains("no/such") && text.contains("train-images-idx3-ubyte") && !text.contains("fetch"),
            "{text}"
        );
    }
}
