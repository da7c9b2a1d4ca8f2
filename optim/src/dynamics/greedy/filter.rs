//! Long sums of rows in single precision: a filter, never a result.

use super::problem::LANES;
use steepest_core::vector::vectorized;

/// Rows that are added in one pass.
pub(super) const BATCH: usize = 4;

/// a += sum_k factor_k row_k, or the rows' squares; returns max |a|. All lengths are the same multiple of the lanes.
pub(super) fn add_rows<const SQUARED: bool>(a: &mut [f32], rows: [&[f32]; BATCH], factors: [f32; BATCH]) -> f32 {
    let largest = vectorized(|| {
        let mut largest = [0.0_f32; LANES];
        let [r0, r1, r2, r3] = rows.map(|row| row.chunks_exact(LANES));
        let [f0, f1, f2, f3] = factors;
        let term = |f: f32, x: f32| if SQUARED { f * (x * x) } else { f * x };
        for ((((a, r0), r1), r2), r3) in a.chunks_exact_mut(LANES).zip(r0).zip(r1).zip(r2).zip(r3) {
            for k in 0..LANES {
                let sum = a[k] + term(f0, r0[k]) + term(f1, r1[k]) + term(f2, r2[k]) + term(f3, r3[k]);
                a[k] = sum;
                largest[k] = if sum.abs() > largest[k] { sum.abs() } else { largest[k] };
            }
        }
        largest
    });
    largest.into_iter().fold(0.0, f32::max)
}

/// Writes the places where |a| reaches `least`; returns the one of the largest |a| among them.
pub(super) fn reaching(a: &[f32], least: f32, places: &mut Vec<u32>) -> Option<usize> {
    places.clear();
    let (mut leader, mut largest) = (None, -1.0);
    for (c, chunk) in a.chunks(2 * LANES).enumerate() {
        let any = vectorized(|| chunk.iter().fold(false, |any, a| any | (a.abs() >= least)));
        if !any {
            continue;
        }
        for (k, a) in chunk.iter().enumerate().filter(|(_, a)| a.abs() >= least) {
            let place = c * 2 * LANES + k;
            places.push(place as u32);
            if a.abs() > largest {
                (leader, largest) = (Some(place), a.abs());
            }
        }
    }
    leader
}
