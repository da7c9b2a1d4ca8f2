//! Outputs of a two-layer network in single precision, and which of their signs rounding may have changed.

use ndarray::{Array2, ArrayView2, ArrayViewMut1, Axis};
use steepest_core::linalg::{Accumulate, SparseRows, SparseWork, multiply_into};
use steepest_core::vector::{self, vectorized};

/// Half the distance from one to the next number of single precision.
const ROUNDING: f64 = 1.0 / (1_u64 << 24) as f64;

/// What stands for the digits that single precision loses below its range, 2^-149, where the longest vectors have a length of about one.
const BELOW_RANGE: f64 = 1.0 / (1_u128 << 100) as f64;

/// Points that follow the first layer at a time: their pre-activations stay in the second cache.
const POINTS: usize = 256;

/// Numbers of double precision in a vector register.
const LANES: usize = 8;

/// The layer above: f = sum_j u_j phi(p_j), with phi(p) = p above zero and `slope` p below.
#[derive(Clone, Copy, Debug)]
pub(super) struct Above<'u> {
    pub(super) u: &'u [f64],
    pub(super) slope: f64,
}

/// The test points X_t (t x d) in single precision.
///
/// A sum of k products whose factors were rounded before is off by at most gamma sum |x_l| |w_l| <= gamma ||x|| ||w||, gamma = (k + 2) eps / (1 - (k + 2) eps),
/// eps = 2^-24, in whatever order it is summed (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1). One eps more is for what double
/// precision rounds: the layer above, and products with where a displacement started. An output is off by no more than max(1, |slope|) sum_j |u_j| times
/// that, and its sign is certain where it is larger. Everything is divided by powers of two first, so that the longest vectors have a length of about one.
pub(super) struct Single {
    points: Points,
    /// The power of two that the points are divided by, and their lengths then.
    scale: f64,
    lengths: Vec<f64>,
    /// Where the first layer of a displacement started, once it was needed.
    start: Option<Start>,
    /// The first layer, or what it has moved by.
    weights: Array2<f32>,
    p: Array2<f32>,
    work: SparseWork<f32>,
}

enum Points {
    /// Without their zeros; and how many entries a point has at most.
    Sparse(SparseRows<f32>, usize),
    Dense(Array2<f32>),
}

/// P0 = X_t W0^T and Y = X_t V^T, each divided by a power of two.
struct Start {
    pre_activations: Array2<f32>,
    scale: f64,
    /// For each unit j a number with |P0_ij| <= it times the length of point i.
    units: Vec<f64>,
    products: Array2<f32>,
    product_scale: f64,
    /// Lengths of the rows of Y.
    lengths: Vec<f64>,
}

impl Single {
    /// Of these points, for a first layer of `width` units.
    pub(super) fn new(x: ArrayView2<'_, f64>, width: usize) -> Self {
        let (scale, lengths) = scaled_lengths(x);
        let points = x.mapv(|x| (x / scale) as f32);
        let most = points.rows().into_iter().map(|row| row.iter().filter(|x| **x != 0.0).count()).max();
        let points = match SparseRows::of(points.view()) {
            Some(sparse) => Points::Sparse(sparse, most.unwrap_or(0)),
            None => Points::Dense(points),
        };
        Self {
            points,
            scale,
            lengths,
            start: None,
            weights: Array2::default((0, 0)),
            p: Array2::default((x.nrows(), width)),
            work: SparseWork::default(),
        }
    }

    /// Another dynamics takes over.
    pub(super) fn switch(&mut self) {
        self.start = None;
    }

    /// Whether it is known where the displacement of the present dynamics started.
    pub(super) fn knows_start(&self) -> bool {
        self.start.is_some()
    }

    /// A displacement W - W0 = A^T V starts at W0, with P0 = X_t W0^T and Y = X_t V^T.
    pub(super) fn begin(&mut self, w: ArrayView2<'_, f64>, p: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>) {
        let ((w_scale, units), (product_scale, lengths)) = (scaled_lengths(w), scaled_lengths(y));
        let scale = power_of_two(self.scale * w_scale);
        let factor = self.scale * w_scale / scale;
        self.start = Some(Start {
            pre_activations: p.mapv(|p| (p / scale) as f32),
            scale,
            units: units.iter().map(|length| factor * length).collect(),
            products: y.mapv(|y| (y / product_scale) as f32),
            product_scale,
            lengths,
        });
    }

    /// The outputs where W has moved by A^T V (A is r x m) since [`begin`](Self::begin), divided by a power of two; gives the points of which the sign is in doubt.
    pub(super) fn follow(
        &mut self,
        a: ArrayView2<'_, f64>,
        above: Above<'_>,
        outputs: ArrayViewMut1<'_, f64>,
    ) -> Vec<usize> {
        let Some(start) = &self.start else { return (0..outputs.len()).collect() };
        let factor = start.product_scale / start.scale;
        let moved = a.mapv(|a| factor * a);
        self.weights = moved.mapv(|a| a as f32);
        let blocks = start.pre_activations.axis_chunks_iter(Axis(0), POINTS);
        let blocks = blocks.zip(start.products.axis_chunks_iter(Axis(0), POINTS));
        for ((start, y), mut p) in blocks.zip(self.p.axis_chunks_iter_mut(Axis(0), POINTS)) {
            p.assign(&start);
            multiply_into(Accumulate::Add, y, self.weights.view(), p);
        }
        // P0 is one term more
        let n_terms = a.nrows() + 1;
        let (of_start, of_move) = (above.off(n_terms, &start.units), above.off(n_terms, &lengths(moved.t())));
        let lengths = self.lengths.iter().zip(&start.lengths);
        above.sum(self.p.view(), lengths.map(|(x, y)| of_start(*x) + of_move(*y)), outputs)
    }

    /// The outputs at a first layer W (m x d), divided by a power of two; gives the points of which the sign is in doubt.
    pub(super) fn forward(
        &mut self,
        w: ArrayView2<'_, f64>,
        above: Above<'_>,
        outputs: ArrayViewMut1<'_, f64>,
    ) -> Vec<usize> {
        let (scale, units) = scaled_lengths(w);
        self.weights = w.mapv(|w| (w / scale) as f32);
        let n_terms = match &self.points {
            Points::Sparse(points, most) => {
                points.times_transposed(self.weights.view(), self.p.view_mut(), &mut self.work);
                *most
            }
            Points::Dense(points) => {
                multiply_into(Accumulate::Replace, points.view(), self.weights.t(), self.p.view_mut());
                points.ncols()
            }
        };
        let off = above.off(n_terms, &units);
        above.sum(self.p.view(), self.lengths.iter().map(|x| off(*x)), outputs)
    }
}

impl Above<'_> {
    /// What an output may be off where its pre-activations are sums of so many products: of the length of a vector for a point, given those for the units.
    fn off(self, n_terms: usize, units: &[f64]) -> impl Fn(f64) -> f64 + use<> {
        let sum_of_abs = |length: &dyn Fn(f64) -> f64| -> f64 {
            self.u.iter().zip(units).map(|(u, unit)| u.abs() * length(*unit)).sum()
        };
        let (of_lengths, of_ones) = (sum_of_abs(&|unit| unit + BELOW_RANGE), sum_of_abs(&|_| BELOW_RANGE));
        let rounding = (n_terms + 2) as f64 * ROUNDING;
        // of no number of products so large that the bound says nothing
        let gamma = if rounding < 1.0 { rounding / (1.0 - rounding) } else { f64::INFINITY };
        let factor = (gamma + ROUNDING) * self.slope.abs().max(1.0);
        move |point| factor * (of_lengths * (point + BELOW_RANGE) + of_ones)
    }

    /// The outputs, and which of them do not exceed what they may be off.
    fn sum(
        self,
        p: ArrayView2<'_, f32>,
        off: impl Iterator<Item = f64>,
        mut outputs: ArrayViewMut1<'_, f64>,
    ) -> Vec<usize> {
        for (p, f) in p.rows().into_iter().zip(&mut outputs) {
            *f = p.to_slice().map_or(f64::NAN, |p| self.of_row(p));
        }
        // one that is no number is no larger
        let is_certain = |(f, off): (&f64, f64)| f.abs() > off && f.is_finite();
        let certain = outputs.iter().zip(off).map(is_certain);
        certain.enumerate().filter(|(_, is_certain)| !is_certain).map(|(i, _)| i).collect()
    }

    fn of_row(self, p: &[f32]) -> f64 {
        let Self { u, slope } = self;
        vectorized(
            #[inline(always)]
            move || {
                let phi = |p: f32| {
                    let p = f64::from(p);
                    if p > 0.0 { p } else { slope * p }
                };
                let ((p, last_p), (u, last_u)) = (p.as_chunks::<LANES>(), u.as_chunks::<LANES>());
                let mut lanes = [0.0; LANES];
                for (p, u) in p.iter().zip(u) {
                    for ((lane, p), u) in lanes.iter_mut().zip(p).zip(u) {
                        *lane += u * phi(*p);
                    }
                }
                lanes.iter().sum::<f64>() + last_p.iter().zip(last_u).map(|(p, u)| u * phi(*p)).sum::<f64>()
            },
        )
    }
}

/// Lengths of the rows of a matrix.
fn lengths(a: ArrayView2<'_, f64>) -> Vec<f64> {
    a.rows().into_iter().map(|row| vector::euclidean_norm(&row.to_vec())).collect()
}

/// A power of two, and the lengths of the rows divided by it, of which the largest is about one.
fn scaled_lengths(a: ArrayView2<'_, f64>) -> (f64, Vec<f64>) {
    let mut lengths = lengths(a);
    let scale = power_of_two(vector::max_abs(&lengths));
    lengths.iter_mut().for_each(|length| *length /= scale);
    (scale, lengths)
}

/// The largest power of two that is not larger, between 2^-400 and 2^400; one of zero and of what is no number.
fn power_of_two(length: f64) -> f64 {
    const EXPONENT: u64 = 0x7ff << 52;
    const SMALLEST: f64 = f64::from_bits((1023 - 400) << 52);
    if length > 0.0 && length.is_finite() {
        f64::from_bits(length.to_bits() & EXPONENT).clamp(SMALLEST, 1.0 / SMALLEST)
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, s};

    const D: usize = 60;
    const M: usize = 21;

    /// Numbers between -1/2 and 1/2: the upper halves of a linear congruential sequence.
    struct Draw(u64);

    impl Draw {
        fn matrix(&mut self, shape: (usize, usize)) -> Array2<f64> {
            Array2::from_shape_simple_fn(shape, || {
                self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (self.0 >> 32) as f64 / f64::from(u32::MAX) - 0.5
            })
        }
    }

    fn output(w: &Array2<f64>, above: Above<'_>, x: &Array1<f64>) -> f64 {
        let phi = |p: f64| if p > 0.0 { p } else { above.slope * p };
        w.dot(x).iter().zip(above.u).map(|(p, u)| u * phi(*p)).sum()
    }

    /// Points ever closer to where the output changes its sign, on both sides; every other input zero where they are to be `dark`.
    fn points(draw: &mut Draw, w: &Array2<f64>, above: Above<'_>, is_dark: bool) -> Array2<f64> {
        let mut rows = Vec::new();
        while rows.len() < 480 * D {
            let mut ends = draw.matrix((2, D));
            if is_dark {
                ends.indexed_iter_mut().for_each(|((_, k), x)| *x *= f64::from(u8::from(k % 3 == 0)));
            }
            let at = |part: f64| &ends.row(0) * (1.0 - part) + &ends.row(1) * part;
            let is_positive = |part: f64| output(w, above, &at(part)) > 0.0;
            let (mut low, mut high) = (0.0, 1.0);
            if is_positive(low) == is_positive(high) {
                continue;
            }
            for _ in 0..60 {
                let middle = f64::midpoint(low, high);
                *(if is_positive(middle) == is_positive(low) { &mut low } else { &mut high }) = middle;
            }
            for k in 1..=6 {
                for side in [-1.0, 1.0] {
                    rows.extend(at(low + side * 10_f64.powi(-2 * k)));
                }
            }
        }
        Array2::from_shape_vec((480, D), rows).unwrap()
    }

    /// Checks the signs that are not in doubt, and that these are some but not all, while single precision has some wrong.
    fn check(w: &Array2<f64>, above: Above<'_>, x: &Array2<f64>, found: &Array1<f64>, in_doubt: &[usize]) {
        let mut wrong = 0;
        for (i, x) in x.rows().into_iter().enumerate() {
            let exact = output(w, above, &x.to_owned());
            if exact.abs() > 1e-13 && (exact > 0.0) != (found[i] > 0.0) {
                wrong += 1;
                assert!(in_doubt.contains(&i), "point {i}: {exact:e} is taken for {:e}", found[i]);
            }
        }
        assert!(wrong > 10 && in_doubt.len() < 400, "{wrong} wrong, {} in doubt", in_doubt.len());
    }

    #[test]
    fn a_sign_that_is_not_in_doubt_is_right() {
        let mut draw = Draw(6);
        for (slope, is_dark, scale) in [(0.0, false, 1.0), (1.0, true, 1e-60), (-1.5, true, 1e90), (0.0, true, 1.0)] {
            let (w, u) = (scale * draw.matrix((M, D)), draw.matrix((1, M)));
            let above = Above { u: u.as_slice().unwrap(), slope };
            let x = points(&mut draw, &(&w / scale), above, is_dark);
            let mut single = Single::new(x.view(), M);
            assert_eq!(matches!(single.points, Points::Sparse(..)), is_dark);
            let mut outputs = Array1::zeros(x.nrows());
            let in_doubt = single.forward(w.view(), above, outputs.view_mut());
            check(&(&w / scale), above, &x, &outputs, &in_doubt);

            // the same W, some way from where it started
            let (a, v) = (scale * draw.matrix((5, M)), draw.matrix((5, D)));
            let start = &w - a.t().dot(&v);
            assert_eq!(single.follow(a.view(), above, outputs.view_mut()).len(), x.nrows(), "no start");
            single.begin(start.view(), x.dot(&start.t()).view(), x.dot(&v.t()).view());
            outputs.fill(f64::NAN);
            let in_doubt = single.follow(a.view(), above, outputs.view_mut());
            check(&(&w / scale), above, &x, &outputs, &in_doubt);
        }
    }

    #[test]
    fn what_leaves_the_range_is_in_doubt() {
        let x = Array2::from_shape_fn((3, 2), |(i, k)| if i == 0 { 0.0 } else { (i + k) as f64 });
        let mut single = Single::new(x.view(), 2);
        let mut outputs = Array1::zeros(3);
        let above = Above { u: &[1.0, -0.5], slope: 0.0 };
        let w = ndarray::array![[1.0, 2.0], [f64::NAN, 1.0]];
        assert_eq!(single.forward(w.view(), above, outputs.view_mut()), [0, 1, 2]);
        let w = ndarray::array![[1.0, 2.0], [0.0, 1.0]];
        assert_eq!(single.forward(w.view(), above, outputs.view_mut()), [0], "a point at zero");
        // a movement far beyond the range, from next to nothing
        let (w, v) = (1e-60 * &w, ndarray::array![[1.0, 0.0]]);
        single.begin(w.view(), x.dot(&w.t()).view(), x.dot(&v.t()).view());
        assert_eq!(single.follow(ndarray::array![[1.0, 1.0]].view(), above, outputs.view_mut()), [0, 1, 2]);
        // weights below the range, beside others
        let w = ndarray::array![[1e-100, 0.0], [0.0, 0.0]];
        let above = Above { u: &[1.0, 0.0], slope: 0.0 };
        let far = ndarray::array![[1e-200, 0.0], [1.0, 0.0]];
        assert_eq!(single.forward(far.view(), above, outputs.view_mut()), [0, 1, 2]);
        assert_eq!(single.forward(w.view(), above, outputs.view_mut()), [0]);
        assert!(outputs.slice(s![1..]).iter().all(|f| *f > 0.0));
    }
}
