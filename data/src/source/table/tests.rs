//! Tests of tables as a whole.

use super::*;
use crate::error::DataError;
use crate::source::Split;
use crate::spec::BuildData;
use ndarray::{Array1, Array3, ShapeBuilder, array};
use ndarray_npy::{WritableElement, WriteNpyExt};
use std::path::{Path, PathBuf};
use steepest_core::{Labels, Streams};

const FLOWERS: &str = "length,width,kind\n1,2,rose\n3.5, -4e1 ,tulip\n\"5\",6,rose\n7,8,tulip\n";

fn file(folder: &Path, name: &str, content: &str) -> PathBuf {
    std::fs::write(folder.join(name), content).unwrap();
    folder.join(name)
}

fn npy<T: WritableElement, S, D>(folder: &Path, name: &str, array: &ndarray::ArrayBase<S, D, T>) -> PathBuf
where
    S: ndarray::Data<Elem = T>,
    D: ndarray::Dimension,
{
    array.write_npy(std::fs::File::create(folder.join(name)).unwrap()).unwrap();
    folder.join(name)
}

fn build(content: &str, change: impl FnOnce(&mut TableSpec)) -> Result<Split, DataError> {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = TableSpec { inputs: file(folder.path(), "t.csv", content), ..TableSpec::default() };
    change(&mut spec);
    spec.clean(&Streams::new(1))
}

fn refusal(content: &str, change: impl FnOnce(&mut TableSpec)) -> String {
    let text = build(content, change).unwrap_err().to_string();
    // without the folder
    text.split_once("/t.csv").map_or(text.clone(), |(_, rest)| rest.to_owned())
}

#[test]
fn a_table_with_a_header_and_words_for_labels_is_read() {
    let Split { train, test, provenance, .. } = build(FLOWERS, |_| {}).unwrap();
    assert_eq!(train.inputs(), array![[1.0, 2.0], [3.5, -40.0], [5.0, 6.0], [7.0, 8.0]]);
    assert_eq!(train.labels(), &Labels::Binary(vec![-1.0, 1.0, -1.0, 1.0]));
    assert!(test.is_none());
    assert_eq!(
        provenance.note,
        "t.csv, 2 inputs, labels rose: -1, tulip: +1, 4 of 4 rows for training (50 % labelled +1), none for testing"
    );
}

#[test]
fn columns_delimiters_and_headers_are_found_or_named() {
    let labels = |content: &str, change: fn(&mut TableSpec)| build(content, change).unwrap().train.labels().clone();
    let signs = Labels::Binary(vec![-1.0, 1.0]);
    assert_eq!(labels("1;0.5\n2;0.5\n", |t| (t.delimiter, t.label_column) = (';', Some(Column::Number(1)))), signs);
    assert_eq!(labels("y,x\n1,0.5\n2,0.5\n", |t| t.label_column = Some(Column::Name("y".into()))), signs);
    assert_eq!(labels("0.5\ta\n0.5\tb\n", |t| t.delimiter = '\t'), signs);
    // numbers for names: only the user can know
    assert_eq!(labels("1,2\n0.5,0\n0.5,1\n", |t| t.header = Some(true)), signs);
    assert_eq!(labels("\u{feff}0.5,0\r\n\r\n0.5,1.0\r\n", |_| {}), signs);
    let classes = Labels::Classes { classes: vec![0, 1], n_classes: 2 };
    assert_eq!(labels("0.5,0\n0.5,1\n", |t| t.classes = true), classes);
}

#[test]
fn a_bad_cell_is_named_by_line_and_column() {
    let bad = |from: &str, to: &str| refusal(&FLOWERS.replace(from, to), |_| {});
    assert_eq!(bad("7,8", "7,many"), ", line 5, column 2 (`width`): expected a finite number, found `many`");
    assert_eq!(bad("7,8", "nan,8"), ", line 5, column 1 (`length`): expected a finite number, found `nan`");
    assert_eq!(bad("7,8", ",8"), ", line 5, column 1 (`length`): expected a finite number, found an empty cell");
    assert_eq!(bad("7,8,tulip", "7,8,"), ", line 5, column 3 (`kind`): expected a label, found an empty cell");
    assert_eq!(bad("7,8,", "7,"), ", line 5: expected 3 columns, as in line 1, found 2");
}

#[test]
fn what_is_no_table_is_refused() {
    assert_eq!(refusal("", |_| {}), ": expected at least one row, found an empty file");
    assert!(refusal("1;2\n3;4\n", |_| {}).ends_with("found one in line 1: name another `delimiter`?"));
    assert_eq!(refusal("a,b\n", |_| {}), ": expected at least one row after the header, found none");
    let text = refusal(FLOWERS, |t| t.label_column = Some(Column::Name("colour".into())));
    assert!(text.ends_with("(length, width, kind), found `colour`"), "{text}");
    assert!(refusal(FLOWERS, |t| t.label_column = Some(Column::Number(4))).ends_with("found 4"));
    assert!(refusal(FLOWERS, |t| t.n_train = Some(5)).ends_with("1 to 4 (rows of the table), found 5"));
    assert!(refusal("1,2\n3,4\n5,6\n", |_| {}).contains("labels that repeat"));
}

#[test]
fn rows_are_split_by_the_seed_or_by_a_second_file() {
    let many = (0..40).map(|i| format!("{i},{}\n", i % 3)).collect::<Vec<_>>().concat();
    let Split { train, test, provenance, .. } = build(&many, |t| t.n_train = Some(25)).unwrap();
    let mut all = [&provenance.train_indices[..], &provenance.test_indices].concat();
    all.sort_unstable();
    assert_eq!(all, (0..40).collect::<Vec<u64>>());
    assert_eq!(
        train.inputs().column(0).to_vec(),
        provenance.train_indices.iter().map(|i| *i as f64).collect::<Vec<_>>()
    );
    assert_eq!(test.unwrap().n_samples(), 15);
    assert!(provenance.note.contains("labels 0: 0, 1: 1, 2: 2, 25 of 40 rows for training ("), "{}", provenance.note);

    let folder = tempfile::tempdir().unwrap();
    let other = file(folder.path(), "test.csv", "9,2\n8,0\n");
    let split = build(&many, |t| t.test_inputs = Some(other.clone())).unwrap();
    assert_eq!(split.test.unwrap().labels(), &Labels::Classes { classes: vec![2, 0], n_classes: 3 });
    assert!(split.provenance.note.ends_with("2 rows of test.csv for testing"));
    file(folder.path(), "test.csv", "9,2\n8,7\n");
    let text = build(&many, |t| t.test_inputs = Some(other)).unwrap_err().to_string();
    assert!(text.ends_with("test.csv: expected the labels of the training table (`0`, `1`, `2`), found `7`"), "{text}");
}

#[test]
fn npy_pairs_of_any_number_type_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let images = Array3::from_shape_fn((4, 2, 3).f(), |(i, j, k)| (6 * i + 3 * j + k) as f32);
    let inputs = npy(path, "x.npy", &images);
    let signs = Labels::Binary(vec![1.0, -1.0, 1.0, -1.0]);
    let labels = [
        npy(path, "i.npy", &array![3_i64, -1, 3, -1]),
        npy(path, "u.npy", &array![1_u8, 0, 1, 0]),
        npy(path, "f.npy", &array![[1.0_f64], [0.0], [1.0], [0.0]]),
        npy(path, "b.npy", &array![true, false, true, false]),
    ];
    for labels in labels {
        let spec = TableSpec { inputs: inputs.clone(), labels: Some(labels), ..TableSpec::default() };
        let train = spec.clean(&Streams::new(1)).unwrap().train;
        assert_eq!(train.inputs().row(1).to_vec(), [6.0, 7.0, 8.0, 9.0, 10.0, 11.0]);
        assert_eq!(train.labels(), &signs);
    }
}

#[test]
fn bad_npy_files_are_refused_with_what_they_hold() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let x = npy(path, "x.npy", &array![[1.0, 2.0], [f64::NAN, 4.0]]);
    let y = npy(path, "y.npy", &array![0_i32, 1]);
    let text = |x: &Path, y: &Path| npy::read(x, y).unwrap_err().to_string();
    assert!(text(&x, &y).ends_with("x.npy, row 1, column 0 (counted from 0): expected a finite number, found NaN"));
    let three = npy(path, "three.npy", &Array1::<f64>::zeros(3));
    assert!(text(&x, &three).ends_with("three.npy: expected one label for each of 2 samples, found shape [3]"));
    assert!(text(&three, &y).ends_with("samples first, found shape [3]"));
    let complex = path.join("complex.npy");
    let header = "{'descr': '<c16', 'fortran_order': False, 'shape': (1, 1), }";
    let header = format!("{header:<117}\n");
    std::fs::write(&complex, [b"\x93NUMPY\x01\x00\x76\x00", header.as_bytes(), &[0; 16]].concat()).unwrap();
    let found = text(&complex, &y);
    assert!(found.ends_with("expected an array of floats, integers or booleans, found the type '<c16'"), "{found}");
    let words = file(path, "words.npy", "length,width");
    assert!(text(&words, &y).contains("words.npy: expected an NPY file, as numpy.save writes it, found "));
}

#[test]
fn fields_that_do_not_fit_together_are_refused() {
    let text = |change: fn(&mut TableSpec)| {
        let mut spec = TableSpec { inputs: "x.npy".into(), labels: Some("y.npy".into()), ..TableSpec::default() };
        change(&mut spec);
        spec.validate().map_or_else(|e| e.to_string(), |()| "fine".into())
    };
    assert_eq!(text(|_| {}), "fine");
    assert!(text(|t| t.labels = None).starts_with("`labels` must be the NPY file with the labels"));
    assert!(text(|t| t.inputs = "x.csv".into()).starts_with("`labels` must be left out"));
    assert!(text(|t| t.labels = Some("y.csv".into())).starts_with("`labels` must be an NPY file"));
    assert!(
        text(|t| t.test_inputs = Some("t.csv".into())).starts_with("`test_inputs` must be a file of the same kind")
    );
    assert!(text(|t| t.test_inputs = Some("t.npy".into())).starts_with("`test_labels` must be the NPY file"));
    assert!(text(|t| t.test_labels = Some("t.npy".into())).starts_with("`test_labels` must be left out"));
    assert!(text(|t| t.label_column = Some(Column::Number(1))).starts_with("`label_column` must be left out"));
    assert!(text(|t| t.label_column = Some(Column::Number(0))).ends_with("number from 1, found 0"));
    assert!(text(|t| t.delimiter = '\u{2192}').starts_with("`delimiter` must be one ASCII character"));
    assert!(text(|t| t.inputs = PathBuf::new()).starts_with("`inputs` must be a CSV or NPY file"));
}
