//! Outputs of a two-layer network in single precision, and which of their signs rounding may have changed.

use super::above::Above;
use super::anchor::{Anchor, Layer};
use super::points::{Form, SinglePoints};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut1, ArrayViewMut2, Axis, CowArray, Ix2, s};
use std::sync::Arc;
use steepest_core::linalg::{Accumulate, SparseWork, multiply_into};
use steepest_core::vector::{self, vectorized};

/// Points that follow the first layer at a time: their pre-activations stay in the second cache.
const POINTS: usize = 256;

/// The test points X_t (t x d) in single precision.
///
/// A sum of k products whose factors were rounded before is off by at most gamma sum |x_l| |w_l| <= gamma ||x|| ||w||, gamma = (k + 2) eps / (1 - (k + 2) eps),
/// eps = 2^-24, in whatever order it is summed (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1). One eps more is for what double
/// precision rounds: the layer above, and products with where a displacement started. An output is off by no more than max(1, |slope|) sum_j |u_j| times
/// that, and its sign is certain where it is larger. Everything is divided by powers of two first, so that the longest vectors have a length of about one.
///
/// Only those points are looked at of which the sign may have changed since all were ([`Anchor`]).
pub(super) struct Single {
    points: Arc<SinglePoints>,
    work: SparseWork<f32>,
    /// Where the first layer of a displacement started, once it was needed.
    start: Option<Start>,
    looked: Looked,
}

/// Where all points were looked at last; and their pre-activations, of some of them or all.
#[derive(Default)]
struct Looked {
    anchor: Option<Anchor>,
    p: Array2<f32>,
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
    pub(super) fn new(points: Arc<SinglePoints>, width: usize) -> Self {
        let p = Array2::default((points.lengths.len(), width));
        Self { points, work: SparseWork::default(), start: None, looked: Looked { anchor: None, p } }
    }

    /// Another dynamics takes over.
    pub(super) fn switch(&mut self) {
        self.start = None;
        self.looked.anchor = None;
    }

    /// Whether it is known where the displacement of the present dynamics started.
    pub(super) fn knows_start(&self) -> bool {
        self.start.is_some()
    }

    /// A displacement W - W0 = A^T V starts at W0, with P0 = X_t W0^T and Y = X_t V^T.
    pub(super) fn begin(&mut self, w: ArrayView2<'_, f64>, p: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>) {
        let ((w_scale, units), (product_scale, lengths)) = (scaled_lengths(w), scaled_lengths(y));
        let scale = power_of_two(self.points.scale * w_scale);
        let factor = self.points.scale * w_scale / scale;
        self.looked.anchor = None;
        self.start = Some(Start {
            pre_activations: p.mapv(|p| (p / scale) as f32),
            scale,
            units: units.iter().map(|length| factor * length).collect(),
            products: y.mapv(|y| (y / product_scale) as f32),
            product_scale,
            lengths,
        });
    }

    /// The outputs where W has moved by A^T V (A is r x m) since [`begin`](Self::begin), divided by a power of two, or others of the same sign; gives the
    /// points of which the sign is in doubt.
    pub(super) fn follow(
        &mut self,
        a: ArrayView2<'_, f64>,
        above: Above<'_>,
        outputs: ArrayViewMut1<'_, f64>,
    ) -> Vec<usize> {
        let Some(start) = &self.start else { return (0..outputs.len()).collect() };
        let factor = start.product_scale / start.scale;
        let moved = Array2::from_shape_fn((a.ncols(), a.nrows()), |(j, k)| factor * a[(k, j)]);
        // P0 is one term more
        let n_terms = a.nrows() + 1;
        let (of_start, of_move) = (above.off(n_terms, &start.units), above.off(n_terms, &lengths(moved.view())));
        let off = |i: usize| of_start(self.points.lengths[i]) + of_move(start.lengths[i]);
        let fixed = Some((&start.units[..], &self.points.lengths[..]));
        let layer = Layer { weights: moved.mapv(|a| a as f32), above, lengths: &start.lengths, fixed };
        self.looked.look(layer, off, outputs, |which, weights, p| start.pre_activations(which, weights, p))
    }

    /// The outputs at a first layer W (m x d), divided by a power of two, or others of the same sign; gives the points of which the sign is in doubt.
    pub(super) fn forward(
        &mut self,
        w: ArrayView2<'_, f64>,
        above: Above<'_>,
        outputs: ArrayViewMut1<'_, f64>,
    ) -> Vec<usize> {
        let (scale, units) = scaled_lengths(w);
        let Self { points, work, looked, .. } = self;
        let n_terms = match &points.form {
            Form::Sparse(_, most) => *most,
            Form::Dense(points) => points.ncols(),
        };
        let off = above.off(n_terms, &units);
        let weights = in_single(w, scale);
        let layer = Layer { weights, above, lengths: &points.lengths, fixed: None };
        looked.look(
            layer,
            |i| off(points.lengths[i]),
            outputs,
            |which, weights, p| {
                points.pre_activations(which, weights, p, work);
            },
        )
    }
}

impl Looked {
    /// The outputs at this layer, or others of the same sign, and the points of which that is in doubt, where `off` says what an output may be off and
    /// `find` pre-activations, of these points or of all.
    fn look(
        &mut self,
        layer: Layer<'_>,
        off: impl Fn(usize) -> f64,
        mut outputs: ArrayViewMut1<'_, f64>,
        mut find: impl FnMut(Option<&[usize]>, ArrayView2<'_, f32>, ArrayViewMut2<'_, f32>),
    ) -> Vec<usize> {
        let Self { anchor, p } = self;
        let asked = anchor.as_mut().and_then(|anchor| anchor.in_question(&layer));
        if let (Some(anchor), Some(asked)) = (&*anchor, asked) {
            let mut p = p.slice_mut(s![..asked.len(), ..]);
            find(Some(&asked), layer.weights.view(), p.view_mut());
            let mut found = Array1::zeros(asked.len());
            let in_doubt = layer.above.sum(p.view(), asked.iter().map(|i| off(*i)), found.view_mut());
            outputs.assign(anchor.outputs());
            asked.iter().zip(&found).for_each(|(i, f)| outputs[*i] = *f);
            return in_doubt.into_iter().map(|k| asked[k]).collect();
        }
        find(None, layer.weights.view(), p.view_mut());
        let in_doubt = layer.above.sum(p.view(), (0..outputs.len()).map(&off), outputs.view_mut());
        *anchor = Some(Anchor::new(layer, outputs.to_owned(), off));
        in_doubt
    }
}

impl SinglePoints {
    /// X_t W^T, of all points or of these.
    fn pre_activations(
        &self,
        which: Option<&[usize]>,
        weights: ArrayView2<'_, f32>,
        p: ArrayViewMut2<'_, f32>,
        work: &mut SparseWork<f32>,
    ) {
        match (&self.form, which) {
            (Form::Sparse(points, _), None) => points.times_transposed(weights, p, work),
            (Form::Sparse(points, _), Some(which)) => points.rows_times_transposed(which, weights, p, work),
            (Form::Dense(points), which) => {
                multiply_into(Accumulate::Replace, rows_of(points, which).view(), weights.t(), p);
            }
        }
    }
}

impl Start {
    /// P0 + Y A, of all points or of these.
    fn pre_activations(&self, which: Option<&[usize]>, weights: ArrayView2<'_, f32>, mut p: ArrayViewMut2<'_, f32>) {
        let (start, products) = (rows_of(&self.pre_activations, which), rows_of(&self.products, which));
        let blocks = start.axis_chunks_iter(Axis(0), POINTS).zip(products.axis_chunks_iter(Axis(0), POINTS));
        for ((start, y), mut p) in blocks.zip(p.axis_chunks_iter_mut(Axis(0), POINTS)) {
            p.assign(&start);
            multiply_into(Accumulate::Add, y, weights.t(), p);
        }
    }
}

/// These rows of a matrix, or all.
fn rows_of<'m>(matrix: &'m Array2<f32>, which: Option<&[usize]>) -> CowArray<'m, f32, Ix2> {
    match which {
        Some(which) => matrix.select(Axis(0), which).into(),
        None => matrix.view().into(),
    }
}

/// A matrix divided by a power of two, in single precision.
pub(super) fn in_single(a: ArrayView2<'_, f64>, scale: f64) -> Array2<f32> {
    let factor = 1.0 / scale;
    vectorized(
        #[inline(always)]
        move || a.mapv(|a| (a * factor) as f32),
    )
}

/// Lengths of the rows of a matrix.
fn lengths(a: ArrayView2<'_, f64>) -> Vec<f64> {
    let length = |row: ArrayView1<'_, f64>| {
        row.to_slice().map_or_else(|| vector::euclidean_norm(&row.to_vec()), vector::euclidean_norm)
    };
    a.rows().into_iter().map(length).collect()
}

/// A power of two, and the lengths of the rows divided by it, of which the largest is about one.
pub(super) fn scaled_lengths(a: ArrayView2<'_, f64>) -> (f64, Vec<f64>) {
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
    use super::super::draw::Draw;
    use super::*;
    use ndarray::{Array1, s};

    const D: usize = 60;
    const M: usize = 21;

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
            let mut single = Single::new(Arc::new(SinglePoints::new(x.view())), M);
            assert_eq!(matches!(single.points.form, Form::Sparse(..)), is_dark);
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
        let mut single = Single::new(Arc::new(SinglePoints::new(x.view())), 2);
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
