//! K = L D R by complete pivoting, in numbers that keep their lower orders.

use super::basis::Basis;
use super::number::Number;
use super::part::{NONE, Part, power_of_two};

/// A pivot or an entry beside it is trusted if what it may lack is this many powers of two below it: 1e-10.
const TRUSTED: i64 = 33;

/// K = sum over pivots of left * pivot * right^T.
#[derive(Debug, Default)]
pub(super) struct Pivots {
    /// The columns of L: one where its pivot is, at most about one elsewhere.
    pub(super) left: Vec<Vec<f64>>,
    /// The pivots D, descending but for the growth of elimination.
    pub(super) diagonal: Vec<Part>,
    /// The rows of R.
    pub(super) right: Vec<Vec<f64>>,
    /// Whether an order that was dropped, or rounding, may have decided something.
    pub(super) doubtful: bool,
    /// Whether what is left over may lack an order.
    pub(super) incomplete: bool,
}

/// The matrix under elimination.
struct Remainder {
    entries: Vec<Vec<Number>>,
    rows: Vec<usize>,
    cols: Vec<usize>,
}

/// Decomposes sum_i weight_i u_i v_i^T, all in coordinates.
pub(super) fn decompose(weights: &[Part], u: &Basis, v: &Basis) -> Pivots {
    let mut rest = Remainder::new(weights, u, v);
    let mut found = Pivots::default();
    while let Some((i, j)) = rest.largest() {
        found.doubtful |= !rest.is_trusted(i, j);
        rest.eliminate(i, j, &mut found);
    }
    found.incomplete = rest.active().any(|x| x.lost() > NONE);
    found
}

impl Remainder {
    fn new(weights: &[Part], u: &Basis, v: &Basis) -> Self {
        let (rows, cols) = (u.chosen.len(), v.chosen.len());
        let mut parts: Vec<Vec<Part>> = vec![Vec::new(); rows * cols];
        for ((&weight, a), b) in weights.iter().zip(&u.coordinates).zip(&v.coordinates) {
            for &(i, a) in a {
                b.iter().for_each(|&(j, b)| parts[i * cols + j].push(weight.scaled(a * b)));
            }
        }
        let entries: Vec<Number> = parts.iter_mut().map(|all| Number::sum(all, NONE)).collect();
        let entries = entries.chunks(cols.max(1)).map(<[Number]>::to_vec).collect();
        Self { entries, rows: (0..rows).collect(), cols: (0..cols).collect() }
    }

    fn active(&self) -> impl Iterator<Item = &Number> {
        self.rows.iter().flat_map(move |&i| self.cols.iter().map(move |&j| &self.entries[i][j]))
    }

    fn largest(&self) -> Option<(usize, usize)> {
        let mut best: Option<(usize, usize)> = None;
        for &i in &self.rows {
            for &j in &self.cols {
                let x = &self.entries[i][j];
                if !x.is_zero() && best.is_none_or(|(k, l)| x.exceeds(&self.entries[k][l])) {
                    best = Some((i, j));
                }
            }
        }
        best
    }

    /// Whether nothing was lost that is visible beside this pivot, and its row and column are known to 1e-10 of it.
    fn is_trusted(&self, i: usize, j: usize) -> bool {
        let pivot = self.entries[i][j].leading();
        let known = |x: &Number| {
            let (part, shift) = (x.leading(), x.order().max(NONE / 2) - pivot.exponent);
            part.error * power_of_two(shift) <= power_of_two(-TRUSTED)
        };
        self.active().all(|x| x.lost() < pivot.exponent - TRUSTED)
            && self.rows.iter().all(|&k| known(&self.entries[k][j]))
            && self.cols.iter().all(|&l| known(&self.entries[i][l]))
    }

    fn eliminate(&mut self, i: usize, j: usize, found: &mut Pivots) {
        let pivot = self.entries[i][j];
        let inverse = pivot.inverse();
        self.rows.retain(|&k| k != i);
        self.cols.retain(|&l| l != j);
        let (mut left, mut right) = (vec![0.0; self.entries.len()], vec![0.0; self.entries[i].len()]);
        (left[i], right[j]) = (1.0, 1.0);
        let row = std::mem::take(&mut self.entries[i]);
        for &l in &self.cols {
            right[l] = row[l].times(&inverse).value();
        }
        for &k in &self.rows {
            let multiple = self.entries[k][j].times(&inverse);
            left[k] = multiple.value();
            for &l in &self.cols {
                if !(multiple.is_zero() && multiple.lost() == NONE) {
                    self.entries[k][l] = self.entries[k][l].minus_product(&multiple, &row[l]);
                }
            }
        }
        found.left.push(left);
        found.right.push(right);
        found.diagonal.push(pivot.rounded());
    }
}
