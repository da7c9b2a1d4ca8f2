//! Points of which the output cannot have changed its sign since all were looked at.

use super::above::{Above, BELOW_RANGE, LANES, ROUNDING};
use ndarray::{Array1, Array2, ArrayView2};
use steepest_core::vector::{self, vectorized};

/// What lengths and sums of them may be off, and more.
const CAUTION: f64 = 1.0 + 1e-6;

/// A first layer in single precision: the pre-activation of unit j at point i is p_ij = z_ij + <a_j, y_i>, of which z does not move.
pub(super) struct Layer<'l> {
    /// a_j, one a row.
    pub(super) weights: Array2<f32>,
    pub(super) above: Above<'l>,
    /// The lengths of the y_i.
    pub(super) lengths: &'l [f64],
    /// Where there are z: for each unit j a number c_j, and lengths x_i, with |z_ij| <= c_j x_i.
    pub(super) fixed: Option<(&'l [f64], &'l [f64])>,
}

/// The outputs f' at a first layer a' and a layer u' above it, where all points were looked at.
///
/// phi is positively homogeneous and L = max(1, |slope|) steep at most, so that for all s, t >= 0
///
/// |f - s t f'| <= L sum_j (|u_j| |p_j - s p'_j| + s |u_j - t u'_j| |p'_j|),
/// |p_j - s p'_j| <= |1 - s| c_j x + ||a_j - s a'_j|| ||y||, |p'_j| <= c_j x + ||a'_j|| ||y||.
///
/// Where s t |f'| is larger than this, f has the sign of f'. Any s and t will do: those are taken that bring s a' (and s z) and t u' next to a (and z) and u, so
/// that a network which grows in its direction leaves no point in question.
pub(super) struct Anchor {
    weights: Array2<f32>,
    /// ||a'_j||^2.
    squares: Vec<f64>,
    u: Vec<f64>,
    outputs: Array1<f64>,
    /// |f'_i| less what rounding may have added to it.
    least: Vec<f64>,
    /// How many points were looked at since.
    looked_at: usize,
}

/// What an output may have changed by beside s t f'.
struct Reach {
    /// s t.
    factor: f64,
    /// For a length of one: of y, and of x.
    moving: f64,
    fixed: f64,
}

impl Anchor {
    /// At these outputs of all points, which may be off by so much.
    pub(super) fn new(layer: Layer<'_>, outputs: Array1<f64>, off: impl Fn(usize) -> f64) -> Self {
        Self {
            squares: products(layer.weights.view(), layer.weights.view()),
            weights: layer.weights,
            u: layer.above.u.to_vec(),
            least: outputs.iter().enumerate().map(|(i, f)| f.abs() - off(i)).collect(),
            outputs,
            looked_at: 0,
        }
    }

    /// The outputs where all points were looked at.
    pub(super) const fn outputs(&self) -> &Array1<f64> {
        &self.outputs
    }

    /// The points of which the sign may be another at this layer, ascending. `None` where it is time to look at all of them: at more than half now, or
    /// at as many in all as there are.
    pub(super) fn in_question(&mut self, layer: &Layer<'_>) -> Option<Vec<usize>> {
        if layer.weights.dim() != self.weights.dim() || layer.above.u.len() != self.u.len() {
            return None;
        }
        let reach = self.reach(layer);
        let may_change = |i: &usize| {
            let of_fixed = layer.fixed.map_or(0.0, |(_, lengths)| reach.fixed * lengths[*i]);
            let is_kept = reach.factor * self.least[*i] > CAUTION * (reach.moving * layer.lengths[*i] + of_fixed);
            // what is no number is not kept
            !is_kept
        };
        let n = self.least.len();
        let found: Vec<usize> = (0..n).filter(may_change).collect();
        self.looked_at += found.len();
        (2 * found.len() <= n && self.looked_at <= n).then_some(found)
    }

    fn reach(&self, layer: &Layer<'_>) -> Reach {
        let Above { u, slope } = layer.above;
        let sum = |x: &[f64]| x.iter().sum::<f64>();
        let (squares, across) =
            (products(layer.weights.view(), layer.weights.view()), products(layer.weights.view(), self.weights.view()));
        let of_units = |j: usize| layer.fixed.map_or(0.0, |(units, _)| units[j]);
        let fixed: f64 = (0..u.len()).map(|j| of_units(j).powi(2)).sum();
        let s = ratio(fixed + sum(&across), fixed + sum(&self.squares));
        let t = ratio(vector::dot(u, &self.u), vector::sum_of_squares(&self.u));
        let sums = 4.0 * (layer.weights.ncols() + LANES) as f64 * f64::EPSILON;
        let mut reach = Reach { factor: s * t, moving: 0.0, fixed: 0.0 };
        for (j, (u, before)) in u.iter().zip(&self.u).enumerate() {
            let (square, square_before) = (squares[j], s * s * self.squares[j]);
            let apart = (square - 2.0 * s * across[j] + square_before).max(0.0) + sums * (square + square_before);
            let (length, length_before) = (square.sqrt(), square_before.sqrt());
            let rounding = 2.0 * ROUNDING * (length + length_before) + (1.0 + s) * BELOW_RANGE;
            let changed = (u - t * before).abs();
            let at_once = changed * (length_before * (1.0 + 2.0 * ROUNDING) + s * BELOW_RANGE);
            reach.moving += u.abs() * (apart.sqrt() + rounding) + at_once;
            reach.fixed += of_units(j) * (u.abs() * (1.0 - s).abs() + s * changed);
        }
        let steepness = slope.abs().max(1.0);
        Reach { moving: steepness * reach.moving, fixed: steepness * reach.fixed, ..reach }
    }
}

/// a / b, and zero where that is negative or no number.
fn ratio(a: f64, b: f64) -> f64 {
    let ratio = a / b;
    if ratio > 0.0 && ratio.is_finite() { ratio } else { 0.0 }
}

/// Inner products of the rows of one matrix with those of the other, in double precision.
fn products(a: ArrayView2<'_, f32>, b: ArrayView2<'_, f32>) -> Vec<f64> {
    let rows = a.rows().into_iter().zip(b.rows());
    vectorized(
        #[inline(always)]
        move || rows.map(|(a, b)| dot(a.to_slice().unwrap_or_default(), b.to_slice().unwrap_or_default())).collect(),
    )
}

#[expect(clippy::inline_always, reason = "must be compiled with the instructions of the caller")]
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f64 {
    let ((a, last_a), (b, last_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut lanes = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += f64::from(*a) * f64::from(*b);
        }
    }
    lanes.iter().sum::<f64>() + last_a.iter().zip(last_b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::super::draw::Draw;
    use super::*;
    use ndarray::s;

    const N: usize = 200;
    const D: usize = 20;
    const M: usize = 9;

    /// A network at points y, whose pre-activations start at z = B^T x.
    struct Net {
        y: Array2<f64>,
        z: Array2<f64>,
        a: Array2<f64>,
        u: Vec<f64>,
        slope: f64,
        lengths: Vec<f64>,
        units: Vec<f64>,
        x_lengths: Vec<f64>,
    }

    fn lengths(a: &Array2<f64>) -> Vec<f64> {
        a.rows().into_iter().map(|row| row.dot(&row).sqrt()).collect()
    }

    impl Net {
        fn new(draw: &mut Draw, slope: f64, start: f64) -> Self {
            let (y, x, b) = (draw.matrix((N, D)), draw.matrix((N, 5)), start * draw.matrix((M, 5)));
            let (lengths_of_y, units, x_lengths) = (lengths(&y), lengths(&b), lengths(&x));
            let (z, a, u) = (x.dot(&b.t()), draw.matrix((M, D)), draw.matrix((1, M)).into_raw_vec_and_offset().0);
            Self { y, z, a, u, slope, lengths: lengths_of_y, units, x_lengths }
        }

        fn outputs(&self, a: &Array2<f64>, u: &[f64]) -> Array1<f64> {
            let phi = |p: f64| if p > 0.0 { p } else { self.slope * p };
            (&self.z + self.y.dot(&a.t())).mapv(phi).dot(&Array1::from(u.to_vec()))
        }

        fn layer<'l>(&'l self, a: &Array2<f64>, u: &'l [f64]) -> Layer<'l> {
            Layer {
                weights: a.mapv(|a| a as f32),
                above: Above { u, slope: self.slope },
                lengths: &self.lengths,
                fixed: Some((&self.units, &self.x_lengths)),
            }
        }

        fn anchor(&self) -> Anchor {
            Anchor::new(self.layer(&self.a, &self.u), self.outputs(&self.a, &self.u), |_| 1e-5)
        }

        /// How many points are in question at another a and u; no sign of the others is another there.
        fn count(&self, a: &Array2<f64>, u: &[f64]) -> Option<usize> {
            let mut anchor = self.anchor();
            let asked = anchor.in_question(&self.layer(a, u))?;
            for (i, f) in self.outputs(a, u).iter().enumerate().filter(|(i, _)| !asked.contains(i)) {
                assert!(f * anchor.outputs()[i] > 0.0, "point {i}: {} became {f}", anchor.outputs()[i]);
            }
            Some(asked.len())
        }
    }

    #[test]
    fn a_sign_that_is_not_in_question_is_as_it_was() {
        let mut draw = Draw(1);
        for (slope, start) in [(0.0, 0.0), (0.0, 0.3), (1.0, 0.1), (-1.5, 0.3)] {
            let net = Net::new(&mut draw, slope, start);
            let (to, to_u) = (draw.matrix((M, D)), draw.matrix((1, M)));
            let mut counts = Vec::new();
            for moved in [0.0, 1e-8, 1e-4, 1e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0] {
                let a = &net.a + &(moved * &to);
                let u: Vec<f64> = net.u.iter().zip(&to_u).map(|(u, to)| u + moved * to).collect();
                counts.push(net.count(&a, &u).unwrap_or(N));
            }
            assert!(counts.is_sorted() && counts[1] <= 2 && counts[8] == N, "{counts:?}");
            assert!((2..=N / 10).contains(&counts[3]), "{counts:?}");
        }
    }

    #[test]
    fn a_network_that_grows_in_its_direction_leaves_nothing_in_question() {
        let mut draw = Draw(2);
        let net = Net::new(&mut draw, 0.0, 0.0);
        let u: Vec<f64> = net.u.iter().map(|u| 1e3 * u).collect();
        assert!(net.count(&(7.0 * &net.a), &u).unwrap() <= 2);
        // but where it turns round
        assert_eq!(net.count(&-&net.a, &u), None);
        assert_eq!(net.count(&net.a, &u.iter().map(|u| -u).collect::<Vec<_>>()), None);
    }

    #[test]
    fn the_least_movement_that_turns_a_sign_puts_it_in_question() {
        let mut draw = Draw(3);
        let net = Net::new(&mut draw, 0.0, 0.0);
        let f = net.outputs(&net.a, &net.u);
        let (mut n_turned, mut anchor) = (0, net.anchor());
        for i in (0..N).filter(|i| f[*i].abs() > 0.05) {
            // along the gradient of |f_i|, which is as far as it can be felt
            let y = net.y.row(i);
            let towards = Array2::from_shape_fn((M, D), |(j, k)| {
                f64::from(u8::from(net.a.row(j).dot(&y) > 0.0)) * net.u[j] * y[k] * f[i].signum()
            });
            let length = f[i].abs() / towards.dot(&y).iter().zip(&net.u).map(|(p, u)| (p * u).abs()).sum::<f64>();
            let is_turned = |part: f64| {
                let at = &net.a - &(part * length * &towards);
                net.outputs(&at, &net.u)[i] * f[i] < 0.0
            };
            // unless a unit falls silent on the way
            if !is_turned(1.0 + 1e-9) || is_turned(1.0 - 1e-9) {
                continue;
            }
            n_turned += 1;
            anchor.looked_at = 0;
            let at = |part: f64| &net.a - &(part * length * &towards);
            let asked = anchor.in_question(&net.layer(&at(1.0 + 1e-9), &net.u));
            assert!(asked.is_none_or(|asked| asked.contains(&i)), "point {i}");
        }
        assert!(n_turned > 20, "{n_turned}");
    }

    #[test]
    fn what_does_not_move_counts_as_well() {
        // f = z - a y / 2 for z = y = 1, at first 1/2: nothing is in question before the sign turns
        let layer = |a: f64, u: &'static [f64]| Layer {
            weights: ndarray::array![[0.0], [a as f32]],
            above: Above { u, slope: 0.0 },
            lengths: &[1.0],
            fixed: Some((&[1.0, 0.0], &[1.0])),
        };
        let anchor = || Anchor::new(layer(0.5, &[1.0, -1.0]), Array1::from(vec![0.5]), |_| 0.0);
        let is_asked = |layer: Layer<'_>| anchor().in_question(&layer).is_none();
        assert!(!is_asked(layer(0.999, &[1.0, -1.0])) && is_asked(layer(1.001, &[1.0, -1.0])));
        assert!(!is_asked(layer(0.5, &[0.501, -1.0])) && is_asked(layer(0.5, &[0.499, -1.0])));
        assert!(!is_asked(layer(0.5, &[1.0, -1.998])) && is_asked(layer(0.5, &[1.0, -2.002])));
    }

    #[test]
    fn it_is_time_to_look_at_all_of_them() {
        let mut draw = Draw(4);
        let net = Net::new(&mut draw, 0.0, 0.1);
        let mut anchor = net.anchor();
        let a = &net.a * 1.0 + 0.002;
        let mut seen = 0;
        while let Some(asked) = anchor.in_question(&net.layer(&a, &net.u)) {
            seen += asked.len();
            assert!(seen <= N && !asked.is_empty());
        }
        assert!(seen > N / 2, "{seen}");
        // a layer of another shape, or of no numbers
        let narrow = net.a.slice(s![.., 1..]).to_owned();
        assert!(net.anchor().in_question(&net.layer(&narrow, &net.u)).is_none());
        assert!(net.anchor().in_question(&net.layer(&(&net.a * f64::NAN), &net.u)).is_none());
    }
}
