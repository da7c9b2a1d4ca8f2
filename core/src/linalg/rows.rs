//! Rows of a fixed number of entries where vector registers read them fastest, and matrices written into them and back.

use super::real::Real;
use crate::vector::vectorized;
use ndarray::{ArrayView2, ArrayViewMut2, Axis};
use std::array::from_fn;

/// Entries in a line of the cache.
const LINE: usize = 8;

/// So many numbers as [`InRows`](super::real::InRows) says, which begin a line of the cache.
#[repr(align(64))]
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<T: Real>(T::Row);

impl<T: Real> Row<T> {
    pub(super) fn zero() -> Self {
        Self(T::ZEROS)
    }

    /// The first entries, as many as a row has at most.
    #[expect(clippy::inline_always, reason = "must be compiled with the instructions of the caller")]
    #[inline(always)]
    pub(super) fn first<const WIDTH: usize>(&self) -> &[T; WIDTH] {
        let Some(first) = self.0.as_ref().first_chunk() else { panic!("a row has {} entries", T::COLUMNS) };
        first
    }

    /// The same, to be changed.
    #[expect(clippy::inline_always, reason = "must be compiled with the instructions of the caller")]
    #[inline(always)]
    pub(super) fn first_mut<const WIDTH: usize>(&mut self) -> &mut [T; WIDTH] {
        let Some(first) = self.0.as_mut().first_chunk_mut() else { panic!("a row has {} entries", T::COLUMNS) };
        first
    }

    #[expect(clippy::inline_always, reason = "must be compiled with the instructions of the caller")]
    #[inline(always)]
    fn entries(&self) -> &[T] {
        self.0.as_ref()
    }

    #[expect(clippy::inline_always, reason = "must be compiled with the instructions of the caller")]
    #[inline(always)]
    fn entries_mut(&mut self) -> &mut [T] {
        self.0.as_mut()
    }
}

/// The first so many rows, made where there were fewer; what was there stays.
pub(super) fn first<T: Real>(rows: &mut Vec<Row<T>>, n: usize) -> &mut [Row<T>] {
    if rows.len() < n {
        rows.resize(n, Row::zero());
    }
    &mut rows[..n]
}

/// Writes a matrix (at most as many rows as a [`Row`] has entries, and n columns) into n rows, turned; what lies beside stays as it was.
pub(super) fn write_turned<T: Real>(from: ArrayView2<'_, T>, rows: &mut [Row<T>]) {
    if from.strides()[1] != 1 {
        for (row, from) in rows.iter_mut().zip(from.axis_iter(Axis(1))) {
            match from.to_slice() {
                Some(from) => row.entries_mut()[..from.len()].copy_from_slice(from),
                None => row.entries_mut().iter_mut().zip(from).for_each(|(to, &from)| *to = from),
            }
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
            rows.iter_mut().zip(from).for_each(|(to, &from)| to.entries_mut()[LINE * j + row] = from);
        }
    }
}

/// Writes n rows into a matrix of n rows, each as long at most.
pub(super) fn read_into<T: Real>(rows: &[Row<T>], mut to: ArrayViewMut2<'_, T>) {
    if to.strides()[0] != 1 || to.strides()[1] == 1 {
        for (row, mut to) in rows.iter().zip(to.rows_mut()) {
            match to.as_slice_mut() {
                Some(to) => to.copy_from_slice(&row.entries()[..to.len()]),
                None => to.iter_mut().zip(row.entries()).for_each(|(to, from)| *to = *from),
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
            to.into_iter().zip(rows).for_each(|(to, from)| *to = from.entries()[LINE * j + column]);
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
                for (i, row) in rows.iter_mut().enumerate() {
                    row.entries_mut()[at..at + LINE].copy_from_slice(&from_fn::<T, LINE, _>(|j| tile[j][i]));
                }
            }
            for (k, row) in rows.iter_mut().enumerate().skip(whole) {
                row.entries_mut()[at..at + LINE].copy_from_slice(&lines.map(|line| line[k]));
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
                let tile: [[T; LINE]; LINE] = from_fn(|i| from_fn(|j| rows[i].entries()[at + j]));
                for (j, line) in lines.iter_mut().enumerate() {
                    line[LINE * k..LINE * (k + 1)].copy_from_slice(&from_fn::<T, LINE, _>(|i| tile[i][j]));
                }
            }
            for (k, row) in rest.iter().enumerate() {
                lines.iter_mut().zip(&row.entries()[at..]).for_each(|(line, v)| line[LINE * whole.len() + k] = *v);
            }
        },
    );
}
