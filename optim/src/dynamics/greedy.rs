//! Coordinate descent whose arg-max is found without the gradient.

mod best;
mod bounds;
mod filter;
mod kink;
mod moved;
mod outputs;
mod problem;
mod reference;
mod search;
mod support;
mod units;
mod work;

use super::dense::check_parts;
use super::two_layer;
use crate::error::OptimError;
use best::Winner;
use kink::Kink;
use moved::Moved;
use ndarray::{Array2, ArrayView2, s};
use problem::Problem;
use search::{Point, Search};
use steepest_core::linalg::{Accumulate, multiply_into};
use steepest_core::{
    Bands, CoreError, Counter, Dataset, Displaced, Displacement, Dynamics, Evaluation, Fold, Form, HomogeneousModel,
    LogReal, Loss, LossValue, NormKind, Optimizer, OptimizerKind, OutputWeights, Rows, SavedState, Whole, vector,
};
use units::Units;
use work::Work;

/// Coordinate descent of f(theta; x) = sum_j u_j phi(<w_j, x>), phi piecewise linear, at the cost of what a step changes.
///
/// A step moves one weight: a w_jl moves the pre-activations P_j of one unit by a multiple of a column of X, a u_j the outputs by a multiple of
/// phi(P_j). Where the largest |gradient| is, of all the entries, is found by bounds that exclude nearly all of them: the gradient in u at an
/// earlier cotangent for the output weights; X^T v at an earlier cotangent v, in single precision with its rounding accounted for, for the units
/// that came near; the length of the cotangent for all others. What no bound excludes is computed in double precision from a column of X, always
/// by the same sum, so that the step does not depend on the bounds. It is the step of [`Dense`](super::Dense) in l1, rounding apart, its rule for
/// ties and the two-sided rule included. theta is formed when asked for. Nothing is allocated in a step whose weight has
/// moved before, once the units that compete are known.
#[derive(Debug)]
pub struct Greedy<'a> {
    model: &'a dyn HomogeneousModel,
    data: &'a Dataset,
    loss: &'a dyn Loss,
    problem: Problem,
    is_two_sided: bool,
    /// Where u is in theta; `None` if it is frozen.
    outputs_at: Option<usize>,
    /// theta with W0 in the place of W.
    theta: Vec<f64>,
    /// theta itself, kept up to date once it was asked for.
    formed: Option<Vec<f64>>,
    moved: Moved,
    units: Units,
    search: Search,
    kink: Kink,
    work: Work,
    margins: Vec<f64>,
    ln_weights: Vec<f64>,
    bands: Bands,
    /// The cotangent on the outputs of one band: in the order of its rows; on all samples; and where there is a derivative.
    cotangent: Array2<f64>,
    on_all: Vec<f64>,
    on_seen: Vec<f64>,
    step: u64,
    found: Option<Found>,
}

/// What was found at the present point.
#[derive(Clone, Copy, Debug)]
struct Found {
    value: LossValue,
    /// The gradient is this times the entries that were computed.
    scale: LogReal,
    winner: Option<Winner>,
    n_held: u32,
}

/// Steps after which what is carried along is computed afresh.
const REFRESH: u64 = 1000;

impl<'a> Greedy<'a> {
    /// Whether it serves this optimiser and model: coordinate descent without memory, also by the two-sided rule, of a two-layer network of one
    /// output whose activation is linear on each side of zero.
    pub fn serves(optimizer: &dyn Optimizer, model: &dyn HomogeneousModel) -> bool {
        is_plain(optimizer) && two_layer(model).is_some() && (!optimizer.is_two_sided() || has_kink(model))
    }

    /// Starts at theta. The optimiser is asked for its kind only.
    ///
    /// # Errors
    /// If the optimiser or the model is not one that it serves, or model, data and theta do not fit each other.
    pub fn new(
        model: &'a dyn HomogeneousModel,
        data: &'a Dataset,
        loss: &'a dyn Loss,
        optimizer: &dyn Optimizer,
        theta: Vec<f64>,
    ) -> Result<Self, OptimError> {
        check_parts(model, data, loss, &theta)?;
        if !is_plain(optimizer) {
            return Err(OptimError::NotCoordinate);
        }
        let (m, two) = two_layer(model).ok_or(OptimError::NotTwoLayers)?;
        if optimizer.is_two_sided() && !has_kink(model) {
            return Err(OptimError::NoKink);
        }
        let (n, d) = (data.n_samples(), data.n_features());
        let (outputs_at, u) = match two.output {
            OutputWeights::Trained(range) => (Some(range.start), theta[range].to_vec()),
            OutputWeights::Frozen(values) => (None, values.to_vec()),
        };
        let w = ArrayView2::from_shape((m, d), &theta[..m * d]).map_err(|_| OptimError::NotTwoLayers)?;
        let mut p = vec![0.0; m * n];
        if let Ok(p) = ndarray::ArrayViewMut2::from_shape((m, n), &mut p) {
            multiply_into(Accumulate::Replace, w, data.inputs().t(), p);
        }
        let units = Units::new(p, (u, outputs_at.is_some()), n, two.slope);
        Ok(Self {
            problem: Problem::new(data.inputs(), two.slope),
            is_two_sided: optimizer.is_two_sided(),
            outputs_at,
            moved: Moved::new(&theta[..m * d], units.trained()),
            units,
            theta,
            formed: None,
            search: Search::new(n, m),
            kink: Kink::default(),
            work: Work::default(),
            margins: vec![0.0; n],
            ln_weights: vec![0.0; n * loss.terms_per_sample(1)],
            bands: Bands::default(),
            cotangent: Array2::zeros((n, 1)),
            on_all: vec![0.0; n],
            on_seen: vec![0.0; n],
            step: 0,
            found: None,
            model,
            data,
            loss,
        })
    }

    /// Number of entries of W.
    fn split(&self) -> usize {
        self.units.width() * self.problem.d
    }

    fn find(&mut self) -> Found {
        let (outputs, labels) = (self.units.outputs.view(), self.data.labels());
        let value = self.loss.evaluate(outputs, labels, &mut self.margins, &mut self.ln_weights);
        // where the loss is no number, there is no direction, and the run ends
        let weights = if value.loss.is_defective() { &[] } else { &self.ln_weights[..] };
        let per_sample = self.loss.terms_per_sample(1);
        self.bands.cut(weights, per_sample);
        // entries of lighter bands are invisible beside any of the heaviest that has a gradient, if that reaches far enough
        let mut b = 0;
        while b < self.bands.len() {
            if let Some((scale, (winner, n_held))) = self.search_band(b) {
                let seen = scale * LogReal::from_value(winner.value.abs());
                let found = Found { value, scale, winner: Some(winner), n_held };
                if !self.bands.follow(b, seen, &self.ln_weights, per_sample) {
                    return found;
                }
                let again = self.search_band(b);
                return again.map_or(found, |(scale, (winner, n_held))| Found {
                    scale,
                    winner: Some(winner),
                    n_held,
                    ..found
                });
            }
            b += 1;
        }
        Found { value, scale: LogReal::ZERO, winner: None, n_held: 0 }
    }

    /// The largest entry of one band and the number of samples held, relative to a scale; `None` if the band has no derivative.
    fn search_band(&mut self, b: usize) -> Option<(LogReal, (Winner, u32))> {
        let scale = self.take_cotangent(b)?;
        Some((scale, self.arg_max()?))
    }

    /// The cotangent of one band on all samples, the largest entry that has a derivative being about one; its scale. `None` if none has.
    fn take_cotangent(&mut self, b: usize) -> Option<LogReal> {
        let (band, n) = (self.bands.band(b), self.problem.n);
        let count = band.rows.count(n);
        let mut cotangent = self.cotangent.slice_mut(s![..count, ..]);
        self.loss.cotangent_into(self.data.labels(), &self.ln_weights, &band, cotangent.view_mut());
        match band.rows {
            Rows::All => self.on_all.iter_mut().zip(&cotangent).for_each(|(c, &value)| *c = value),
            Rows::Subset(rows) => {
                self.on_all.fill(0.0);
                rows.iter().zip(&cotangent).for_each(|(&i, &value)| self.on_all[i] = value);
            }
        }
        for (i, seen) in self.on_seen.iter_mut().enumerate() {
            *seen = if self.units.is_seen(i) { self.on_all[i] } else { 0.0 };
        }
        let largest = vector::max_abs(&self.on_seen);
        if largest == 0.0 {
            return None;
        }
        if largest < 1e-50 {
            self.on_all.iter_mut().chain(&mut self.on_seen).for_each(|c| *c /= largest);
            return Some(band.scale * LogReal::from_value(largest));
        }
        Some(band.scale)
    }

    /// The entry of largest magnitude, after the two-sided rule where it acts; and the number of samples that this holds.
    fn arg_max(&mut self) -> Option<(Winner, u32)> {
        let Self { problem, units, search, work, .. } = self;
        let at = Point { problem, c: &self.on_seen, outputs_at: self.outputs_at, held: None };
        let winner = search.arg_max(&at, units, work)?;
        if !self.is_two_sided {
            return Some((winner, 0));
        }
        match self.kink.hold(winner, &self.on_all, problem, units) {
            None => Some((winner, 0)),
            Some((held, n_held)) => Some((search.arg_max(&Point { held: Some(&held), ..at }, units, work)?, n_held)),
        }
    }

    /// Moves one entry of theta; whether a bit of it is another.
    fn move_entry(&mut self, index: usize, change: f64) -> bool {
        let (split, d) = (self.split(), self.problem.d);
        let is_weight = index < split;
        let old = if is_weight { self.moved.weight(index, &self.theta) } else { self.theta[index] };
        let new = old - change;
        if new.to_bits() == old.to_bits() {
            return false;
        }
        self.moved.sum_of_abs += new.abs() - old.abs();
        if is_weight {
            let (j, l) = (index / d, index % d);
            self.moved.set(index, new);
            self.work.flips += self.units.move_weight(j, new - old, self.problem.column(l));
            self.work.grown += u64::from(self.units.note_moved(j));
        } else {
            self.theta[index] = new;
            self.units.move_output(index - split, new);
        }
        if let Some(formed) = &mut self.formed {
            formed[index] = new;
        }
        true
    }
}

/// Whether this is coordinate descent without memory.
fn is_plain(optimizer: &dyn Optimizer) -> bool {
    let is_l1 = optimizer.own_norm().fold() == Some(Fold::SumOfAbs);
    is_l1 && optimizer.kind() == OptimizerKind::Coordinate && !optimizer.reports_memory()
}

/// Whether the activation has a kink, where the two-sided rule acts.
fn has_kink(model: &dyn HomogeneousModel) -> bool {
    let mut work = model.workspace(1);
    model.linear_first_layer().is_some_and(|first| first.kinked_pre_activations(&mut work).is_some())
}

impl Dynamics for Greedy<'_> {
    fn evaluate(&mut self) -> Evaluation<'_> {
        let found = match self.found {
            Some(found) => found,
            None => self.find(),
        };
        self.found = Some(found);
        let form = found.winner.map_or(Form::Written, |winner| Form::Coordinate {
            index: winner.index,
            value: vector::sign(winner.value),
        });
        let magnitude = found.winner.map_or(LogReal::ZERO, |winner| LogReal::from_value(winner.value.abs()));
        let degree = self.model.degree().get();
        Evaluation {
            dual_norm: magnitude * found.scale,
            own_norm: Some(self.moved.sum_of_abs),
            form,
            near_ties: found.winner.map_or(0, |winner| winner.near_ties),
            n_held: found.n_held,
            n_bands: self.bands.len(),
            ..Evaluation::of_loss(found.value, &self.margins, &self.ln_weights, degree)
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
        self.step += 1;
        self.work.steps += 1;
        self.work.holds += u64::from(found.n_held > 0);
        let Some(winner) = found.winner else {
            self.kink.note_nothing();
            return false;
        };
        self.work.near_ties += u64::from(winner.near_ties);
        let sign = vector::sign(winner.value);
        if self.is_two_sided {
            self.kink.note(winner.index, sign, self.problem.d, &self.units);
        }
        let moved = self.move_entry(winner.index, length * sign);
        if self.step.is_multiple_of(REFRESH) {
            let (split, d) = (self.split(), self.problem.d);
            let column = |place| (place / d, self.problem.column(place % d));
            self.units.refresh(self.moved.differences(&self.theta), column);
            self.moved.refresh(&self.theta[..split], self.units.trained());
        }
        moved
    }

    fn theta(&mut self) -> &[f64] {
        self.formed.get_or_insert_with(|| {
            let mut formed = steepest_core::memory::copied(&self.theta);
            self.moved.entries().for_each(|(place, value)| formed[place] = value);
            formed
        })
    }

    fn displaced(&mut self) -> Option<Displaced<'_>> {
        let entries = self.moved.differences(&self.theta);
        Some(Displaced { theta: &self.theta, by: Displacement::Entries(entries) })
    }

    fn norm(&mut self, which: NormKind) -> Option<f64> {
        let split = self.split();
        let u = self.units.trained();
        match which {
            NormKind::L1 => Some(self.moved.sum_of_abs),
            NormKind::L2 => self.moved.euclidean_norm(&self.theta, u),
            NormKind::Linf => Some(self.moved.largest(&self.theta[..split], u)),
            NormKind::MaxSpectral => None,
        }
    }

    fn counters(&self) -> Vec<Counter> {
        self.work.counters()
    }

    fn save(&self, state: &mut SavedState) {
        self.moved.save(state);
        state.put("greedy/u", self.units.trained());
        state.put("greedy/p", &self.units.p);
        state.put("greedy/outputs", self.units.outputs.as_slice().unwrap_or_default());
        state.put_counter("greedy/step", self.step);
        self.kink.save(state);
        self.work.save(state);
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), CoreError> {
        let split = self.split();
        self.moved.restore(state, split)?;
        if self.outputs_at.is_some() {
            state.restore_into("greedy/u", &mut self.units.u)?;
            self.theta[split..].copy_from_slice(&self.units.u);
        }
        state.restore_into("greedy/p", &mut self.units.p)?;
        state.restore_into("greedy/outputs", self.units.outputs.as_slice_mut().unwrap_or_default())?;
        self.step = state.counter("greedy/step")?;
        self.kink.restore(state, self.problem.n)?;
        self.work.restore(state)?;
        let d = self.problem.d;
        self.units.restore(self.moved.entries().map(|(place, _)| place / d));
        self.search.forget();
        (self.found, self.formed) = (None, None);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
