//! Gradient descent in the span of the data: the first layer is never formed.

mod memory;
mod span;
#[cfg(test)]
mod tests;

use super::dense::check_parts;
use super::spectral::Outer;
use crate::error::OptimError;
use memory::{Entering, Memory};
use ndarray::{Array2, ArrayView2, s};
use span::{Coefficients, Move, subtract};
use std::cell::OnceCell;
use steepest_core::linalg::{Accumulate, multiply_into};
use steepest_core::{
    Bands, CoreError, Dataset, Displaced, Displacement, Dynamics, Evaluation, Fold, HomogeneousModel, LinearFirstLayer,
    LogReal, Loss, LossValue, Momentum, NormKind, Optimizer, OptimizerKind, SavedState, Whole, Workspace, vector,
};

/// Gradient descent of f(theta; x) = h(W x; rest) without W (m x d): W enters only through the pre-activations P = X W^T (n x m), and moves in
/// the span of the inputs, W = W0 + A^T X.
///
/// With the cotangent D (n x m) on P the gradient in W is D^T X, so that a step of factor s is A <- A - s D and P <- P - s K D with the Gram
/// matrix K = X X^T, and |D^T X|_F^2 = <D, K D>: one product of 2 n^2 m flops in place of the 4 n m d of a dense step. With momentum M is in
/// the span too, and K M is carried beside it. |W - s D^T X|^2 = |W|^2 - 2 s <P, D> + s^2 <D, K D>.
///
/// Beside the product, a step of a network of two layers reads or writes an n x m matrix nine times: P for the outputs; P and D on the way back; A, P
/// (both twice), D and K D in the update. P and D lie in the model's own workspace, and <D, K D> and <P, D> are taken while what they are of
/// is in the cache. Momentum adds six.
///
/// Exact for any loss and whatever lies above the first layer; rounding apart it is [`Dense`](super::Dense) in l2. P and |W|^2 are computed
/// afresh from A every thousand steps. theta is formed when asked for, at 2 n m d flops. Nothing is allocated after the first step, or the
/// first with more than one band.
#[derive(Debug)]
pub struct Gram<'a> {
    model: &'a dyn HomogeneousModel,
    first: &'a dyn LinearFirstLayer,
    data: &'a Dataset,
    loss: &'a dyn Loss,
    /// K = X X^T (n x n).
    inner_products: Array2<f64>,
    /// The blocks above W as they are; in the place of W, W0.
    theta: Vec<f64>,
    /// theta with W, once it was asked for, and whether it is that of the present point.
    formed: (Vec<f64>, bool),
    initial: Initial,
    a: Array2<f64>,
    squares: Squares,
    /// K D.
    image: Array2<f64>,
    /// The gradient above W, relative to the scale; the place of W is never touched.
    gradient: Vec<f64>,
    memory: Option<Memory>,
    outputs: Array2<f64>,
    cotangent: Array2<f64>,
    margins: Vec<f64>,
    ln_weights: Vec<f64>,
    bands: Bands,
    /// P, D, and what the model keeps beside them.
    work: Workspace,
    step: u64,
    found: Option<Found>,
}

/// What is known of W0.
#[derive(Debug)]
struct Initial {
    p: Array2<f64>,
    squares: f64,
    /// W0 W0^T, once it was asked for.
    outer: OnceCell<Option<Outer>>,
}

/// |W|^2 as it is carried along, and the largest that it was since it was last computed afresh.
#[derive(Clone, Copy, Debug)]
struct Squares {
    now: f64,
    largest: f64,
}

/// What was found at the present point.
#[derive(Clone, Copy, Debug)]
struct Found {
    value: LossValue,
    gradient: Slope,
    /// Of what the step follows: the gradient, or its momentum.
    followed: Slope,
    /// |theta|_2.
    own_norm: f64,
}

/// The size of a direction (C^T X, rest), whose numbers are relative to a scale.
#[derive(Clone, Copy, Debug)]
struct Slope {
    scale: LogReal,
    /// |C^T X|_F^2.
    first_squares: f64,
    rest_squares: f64,
    /// The band that it is the gradient of.
    band: usize,
}

impl Slope {
    /// |(C^T X, rest)|_2, relative to the scale.
    fn norm(self) -> f64 {
        (self.first_squares + self.rest_squares).sqrt()
    }

    fn size(self) -> LogReal {
        self.scale * LogReal::from_value(self.norm())
    }
}

/// Steps after which P and |W|^2 are computed afresh.
const REFRESH: u64 = 1000;

/// |W|^2 is computed afresh also where it has fallen below this times its largest value, so that it keeps its digits.
const FALLEN: f64 = 0.25;

impl<'a> Gram<'a> {
    /// Whether it serves this optimiser and model: gradient descent in l2, without a memory other than momentum, and a first layer that acts
    /// on the raw inputs.
    pub fn serves(optimizer: &dyn Optimizer, model: &dyn HomogeneousModel) -> bool {
        let is_linear = optimizer.kind() == OptimizerKind::Linear;
        let is_known = !optimizer.reports_memory() || optimizer.momentum().is_some();
        let is_euclidean = optimizer.own_norm().fold() == Some(Fold::RootOfSquares);
        is_linear && is_known && is_euclidean && model.linear_first_layer().is_some()
    }

    /// Starts at theta.
    ///
    /// # Errors
    /// If the model's first layer does not act on the raw inputs, or model, data and theta do not fit each other.
    pub fn new(
        model: &'a dyn HomogeneousModel,
        data: &'a Dataset,
        loss: &'a dyn Loss,
        theta: &[f64],
    ) -> Result<Self, OptimError> {
        check_parts(model, data, loss, theta)?;
        let first = model.linear_first_layer().ok_or(OptimError::NoLinearFirstLayer)?;
        let (n, m, d, k) = (data.n_samples(), first.width(), data.n_features(), model.n_outputs());
        let x = data.inputs();
        let w = first.weights(theta);
        let (mut inner_products, mut p) = (Array2::zeros((n, n)), Array2::zeros((n, m)));
        multiply_into(Accumulate::Replace, x, x.t(), inner_products.view_mut());
        multiply_into(Accumulate::Replace, x, w.t(), p.view_mut());
        let mut work = model.workspace(n);
        first.seam(&mut work).pre_activations.assign(&p);
        let squares = vector::sum_of_squares(&theta[..m * d]);
        Ok(Self {
            initial: Initial { p, squares, outer: OnceCell::new() },
            theta: steepest_core::memory::copied(theta),
            formed: (Vec::new(), false),
            a: Array2::zeros((n, m)),
            squares: Squares { now: squares, largest: squares },
            image: Array2::zeros((n, m)),
            gradient: steepest_core::memory::zeros(theta.len()),
            memory: None,
            outputs: Array2::zeros((n, k)),
            cotangent: Array2::zeros((n, k)),
            margins: vec![0.0; n],
            ln_weights: vec![0.0; n * loss.terms_per_sample(k)],
            bands: Bands::default(),
            work,
            step: 0,
            found: None,
            model,
            first,
            data,
            loss,
            inner_products,
        })
    }

    /// Following the momentum of the gradient, if there is one.
    #[must_use]
    pub fn with_momentum(mut self, momentum: Option<Momentum>) -> Self {
        self.memory = momentum.map(|momentum| Memory::new(momentum, self.a.dim(), self.theta.len() - self.split()));
        self
    }

    /// Number of entries of W.
    fn split(&self) -> usize {
        self.first.width() * self.data.n_features()
    }

    fn find(&mut self) -> Found {
        self.first.forward_above(&self.theta, self.outputs.view_mut(), &mut self.work);
        let labels = self.data.labels();
        let value = self.loss.evaluate(self.outputs.view(), labels, &mut self.margins, &mut self.ln_weights);
        let per_sample = self.loss.terms_per_sample(self.outputs.ncols());
        self.bands.cut(&self.ln_weights, per_sample);
        // gradient descent sees the heaviest band that has a gradient, as far down as it shows, and no other in any bit
        let mut gradient = Slope { scale: LogReal::ONE, first_squares: 0.0, rest_squares: 0.0, band: 0 };
        for band in 0..self.bands.len() {
            gradient = self.backward(band);
            if gradient.norm() != 0.0 {
                if self.bands.follow(band, gradient.size(), &self.ln_weights, per_sample) {
                    gradient = self.backward(band);
                }
                break;
            }
        }
        Found { value, gradient, followed: self.remember(gradient), own_norm: self.own_norm() }
    }

    /// D, K D and the rest of the gradient for one band.
    fn backward(&mut self, b: usize) -> Slope {
        let band = self.bands.band(b);
        let (rows, split) = (band.rows.count(self.data.n_samples()), self.split());
        let mut cotangent = self.cotangent.slice_mut(s![..rows, ..]);
        self.loss.cotangent_into(self.data.labels(), &self.ln_weights, &band, cotangent.view_mut());
        self.first.backward_above(&self.theta, band.rows, cotangent.view(), &mut self.gradient, &mut self.work);
        let mut d = self.first.seam(&mut self.work).pre_cotangent.slice_move(s![..rows, ..]);
        let rest = &mut self.gradient[split..];
        let (products, image) = (self.inner_products.view(), &mut self.image);
        let mut slope = Slope {
            scale: band.scale,
            first_squares: Coefficients { values: d.view(), rows: band.rows }.image(products, image.view_mut()),
            rest_squares: vector::sum_of_squares(rest),
            band: b,
        };
        if !(1e-200..1e200).contains(&(slope.first_squares + slope.rest_squares)) {
            // of the gradient, not of D: a sample without inputs has a weight and no gradient
            let largest = vector::max_abs(image.as_slice().unwrap_or_default()).max(vector::max_abs(rest));
            let d_values = d.as_slice_mut().unwrap_or_default();
            // so that squares neither under- nor overflow
            if largest != 0.0 && !(1e-100..1e100).contains(&largest) {
                d_values.iter_mut().chain(rest.iter_mut()).for_each(|g| *g /= largest);
                slope.scale = slope.scale * LogReal::from_value(largest);
                let d = Coefficients { values: d.view(), rows: band.rows };
                slope.first_squares = d.image(products, image.view_mut());
                slope.rest_squares = vector::sum_of_squares(rest);
            }
        }
        slope
    }

    /// Takes the gradient into the memory, if there is one; what the step follows.
    fn remember(&mut self, gradient: Slope) -> Slope {
        let split = self.split();
        let Some(memory) = &mut self.memory else { return gradient };
        if gradient.norm() == 0.0 {
            return memory.decay();
        }
        let seam = self.first.seam(&mut self.work);
        memory.take_in(&Entering {
            scale: gradient.scale,
            d: of_band(&self.bands, gradient.band, seam.pre_cotangent.view()),
            image: self.image.view(),
            rest: &self.gradient[split..],
        })
    }

    /// |theta|_2.
    fn own_norm(&self) -> f64 {
        (self.squares.now + vector::sum_of_squares(&self.theta[self.split()..])).sqrt()
    }

    /// The largest singular value over all blocks.
    fn max_spectral(&mut self) -> Option<f64> {
        let outer = self.initial.outer.get_or_init(|| Outer::new(self.first.weights(&self.theta)));
        let p = [self.first.pre_activations(&self.work), self.initial.p.view()];
        outer.as_ref()?.in_span(self.a.view(), p, self.model.layout(), &self.theta)
    }

    /// P = P0 + K A.
    fn refresh_pre_activations(&mut self) {
        let mut p = self.first.seam(&mut self.work).pre_activations;
        p.assign(&self.initial.p);
        multiply_into(Accumulate::Add, self.inner_products.view(), self.a.view(), p);
    }

    /// |W|^2 = |W0|^2 + <A, P + P0>.
    fn refresh_squares(&mut self) {
        let p = self.first.seam(&mut self.work).pre_activations;
        let [a, p0] = [&self.a, &self.initial.p].map(|m| m.as_slice().unwrap_or_default());
        let now = self.initial.squares + vector::dot(a, p.as_slice().unwrap_or_default()) + vector::dot(a, p0);
        let now = if now < 0.0 { 0.0 } else { now };
        self.squares = Squares { now, largest: now };
    }
}

/// D of one band, as the backward pass left it at the seam.
fn of_band<'a>(bands: &'a Bands, band: usize, d: ArrayView2<'a, f64>) -> Coefficients<'a> {
    let rows = bands.band(band).rows;
    let count = rows.count(d.nrows());
    Coefficients { values: d.slice_move(s![..count, ..]), rows }
}

impl Dynamics for Gram<'_> {
    fn evaluate(&mut self) -> Evaluation<'_> {
        let found = match self.found {
            Some(found) => found,
            None => self.find(),
        };
        self.found = Some(found);
        let degree = self.model.degree().get();
        Evaluation {
            dual_norm: found.followed.size(),
            own_norm: Some(found.own_norm),
            n_bands: self.bands.len(),
            ..Evaluation::of_loss(found.value, &self.margins, &self.ln_weights, degree)
        }
    }

    fn whole(&mut self) -> Whole<'_> {
        let Evaluation { margins, loss, .. } = self.evaluate();
        Whole { margins, loss }
    }

    fn gradient_dual_norm(&mut self) -> LogReal {
        self.evaluate();
        self.found.map_or(LogReal::ZERO, |found| found.gradient.size())
    }

    fn advance(&mut self, length: f64) -> bool {
        let found = match self.found.take() {
            Some(found) => found,
            None => self.find(),
        };
        self.formed.1 = false;
        self.step += 1;
        let norm = found.followed.norm();
        if norm == 0.0 {
            return false;
        }
        let (factor, split) = (length / norm, self.split());
        let mut seam = self.first.seam(&mut self.work);
        let (c, image, rest) = if let Some(memory) = &self.memory {
            memory.followed()
        } else {
            let d = of_band(&self.bands, found.followed.band, seam.pre_cotangent.view());
            (d, self.image.view(), &self.gradient[split..])
        };
        let moved = Move { factor, c, image }.carry_out(&mut self.a, &mut seam.pre_activations);
        let moved_rest = subtract(&mut self.theta[split..], factor, rest);
        let Squares { now, largest } = self.squares;
        let now = now + factor * (factor * found.followed.first_squares - 2.0 * moved.inner_product);
        self.squares = Squares { now, largest: largest.max(now) };
        if self.step.is_multiple_of(REFRESH) {
            self.refresh_pre_activations();
            self.refresh_squares();
        } else if now < FALLEN * largest {
            self.refresh_squares();
        }
        moved.any || moved_rest
    }

    fn theta(&mut self) -> &[f64] {
        let (whole, is_present) = &mut self.formed;
        if !*is_present {
            whole.clear();
            whole.extend_from_slice(&self.theta);
            multiply_into(Accumulate::Add, self.a.t(), self.data.inputs(), self.first.weights_mut(whole));
            *is_present = true;
        }
        whole
    }

    fn displaced(&mut self) -> Option<Displaced<'_>> {
        Some(Displaced { theta: &self.theta, by: Displacement::InSpan(self.a.view()) })
    }

    fn norm(&mut self, which: NormKind) -> Option<f64> {
        match which {
            NormKind::L2 => Some(self.own_norm()),
            NormKind::MaxSpectral => self.max_spectral(),
            NormKind::L1 | NormKind::Linf => None,
        }
    }

    fn save(&self, state: &mut SavedState) {
        state.put("gram/rest", &self.theta[self.split()..]);
        state.put("gram/p", self.first.pre_activations(&self.work).as_slice().unwrap_or_default());
        state.put("gram/a", self.a.as_slice().unwrap_or_default());
        state.put("gram/squares", &[self.squares.now, self.squares.largest]);
        state.put_counter("gram/step", self.step);
        if let Some(memory) = &self.memory {
            memory.save(state);
        }
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), CoreError> {
        let split = self.split();
        state.restore_into("gram/rest", &mut self.theta[split..])?;
        let mut p = self.first.seam(&mut self.work).pre_activations;
        state.restore_into("gram/p", p.as_slice_mut().unwrap_or_default())?;
        state.restore_into("gram/a", self.a.as_slice_mut().unwrap_or_default())?;
        let mut squares = [0.0; 2];
        state.restore_into("gram/squares", &mut squares)?;
        self.squares = Squares { now: squares[0], largest: squares[1] };
        self.step = state.counter("gram/step")?;
        (self.found, self.formed.1) = (None, false);
        self.memory.as_mut().map_or(Ok(()), |memory| memory.restore(state))
    }
}
