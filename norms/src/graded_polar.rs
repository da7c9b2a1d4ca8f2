//! The polar factor of a graded sum G = sum_i e^{s_i} u_i v_i^T in which every singular value counts, be it e^-8000 of the largest.
//!
//! # Mathematics
//! The polar factor moves by O(|E| + |F|) under G -> (I + E) G (I + F) of the same rank, however ill-conditioned G is. So
//! any G = X D Y^T will do in which X and Y have full column rank, are well conditioned and are right to rounding *as
//! matrices*, and D is diagonal and right to rounding *in each entry*. With terms sorted heaviest first and vectors of unit length:
//!
//! 1. A basis U of the u's, of the terms' own vectors, each that is not in the span of heavier ones: u_i = U c_i. Likewise
//!    v_i = V d_i. A coefficient below 1e-11 is exactly 0, so that structural zeros are zeros.
//! 2. K = sum_i e^{s_i} c_i d_i^T, so that G = U K V^T. Entries keep several orders, e^0 + e^-3000.
//! 3. K = L D R by complete pivoting in that arithmetic: K <- K - (k_j / p) k_i^T. A group of parts that cancels below 1e-11 is
//!    exactly 0; the orders below it stay. X = U L, Y = V R^T.
//! 4. X = Q_x R_x, Y = Q_y R_y, so G = Q_x C Q_y^T with C = R_x D R_y^T. C^T = Z D, z_k = sum_{j >= k} (R_x)_kj (d_j / d_k)
//!    (R_y)_j: ordinary unit columns with a scale each.
//! 5. One-sided Jacobi with these scales: C^T J = W Sigma; C = J Sigma W^T. The polar factor is (Q_x J)(Q_y W)^T, the nuclear norm
//!    tr Sigma.
//!
//! Its error is rounding times the condition numbers of U, V, L and R, whatever the weights. What may be wrong is told:
//! [`GradedPolar::suspicious`]. Within a vector nothing is graded: of one that lies in the span of heavier ones, what is below 1e-11 of
//! its length counts as rounding.

mod basis;
mod jacobi;
mod number;
mod part;
mod pivots;

use basis::{Basis, Factor};
use jacobi::Columns;
use ndarray::Array2;
use part::{Part, power_of_two};
use pivots::Pivots;
use steepest_core::logspace;
use steepest_core::vector::{dot, max_abs};

/// The term e^ln_weight u v^T of a graded sum.
#[derive(Clone, Copy, Debug)]
pub struct Term<'a> {
    /// ln of the weight; -inf for a term that is not there.
    pub ln_weight: f64,
    /// One entry a row.
    pub u: &'a [f64],
    /// One entry a column.
    pub v: &'a [f64],
}

/// What [`graded_polar`] found.
#[derive(Clone, Debug)]
pub struct GradedPolar {
    /// U V^T of G = U S V^T over every singular value that is not zero; NaN where a term is not finite.
    pub direction: Array2<f64>,
    /// ln of the nuclear norm; -inf for the zero matrix.
    pub ln_dual: f64,
    /// The rank that was found.
    pub n_pivots: usize,
    /// The rank of the same terms under weights of order one.
    pub rank_of_order_one: usize,
    /// Whether an order that was dropped, or rounding at 1e-10, may have decided something.
    pub suspicious: bool,
}

impl GradedPolar {
    fn constant(rows: usize, cols: usize, entry: f64, ln_dual: f64) -> Self {
        let direction = Array2::from_elem((rows, cols), entry);
        Self { direction, ln_dual, n_pivots: 0, rank_of_order_one: 0, suspicious: false }
    }
}

/// The polar factor of sum_i e^{ln_weight_i} u_i v_i^T, whatever the spread of the weights.
///
/// # Panics
/// If a u has not `rows` entries, or a v not `cols`.
pub fn graded_polar(terms: &[Term<'_>], rows: usize, cols: usize) -> GradedPolar {
    for term in terms {
        assert!(term.u.len() == rows && term.v.len() == cols, "a term of a {rows} x {cols} matrix has another size");
    }
    let Some(sorted) = Sorted::new(terms) else {
        return GradedPolar::constant(rows, cols, f64::NAN, f64::NAN);
    };
    if sorted.weights.is_empty() {
        return GradedPolar::constant(rows, cols, 0.0, f64::NEG_INFINITY);
    }
    let (u, v) = (Basis::new(&sorted.u), Basis::new(&sorted.v));
    let found = pivots::decompose(&sorted.weights, &u, &v);
    let order_one: Vec<Part> =
        (1..=sorted.weights.len()).map(|k| Part::of(1.0 + (k as f64 * GOLDEN).fract())).collect();
    let rank_of_order_one = pivots::decompose(&order_one, &u, &v).diagonal.len();
    let n_pivots = found.diagonal.len();
    let mut polar = GradedPolar {
        n_pivots,
        rank_of_order_one,
        suspicious: found.doubtful || (found.incomplete && n_pivots < rank_of_order_one),
        ..GradedPolar::constant(rows, cols, 0.0, f64::NEG_INFINITY)
    };
    let x = factor(&u, &sorted.u, &found.left);
    let y = factor(&v, &sorted.v, &found.right);
    polar.finish(&found, &x, &y);
    polar
}

/// Multiples of the golden ratio spread evenly: weights of order one without ties.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// The terms that are not zero, heaviest first, vectors of unit length.
struct Sorted {
    weights: Vec<Part>,
    u: Vec<Vec<f64>>,
    v: Vec<Vec<f64>>,
}

impl Sorted {
    /// `None` where something is not finite.
    fn new(terms: &[Term<'_>]) -> Option<Self> {
        let mut all = Vec::with_capacity(terms.len());
        for term in terms {
            if term.ln_weight.is_nan() || term.ln_weight == f64::INFINITY {
                return None;
            }
            if !term.u.iter().chain(term.v).all(|x| x.is_finite()) {
                return None;
            }
            if let (Some((a, u)), Some((b, v)), true) = (unit(term.u), unit(term.v), term.ln_weight.is_finite()) {
                all.push((Part::exp(term.ln_weight).times(a).times(b), u, v));
            }
        }
        all.sort_by(|a, b| b.0.compare(&a.0));
        let mut sorted = Self { weights: Vec::new(), u: Vec::new(), v: Vec::new() };
        for (weight, u, v) in all {
            sorted.weights.push(weight);
            sorted.u.push(u);
            sorted.v.push(v);
        }
        Some(sorted)
    }
}

/// The length, and the vector divided by it; `None` for the zero vector.
fn unit(x: &[f64]) -> Option<(Part, Vec<f64>)> {
    let mut largest = max_abs(x);
    let shift = if largest < TINY { 512 } else { 0 };
    let mut unit: Vec<f64> = x.iter().map(|v| v * power_of_two(shift)).collect();
    largest *= power_of_two(shift);
    if largest == 0.0 {
        return None;
    }
    unit.iter_mut().for_each(|v| *v /= largest);
    let length = dot(&unit, &unit).sqrt();
    unit.iter_mut().for_each(|v| *v /= length);
    Some((Part::of(largest).scaled(length).shifted(-shift), unit))
}

/// Vectors below this are scaled up first.
const TINY: f64 = 1e-200;

/// The QR factors of the basis times the columns of L, or the rows of R.
fn factor(basis: &Basis, vectors: &[Vec<f64>], multiples: &[Vec<f64>]) -> Factor {
    let mut factor = Factor::default();
    for column in multiples {
        let mut x = vec![0.0; vectors[0].len()];
        for (&k, &multiple) in basis.chosen.iter().zip(column) {
            if multiple != 0.0 {
                x.iter_mut().zip(&vectors[k]).for_each(|(x, b)| *x += multiple * b);
            }
        }
        factor.append(&x, 0.0);
    }
    factor
}

impl GradedPolar {
    fn give_up(&mut self) {
        self.suspicious = true;
        self.direction.fill(f64::NAN);
        self.ln_dual = f64::NAN;
    }

    /// Steps 4 and 5.
    fn finish(&mut self, found: &Pivots, x: &Factor, y: &Factor) {
        let r = found.diagonal.len();
        if x.r.len() < r || y.r.len() < r {
            // L or R is singular to the last bit
            self.give_up();
            return;
        }
        let column = |k: usize| {
            let mut z = vec![0.0; r];
            for j in k..r {
                let multiple = x.r[j][k] * found.diagonal[j].over(&found.diagonal[k]);
                z.iter_mut().zip(&y.r[j]).for_each(|(z, y)| *z += multiple * y);
            }
            if found.diagonal[k].value < 0.0 {
                z.iter_mut().for_each(|z| *z = -*z);
            }
            z
        };
        let scales = found.diagonal.iter().map(|p| Part { value: p.value.abs(), ..*p });
        let mut columns = Columns::new((0..r).map(column).collect(), scales);
        let Some(rotation) = columns.orthogonalise() else {
            self.give_up();
            return;
        };
        for (j, w) in rotation.iter().zip(&columns.unit) {
            let (left, right) = (combine(&x.q, j), combine(&y.q, w));
            for (row, &a) in self.direction.rows_mut().into_iter().zip(&left) {
                row.into_iter().zip(&right).for_each(|(out, &b)| *out += a * b);
            }
        }
        let lns: Vec<f64> = columns.length.iter().map(|length| length.ln()).collect();
        self.ln_dual = logspace::log_sum_exp(&lns);
    }
}

/// Q c.
fn combine(q: &[Vec<f64>], c: &[f64]) -> Vec<f64> {
    let mut x = vec![0.0; q[0].len()];
    for (q, &c) in q.iter().zip(c) {
        x.iter_mut().zip(q).for_each(|(x, q)| *x += c * q);
    }
    x
}

#[cfg(test)]
mod tests;
