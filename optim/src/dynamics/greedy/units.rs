//! The hidden units and the output: all that the training dynamics sees of theta.

use ndarray::Array2;
use steepest_core::vector;

/// P = W X^T (width x n), u and f = sum_j u_j phi(P_j).
#[derive(Debug)]
pub(super) struct Units {
    n: usize,
    slope: f64,
    /// Row j: the pre-activations of unit j.
    pub(super) p: Vec<f64>,
    /// The same where the dynamics started.
    initial: Vec<f64>,
    pub(super) u: Vec<f64>,
    is_trained: bool,
    /// n x 1.
    pub(super) outputs: Array2<f64>,
    /// On how many units each sample is active.
    active: Vec<u32>,
    /// Units of which a weight of the first layer has moved, in no particular order.
    pub(super) moved: Vec<usize>,
    buffer: Vec<f64>,
}

impl Units {
    /// From P, and u and whether it is trained.
    pub(super) fn new(p: Vec<f64>, (u, is_trained): (Vec<f64>, bool), n: usize, slope: f64) -> Self {
        let mut units = Self {
            n,
            slope,
            initial: p.clone(),
            p,
            u,
            is_trained,
            outputs: Array2::zeros((n, 1)),
            active: vec![0; n],
            moved: Vec::new(),
            buffer: vec![0.0; n],
        };
        units.refresh(&[], |_| (0, &[]));
        units
    }

    /// u, where it is a part of theta.
    pub(super) fn trained(&self) -> &[f64] {
        if self.is_trained { &self.u } else { &[] }
    }

    pub(super) fn width(&self) -> usize {
        self.u.len()
    }

    pub(super) fn pre_activations(&self, j: usize) -> &[f64] {
        &self.p[j * self.n..(j + 1) * self.n]
    }

    /// P of the units whose weights have moved, from where they began and how far each weight has gone, ascending; `column` gives the unit of a
    /// place and its column of X. Then f from P and u.
    pub(super) fn refresh<'x>(&mut self, moved: &[(usize, f64)], column: impl Fn(usize) -> (usize, &'x [f64])) {
        for &j in &self.moved {
            let row = j * self.n..(j + 1) * self.n;
            self.p[row.clone()].copy_from_slice(&self.initial[row]);
        }
        for &(place, change) in moved {
            let (j, x) = column(place);
            vector::add_multiple(&mut self.p[j * self.n..(j + 1) * self.n], change, x);
        }
        self.count_active();
        let outputs = self.outputs.as_slice_mut().unwrap_or_default();
        outputs.fill(0.0);
        for (p, &u) in self.p.chunks_exact(self.n).zip(&self.u) {
            activate(p, self.slope, &mut self.buffer);
            vector::add_multiple(outputs, u, &self.buffer);
        }
    }

    /// A weight of unit j moves; whether it is the first of its unit.
    pub(super) fn note_moved(&mut self, j: usize) -> bool {
        let is_first = !self.moved.contains(&j);
        if is_first {
            self.moved.push(j);
        }
        is_first
    }

    /// P and f are others, and these units' weights have moved, ascending.
    pub(super) fn restore(&mut self, moved: impl Iterator<Item = usize>) {
        self.moved.clear();
        self.moved.extend(moved);
        self.moved.dedup();
        self.count_active();
    }

    fn count_active(&mut self) {
        self.active.fill(0);
        for p in self.p.chunks_exact(self.n) {
            self.active.iter_mut().zip(p).for_each(|(count, &z)| *count += u32::from(z > 0.0));
        }
    }

    /// Whether sample i has any derivative in theta: with the ReLU not if every unit is off there.
    pub(super) fn is_seen(&self, i: usize) -> bool {
        self.slope != 0.0 || self.active[i] > 0
    }

    /// Writes c o phi'(P_j).
    pub(super) fn cotangent_into(&self, j: usize, c: &[f64], out: &mut [f64]) {
        let (p, slope) = (self.pre_activations(j), self.slope);
        vector::vectorized(
            #[inline(always)]
            move || {
                for ((out, &c), &z) in out.iter_mut().zip(c).zip(p) {
                    *out = c * if z > 0.0 { 1.0 } else { slope };
                }
            },
        );
    }

    /// The gradient in u_j: sum_i c_i phi(P_ji).
    pub(super) fn output_gradient(&mut self, j: usize, c: &[f64]) -> f64 {
        vector::dot(c, self.activations(j))
    }

    /// phi(P_j).
    pub(super) fn activations(&mut self, j: usize) -> &[f64] {
        activate(&self.p[j * self.n..(j + 1) * self.n], self.slope, &mut self.buffer);
        &self.buffer
    }

    /// u_j <- new.
    pub(super) fn move_output(&mut self, j: usize, new: f64) {
        let change = new - std::mem::replace(&mut self.u[j], new);
        activate(&self.p[j * self.n..(j + 1) * self.n], self.slope, &mut self.buffer);
        vector::add_multiple(self.outputs.as_slice_mut().unwrap_or_default(), change, &self.buffer);
    }

    /// P_j <- P_j + change X_l; the number of samples whose activity at j is another.
    pub(super) fn move_weight(&mut self, j: usize, change: f64, column: &[f64]) -> u64 {
        let (u, slope, mut flips) = (self.u[j], self.slope, 0);
        let p = &mut self.p[j * self.n..(j + 1) * self.n];
        let outputs = self.outputs.as_slice_mut().unwrap_or_default();
        for (((z, &x), f), active) in p.iter_mut().zip(column).zip(outputs).zip(&mut self.active) {
            let (old, new) = (*z, *z + change * x);
            *z = new;
            *f += u * (phi(new, slope) - phi(old, slope));
            match (old > 0.0, new > 0.0) {
                (false, true) => *active += 1,
                (true, false) => *active -= 1,
                _ => continue,
            }
            flips += 1;
        }
        flips
    }
}

fn phi(z: f64, slope: f64) -> f64 {
    if z > 0.0 { z } else { slope * z }
}

fn activate(p: &[f64], slope: f64, out: &mut [f64]) {
    vector::vectorized(
        #[inline(always)]
        move || out.iter_mut().zip(p).for_each(|(h, &z)| *h = z * if z > 0.0 { 1.0 } else { slope }),
    );
}
