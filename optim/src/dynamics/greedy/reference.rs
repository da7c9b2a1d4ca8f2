//! The search among the weights of one neuron.

use super::best::Best;
use super::bounds::{Fit, fit, norm, rest};
use super::filter::{BATCH, Sums};
use super::problem::Problem;
use super::support::Support;
use super::work::Work;
use std::ops::Range;
use steepest_core::vector;

/// 2^-22: on each pass, rounding of a sum of four products in single precision relative to all that is summed, with room.
const ROUNDING: f64 = 1.0 / 4_194_304.0;
/// What products below the range of a single can add, in units of the largest input.
const INVISIBLE: f64 = 1e-36;
/// Rounding, relative to the largest entry, at which a reference is built anew.
const LARGEST_ERROR: f64 = 1e-2;
/// Sizes of v_a outside of which a reference is built anew, so that single precision neither under- nor overflows.
const SIZES: Range<f64> = 1e-6..1e6;
/// Columns that a search should open.
const FEW: u64 = 15;
const MANY: u64 = 50;

/// An earlier cotangent v_a of neuron j with a = X^T v_a.
///
/// The gradient in w_jl at v = c o phi'(P_j) is u_j <v, X_l>. With v = s v_a + r it is at most |u_j| (|s| |a_l| + N |r| + |s| error) in size, where
/// N = max_l |X_l restricted to the samples of v and v_a|. Whatever reaches the best is computed to all digits from the column of X.
#[derive(Debug)]
pub(super) struct Reference {
    pub(super) unit: usize,
    v: Vec<f64>,
    /// In units of the largest input, as are the sums of squares and the error.
    a: Sums,
    largest: f64,
    /// A bound on the error of each entry of a.
    error: f64,
    support: Option<Support>,
    /// N |r| that is good enough for a scan, relative to the largest entry of s a.
    tolerance: f64,
    /// The place of the largest entry that was computed last.
    pub(super) leader: usize,
}

/// What one search shares with all others of the step.
#[derive(Debug)]
pub(super) struct Scratch {
    /// (|r_i|, i), heaviest first, once rows are to be added.
    order: Vec<(f64, usize)>,
    places: Vec<usize>,
}

impl Scratch {
    pub(super) const fn new() -> Self {
        Self { order: Vec::new(), places: Vec::new() }
    }
}

/// The neuron that is searched, at the present point.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    /// c o phi'(P_j).
    pub(super) v: &'a [f64],
    pub(super) u: f64,
    /// The weight that the two-sided rule holds: it has no gradient.
    pub(super) held: Option<usize>,
}

impl Target<'_> {
    /// Computes one entry to all digits.
    pub(super) fn open(&self, problem: &Problem, unit: usize, l: usize, best: &mut Best, work: &mut Work) -> f64 {
        if self.held == Some(l) {
            return 0.0;
        }
        work.columns += 1;
        let value = self.u * vector::dot(self.v, problem.column(l));
        best.offer(unit * problem.d + l, value);
        value.abs()
    }
}

impl Reference {
    pub(super) fn new(problem: &Problem, unit: usize) -> Self {
        Self {
            unit,
            v: vec![0.0; problem.n],
            a: Sums::new(problem.stride),
            largest: 0.0,
            error: 0.0,
            support: (problem.slope == 0.0).then(|| Support::new(problem)),
            tolerance: 0.2,
            leader: 0,
        }
    }

    /// A bound on every entry of this neuron at v, from the reference as it is.
    pub(super) fn reach(&mut self, problem: &Problem, target: &Target<'_>) -> f64 {
        let v = target.v;
        let fit = fit(v, &self.v);
        if self.is_poor(v, fit) {
            return target.u.abs() * problem.longest * norm(v);
        }
        let length = self.cover(problem, v);
        target.u.abs() * self.bound(problem, fit, length).min(problem.longest * norm(v))
    }

    /// Whether v is too far from v_a, or what rounding left in a too large.
    fn is_poor(&self, v: &[f64], fit: Fit) -> bool {
        let is_far = fit.factor <= 0.0 || fit.rest > 0.9 * norm(v) || !SIZES.contains(&norm(&self.v));
        is_far || self.error > LARGEST_ERROR * self.largest
    }

    /// N for the samples of v and v_a.
    fn cover(&mut self, problem: &Problem, v: &[f64]) -> f64 {
        self.support.as_mut().map_or(problem.longest, |support| support.cover(problem, v, &self.v))
    }

    /// Opens every entry of this neuron that may win at v.
    pub(super) fn search(
        &mut self,
        problem: &Problem,
        target: &Target<'_>,
        best: &mut Best,
        scratch: &mut Scratch,
        work: &mut Work,
    ) {
        let (v, u) = (target.v, target.u.abs());
        if vector::max_abs(v) == 0.0 || best.excludes(u * problem.longest * norm(v)) {
            return;
        }
        let mut fit = fit(v, &self.v);
        if self.is_poor(v, fit) {
            fit = self.rebuild(problem, v, work);
        }
        let length = self.cover(problem, v);
        let allowed =
            |reference: &Self, fit: Fit| reference.tolerance * fit.factor * problem.unit * reference.largest / length;
        if fit.rest > allowed(self, fit) && !best.excludes(u * self.bound(problem, fit, length)) {
            self.order(v, fit, &mut scratch.order);
            if 2 * heaviest(&scratch.order, allowed(self, fit)) > v.iter().filter(|v| **v != 0.0).count() {
                fit = self.rebuild(problem, v, work);
                scratch.order.clear();
            }
            for some in scratch.order.chunks(BATCH) {
                self.push(problem, v, fit.factor, some, work);
                fit.rest = rest(v, &self.v, fit.factor);
                if fit.rest <= allowed(self, fit) || best.excludes(u * self.bound(problem, fit, length)) {
                    break;
                }
            }
        }
        if !best.excludes(u * self.bound(problem, fit, length)) {
            self.scan(problem, target, (fit, length), best, scratch, work);
        }
    }

    /// A bound on |<v, X_l>| for every l, where the columns restricted to the samples of v and v_a are at most of this length.
    fn bound(&self, problem: &Problem, fit: Fit, length: f64) -> f64 {
        fit.factor.abs() * problem.unit * (self.largest + self.error) + length * fit.rest
    }

    /// The samples by |r_i|, heaviest first.
    fn order(&self, v: &[f64], fit: Fit, order: &mut Vec<(f64, usize)>) {
        order.clear();
        let rests = v.iter().zip(&self.v).map(|(v, reference)| (v - fit.factor * reference).abs());
        order.extend(rests.enumerate().map(|(i, rest)| (rest, i)).filter(|(rest, _)| *rest != 0.0));
        order.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    }

    /// v_a = v, scaled, and a from nothing.
    fn rebuild(&mut self, problem: &Problem, v: &[f64], work: &mut Work) -> Fit {
        work.rebuilds += 1;
        let scale = vector::max_abs(v);
        self.v.fill(0.0);
        self.a.clear();
        (self.largest, self.error) = (0.0, INVISIBLE);
        let mut some = [(0.0, 0); BATCH];
        let mut filled = 0;
        for (i, _) in v.iter().enumerate().filter(|(_, v)| **v != 0.0) {
            some[filled] = (0.0, i);
            filled += 1;
            if filled == BATCH {
                self.push(problem, v, scale, &some, work);
                filled = 0;
            }
        }
        if filled > 0 {
            self.push(problem, v, scale, &some[..filled], work);
        }
        Fit { factor: scale, rest: rest(v, &self.v, scale) }
    }

    /// Brings v_a to v / `factor` at a few samples.
    fn push(&mut self, problem: &Problem, v: &[f64], factor: f64, some: &[(f64, usize)], work: &mut Work) {
        let (mut rows, mut factors, mut sum) = ([problem.row(0); BATCH], [0.0; BATCH], 0.0);
        for ((row, share), &(_, i)) in rows.iter_mut().zip(&mut factors).zip(some) {
            let new = v[i] / factor;
            let change = new - std::mem::replace(&mut self.v[i], new);
            (*row, *share) = (problem.row(i), change as f32);
            sum += change.abs();
        }
        let largest = self.a.add::<false>(rows, factors);
        self.error += ROUNDING * (self.largest + largest + 2.0 * sum) + INVISIBLE;
        self.largest = largest;
        work.pushed += some.len() as u64;
    }

    /// Computes all entries whose bound reaches the best.
    fn scan(
        &mut self,
        problem: &Problem,
        target: &Target<'_>,
        (fit, length): (Fit, f64),
        best: &mut Best,
        scratch: &mut Scratch,
        work: &mut Work,
    ) {
        // the least |a_l| that may reach the best, rounded down
        let least = |best: &Best| {
            let without_rest = best.needed() / target.u.abs() - length * fit.rest;
            ((without_rest / (fit.factor * problem.unit) - self.error) * (1.0 - 1e-6)) as f32
        };
        let Some(leader) = self.a.reaching(least(best), problem.d, &mut scratch.places) else { return };
        let before = work.columns;
        let (mut largest, mut leads) = (target.open(problem, self.unit, leader, best, work), leader);
        let scale = fit.factor * problem.unit;
        for l in scratch.places.iter().copied().filter(|&l| l != leader) {
            let length = self.support.as_ref().map_or(length, |support| support.length(problem, l));
            let bound = scale * (self.a.magnitude(l) + self.error) + length * fit.rest;
            if best.excludes(target.u.abs() * bound) {
                continue;
            }
            let magnitude = target.open(problem, self.unit, l, best, work);
            if magnitude > largest {
                (largest, leads) = (magnitude, l);
            }
        }
        self.leader = leads;
        let opened = work.columns - before;
        if opened > MANY {
            self.tolerance = (self.tolerance * 0.9).max(1e-4);
        } else if opened < FEW {
            self.tolerance = (self.tolerance * 1.1).min(0.5);
        }
    }
}

/// How many of the rests, heaviest first, must go so that the others are at most `allowed` long.
fn heaviest(order: &[(f64, usize)], allowed: f64) -> usize {
    let (mut squares, mut left) = (0.0, order.len());
    while left > 0 {
        squares += order[left - 1].0.powi(2);
        if squares > allowed * allowed {
            break;
        }
        left -= 1;
    }
    left
}
