//! The catalogue of data sources: what a configuration may say in `[data]`, and one entry each for help and `list`.

use crate::error::DataError;
use crate::source::Split;
use crate::source::mnist::MnistSpec;
use crate::source::separable::SeparableSpec;
use crate::source::teacher_student::TeacherStudentSpec;
use crate::source::uci_digits::UciDigitsSpec;
use serde::{Deserialize, Serialize};
use steepest_core::Streams;

/// A source of data as a configuration says it: `kind` and the fields of that source, unknown ones refused.
///
/// | kind | fields and defaults |
/// |---|---|
/// | `mnist` | `digits = [3, 6]`, `n_train = 100`, `balanced = false`, `folder`, `verify = true` |
/// | `uci_digits` | `digits = [3, 6]`, `n_train = 100`, `balanced = false` |
/// | `teacher_student` | `n_train = 100`, `n_test = 2000`, `n_inputs = 200`, `teacher_width = 2`, `inputs_per_neuron = 3`, `weight_law = "signs"`, `output_law = "alternating_signs"`, `zero_outputs = "redraw"` |
/// | `separable` | `n_train = 20`, `n_test = 0`, `n_inputs = 2`, `gap = 0.1` |
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
    /// Two digits of MNIST, or of a set in the same files.
    Mnist(MnistSpec),
    /// Two of the embedded 8x8 digits.
    UciDigits(UciDigitsSpec),
    /// Gaussian points labelled by a sparse two-layer teacher.
    TeacherStudent(TeacherStudentSpec),
    /// Gaussian points with a known separating direction.
    Separable(SeparableSpec),
}

impl DataSpec {
    /// The name of the source, as in `kind`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Mnist(_) => "mnist",
            Self::UciDigits(_) => "uci_digits",
            Self::TeacherStudent(_) => "teacher_student",
            Self::Separable(_) => "separable",
        }
    }

    /// Checks everything that needs neither a file nor a draw.
    ///
    /// # Errors
    /// [`DataError::Field`] names the field and its range.
    pub fn validate(&self) -> Result<(), DataError> {
        match self {
            Self::Mnist(spec) => spec.request().validate(),
            Self::UciDigits(spec) => spec.request().validate(),
            Self::TeacherStudent(spec) => spec.validate(),
            Self::Separable(spec) => spec.validate(),
        }
    }

    /// Reads or draws the data: the same streams give the same split, bit for bit.
    ///
    /// # Errors
    /// [`DataError::Field`] for a value out of range, [`DataError::MissingMnist`] where MNIST is not there, and whatever
    /// else the source's own `build` lists.
    pub fn build(&self, streams: &Streams) -> Result<Split, DataError> {
        match self {
            Self::Mnist(spec) => spec.build(streams),
            Self::UciDigits(spec) => spec.build(streams),
            Self::TeacherStudent(spec) => spec.build(streams),
            Self::Separable(spec) => spec.build(streams),
        }
    }
}

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

const DIGITS: (&str, &str) = ("digits", "the two digits, labelled +1 and -1 (default [3, 6])");
const N_TRAIN: (&str, &str) = ("n_train", "training images, drawn without replacement (default 100)");
const BALANCED: (&str, &str) = ("balanced", "draw half of n_train from each digit (default false)");

/// All sources, in the order of [`DataSpec`].
pub const fn catalogue() -> &'static [Entry] {
    &[
        Entry {
            name: "mnist",
            summary: "two digits of MNIST, pixels in [0, 1] (d = 784); tested on all official test images of the two",
            fields: &[
                DIGITS,
                N_TRAIN,
                BALANCED,
                ("folder", "where the four IDX files lie (default $STEEPEST_DATASETS/mnist, else datasets/mnist)"),
                ("verify", "refuse files that are not MNIST's; false for other sets in the same files (default true)"),
            ],
        },
        Entry {
            name: "uci_digits",
            summary: "two of the 8x8 digits that come with the program (d = 64): small, easy, needs no download",
            fields: &[DIGITS, N_TRAIN, BALANCED],
        },
        Entry {
            name: "teacher_student",
            summary: "x ~ N(0, I), y = sgn(sum_j u_j relu(<w_j, x>)), w_j sparse: sparsity that an l1 margin can find",
            fields: &[
                ("n_train", "training points (default 100; paper 250)"),
                ("n_test", "test points, 0 for none (default 2000; paper 20000)"),
                ("n_inputs", "dimension d (default 200; paper 32768)"),
                ("teacher_width", "neurons k of the teacher (default 2; paper 64)"),
                ("inputs_per_neuron", "inputs that each neuron of the teacher sees (default 3)"),
                ("weight_law", "non-zero w: \"signs\" (-1 or +1) or \"normal\" (default \"signs\")"),
                ("output_law", "u: \"alternating_signs\" (-1, +1, ...) or \"normal\" (default \"alternating_signs\")"),
                ("zero_outputs", "points where the teacher is 0: \"redraw\", or \"keep\" as +1 (default \"redraw\")"),
            ],
        },
        Entry {
            name: "separable",
            summary: "x ~ N(0, I) at a known distance from a known hyperplane: linear, so that margins can be computed exactly",
            fields: &[
                ("n_train", "training points (default 20)"),
                ("n_test", "test points, 0 for none (default 0)"),
                ("n_inputs", "dimension d (default 2)"),
                ("gap", "smallest |<w, x>|, 0 to 3: the l2 margin is at least this (default 0.1)"),
            ],
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::value::{Error, MapDeserializer, SeqDeserializer};
    use serde::de::{Deserializer, IntoDeserializer, Visitor};

    /// What a TOML table can hold, as far as these tests go.
    #[derive(Clone)]
    enum Value {
        Text(&'static str),
        Whole(i64),
        List(Vec<Self>),
    }

    impl<'de> Deserializer<'de> for Value {
        type Error = Error;

        fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self {
                Self::Text(text) => visitor.visit_str(text),
                Self::Whole(number) => visitor.visit_i64(number),
                Self::List(values) => visitor.visit_seq(SeqDeserializer::new(values.into_iter())),
            }
        }

        serde::forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
            newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
        }
    }

    impl IntoDeserializer<'_, Error> for Value {
        type Deserializer = Self;

        fn into_deserializer(self) -> Self {
            self
        }
    }

    fn parse(kind: &'static str, fields: &[(&'static str, Value)]) -> Result<DataSpec, String> {
        let table = [("kind", Value::Text(kind))].into_iter().chain(fields.iter().cloned());
        DataSpec::deserialize(MapDeserializer::new(table)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_kind_alone_has_all_defaults() {
        assert_eq!(parse("mnist", &[]), Ok(DataSpec::Mnist(MnistSpec::default())));
        assert_eq!(parse("uci_digits", &[]), Ok(DataSpec::UciDigits(UciDigitsSpec::default())));
        assert_eq!(parse("teacher_student", &[]), Ok(DataSpec::TeacherStudent(TeacherStudentSpec::default())));
        assert_eq!(parse("separable", &[]), Ok(DataSpec::Separable(SeparableSpec::default())));
        assert!(parse("mnits", &[]).unwrap_err().contains("unknown variant `mnits`, expected one of `mnist`"));
    }

    #[test]
    fn fields_are_read_and_wrong_ones_refused() {
        let digits = |values: &[i64]| [("digits", Value::List(values.iter().map(|d| Value::Whole(*d)).collect()))];
        let expected = MnistSpec { digits: [2, 7], ..MnistSpec::default() };
        assert_eq!(parse("mnist", &digits(&[2, 7])), Ok(DataSpec::Mnist(expected)));
        assert!(parse("mnist", &digits(&[2, 7, 1])).is_err());
        assert!(parse("mnist", &digits(&[2, -7])).is_err());
        assert!(parse("uci_digits", &[("n_train", Value::Text("many"))]).unwrap_err().contains("invalid type: string"));
        let error = parse("separable", &[("n_tarin", Value::Whole(1))]).unwrap_err();
        assert!(error.contains("unknown field `n_tarin`, expected one of `n_train`"), "{error}");
        assert!(parse("teacher_student", &[("weight_law", Value::Text("signs"))]).is_ok());
        assert!(parse("teacher_student", &[("weight_law", Value::Text("cauchy"))]).is_err());
        assert_eq!(parse("separable", &[("gap", Value::Whole(1))]).unwrap().kind(), "separable");
    }

    #[test]
    fn the_catalogue_lists_exactly_the_fields_that_are_read() {
        for entry in catalogue() {
            assert_eq!(parse(entry.name, &[]).unwrap().kind(), entry.name);
            let error = parse(entry.name, &[("?", Value::Whole(0))]).unwrap_err();
            let names: Vec<String> = entry.fields.iter().map(|(name, _)| format!("`{name}`")).collect();
            assert!(error.ends_with(&names.join(", ")), "{error}: {}", names.join(", "));
        }
    }

    #[test]
    fn every_source_validates_its_defaults_and_names_a_bad_field() {
        for entry in catalogue() {
            assert!(parse(entry.name, &[]).unwrap().validate().is_ok());
            let bad = parse(entry.name, &[("n_train", Value::Whole(0))]).unwrap().validate().unwrap_err();
            assert!(bad.to_string().starts_with("`n_train` must be "), "{bad}");
        }
    }
}
