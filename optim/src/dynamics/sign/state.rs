//! Where the network is: pre-activations in place of weights.

use super::directions::{Directions, Way};
use super::inputs::Inputs;
use super::patterns::Route;
use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use steepest_core::linalg::{Accumulate, multiply_into};
use steepest_core::vector;

/// W = base + B sign(X) (m x d) with P = W X^T (m x n), and u (m).
#[derive(Debug)]
pub(super) struct State {
    /// P, one row a neuron.
    pub(super) p: Array2<f64>,
    /// B.
    pub(super) b: Array2<f64>,
    /// W without B sign(X), over the columns that the inputs have.
    pub(super) base: Vec<f64>,
    /// u.
    pub(super) u: Vec<f64>,
    /// phi'(z) for z <= 0.
    pub(super) slope: f64,
}

impl State {
    /// From W with all its columns.
    pub(super) fn new(w: ArrayView2<'_, f64>, u: Vec<f64>, slope: f64, inputs: &Inputs<'_>) -> Self {
        let (m, n) = (w.nrows(), inputs.dim().0);
        let mut state = Self { p: Array2::zeros((m, n)), b: Array2::zeros((m, n)), base: inputs.narrow(w), u, slope };
        let narrow = ArrayView2::from_shape((m, inputs.dim().1), &state.base);
        if let Ok(w) = narrow {
            multiply_into(Accumulate::Replace, w, inputs.x.t(), state.p.view_mut());
        }
        state
    }

    pub(super) fn row(&self, j: usize) -> &[f64] {
        self.p.row(j).to_slice().unwrap_or_default()
    }

    /// Writes f(x_i) = sum_j u_j phi(P_ji).
    pub(super) fn outputs_into(&self, outputs: &mut [f64]) {
        outputs.fill(0.0);
        for (j, &u) in self.u.iter().enumerate() {
            add_unit(outputs, u, self.row(j), self.slope);
        }
    }

    /// One step, and the outputs after it; whether a bit of P or u is another.
    pub(super) fn advance(
        &mut self,
        length: f64,
        directions: &Directions,
        inputs: &Inputs<'_>,
        outputs: &mut [f64],
    ) -> bool {
        outputs.fill(0.0);
        let d = inputs.dim().1;
        let mut moved = 0;
        for (j, (mut p, step)) in self.p.rows_mut().into_iter().zip(directions.steps()).enumerate() {
            let p = p.as_slice_mut().unwrap_or_default();
            let u = self.u[j] - length * step.output_sign;
            moved |= std::mem::replace(&mut self.u[j], u).to_bits() ^ u.to_bits();
            let (by, slope) = (length * step.sign, self.slope);
            match step.way {
                Way::Still => add_unit(outputs, u, p, slope),
                Way::Pure { sample } => {
                    moved |= move_and_add_unit(outputs, u, p, by, inputs.along_sign_of(sample), slope);
                    self.b[(j, sample)] -= by;
                }
                Way::Pattern { index } => {
                    moved |= move_and_add_unit(outputs, u, p, by, directions.patterns().along(index), slope);
                    let base = &mut self.base[j * d..(j + 1) * d];
                    match &directions.patterns().list()[index].route {
                        Route::Flips { sample, sign, flips } => {
                            self.b[(j, *sample)] -= by * sign;
                            for flip in directions.patterns().flips(flips) {
                                base[flip.column] -= by * flip.by;
                            }
                        }
                        Route::Dense { slot } => subtract_signs(base, by, directions.patterns().signs(*slot, d)),
                    }
                }
            }
        }
        moved != 0
    }

    /// Writes W into a matrix with all its columns: 2 m n d flops.
    pub(super) fn weights_into(&self, inputs: &Inputs<'_>, w: ArrayViewMut2<'_, f64>) {
        if let Ok(base) = ArrayView2::from_shape((w.nrows(), inputs.dim().1), &self.base) {
            inputs.widen(base, self.b.view(), w);
        }
    }

    /// Computes P afresh: 4 m n d flops, and W in passing.
    pub(super) fn refresh(&mut self, inputs: &Inputs<'_>, mut w: ArrayViewMut2<'_, f64>, x: ArrayView2<'_, f64>) {
        self.weights_into(inputs, w.view_mut());
        multiply_into(Accumulate::Replace, w.view(), x.t(), self.p.view_mut());
    }
}

/// outputs += u phi(p).
fn add_unit(outputs: &mut [f64], u: f64, p: &[f64], slope: f64) {
    vector::vectorized(
        #[inline(always)]
        move || {
            for (f, &p) in outputs.iter_mut().zip(p) {
                *f += u * (p * if p > 0.0 { 1.0 } else { slope });
            }
        },
    );
}

/// p -= factor y, then outputs += u phi(p), in one pass; the bits of p that are others.
fn move_and_add_unit(outputs: &mut [f64], u: f64, p: &mut [f64], factor: f64, y: &[f64], slope: f64) -> u64 {
    vector::vectorized(
        #[inline(always)]
        move || {
            outputs.iter_mut().zip(p).zip(y).fold(0, |difference, ((f, p), &y)| {
                let old = *p;
                let new = old - factor * y;
                *p = new;
                *f += u * (new * if new > 0.0 { 1.0 } else { slope });
                difference | (old.to_bits() ^ new.to_bits())
            })
        },
    )
}

/// w -= factor s.
fn subtract_signs(w: &mut [f64], factor: f64, signs: &[i8]) {
    vector::vectorized(
        #[inline(always)]
        move || {
            for (w, &sign) in w.iter_mut().zip(signs) {
                *w -= factor * f64::from(sign);
            }
        },
    );
}
