//! Gradient descent in the span of the data: the first layer is never formed.

use super::dense::check_parts;
use crate::error::OptimError;
use ndarray::{Array2, Axis, s};
use steepest_core::linalg::{Accumulate, multiply_into};
use steepest_core::{
    Bands, CoreError, Dataset, Displaced, Displacement, Dynamics, Evaluation, Fold, Form, HomogeneousModel,
    LinearFirstLayer, LogReal, Loss, LossValue, NormKind, Optimizer, OptimizerKind, Rows, SavedState, Whole, Workspace,
    memory, vector,
};

/// Gradient descent of f(theta; x) = h(W x; rest) without W (m x d): W enters only through the pre-activations P = X W^T (n x m), and moves in
/// the span of the inputs, W = W0 + A^T X.
///
/// With the cotangent D (n x m) on P the gradient in W is D^T X, so that a step of factor s is A <- A - s D and P <- P - s K D with the Gram
/// matrix K = X X^T, and |D^T X|_F^2 = <D, K D>: one product of 2 n^2 m flops in place of the 4 n m d of a dense step. Exact for any loss and
/// whatever lies above the first layer; rounding apart it is [`Dense`](super::Dense) in l2. P is computed afresh from A every thousand steps.
/// theta is formed when asked for, at 2 n m d flops. Nothing is allocated after the first step.
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
    /// P, A, D and K D.
    p: Array2<f64>,
    a: Array2<f64>,
    d: Array2<f64>,
    kd: Array2<f64>,
    /// The gradient above W, relative to the scale; the place of W is never touched.
    gradient: Vec<f64>,
    outputs: Array2<f64>,
    cotangent: Array2<f64>,
    margins: Vec<f64>,
    ln_weights: Vec<f64>,
    bands: Bands,
    work: Workspace,
    step: u64,
    found: Option<Found>,
}

/// What is known of W0.
#[derive(Debug)]
struct Initial {
    p: Array2<f64>,
    squares: f64,
}

/// What was found at the present point.
#[derive(Clone, Copy, Debug)]
struct Found {
    value: LossValue,
    /// The gradient is this times D, and the rest.
    scale: LogReal,
    /// |(D^T X, rest)|_2.
    norm: f64,
    /// Which band it is of.
    band: usize,
    /// |theta|_2.
    own_norm: f64,
}

/// Steps after which P is computed afresh.
const REFRESH: u64 = 1000;

impl<'a> Gram<'a> {
    /// Whether it serves this optimiser and model: gradient descent in l2 without memory, and a first layer that acts on the raw inputs.
    pub fn serves(optimizer: &dyn Optimizer, model: &dyn HomogeneousModel) -> bool {
        let is_gradient = optimizer.kind() == OptimizerKind::Linear && !optimizer.reports_memory();
        let is_euclidean = optimizer.own_norm().fold() == Some(Fold::RootOfSquares);
        is_gradient && is_euclidean && model.linear_first_layer().is_some()
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
        let w = ndarray::ArrayView2::from_shape((m, d), &theta[..m * d]).map_err(|_| OptimError::NoLinearFirstLayer)?;
        let (mut inner_products, mut p) = (Array2::zeros((n, n)), Array2::zeros((n, m)));
        multiply_into(Accumulate::Replace, x, x.t(), inner_products.view_mut());
        multiply_into(Accumulate::Replace, x, w.t(), p.view_mut());
        let squares = vector::sum_of_squares(&theta[..m * d]);
        let zeros = || Array2::zeros((n, m));
        Ok(Self {
            initial: Initial { p: p.clone(), squares },
            theta: memory::copied(theta),
            formed: (Vec::new(), false),
            a: zeros(),
            d: zeros(),
            kd: zeros(),
            gradient: memory::zeros(theta.len()),
            outputs: Array2::zeros((n, k)),
            cotangent: Array2::zeros((n, k)),
            margins: vec![0.0; n],
            ln_weights: vec![0.0; n * loss.terms_per_sample(k)],
            bands: Bands::default(),
            work: model.workspace(n),
            step: 0,
            found: None,
            model,
            first,
            data,
            loss,
            inner_products,
            p,
        })
    }

    /// Number of entries of W.
    fn split(&self) -> usize {
        self.first.width() * self.data.n_features()
    }

    fn find(&mut self) -> Found {
        let outputs = self.outputs.view_mut();
        self.first.forward_from(&self.theta, self.p.view(), outputs, &mut self.work);
        let labels = self.data.labels();
        let value = self.loss.evaluate(self.outputs.view(), labels, &mut self.margins, &mut self.ln_weights);
        self.bands.cut(&self.ln_weights, self.loss.terms_per_sample(self.outputs.ncols()));
        let own_norm = self.euclidean_norm();
        let mut found = Found { value, scale: LogReal::ONE, norm: 0.0, band: 0, own_norm };
        // gradient descent sees the heaviest band that has a gradient, and no other in any bit
        for band in 0..self.bands.len() {
            (found.scale, found.norm, found.band) = self.backward(band);
            if found.norm != 0.0 {
                break;
            }
        }
        found
    }

    /// D, K D and the rest of the gradient for one band; its scale, its relative norm, and the band.
    fn backward(&mut self, b: usize) -> (LogReal, f64, usize) {
        let band = self.bands.band(b);
        let (rows, split) = (band.rows.count(self.data.n_samples()), self.split());
        let mut cotangent = self.cotangent.slice_mut(s![..rows, ..]);
        self.loss.cotangent_into(self.data.labels(), &self.ln_weights, &band, cotangent.view_mut());
        let (d, gradient) = (self.d.slice_mut(s![..rows, ..]), &mut self.gradient[..]);
        self.first.backward_to(&self.theta, band.rows, cotangent.view(), d, gradient, &mut self.work);
        let mut scale = band.scale;
        let d = &mut self.d.as_slice_mut().unwrap_or_default()[..rows * self.first.width()];
        let rest = &mut self.gradient[split..];
        let largest = vector::max_abs(d).max(vector::max_abs(rest));
        // so that squares neither under- nor overflow
        if largest != 0.0 && !(1e-100..1e100).contains(&largest) {
            d.iter_mut().chain(rest.iter_mut()).for_each(|g| *g /= largest);
            scale = scale * LogReal::from_value(largest);
        }
        let d = self.d.slice(s![..rows, ..]);
        match band.rows {
            Rows::All => multiply_into(Accumulate::Replace, self.inner_products.view(), d, self.kd.view_mut()),
            Rows::Subset(rows) => {
                let columns = self.inner_products.select(Axis(1), rows);
                multiply_into(Accumulate::Replace, columns.view(), d, self.kd.view_mut());
            }
        }
        let dot = |i: usize, k: usize| {
            vector::dot(d.row(k).to_slice().unwrap_or_default(), self.kd.row(i).to_slice().unwrap_or_default())
        };
        let squares: f64 = match band.rows {
            Rows::All => (0..rows).map(|i| dot(i, i)).sum(),
            Rows::Subset(rows) => rows.iter().enumerate().map(|(k, &i)| dot(i, k)).sum(),
        };
        (scale, (squares.max(0.0) + vector::sum_of_squares(&self.gradient[split..])).sqrt(), b)
    }

    /// |theta|_2, from |W|^2 = |W0|^2 + <A, P + P0>.
    fn euclidean_norm(&self) -> f64 {
        let [a, p, p0] = [&self.a, &self.p, &self.initial.p].map(|m| m.as_slice().unwrap_or_default());
        let first = self.initial.squares + vector::dot(a, p) + vector::dot(a, p0);
        (first.max(0.0) + vector::sum_of_squares(&self.theta[self.split()..])).sqrt()
    }
}

/// x <- x - factor y; whether a bit of x is another.
fn subtract(x: &mut [f64], factor: f64, y: &[f64]) -> bool {
    let difference = vector::vectorized(|| {
        x.iter_mut().zip(y).fold(0_u64, |difference, (x, &y)| {
            let old = std::mem::replace(x, *x - factor * y);
            difference | (old.to_bits() ^ x.to_bits())
        })
    });
    difference != 0
}

impl Dynamics for Gram<'_> {
    fn evaluate(&mut self) -> Evaluation<'_> {
        let found = match self.found {
            Some(found) => found,
            None => self.find(),
        };
        self.found = Some(found);
        let (margins, loss) = (&self.margins[..], found.value.loss);
        Evaluation {
            margins,
            ln_weights: &self.ln_weights,
            loss,
            slope: found.value.slope,
            mean_margin: found.value.mean_margin,
            mean_excess: found.value.mean_excess,
            dual_norm: found.scale * LogReal::from_value(found.norm),
            degree: self.model.degree().get(),
            own_norm: Some(found.own_norm),
            form: Form::Deferred,
            near_ties: 0,
            left_out: false,
            doubtful: false,
            n_held: 0,
            n_bands: self.bands.len(),
            whole: Some(Whole { margins, loss }),
        }
    }

    fn whole(&mut self) -> Whole<'_> {
        let Evaluation { margins, loss, .. } = self.evaluate();
        Whole { margins, loss }
    }

    fn advance(&mut self, length: f64) -> bool {
        let found = match self.found.take() {
            Some(found) => found,
            None => self.find(),
        };
        self.formed.1 = false;
        self.step += 1;
        if found.norm == 0.0 {
            return false;
        }
        let (factor, split) = (length / found.norm, self.split());
        match self.bands.band(found.band).rows {
            Rows::All => {
                subtract(self.a.as_slice_mut().unwrap_or_default(), factor, self.d.as_slice().unwrap_or_default());
            }
            Rows::Subset(rows) => {
                for (k, &i) in rows.iter().enumerate() {
                    self.a.row_mut(i).scaled_add(-factor, &self.d.row(k));
                }
            }
        }
        let moved_rest = subtract(&mut self.theta[split..], factor, &self.gradient[split..]);
        let kd = self.kd.as_slice().unwrap_or_default();
        let moved = subtract(self.p.as_slice_mut().unwrap_or_default(), factor, kd);
        if self.step.is_multiple_of(REFRESH) {
            self.p.assign(&self.initial.p);
            multiply_into(Accumulate::Add, self.inner_products.view(), self.a.view(), self.p.view_mut());
        }
        moved || moved_rest
    }

    fn theta(&mut self) -> &[f64] {
        let (whole, is_present) = &mut self.formed;
        if !*is_present {
            let (m, d) = (self.first.width(), self.data.n_features());
            whole.clear();
            whole.extend_from_slice(&self.theta);
            if let Ok(w) = ndarray::ArrayViewMut2::from_shape((m, d), &mut whole[..m * d]) {
                multiply_into(Accumulate::Add, self.a.t(), self.data.inputs(), w);
            }
            *is_present = true;
        }
        whole
    }

    fn displaced(&mut self) -> Option<Displaced<'_>> {
        Some(Displaced { theta: &self.theta, by: Displacement::InSpan(self.a.view()) })
    }

    fn norm(&mut self, which: NormKind) -> Option<f64> {
        (which == NormKind::L2).then(|| self.euclidean_norm())
    }

    fn save(&self, state: &mut SavedState) {
        state.put("gram/rest", &self.theta[self.split()..]);
        state.put("gram/p", self.p.as_slice().unwrap_or_default());
        state.put("gram/a", self.a.as_slice().unwrap_or_default());
        state.put_counter("gram/step", self.step);
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), CoreError> {
        let split = self.split();
        state.restore_into("gram/rest", &mut self.theta[split..])?;
        state.restore_into("gram/p", self.p.as_slice_mut().unwrap_or_default())?;
        state.restore_into("gram/a", self.a.as_slice_mut().unwrap_or_default())?;
        self.step = state.counter("gram/step")?;
        (self.found, self.formed.1) = (None, false);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
