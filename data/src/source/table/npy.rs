//! Tables as NumPy saves them: inputs and labels in one NPY file each.

use super::Table;
use super::labels::plain;
use crate::error::DataError;
use crate::source::idx::read_bytes;
use ndarray::{Array2, ArrayD};
use ndarray_npy::{ReadNpyError, ReadNpyExt, ReadableElement};
use std::path::Path;

/// Reads inputs (n x d; images of any shape are laid out in a row) and labels (n).
///
/// # Errors
/// [`DataError::FileFormat`] for an array of another shape or type, [`DataError::Cell`] for a number that is not finite (row
/// and column counted from 0, as in NumPy), [`DataError::Io`].
pub(super) fn read(inputs: &Path, labels: &Path) -> Result<Table, DataError> {
    let (x, y) = (numbers(inputs)?, numbers(labels)?);
    let wrong = |path: &Path, expected: String, found: String| {
        Err(DataError::FileFormat { path: path.to_owned(), expected, found })
    };
    if x.ndim() < 2 {
        return wrong(inputs, "an array of two or more axes, samples first".into(), format!("shape {:?}", x.shape()));
    }
    let n = x.shape()[0];
    if y.len() != n || y.shape().first() != Some(&n) {
        return wrong(labels, format!("one label for each of {n} samples"), format!("shape {:?}", y.shape()));
    }
    let d = x.shape()[1..].iter().product();
    // in order of rows, also where the file is in Fortran's order
    let Ok(x) = Array2::from_shape_vec((n, d), x.iter().copied().collect()) else {
        return wrong(inputs, format!("{n} x {d} numbers"), format!("shape {:?}", x.shape()));
    };
    let cell = |path: &Path, place, found: f64| DataError::Cell {
        path: path.to_owned(),
        place,
        expected: "a finite number".into(),
        found: found.to_string(),
    };
    if let Some(((row, column), found)) = x.indexed_iter().find(|(_, value)| !value.is_finite()) {
        return Err(cell(inputs, format!("row {row}, column {column} (counted from 0)"), *found));
    }
    if let Some((row, found)) = y.iter().enumerate().find(|(_, value)| !value.is_finite()) {
        return Err(cell(labels, format!("row {row} (counted from 0)"), *found));
    }
    Ok(Table { inputs: x, labels: y.iter().map(|label| plain(&label.to_string())).collect() })
}

/// The array of a file, whichever of NumPy's usual types of numbers it has.
fn numbers(path: &Path) -> Result<ArrayD<f64>, DataError> {
    let bytes = read_bytes(path)?;
    let tries: [Read; 11] = [
        |bytes| read_as(bytes, |x: f64| x),
        |bytes| read_as(bytes, |x: f32| f64::from(x)),
        |bytes| read_as(bytes, |x: i64| x as f64),
        |bytes| read_as(bytes, |x: i32| f64::from(x)),
        |bytes| read_as(bytes, |x: i16| f64::from(x)),
        |bytes| read_as(bytes, |x: i8| f64::from(x)),
        |bytes| read_as(bytes, |x: u64| x as f64),
        |bytes| read_as(bytes, |x: u32| f64::from(x)),
        |bytes| read_as(bytes, |x: u16| f64::from(x)),
        |bytes| read_as(bytes, |x: u8| f64::from(x)),
        |bytes| read_as(bytes, |x: bool| f64::from(u8::from(x))),
    ];
    let wrong = |expected: &str, found: String| DataError::FileFormat {
        path: path.to_owned(),
        expected: expected.into(),
        found,
    };
    let mut found = String::new();
    for read in tries {
        match read(&bytes) {
            Ok(array) => return Ok(array),
            Err(ReadNpyError::WrongDescriptor(other)) => found = format!("the type {other}"),
            Err(error) => return Err(wrong("an NPY file, as numpy.save writes it", error.to_string())),
        }
    }
    Err(wrong("an array of floats, integers or booleans", found))
}

/// Reads an array of one type of numbers.
type Read = fn(&[u8]) -> Result<ArrayD<f64>, ReadNpyError>;

fn read_as<T: ReadableElement + Copy>(bytes: &[u8], to: fn(T) -> f64) -> Result<ArrayD<f64>, ReadNpyError> {
    Ok(ArrayD::<T>::read_npy(bytes)?.mapv(to))
}
