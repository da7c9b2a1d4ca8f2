//! Tests of the catalogue.

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
    for values in [&[2, 7][..], &[2, 7, 1]] {
        let expected = MnistSpec { digits: values.iter().map(|d| *d as u8).collect(), ..MnistSpec::default() };
        assert_eq!(parse("mnist", &digits(values)), Ok(DataSpec::Mnist(expected)));
    }
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
        let required: Vec<(&str, Value)> = match entry.name {
            "idx" => vec![("folder", Value::Text("set"))],
            "table" => vec![("inputs", Value::Text("table.csv"))],
            _ => vec![],
        };
        assert!(parse(entry.name, &required).unwrap().validate().is_ok(), "{}", entry.name);
        for field in ["n_train", "label_noise"] {
            let value = if field == "n_train" { 0 } else { 2 };
            let wrong = [&required[..], &[(field, Value::Whole(value))]].concat();
            let bad = parse(entry.name, &wrong).unwrap().validate().unwrap_err();
            assert!(bad.to_string().starts_with(&format!("`{field}` must be ")), "{bad}");
        }
    }
}
