//! The catalogue of data sources: what a configuration may say in `[data]`, and one entry each for help and `list`.

use crate::error::DataError;
use crate::source::Split;
use serde::{Deserialize, Serialize};
use steepest_core::Streams;

/// One source in `list`: its name, one line about it, and its fields with what they mean and their defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name, as in `kind`.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// Name and meaning of each field.
    pub fields: &'static [(&'static str, &'static str)],
}

/// A source of data as a configuration writes it. All have the field `label_noise`, which [`DataSpec::build`] heeds for all.
pub trait BuildData {
    /// What the source is.
    const ENTRY: Entry;

    /// The share of training labels that are flipped, 0 to 1.
    fn label_noise(&self) -> f64;

    /// Checks everything that needs neither a file nor a draw, label noise excepted.
    ///
    /// # Errors
    /// [`DataError::Field`] names the field and its range.
    fn validate(&self) -> Result<(), DataError>;

    /// Reads or draws the data with their true labels: the same streams give the same split, bit for bit.
    ///
    /// # Errors
    /// What [`BuildData::validate`] refuses, and whatever is wrong with the source's files.
    fn clean(&self, streams: &Streams) -> Result<Split, DataError>;
}

pub(crate) const DIGITS: (&str, &str) =
    ("digits", "two digits, labelled +1 and -1, or more, labelled as classes in this order (default [3, 6])");
pub(crate) const N_TRAIN: (&str, &str) = ("n_train", "training images, drawn without replacement (default 100)");
pub(crate) const BALANCED: (&str, &str) = ("balanced", "draw equally many of each digit (default false)");
pub(crate) const CLASSES: (&str, &str) = ("classes", "label two digits as classes 0 and 1 too (default false)");
pub(crate) const LABEL_NOISE: (&str, &str) =
    ("label_noise", "share of the training labels that are flipped, 0 to 1 (default 0)");

/// The catalogue: one line for each source, `file::Spec as Variant`. Declares the enum of what a configuration may say, and the list.
macro_rules! sources {
    ($($(#[$doc:meta])+ $file:ident::$spec:ident as $variant:ident),+ $(,)?) => {
        $(use crate::source::$file::$spec;)+

        /// A source of data as a configuration says it: `kind` and the fields of that source, unknown ones refused.
        ///
        /// | kind | fields and defaults |
        /// |---|---|
        /// | `mnist` | `digits = [3, 6]`, `n_train = 100`, `balanced = false`, `classes = false`, `folder`, `verify = true` |
        /// | `uci_digits` | `digits = [3, 6]`, `n_train = 100`, `balanced = false`, `classes = false` |
        /// | `idx` | `folder` (required), `digits = [0, 1]`, `n_train = 100`, `balanced = false`, `classes = false` |
        /// | `teacher_student` | `n_train = 100`, `n_test = 2000`, `n_inputs = 200`, `teacher_width = 2`, `inputs_per_neuron = 3`, `weight_law = "signs"`, `output_law = "alternating_signs"`, `zero_outputs = "redraw"`, `stream_test = false` |
        /// | `separable` | `n_train = 20`, `n_test = 0`, `n_inputs = 2`, `gap = 0.1` |
        /// | `known_margin` | `norm = "l2"`, `margin = 0.5`, `n_train = 20`, `n_support = 6`, `n_test = 0`, `n_inputs = 10`, `sparsity = 3`, `spread = 1` |
        /// | `clusters` | `n_train = 60`, `n_test = 600`, `n_inputs = 10`, `n_clusters = 2`, `mean_norm = 4`, `deviation = 1`, `classes = false` |
        /// | `table` | `inputs` (required), `labels`, `label_column`, `header`, `delimiter = ","`, `n_train`, `test_inputs`, `test_labels`, `classes = false` |
        ///
        /// All have `label_noise = 0`: the share of training labels that are flipped.
        ///
        /// ```
        /// use steepest_core::Streams;
        /// use steepest_data::DataSpec;
        /// let split = DataSpec::UciDigits(Default::default()).build(&Streams::new(0))?;
        /// assert_eq!(split.train.inputs().dim(), (100, 64));
        /// # Ok::<(), steepest_data::DataError>(())
        /// ```
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
        pub enum DataSpec {
            $($(#[$doc])+ $variant($spec),)+
        }

        impl DataSpec {
            /// The name of the source, as in `kind`.
            pub const fn kind(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => <$spec as BuildData>::ENTRY.name,)+
                }
            }

            /// The share of training labels that are flipped.
            pub fn label_noise(&self) -> f64 {
                match self {
                    $(Self::$variant(spec) => spec.label_noise(),)+
                }
            }

            /// Checks everything that needs neither a file nor a draw.
            ///
            /// # Errors
            /// [`DataError::Field`] names the field and its range.
            pub fn validate(&self) -> Result<(), DataError> {
                match self {
                    $(Self::$variant(spec) => spec.validate(),)+
                }?;
                crate::source::check_share(self.label_noise())
            }

            /// Reads or draws the data, and flips the labels that are to be flipped: the same streams give the same split, bit
            /// for bit.
            ///
            /// # Errors
            /// [`DataError::Field`] for a value out of range, [`DataError::MissingMnist`] where MNIST is not there, and whatever
            /// else is wrong with the source's files.
            pub fn build(&self, streams: &Streams) -> Result<Split, DataError> {
                let clean = match self {
                    $(Self::$variant(spec) => spec.clean(streams),)+
                }?;
                crate::source::flip(clean, self.label_noise(), *streams)
            }
        }

        /// All sources, in the order of [`DataSpec`].
        pub const fn catalogue() -> &'static [Entry] {
            &[$(<$spec as BuildData>::ENTRY),+]
        }
    };
}

// A new source is one new file and one line here.
sources! {
    /// Some digits of MNIST, or of a set in the same files.
    mnist::MnistSpec as Mnist,
    /// Some of the embedded 8x8 digits.
    uci_digits::UciDigitsSpec as UciDigits,
    /// Another set in MNIST's four files.
    idx_set::IdxSpec as Idx,
    /// Gaussian points labelled by a sparse two-layer teacher.
    teacher_student::TeacherStudentSpec as TeacherStudent,
    /// Gaussian points with a known separating direction.
    separable::SeparableSpec as Separable,
    /// Separable points with a known maximum margin.
    known_margin::KnownMarginSpec as KnownMargin,
    /// Gaussian clusters.
    clusters::ClustersSpec as Clusters,
    /// A table of the user's own.
    table::TableSpec as Table,
}

#[cfg(test)]
mod tests;
