//! Rows of a fixed number of entries where vector registers read them fastest, and matrices written into them and back.

use super::real::Real;
use crate::vector::vectorized;
use ndarray::{ArrayView2, ArrayViewMut2, Axis};
use std::array::from_fn;

/// Entries of a row: their sums stay in registers.
pub(super) const COLUMNS: usize = 64;

/// Entries in a line of the cache.
const LINE: usize = 8;

/// [`COLUMNS`] numbers that begin a line of the cache.
#[repr(align(64))]
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<T>(pub(super) [T; COLUMNS]);

impl<T: Real> Row<T> {
    pub(super) fn zero() -> Self {
        Self([T::zero(); COLUMNS])
    }

    /// The first entries, [`COLUMNS`] at most.
    #[expect(clippy::inline_always, reason = "must be compiled with the instructions of the caller")]
    #[inline(always)]
    pub(super) fn first<const WIDTH: usize>(&mut self) -> &mut [T; WIDTH] {
        let Some(first) = self.0.first_chunk_mut() else { panic!("a row has {COLUMNS} entries") };
        first
    }
}

/// The first so many rows, made where there were fewer; what was there stays.
pub(super) fn first<T: Real>(rows: &mut Vec<Row<T>>, n: usize) -> &mut [Row<T>] {
    if rows.len() < n {
        rows.resize(n, Row::zero());
    }
    &mut rows[..n]
}

/// Writes a matrix (at most [`COLUMNS`] x n) into n rows, turned; what lies beside stays as it was.
pub(super) fn write_turned<T: Real>(from: ArrayView2<'_, T>, rows: &mut [Row<T>]) {
    if from.strides()[1] != 1 {
        for (Row(row), from) in rows.iter_mut().zip(from.axis_iter(Axis(1))) {
            row.iter_mut().zip(from).for_each(|(to, &from)| *to = from);
        }
        return;
    }
    for (j, from) in from.axis_chunks_iter(Axis(0), LINE).enumerate() {
        let mut lines = from.rows().into_iter().map(|row| row.to_slice().unwrap_or_default());
        if let (0, Some(lines)) = (from.nrows() % LINE, collect(&mut lines)) {
            turn_lines_in(lines, LINE * j, rows);
            continue;
        }
        for (row, from) in from.rows().into_iter().enumerate() {
            rows.iter_mut().zip(from).for_each(|(Row(to), &from)| to[LINE * j + row] = from);
        }
    }
}

/// Writes n rows into a matrix (n x at most [`COLUMNS`]).
pub(super) fn read_into<T: Real>(rows: &[Row<T>], mut to: ArrayViewMut2<'_, T>) {
    if to.strides()[0] != 1 || to.strides()[1] == 1 {
        for (Row(row), mut to) in rows.iter().zip(to.rows_mut()) {
            match to.as_slice_mut() {
                Some(to) => to.copy_from_slice(&row[..to.len()]),
                None => to.iter_mut().zip(row).for_each(|(to, from)| *to = *from),
            }
        }
        return;
    }
    for (j, mut to) in to.axis_chunks_iter_mut(Axis(1), LINE).enumerate() {
        let is_whole = to.ncols() == LINE;
        let mut lines = to.columns_mut().into_iter().map(|column| column.into_slice().unwrap_or_default());
        if let (true, Some(lines)) = (is_whole, collect(&mut lines)) {
            turn_lines_out(rows, LINE * j, lines);
            continue;
        }
        drop(lines);
        for (column, to) in to.columns_mut().into_iter().enumerate() {
            to.into_iter().zip(rows).for_each(|(to, Row(from))| *to = from[LINE * j + column]);
        }
    }
}

/// The next [`LINE`] of them; `None` if there are fewer.
fn collect<T: Default>(items: &mut impl Iterator<Item = T>) -> Option<[T; LINE]> {
    let mut count = 0;
    let all = from_fn(|_| items.next().inspect(|_| count += 1).unwrap_or_default());
    (count == LINE).then_some(all)
}

/// Eight lines of n entries into the columns of n rows, from column `at` on.
fn turn_lines_in<T: Real>(lines: [&[T]; LINE], at: usize, rows: &mut [Row<T>]) {
    let whole = rows.len() / LINE * LINE;
    vectorized(
        #[inline(always)]
        move || {
            let tiles = lines.map(|line| line.as_chunks::<LINE>().0);
            for (k, rows) in rows.chunks_exact_mut(LINE).enumerate() {
                let tile: [[T; LINE]; LINE] = from_fn(|j| tiles[j][k]);
                for (i, Row(row)) in rows.iter_mut().enumerate() {
                    row[at..at + LINE].copy_from_slice(&from_fn::<T, LINE, _>(|j| tile[j][i]));
                }
            }
            for (k, Row(row)) in rows.iter_mut().enumerate().skip(whole) {
                row[at..at + LINE].copy_from_slice(&lines.map(|line| line[k]));
            }
        },
    );
}

/// The columns of n rows from `at` on into eight lines of n entries.
fn turn_lines_out<T: Real>(rows: &[Row<T>], at: usize, lines: [&mut [T]; LINE]) {
    vectorized(
        #[inline(always)]
        move || {
            let (whole, rest) = rows.as_chunks::<LINE>();
            let mut lines = lines;
            for (k, rows) in whole.iter().enumerate() {
                let tile: [[T; LINE]; LINE] = from_fn(|i| from_fn(|j| rows[i].0[at + j]));
                for (j, line) in lines.iter_mut().enumerate() {
                    line[LINE * k..LINE * (k + 1)].copy_from_slice(&from_fn::<T, LINE, _>(|i| tile[i][j]));
                }
            }
            for (k, Row(row)) in rest.iter().enumerate() {
                lines.iter_mut().zip(&row[at..]).for_each(|(line, v)| line[LINE * whole.len() + k] = *v);
            }
        },
    );
}
