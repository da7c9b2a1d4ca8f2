//! Reductions and updates of plain vectors: eight lanes wide so that they run at memory speed, in one fixed order so
//! that the same input gives the same bits on every run.

const LANES: usize = 8;

/// Folds `x` into eight interleaved accumulators and joins them pairwise: one order, whatever the length.
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

/// sum_k x_k^2.
pub fn sum_of_squares(x: &[f64]) -> f64 {
    fold_lanes(x, 0.0, |sum, v| sum + v * v, |a, b| a + b)
}

/// sum_k |x_k|.
pub fn sum_of_abs(x: &[f64]) -> f64 {
    fold_lanes(x, 0.0, |sum, v| sum + v.abs(), |a, b| a + b)
}

/// max_k |x_k|, zero for an empty slice; entries that are NaN are passed over.
pub fn max_abs(x: &[f64]) -> f64 {
    let larger = |a: f64, b: f64| if b > a { b } else { a };
    fold_lanes(x, 0.0, |largest, v| larger(largest, v.abs()), larger)
}

/// sum_k x_k y_k.
///
/// # Panics
/// If the lengths differ.
pub fn dot(x: &[f64], y: &[f64]) -> f64 {
    assert_eq!(x.len(), y.len(), "dot of vectors of different lengths");
    let mut lanes = [0.0; LANES];
    let (cx, cy) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let (rx, ry) = (cx.remainder(), cy.remainder());
    for (a, b) in cx.zip(cy) {
        for ((lane, &v), &w) in lanes.iter_mut().zip(a).zip(b) {
            *lane += v * w;
        }
    }
    for ((lane, &v), &w) in lanes.iter_mut().zip(rx).zip(ry) {
        *lane += v * w;
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
    for (y, &x) in y.iter_mut().zip(x) {
        *y += a * x;
    }
}

/// The sign of x with sign(0) = 0: -1, 0 or 1.
pub fn sign(x: f64) -> f64 {
    f64::from(i8::from(x > 0.0) - i8::from(x < 0.0))
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
