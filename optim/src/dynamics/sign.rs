//! Sign descent on two-layer networks: rows of equal signs move together, and W is never formed.

mod directions;
mod inputs;
mod patterns;
mod ranking;
mod state;

use super::dense::check_parts;
use super::two_layer;
use crate::error::OptimError;
use directions::{Directions, Tally};
use inputs::Inputs;
use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use ranking::Ranking;
use state::State;
use std::ops::Range;
use steepest_core::{
    CoreError, Counter, Dataset, Dynamics, Evaluation, Fold, Form, HomogeneousModel, Labels, LogReal, Loss, LossValue,
    Optimizer, OptimizerKind, OutputWeights, SavedState, TwoLayer, Whole, memory, vector,
};

/// Sign descent for f(x) = sum_j u_j phi(<w_j, x>) without W (m x d): W enters only through P = W X^T (m x n), and almost every row of it moves
/// along the signs of one sample.
///
/// Row j of the gradient is u_j sum_i v_ij x_i with v_ij = -y_i w_i phi'(P_ji). Let i* be the row's heaviest sample and v = v_ij / |v_i*j|.
///
/// - A row is pure if sum over the others of |v_i| max|x_i| < min |x_i*|: no other sample can flip a sign, so that sign(G_j) = +- sign(x_i*), and
///   the step is one row of S = X sign(X)^T (n x n) for P and one entry of B for W = base + B sign(X): 2 n flops.
/// - A row is mixed if few signs differ: sum_i v_i x_i is evaluated once for all rows with the same samples within e^-32 of the heaviest, and
///   the entries that differ (flips) are corrected one by one, each by a column of X.
/// - Otherwise it is dense: the distinct patterns go together into two products of 2 n d flops a row each, which is the cost of the dense step.
///
/// The signs are those of real arithmetic, as in [`Dense`](super::Dense): each row is relative to its own heaviest sample, however light that is;
/// where samples outside the window may decide an entry (one where all others are zero or cancel) all of them are summed, each relative to
/// the heaviest that is not zero there; sign(0) = 0. |gradient|_1 = sum_j |u_j| <v_j, X s_j> + |gradient in u|_1, to n e^-32. What rounding of the weights and sums
/// may have decided in rows that are not pure is counted. P is computed afresh every 20000 steps, and theta formed when asked for, at 2 n m d flops. Nothing is allocated in steps whose
/// rows are all pure.
#[derive(Debug)]
pub struct Sign<'a> {
    model: &'a dyn HomogeneousModel,
    data: &'a Dataset,
    loss: &'a dyn Loss,
    inputs: Inputs<'a>,
    /// Where u is in theta; `None` if it is frozen.
    output: Option<Range<usize>>,
    state: State,
    /// theta as it was last formed, and whether it is that of the present point.
    formed: (Vec<f64>, bool),
    ranking: Ranking,
    directions: Directions,
    outputs: Array2<f64>,
    margins: Vec<f64>,
    tally: Tally,
    step: u64,
    found: Option<Found>,
}

/// What was found at the present point.
#[derive(Clone, Copy, Debug)]
struct Found {
    value: LossValue,
    dual_norm: LogReal,
    n_bands: usize,
}

/// Steps after which P is computed afresh.
const REFRESH: u64 = 20_000;

impl<'a> Sign<'a> {
    /// Whether it serves this optimiser, model and loss: sign descent in l-infinity without memory, two layers of one output with a kink at most
    /// in each unit, and one term of the loss for each sample.
    pub fn serves(optimizer: &dyn Optimizer, model: &dyn HomogeneousModel, loss: &dyn Loss) -> bool {
        let is_plain = optimizer.kind() == OptimizerKind::Sign && !optimizer.reports_memory();
        let is_of_entries = optimizer.own_norm().fold() == Some(Fold::MaxAbs);
        is_plain && is_of_entries && two_layer(model).is_some() && loss.terms_per_sample(1) == 1
    }

    /// Inputs from which on finding out that a step is a dense one costs little of it: a tenth; at 200 inputs it is two thirds.
    pub const MANY_INPUTS: usize = 2048;

    /// Whether it is seldom slower than the dense step on these data, by a third at most, and may be thousands of times faster. So it is
    ///
    /// - with many inputs of which at most one in sixteen is zero, columns that are zero in every sample aside. Where a row's heaviest sample has a
    ///   zero other samples decide, so that with many zeros rows go the dense way at every step;
    /// - with at least 512 inputs of samples that resemble each other, as pictures do: most units then see the same samples, and share few patterns.
    ///
    /// Elsewhere the result is right, and may cost up to three times the dense step.
    pub fn pays(data: &Dataset) -> bool {
        const ENOUGH_INPUTS: usize = 512;
        let d = data.n_features();
        (d >= Self::MANY_INPUTS && has_few_zeros(data)) || (d >= ENOUGH_INPUTS && resemblance(data) >= 0.25)
    }

    /// Starts at theta.
    ///
    /// # Errors
    /// If the model is no network of two layers with one output, or model, data, loss and theta do not fit each other.
    pub fn new(
        model: &'a dyn HomogeneousModel,
        data: &'a Dataset,
        loss: &'a dyn Loss,
        theta: &[f64],
    ) -> Result<Self, OptimError> {
        check_parts(model, data, loss, theta)?;
        let (width, TwoLayer { slope, output }) = two_layer(model).ok_or(OptimError::NotTwoLayers)?;
        let Labels::Binary(labels) = data.labels() else { return Err(OptimError::NotTwoLayers) };
        let (n, d) = data.inputs().dim();
        let w = ArrayView2::from_shape((width, d), &theta[..width * d]).map_err(|_| OptimError::NotTwoLayers)?;
        let (output, u) = match output {
            OutputWeights::Trained(range) => (Some(range.clone()), theta[range].to_vec()),
            OutputWeights::Frozen(u) => (None, u.to_vec()),
        };
        let inputs = Inputs::new(data.inputs());
        let state = State::new(w, u, slope, &inputs);
        let mut outputs = Array2::zeros((n, 1));
        state.outputs_into(outputs.as_slice_mut().unwrap_or_default());
        Ok(Self {
            output,
            formed: (memory::copied(theta), true),
            ranking: Ranking::new(labels, slope, inputs.blank()),
            directions: Directions::default(),
            outputs,
            margins: vec![0.0; n],
            tally: Tally::default(),
            step: 0,
            found: None,
            model,
            data,
            loss,
            inputs,
            state,
        })
    }

    fn find(&mut self) -> Found {
        let (labels, ln_weights) = (self.data.labels(), &mut self.ranking.ln_weights);
        let value = self.loss.evaluate(self.outputs.view(), labels, &mut self.margins, ln_weights);
        let n_bands = self.ranking.sort();
        let dual_norm = self.directions.find(&self.state, &self.inputs, &self.ranking, self.output.is_some());
        Found { value, dual_norm, n_bands }
    }

    /// The outputs of the present point, in the order of a step's own sums.
    fn find_outputs(&mut self) {
        self.state.outputs_into(self.outputs.as_slice_mut().unwrap_or_default());
    }

    /// P from W, which is formed for it.
    fn refresh(&mut self) {
        let (m, d) = (self.state.u.len(), self.data.n_features());
        if let Ok(w) = ArrayViewMut2::from_shape((m, d), &mut self.formed.0[..m * d]) {
            self.state.refresh(&self.inputs, w, self.data.inputs());
        }
        self.find_outputs();
    }
}

/// Whether at most one input in sixteen is zero, columns that are zero in every sample aside.
fn has_few_zeros(data: &Dataset) -> bool {
    let is_zero = |x: &&f64| **x == 0.0;
    let (n, inputs) = (data.n_samples(), data.inputs());
    let zeros = inputs.columns().into_iter().map(|column| column.iter().filter(is_zero).count());
    let (n_zeros, n_columns) = zeros.filter(|&zeros| zeros < n).fold((0, 0), |(sum, k), zeros| (sum + zeros, k + 1));
    16 * n_zeros <= n * n_columns
}

/// |mean_i x_i|^2 / mean_i |x_i|^2: 1/n where samples are orthogonal, one where they are equal, two fifths of images of two digits.
fn resemblance(data: &Dataset) -> f64 {
    let (n, inputs) = (data.n_samples() as f64, data.inputs());
    let mut sum = vec![0.0; inputs.ncols()];
    let mut squares = 0.0;
    for x in inputs.rows() {
        sum.iter_mut().zip(x).for_each(|(sum, x)| *sum += x);
        squares += x.iter().map(|x| x * x).sum::<f64>();
    }
    if squares == 0.0 { 0.0 } else { vector::sum_of_squares(&sum) / (n * squares) }
}

impl Tally {
    /// The counts with their names, in one order.
    fn named(&mut self) -> [(&'static str, &'static str, &mut u64); 6] {
        [
            ("pure_rows", "row steps along the signs of one sample", &mut self.pure_rows),
            ("mixed_rows", "row steps along the signs of one sample but for some entries", &mut self.mixed_rows),
            ("dense_rows", "row steps whose signs were found by products of matrices", &mut self.dense_rows),
            ("multiplied_patterns", "distinct sign patterns found by products", &mut self.multiplied_patterns),
            ("flips", "entries of mixed rows that differ from the signs of one sample", &mut self.flips),
            ("undetermined_signs", "signs that rounding may have decided", &mut self.undetermined_signs),
        ]
    }

    fn add(&mut self, mut other: Self) {
        for ((_, _, count), (_, _, more)) in self.named().into_iter().zip(other.named()) {
            *count += *more;
        }
    }
}

impl Dynamics for Sign<'_> {
    fn evaluate(&mut self) -> Evaluation<'_> {
        let found = match self.found {
            Some(found) => found,
            None => self.find(),
        };
        self.found = Some(found);
        let degree = self.model.degree().get();
        Evaluation {
            // the own norm is a maximum over W, which is not formed
            dual_norm: found.dual_norm,
            form: Form::Signs,
            n_bands: found.n_bands,
            ..Evaluation::of_loss(found.value, &self.margins, &self.ranking.ln_weights, degree)
        }
    }

    fn whole(&mut self) -> Whole<'_> {
        let Evaluation { margins, loss, .. } = self.evaluate();
        Whole { margins, loss }
    }

    fn advance(&mut self, length: f64) -> bool {
        self.evaluate();
        (self.found, self.formed.1) = (None, false);
        self.step += 1;
        self.tally.add(self.directions.tally());
        let outputs = self.outputs.as_slice_mut().unwrap_or_default();
        let moved = self.state.advance(length, &self.directions, &self.inputs, outputs);
        if self.step.is_multiple_of(REFRESH) {
            self.refresh();
        }
        moved
    }

    fn theta(&mut self) -> &[f64] {
        let (theta, is_present) = &mut self.formed;
        if !*is_present {
            let (m, d) = (self.state.u.len(), self.data.n_features());
            if let Ok(w) = ArrayViewMut2::from_shape((m, d), &mut theta[..m * d]) {
                self.state.weights_into(&self.inputs, w);
            }
            if let Some(range) = &self.output {
                theta[range.clone()].copy_from_slice(&self.state.u);
            }
            *is_present = true;
        }
        theta
    }

    fn counters(&self) -> Vec<Counter> {
        let mut tally = self.tally;
        tally.named().into_iter().map(|(name, meaning, count)| Counter { name, meaning, count: *count }).collect()
    }

    fn save(&self, state: &mut SavedState) {
        state.put("sign/p", self.state.p.as_slice().unwrap_or_default());
        state.put("sign/b", self.state.b.as_slice().unwrap_or_default());
        state.put("sign/base", &self.state.base);
        state.put("sign/u", &self.state.u);
        state.put_counter("sign/step", self.step);
        let mut tally = self.tally;
        for (name, _, count) in tally.named() {
            state.put_counter(&format!("sign/{name}"), *count);
        }
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), CoreError> {
        state.restore_into("sign/p", self.state.p.as_slice_mut().unwrap_or_default())?;
        state.restore_into("sign/b", self.state.b.as_slice_mut().unwrap_or_default())?;
        state.restore_into("sign/base", &mut self.state.base)?;
        state.restore_into("sign/u", &mut self.state.u)?;
        self.step = state.counter("sign/step")?;
        for (name, _, count) in self.tally.named() {
            *count = state.counter(&format!("sign/{name}"))?;
        }
        (self.found, self.formed.1) = (None, false);
        self.find_outputs();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
