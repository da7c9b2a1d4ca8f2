//! Long sums of rows in single precision: a filter, never a result.

use super::problem::LANES;
use steepest_core::vector::vectorized;

/// Rows that are added in one pass.
pub(super) const BATCH: usize = 4;

/// Entries whose largest is kept, so that a search reads only where there is something to find.
const BLOCK: usize = 16 * LANES;

/// A padded vector, and the largest magnitude in each block of it.
#[derive(Debug)]
pub(super) struct Sums {
    entries: Vec<f32>,
    maxima: Vec<f32>,
}

impl Sums {
    /// Zeros; the length is a multiple of the lanes.
    pub(super) fn new(len: usize) -> Self {
        Self { entries: vec![0.0; len], maxima: vec![0.0; len.div_ceil(BLOCK)] }
    }

    pub(super) fn clear(&mut self) {
        self.entries.fill(0.0);
        self.maxima.fill(0.0);
    }

    /// |entry l|.
    pub(super) fn magnitude(&self, l: usize) -> f64 {
        f64::from(self.entries[l].abs())
    }

    /// Adds sum_k factor_k row_k, or the rows' squares; returns the largest magnitude.
    pub(super) fn add<const SQUARED: bool>(&mut self, rows: [&[f32]; BATCH], factors: [f32; BATCH]) -> f64 {
        let [r0, r1, r2, r3] = rows.map(|row| row.chunks(BLOCK));
        let blocks = self.entries.chunks_mut(BLOCK).zip(&mut self.maxima);
        vectorized(
            #[inline(always)]
            || {
                for (((((a, largest), r0), r1), r2), r3) in blocks.zip(r0).zip(r1).zip(r2).zip(r3) {
                    *largest = add_block::<SQUARED>(a, [r0, r1, r2, r3], factors);
                }
            },
        );
        f64::from(self.maxima.iter().copied().fold(0.0, f32::max))
    }

    /// Writes the places, below `len`, where the magnitude reaches `least`; returns the one of the largest among them.
    pub(super) fn reaching(&self, least: f32, len: usize, places: &mut Vec<usize>) -> Option<usize> {
        places.clear();
        let (mut leader, mut largest) = (None, -1.0);
        for (b, (block, _)) in
            self.entries.chunks(BLOCK).zip(&self.maxima).enumerate().filter(|(_, (_, m))| **m >= least)
        {
            for (k, a) in block.iter().enumerate().filter(|(_, a)| a.abs() >= least) {
                let place = b * BLOCK + k;
                if place < len {
                    places.push(place);
                    if a.abs() > largest {
                        (leader, largest) = (Some(place), a.abs());
                    }
                }
            }
        }
        leader
    }
}

#[expect(clippy::inline_always, reason = "must be compiled with the instructions of the caller")]
#[inline(always)]
fn add_block<const SQUARED: bool>(a: &mut [f32], rows: [&[f32]; BATCH], factors: [f32; BATCH]) -> f32 {
    let mut largest = [0.0_f32; LANES];
    let [r0, r1, r2, r3] = rows.map(|row| row.chunks_exact(LANES));
    let [f0, f1, f2, f3] = factors;
    for ((((a, r0), r1), r2), r3) in a.chunks_exact_mut(LANES).zip(r0).zip(r1).zip(r2).zip(r3) {
        for k in 0..LANES {
            let x = [r0[k], r1[k], r2[k], r3[k]].map(|x| if SQUARED { x * x } else { x });
            let sum = a[k] + f0 * x[0] + f1 * x[1] + f2 * x[2] + f3 * x[3];
            a[k] = sum;
            largest[k] = if sum.abs() > largest[k] { sum.abs() } else { largest[k] };
        }
    }
    largest.into_iter().fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reaches_is_found_in_every_block() {
        let (len, stride) = (3 * BLOCK + 5, 3 * BLOCK + LANES);
        let mut row = vec![0.0; stride];
        (row[7], row[BLOCK], row[3 * BLOCK + 4]) = (-2.0, 0.5, 1.0);
        let zero = vec![0.0; stride];
        let (mut sums, mut places) = (Sums::new(stride), Vec::new());
        assert_eq!(sums.add::<false>([&row, &zero, &row, &zero], [2.0, 1.0, -0.5, 1.0]), 3.0);
        assert_eq!((sums.reaching(1.0, len, &mut places), &places[..]), (Some(7), &[7, 3 * BLOCK + 4][..]));
        assert_eq!((sums.reaching(0.75, len, &mut places), places.len()), (Some(7), 3));
        assert_eq!((sums.reaching(-1.0, len, &mut places), places.len()), (Some(7), len));
        assert_eq!(sums.reaching(4.0, len, &mut places), None);
        sums.clear();
        assert_eq!(sums.add::<true>([&zero, &row, &zero, &zero], [1.0; BATCH]), 4.0);
    }
}
