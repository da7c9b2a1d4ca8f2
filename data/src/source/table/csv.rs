//! Tables as text: one row a line, the labels in one of the columns.

use super::labels::plain;
use super::spec::{Column, TableSpec};
use super::{Table, shown};
use crate::error::DataError;
use crate::source::idx::read_bytes;
use csv::{ReaderBuilder, StringRecord, Trim};
use ndarray::Array2;
use std::path::Path;

/// Reads a CSV file, plain or gzip: quotes as in RFC 4180, spaces around cells and empty lines passed over.
///
/// # Errors
/// [`DataError::Cell`] names line and column of the first cell that is wrong, counted from 1; [`DataError::FileFormat`] for
/// a file that is no such table; [`DataError::Field`] for a label column that is not there; [`DataError::Io`].
pub(super) fn read(path: &Path, spec: &TableSpec) -> Result<Table, DataError> {
    let bytes = read_bytes(path)?;
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .delimiter(spec.delimiter_byte()?)
        .from_reader(&bytes[..]);
    let records: Result<Vec<StringRecord>, csv::Error> = reader.records().collect();
    let wrong = |expected: String, found: String| DataError::FileFormat { path: path.to_owned(), expected, found };
    let records = records.map_err(|e| wrong("a table in UTF-8 text".into(), e.to_string()))?;
    let Some(first) = records.first() else { return Err(wrong("at least one row".into(), "an empty file".into())) };
    if first.len() < 2 {
        let expected = format!("two or more columns between `{}`", spec.delimiter.escape_default());
        return Err(wrong(expected, format!("one in line {}: name another `delimiter`?", line(first))));
    }
    let layout = Layout { path, label: label_column(path, first, spec)?, first };
    let (header, rows) = records.split_at(usize::from(layout.has_header(spec)));
    if rows.is_empty() {
        return Err(wrong("at least one row after the header".into(), "none".into()));
    }
    let (mut inputs, mut labels) = (Vec::with_capacity(rows.len() * (first.len() - 1)), Vec::with_capacity(rows.len()));
    for row in rows {
        labels.push(layout.row(row, header.first(), &mut inputs)?);
    }
    let inputs = Array2::from_shape_vec((rows.len(), first.len() - 1), inputs)
        .map_err(|e| wrong("rows of one length".into(), e.to_string()))?;
    Ok(Table { inputs, labels })
}

/// The line of a record, counted from 1.
fn line(record: &StringRecord) -> u64 {
    record.position().map_or(0, csv::Position::line)
}

fn number(cell: &str) -> Option<f64> {
    cell.parse().ok().filter(|number: &f64| number.is_finite())
}

/// The place of the label column, counted from 0.
fn label_column(path: &Path, first: &StringRecord, spec: &TableSpec) -> Result<usize, DataError> {
    let wrong = |expected, found| Err(DataError::Field { field: "label_column", expected, found });
    match &spec.label_column {
        None => Ok(first.len() - 1),
        Some(Column::Number(number)) if (1..=first.len()).contains(number) => Ok(number - 1),
        Some(Column::Number(number)) => {
            wrong(format!("1 to {} (columns of {})", first.len(), path.display()), number.to_string())
        }
        Some(Column::Name(name)) => first.iter().position(|cell| cell == name).map_or_else(
            || {
                let names: Vec<&str> = first.iter().take(20).collect();
                wrong(format!("a column of {} ({})", path.display(), names.join(", ")), format!("`{name}`"))
            },
            Ok,
        ),
    }
}

/// How the rows of a file are laid out.
struct Layout<'a> {
    path: &'a Path,
    label: usize,
    first: &'a StringRecord,
}

impl Layout<'_> {
    /// As the configuration says; else the first line is a header if its label column was found by name, or if one of its inputs
    /// is neither a number nor empty.
    fn has_header(&self, spec: &TableSpec) -> bool {
        let words =
            |(place, cell): (usize, &str)| place != self.label && !cell.is_empty() && cell.parse::<f64>().is_err();
        let by_name = matches!(spec.label_column, Some(Column::Name(_)));
        spec.header.unwrap_or_else(|| by_name || self.first.iter().enumerate().any(words))
    }

    /// Appends the inputs of a row, and returns its label.
    fn row(
        &self,
        row: &StringRecord,
        header: Option<&StringRecord>,
        inputs: &mut Vec<f64>,
    ) -> Result<String, DataError> {
        let wrong =
            |place, expected, found| Err(DataError::Cell { path: self.path.to_owned(), place, expected, found });
        if row.len() != self.first.len() {
            let expected = format!("{} columns, as in line {}", self.first.len(), line(self.first));
            return wrong(format!("line {}", line(row)), expected, row.len().to_string());
        }
        for (place, cell) in row.iter().enumerate() {
            let expected = match number(cell) {
                _ if place == self.label && !cell.is_empty() => continue,
                _ if place == self.label => "a label",
                Some(number) => {
                    inputs.push(number);
                    continue;
                }
                None => "a finite number",
            };
            let name = header.and_then(|h| h.get(place)).map_or(String::new(), |name| format!(" ({})", shown(name)));
            return wrong(format!("line {}, column {}{name}", line(row), place + 1), expected.into(), shown(cell));
        }
        Ok(plain(row.get(self.label).unwrap_or_default()))
    }
}
