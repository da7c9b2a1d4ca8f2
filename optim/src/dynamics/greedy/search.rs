//! The exact arg-max of |gradient| without the gradient.

use super::best::{Best, Winner};
use super::bounds::norm;
use super::outputs::Anchor;
use super::problem::Problem;
use super::reference::{Reference, Scratch, Target};
use super::units::Units;
use super::work::Work;

/// All that bounds are made of. Nothing here decides a step: bounds exclude entries, and those that are left are computed.
#[derive(Debug)]
pub(super) struct Search {
    pub(super) best: Best,
    /// The entry that won last.
    last: Option<usize>,
    anchor: Anchor,
    references: Vec<Reference>,
    /// Whether each unit has a reference.
    is_tracked: Vec<bool>,
    /// References to search, by the largest entry that is known.
    queue: Vec<(f64, usize)>,
    scratch: Scratch,
    /// c o phi'(P_j) of the unit in hand.
    v: Vec<f64>,
}

/// A cotangent of one unit that the two-sided rule chose in place of c o phi'(P_j), and the weight that has no gradient under it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Held {
    pub(super) unit: usize,
    pub(super) v: Vec<f64>,
    pub(super) input: usize,
}

/// Where to search.
#[derive(Clone, Copy)]
pub(super) struct Point<'a> {
    pub(super) problem: &'a Problem,
    /// The cotangent on the outputs.
    pub(super) c: &'a [f64],
    /// Where u is in theta; `None` if it is frozen.
    pub(super) outputs_at: Option<usize>,
    pub(super) held: Option<&'a Held>,
}

impl Point<'_> {
    /// Writes the cotangent of unit j.
    fn target<'v>(&self, j: usize, units: &Units, v: &'v mut [f64]) -> Target<'v> {
        let held = self.held.filter(|held| held.unit == j);
        match held {
            Some(held) => v.copy_from_slice(&held.v),
            None => units.cotangent_into(j, self.c, v),
        }
        Target { v, u: units.u[j], held: held.map(|held| held.input) }
    }
}

impl Search {
    pub(super) fn new(n: usize, width: usize) -> Self {
        Self {
            best: Best::new(),
            last: None,
            anchor: Anchor::default(),
            references: Vec::new(),
            is_tracked: vec![false; width],
            queue: Vec::new(),
            scratch: Scratch::new(),
            v: vec![0.0; n],
        }
    }

    /// theta is another: all bounds are made anew.
    pub(super) fn forget(&mut self) {
        self.anchor.forget();
        self.last = None;
        self.references.clear();
        self.is_tracked.fill(false);
    }

    /// The entry of largest magnitude; `None` if all are zero.
    pub(super) fn arg_max(&mut self, at: &Point<'_>, units: &mut Units, work: &mut Work) -> Option<Winner> {
        self.best.clear();
        // what bounds every row of W: |u_j| times this
        let steepest = at.problem.longest * at.problem.steepest_slope() * norm(at.c);
        self.open_last(at, units, work);
        if let Some(start) = at.outputs_at {
            self.anchor.search(start, at.c, units, &mut self.best, work);
        }
        self.search_tracked(at, units, steepest, work);
        self.search_others(at, units, steepest, work);
        let winner = self.best.winner();
        self.last = winner.map(|winner| winner.index);
        winner
    }

    fn open_last(&mut self, at: &Point<'_>, units: &mut Units, work: &mut Work) {
        let d = at.problem.d;
        let Some(last) = self.last.filter(|last| *last < units.width() * d) else { return };
        let target = at.target(last / d, units, &mut self.v);
        target.open(at.problem, last / d, last % d, &mut self.best, work);
    }

    /// The largest known entry of each reference that can reach the best, then all of what still can.
    fn search_tracked(&mut self, at: &Point<'_>, units: &Units, steepest: f64, work: &mut Work) {
        self.queue.clear();
        for (k, reference) in self.references.iter_mut().enumerate() {
            if is_out(at, units, reference.unit, steepest, &self.best) {
                continue;
            }
            let target = at.target(reference.unit, units, &mut self.v);
            if self.best.excludes(reference.reach(at.problem, &target)) {
                continue;
            }
            let known = target.open(at.problem, reference.unit, reference.leader, &mut self.best, work);
            self.queue.push((known, k));
        }
        self.queue.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        for &(_, k) in &self.queue {
            let reference = &mut self.references[k];
            if is_out(at, units, reference.unit, steepest, &self.best) {
                continue;
            }
            let target = at.target(reference.unit, units, &mut self.v);
            reference.search(at.problem, &target, &mut self.best, &mut self.scratch, work);
        }
    }

    /// Units that never came near: one that may now gets a reference.
    fn search_others(&mut self, at: &Point<'_>, units: &Units, steepest: f64, work: &mut Work) {
        for j in 0..units.width() {
            if self.is_tracked[j] || is_out(at, units, j, steepest, &self.best) {
                continue;
            }
            let target = at.target(j, units, &mut self.v);
            if self.best.excludes(target.u.abs() * at.problem.longest * norm(target.v)) {
                continue;
            }
            let mut reference = Reference::new(at.problem, j);
            reference.search(at.problem, &target, &mut self.best, &mut self.scratch, work);
            self.references.push(reference);
            self.is_tracked[j] = true;
            work.tracked += 1;
        }
    }
}

/// Whether the length of c alone says that no weight of unit j can win.
fn is_out(at: &Point<'_>, units: &Units, j: usize, steepest: f64, best: &Best) -> bool {
    let u = units.u[j].abs();
    let is_held = at.held.is_some_and(|held| held.unit == j);
    u == 0.0 || (!is_held && best.excludes(u * steepest))
}
