//! The dense dynamics: theta as one flat vector, the whole gradient formed at every step.

use super::batching::Batching;
use super::dark::Dark;
use super::kinks::{Kinks, Pass};
use super::routes::Routes;
use super::terms::OwnedTerms;
use crate::batches::Batches;
use crate::error::OptimError;
use ndarray::{Array2, s};
use steepest_core::{
    BackwardCall, Bands, CoreError, Counter, Dataset, Dynamics, Evaluation, Graded, GradedView, GradientTerms,
    HomogeneousModel, Labels, LogReal, Loss, LossValue, Optimizer, Rows, SavedState, Steepest, WantedTerms, Whole,
    Workspace, memory,
};

/// theta as a flat vector; each step one forward pass, one backward pass (the bands of a graded gradient together cost one), one direction, one
/// update. In l1, l2 and linf, and with Adam, nothing is allocated after the first step, or the first step with more than one band.
#[derive(Debug)]
pub struct Dense<'a> {
    model: &'a dyn HomogeneousModel,
    data: &'a Dataset,
    loss: &'a dyn Loss,
    optimizer: Box<dyn Optimizer>,
    batching: Option<Batching>,
    /// All inputs without their zeros, where most are and no mini-batch is drawn from them.
    dark: Dark,
    kinks: Kinks,
    routes: Routes,
    theta: Vec<f64>,
    work: Workspace,
    outputs: Array2<f64>,
    cotangent: Array2<f64>,
    margins: Vec<f64>,
    ln_weights: Vec<f64>,
    bands: Bands,
    gradient: Graded,
    band_gradient: Vec<f64>,
    direction: Vec<f64>,
    /// Whether N(theta) is wanted at every step, however dear.
    always_own_norm: bool,
    /// N(theta) if the last update left it.
    own_norm: Option<f64>,
    found: Option<Found>,
}

/// What was found at the present theta.
#[derive(Clone, Copy, Debug)]
struct Found {
    value: LossValue,
    steepest: Steepest,
    n_held: u32,
    own_norm: Option<f64>,
}

impl<'a> Dense<'a> {
    /// Starts at theta.
    ///
    /// # Errors
    /// If model, data, optimiser and theta do not fit each other.
    pub fn new(
        model: &'a dyn HomogeneousModel,
        data: &'a Dataset,
        loss: &'a dyn Loss,
        optimizer: Box<dyn Optimizer>,
        theta: Vec<f64>,
    ) -> Result<Self, OptimError> {
        check_parts(model, data, loss, &theta)?;
        let (p, n, k) = (theta.len(), data.n_samples(), model.n_outputs());
        if optimizer.own_norm().dim() != p {
            return Err(OptimError::Dimension { found: optimizer.own_norm().dim(), expected: p });
        }
        let mut work = model.workspace(n);
        let has_kink =
            model.linear_first_layer().is_some_and(|first| first.kinked_pre_activations(&mut work).is_some());
        if optimizer.is_two_sided() && !has_kink {
            return Err(OptimError::NoKink);
        }
        Ok(Self {
            work,
            outputs: Array2::zeros((n, k)),
            cotangent: Array2::zeros((n, k)),
            margins: vec![0.0; n],
            ln_weights: vec![0.0; n * loss.terms_per_sample(k)],
            bands: Bands::default(),
            gradient: Graded::zeros(p),
            band_gradient: Vec::new(),
            direction: memory::zeros(p),
            always_own_norm: false,
            own_norm: None,
            found: None,
            model,
            data,
            loss,
            optimizer,
            batching: None,
            dark: Dark::default(),
            kinks: Kinks::default(),
            routes: Routes::default(),
            theta: memory::copied(&theta),
        })
    }

    /// In mini-batches, from step `first_step` on; `None` for the full batch.
    ///
    /// # Errors
    /// If the optimiser is the two-sided rule, which looks at one sample on both sides of a step.
    pub fn in_batches(mut self, batches: Option<Batches>, first_step: u64) -> Result<Self, OptimError> {
        if batches.is_some() && self.optimizer.is_two_sided() {
            return Err(OptimError::FullBatchOnly { what: "the two-sided rule" });
        }
        let per_sample = self.loss.terms_per_sample(self.model.n_outputs());
        self.dark = Dark::default();
        self.batching = batches.map(|batches| Batching::new(batches, first_step, self.model, self.data, per_sample));
        Ok(self)
    }

    /// With N(theta) in the own norm at every step, for a step length that looks at it.
    #[must_use]
    pub fn with_own_norm_if(mut self, needed: bool) -> Self {
        self.always_own_norm = needed;
        self
    }

    /// Without skipping any zero of the inputs.
    #[cfg(test)]
    pub(super) fn with_zeros(mut self) -> Self {
        self.dark = Dark::Found(None);
        self
    }

    /// Whether steps skip zeros of the inputs.
    #[cfg(test)]
    pub(super) const fn skips_zeros(&self) -> bool {
        matches!(self.dark, Dark::Found(Some(_)))
    }

    /// The parameters, given up.
    pub fn into_theta(self) -> Vec<f64> {
        self.theta
    }

    /// The gradient of the loss at the present theta; of an optimiser that looks at the leading part only, that part.
    pub fn gradient(&mut self) -> GradedView<'_> {
        self.evaluate();
        self.gradient.view()
    }

    fn find(&mut self) -> Found {
        match &mut self.batching {
            Some(batching) => batching.start(self.model, self.loss, self.data, &self.theta),
            None => self.dark.look(self.model, self.data),
        }
        let samples = samples(self.data, self.batching.as_ref());
        let n = samples.n_samples();
        let n_terms = n * self.loss.terms_per_sample(self.outputs.ncols());
        let outputs = self.outputs.slice_mut(s![..n, ..]);
        match self.dark.of(self.model) {
            Some((dark, first)) => dark.forward(first, &self.theta, outputs, &mut self.work),
            None => self.model.forward(&self.theta, samples.inputs(), outputs, &mut self.work),
        }
        let (margins, ln_weights) = (&mut self.margins[..n], &mut self.ln_weights[..n_terms]);
        let value = self.loss.evaluate(self.outputs.slice(s![..n, ..]), samples.labels(), margins, ln_weights);
        self.bands.cut(ln_weights, n_terms / n);
        if self.optimizer.sees_graded() {
            self.sum_bands();
        } else {
            self.first_band_that_matters();
        }
        let plain = self.direction();
        let (steepest, n_held) = self.hold_at_kinks(plain);
        self.routes.note(steepest.routes);
        let norm = self.optimizer.own_norm();
        let wanted = norm.fold().is_some() || self.always_own_norm;
        let own_norm = self.own_norm.or_else(|| wanted.then(|| norm.value(&self.theta)));
        Found { value, steepest, n_held, own_norm }
    }

    /// The optimiser's direction for the gradient as it is, with the terms that it wants.
    fn direction(&mut self) -> Steepest {
        let samples = samples(self.data, self.batching.as_ref());
        let n = samples.n_samples();
        let (theta, gradient, buffer) = (&self.theta[..], self.gradient.view(), &mut self.direction[..]);
        match self.optimizer.wants_terms() {
            WantedTerms::Factors if self.bands.len() == 1 => {
                let cotangent = self.cotangent.slice(s![..n, ..]);
                let call = BackwardCall { inputs: samples.inputs(), rows: self.bands.band(0).rows, cotangent };
                let blocks = self.model.factors(call, &self.work);
                let terms = GradientTerms { ln_weights: &[], blocks: &blocks };
                self.optimizer.direction_of_terms(theta, gradient, &terms, buffer)
            }
            WantedTerms::Graded => {
                self.band_gradient.resize(theta.len(), 0.0);
                let n_terms = n * self.loss.terms_per_sample(self.outputs.ncols());
                let at = (theta, &self.ln_weights[..n_terms]);
                let scratch = &mut self.band_gradient[..];
                let terms = OwnedTerms::collect(self.model, self.loss, samples, at, scratch, &mut self.work);
                terms.lend(|terms| self.optimizer.direction_of_terms(theta, gradient, terms, buffer))
            }
            _ => self.optimizer.direction(theta, gradient, buffer),
        }
    }

    /// The two-sided rule, for an optimiser that wants it: the direction after it, and how many samples it holds.
    fn hold_at_kinks(&mut self, found: Steepest) -> (Steepest, u32) {
        if !self.optimizer.is_two_sided() {
            return (found, 0);
        }
        let Self { model, data, loss, theta, ln_weights, gradient, band_gradient, work, .. } = self;
        let pass = Pass { model: *model, loss: *loss, data, theta, ln_weights };
        match self.kinks.hold(found.form, &pass, gradient, band_gradient, work) {
            0 => (found, 0),
            n_held => (self.optimizer.direction(&self.theta, self.gradient.view(), &mut self.direction), n_held),
        }
    }

    /// The gradient as the sum of all bands.
    fn sum_bands(&mut self) {
        self.backward_band(0, true);
        for b in 1..self.bands.len() {
            self.backward_band(b, false);
        }
    }

    /// The gradient of the heaviest band that has one, as far down as it shows: all that a map sees which looks at the leading part only.
    fn first_band_that_matters(&mut self) {
        self.backward_band(0, true);
        let mut b = 0;
        while b + 1 < self.bands.len() {
            let seen = self.gradient.view().max_abs();
            if !seen.is_zero() {
                let n_terms = self.loss.terms_per_sample(self.outputs.ncols());
                let n = samples(self.data, self.batching.as_ref()).n_samples();
                if self.bands.follow(b, seen, &self.ln_weights[..n * n_terms], n_terms) {
                    self.backward_band(b, true);
                }
                return;
            }
            b += 1;
            self.backward_band(b, true);
        }
    }

    /// The gradient of one band, in place of what was there or added to it.
    fn backward_band(&mut self, b: usize, overwrite: bool) {
        if self.bands.is_empty() {
            self.gradient.overwrite(LogReal::ONE).fill(0.0);
            return;
        }
        let band = self.bands.band(b);
        let samples = samples(self.data, self.batching.as_ref());
        let (inputs, labels) = (samples.inputs(), samples.labels());
        let mut cotangent = self.cotangent.slice_mut(s![..band.rows.count(inputs.nrows()), ..]);
        self.loss.cotangent_into(labels, &self.ln_weights, &band, cotangent.view_mut());
        if !overwrite && self.band_gradient.is_empty() {
            self.band_gradient = memory::zeros(self.theta.len());
        }
        let target = if overwrite { self.gradient.overwrite(band.scale) } else { &mut self.band_gradient };
        let (theta, cotangent, work) = (&self.theta[..], cotangent.view(), &mut self.work);
        match (self.dark.of(self.model), band.rows) {
            (Some((dark, first)), Rows::All) => dark.backward(first, theta, cotangent, target, work),
            _ => self.model.backward(theta, inputs, band.rows, cotangent, target, work),
        }
        if !overwrite {
            self.gradient.add_band(band.scale, &self.band_gradient);
        }
    }
}

/// Checks that the parts of a run fit each other.
///
/// # Errors
/// With the two numbers, or kinds, that do not.
pub(super) fn check_parts(
    model: &dyn HomogeneousModel,
    data: &Dataset,
    loss: &dyn Loss,
    theta: &[f64],
) -> Result<(), OptimError> {
    let (p, k) = (model.layout().len(), model.n_outputs());
    if model.n_inputs() != data.n_features() {
        return Err(OptimError::Inputs { model: model.n_inputs(), data: data.n_features() });
    }
    if k != data.labels().n_outputs() {
        return Err(OptimError::Outputs { model: k, labels: data.labels().n_outputs() });
    }
    if !loss.accepts(data.labels()) {
        let labels = match data.labels() {
            Labels::Binary(_) => "labels -1 and +1",
            Labels::Classes { .. } => "classes",
        };
        return Err(OptimError::Labels { loss: format!("{loss:?}"), labels });
    }
    if theta.len() != p {
        return Err(OptimError::Theta { found: theta.len(), expected: p });
    }
    Ok(())
}

/// The samples of the present step.
const fn samples<'s>(data: &'s Dataset, batching: Option<&'s Batching>) -> &'s Dataset {
    match batching {
        Some(batching) => batching.samples(),
        None => data,
    }
}

impl Dynamics for Dense<'_> {
    fn evaluate(&mut self) -> Evaluation<'_> {
        let found = match self.found {
            Some(found) => found,
            None => self.find(),
        };
        self.found = Some(found);
        let n = samples(self.data, self.batching.as_ref()).n_samples();
        let n_terms = n * self.loss.terms_per_sample(self.outputs.ncols());
        let (margins, loss) = (&self.margins[..n], found.value.loss);
        let whole = self.batching.as_ref().map_or(Some(Whole { margins, loss }), Batching::known);
        Evaluation {
            margins,
            ln_weights: &self.ln_weights[..n_terms],
            loss,
            slope: found.value.slope,
            mean_margin: found.value.mean_margin,
            mean_excess: found.value.mean_excess,
            dual_norm: found.steepest.dual,
            degree: self.model.degree().get(),
            own_norm: found.own_norm,
            form: found.steepest.form,
            near_ties: found.steepest.near_ties,
            left_out: found.steepest.left_out,
            doubtful: found.steepest.doubtful,
            n_held: found.n_held,
            n_bands: self.bands.len(),
            whole,
        }
    }

    fn whole(&mut self) -> Whole<'_> {
        if self.batching.is_none() {
            let Evaluation { margins, loss, .. } = self.evaluate();
            return Whole { margins, loss };
        }
        match &mut self.batching {
            Some(batching) => batching.evaluate_whole(self.model, self.loss, self.data, &self.theta),
            None => Whole { margins: &self.margins, loss: LogReal::ZERO },
        }
    }

    fn gradient_dual_norm(&mut self) -> LogReal {
        let reported = self.evaluate().dual_norm;
        let is_another = self.optimizer.reports_memory() || self.optimizer.reports_l2();
        if is_another { self.optimizer.own_norm().dual(self.gradient.view()) } else { reported }
    }

    fn advance(&mut self, length: f64) -> bool {
        let form = self.evaluate().form;
        self.found = None;
        if let Some(batching) = &mut self.batching {
            batching.advance();
        }
        if self.optimizer.is_two_sided() {
            self.kinks.note(form, self.model, self.data.n_samples(), &mut self.work);
        }
        let fold = self.optimizer.own_norm().fold();
        let (gradient, theta) = (self.gradient.view(), &mut self.theta[..]);
        let moved = self.optimizer.apply(form, gradient, &self.direction, length, theta, fold);
        self.own_norm = moved.norm;
        moved.any
    }

    fn theta(&mut self) -> &[f64] {
        &self.theta
    }

    fn counters(&self) -> Vec<Counter> {
        self.routes.counters()
    }

    fn save(&self, state: &mut SavedState) {
        state.put("theta", &self.theta);
        state.put_counter("batches/step", self.batching.as_ref().map_or(0, |batching| batching.step));
        self.kinks.save(state);
        self.routes.save(state);
        self.optimizer.save(state);
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), CoreError> {
        state.restore_into("theta", &mut self.theta)?;
        (self.found, self.own_norm) = (None, None);
        if let Some(batching) = &mut self.batching {
            batching.step = state.counter("batches/step")?;
            batching.forget();
        }
        self.kinks.restore(state)?;
        self.routes.restore(state)?;
        self.optimizer.restore(state)
    }
}
