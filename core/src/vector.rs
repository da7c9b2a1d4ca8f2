//! Reductions and updates of plain vectors: eight lanes wide so that they run at memory speed, in one fixed order so
//! that the same input gives the same bits on every run.

const LANES: usize = 8;

/// Runs a loop with the widest vector instructions that the processor has: `vectorized(#[inline(always)] || ...)`. Without the attribute the
/// closure may become a function of its own, which is compiled with the plain instructions of every processor. Let it take numbers by value
/// (`move`): what it borrows is read again at every turn, since a store may have changed it, and a number that only one side of a condition needs
/// then keeps the condition a branch, which without mask registers means a loop of one entry at a time.
///
/// The arithmetic is the same (no fused multiply-add appears where none is written), so the result has the same bits on every processor.
#[inline]
pub fn vectorized<R>(run: impl FnOnce() -> R) -> R {
    #[cfg(feature = "linalg")]
    {
        pulp::Arch::new().dispatch(run)
    }
    #[cfg(not(feature = "linalg"))]
    run()
}

/// Folds `x` into eight interleaved accumulators and joins them pairwise: one order, whatever the length.
#[expect(clippy::inline_always, reason = "must be compiled with the instructions of the caller")]
#[inline(always)]
fn fold_lanes(x: &[f64], start: f64, step: impl Fn(f64, f64) -> f64, join: impl Fn(f64, f64) -> f64) -> f64 {
    let mut lanes = [start; LANES];
    let chunks = x.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (lane, &v) in lanes.iter_mut().zip(chunk) {
            *lane = step(*lane, v);
        }
    }
    for (lane, &v) in lanes.iter_mut().zip(rest) {
        *lane = step(*lane, v);
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    join(join(join(a, b), join(c, d)), join(join(e, f), join(g, h)))
}

/// A sum over entries is a sum over chunks of this many, one after the other: small enough to stay in the fastest cache while a chunk is
/// first changed and then summed, and the same sum whether that was done or not.
pub const CHUNK: usize = 2048;

/// sum_k map(x_k), chunk by chunk.
#[inline]
fn sum_of_chunks(x: &[f64], map: impl Fn(f64) -> f64) -> f64 {
    let mut sum = 0.0;
    vectorized(
        #[inline(always)]
        || {
            for chunk in x.chunks(CHUNK) {
                sum += fold_lanes(chunk, 0.0, |sum, v| sum + map(v), |a, b| a + b);
            }
        },
    );
    sum
}

/// sum_k x_k^2.
pub fn sum_of_squares(x: &[f64]) -> f64 {
    sum_of_chunks(x, |v| v * v)
}

/// sum_k |x_k|.
pub fn sum_of_abs(x: &[f64]) -> f64 {
    sum_of_chunks(x, f64::abs)
}

/// max_k |x_k|, zero for an empty slice; NaN is passed over.
pub fn max_abs(x: &[f64]) -> f64 {
    let larger = |a: f64, b: f64| if b > a { b } else { a };
    vectorized(
        #[inline(always)]
        || fold_lanes(x, 0.0, |largest, v| larger(largest, v.abs()), larger),
    )
}

/// Whether an entry is no number.
pub fn has_nan(x: &[f64]) -> bool {
    vectorized(
        #[inline(always)]
        || x.iter().fold(false, |any, v| any | v.is_nan()),
    )
}

/// The largest |x_k|: its lowest index among those within the factor `near` of it, and how many others there are. `None` if all are
/// zero (or NaN). One pass, and a second one only where chunks compete.
pub fn arg_max_abs(x: &[f64], near: f64) -> Option<(usize, usize)> {
    let (mut best, mut start, mut contested) = (0.0, 0, false);
    for (c, chunk) in x.chunks(CHUNK).enumerate() {
        let largest = max_abs(chunk);
        if largest > best {
            contested = best >= largest * near;
            (best, start) = (largest, c * CHUNK);
        } else if largest >= best * near {
            contested = true;
        }
    }
    if best == 0.0 {
        return None;
    }
    let (from, part) = if contested { (0, x) } else { (start, &x[start..x.len().min(start + CHUNK)]) };
    let mut found = part.iter().enumerate().filter(|(_, v)| v.abs() >= best * near).map(|(k, _)| from + k);
    found.next().map(|first| (first, found.count()))
}

/// sum_k x_k y_k.
///
/// # Panics
/// If the lengths differ.
pub fn dot(x: &[f64], y: &[f64]) -> f64 {
    dot_of(x, |v| v, y)
}

/// sum_k map(x_k) y_k.
///
/// # Panics
/// If the lengths differ.
#[inline]
pub fn dot_of(x: &[f64], map: impl Fn(f64) -> f64, y: &[f64]) -> f64 {
    assert_eq!(x.len(), y.len(), "dot of vectors of different lengths");
    vectorized(
        #[inline(always)]
        || dot_lanes(x, map, y),
    )
}

#[expect(clippy::inline_always, reason = "must be compiled with the instructions of the caller")]
#[inline(always)]
fn dot_lanes(x: &[f64], map: impl Fn(f64) -> f64, y: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    let (cx, cy) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let (rx, ry) = (cx.remainder(), cy.remainder());
    for (a, b) in cx.zip(cy) {
        for ((lane, &v), &w) in lanes.iter_mut().zip(a).zip(b) {
            *lane += map(v) * w;
        }
    }
    for ((lane, &v), &w) in lanes.iter_mut().zip(rx).zip(ry) {
        *lane += map(v) * w;
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + b) + (c + d)) + ((e + f) + (g + h))
}

/// y += a x.
///
/// # Panics
/// If the lengths differ.
pub fn add_multiple(y: &mut [f64], a: f64, x: &[f64]) {
    assert_eq!(x.len(), y.len(), "sum of vectors of different lengths");
    vectorized(
        #[inline(always)]
        move || {
            for (y, &x) in y.iter_mut().zip(x) {
                *y += a * x;
            }
        },
    );
}

/// The sign of x with sign(0) = 0: -1, 0 or 1; of NaN it is 0.
#[inline]
pub fn sign(x: f64) -> f64 {
    let one_if = |holds: bool| if holds { 1.0 } else { 0.0 };
    one_if(x > 0.0) - one_if(x < 0.0)
}

/// `length`, which is not negative, with the sign of x; zero for x = 0.
#[inline]
pub fn with_sign(length: f64, x: f64) -> f64 {
    let signed = length.copysign(x);
    if x == 0.0 { 0.0 } else { signed }
}

/// |x|_2, also where the squares would under- or overflow.
pub fn euclidean_norm(x: &[f64]) -> f64 {
    let plain = sum_of_squares(x);
    if (1e-280..1e280).contains(&plain) {
        return plain.sqrt();
    }
    let largest = max_abs(x);
    if largest == 0.0 || !largest.is_finite() || plain.is_nan() {
        return if plain.is_nan() { plain } else { largest };
    }
    let scaled: f64 = x.iter().map(|v| (v / largest).powi(2)).sum();
    largest * scaled.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn reductions_agree_with_plain_sums() {
        let x: Vec<f64> = (0..37).map(|k| f64::from(k).sin() * 3.0).collect();
        assert_relative_eq!(sum_of_squares(&x), x.iter().map(|v| v * v).sum(), max_relative = 1e-14);
        assert_relative_eq!(sum_of_abs(&x), x.iter().map(|v| v.abs()).sum(), max_relative = 1e-14);
        assert_relative_eq!(dot(&x, &x), sum_of_squares(&x), max_relative = 1e-14);
        assert_eq!(max_abs(&x), x.iter().fold(0.0, |a: f64, b| a.max(b.abs())));
        assert!(!has_nan(&x) && has_nan(&[&x[..], &[f64::NAN]].concat()) && !has_nan(&[f64::INFINITY]));
    }

    #[test]
    fn the_largest_entry_is_found_with_its_near_ties() {
        let mut x = vec![0.5; 3 * CHUNK + 7];
        let near = 1.0 - 1e-12;
        x[CHUNK + 3] = -2.0;
        assert_eq!(arg_max_abs(&x, near), Some((CHUNK + 3, 0)));
        x[2 * CHUNK + 1] = 2.0 * (1.0 + 1e-15);
        assert_eq!(arg_max_abs(&x, near), Some((CHUNK + 3, 1)));
        x[5] = -2.0;
        assert_eq!(arg_max_abs(&x, near), Some((5, 2)));
        x[3 * CHUNK + 6] = 3.0;
        assert_eq!(arg_max_abs(&x, near), Some((3 * CHUNK + 6, 0)));
        assert_eq!(arg_max_abs(&[0.0; 3], near), None);
    }

    #[test]
    fn euclidean_norm_survives_extreme_scales() {
        for scale in [1e-300, 1e-160, 1.0, 1e160, 1e300] {
            assert_relative_eq!(euclidean_norm(&[3.0 * scale, -4.0 * scale]), 5.0 * scale, max_relative = 1e-15);
        }
        assert_eq!(euclidean_norm(&[0.0, 0.0]), 0.0);
        assert!(euclidean_norm(&[1.0, f64::NAN]).is_nan());
    }
}
