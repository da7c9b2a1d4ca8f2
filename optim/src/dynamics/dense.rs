//! The dense dynamics: theta as one flat vector, the whole gradient formed at every step.

use crate::error::OptimError;
use ndarray::{Array2, s};
use steepest_core::{
    Bands, CoreError, Dataset, Dynamics, Evaluation, Graded, GradedView, HomogeneousModel, Labels, LogReal, Loss,
    LossValue, Optimizer, SavedState, Steepest, Workspace, memory,
};

/// theta as a flat vector; each step one forward pass, one backward pass (the bands of a graded gradient together cost one), one
/// direction, one update. Nothing is allocated after the first step, or the first step with more than one band.
#[derive(Debug)]
pub struct Dense<'a> {
    model: &'a dyn HomogeneousModel,
    data: &'a Dataset,
    loss: &'a dyn Loss,
    optimizer: Box<dyn Optimizer>,
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
        let (p, n, k) = (model.layout().len(), data.n_samples(), model.n_outputs());
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
        if optimizer.own_norm().dim() != p {
            return Err(OptimError::Dimension { found: optimizer.own_norm().dim(), expected: p });
        }
        Ok(Self {
            work: model.workspace(n),
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
            theta: memory::copied(&theta),
        })
    }

    /// With N(theta) in the own norm at every step, for a step length that looks at it.
    #[must_use]
    pub fn with_own_norm_if(mut self, needed: bool) -> Self {
        self.always_own_norm = needed;
        self
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
        let (inputs, labels) = (self.data.inputs(), self.data.labels());
        self.model.forward(&self.theta, inputs, self.outputs.view_mut(), &mut self.work);
        let value = self.loss.evaluate(self.outputs.view(), labels, &mut self.margins, &mut self.ln_weights);
        self.bands.cut(&self.ln_weights, self.loss.terms_per_sample(self.outputs.ncols()));
        if self.optimizer.sees_graded() {
            self.sum_bands();
        } else {
            self.first_band_that_matters();
        }
        let steepest = self.optimizer.direction(&self.theta, self.gradient.view(), &mut self.direction);
        let norm = self.optimizer.own_norm();
        let wanted = norm.fold().is_some() || self.always_own_norm;
        let own_norm = self.own_norm.or_else(|| wanted.then(|| norm.value(&self.theta)));
        Found { value, steepest, own_norm }
    }

    /// The gradient as the sum of all bands.
    fn sum_bands(&mut self) {
        self.backward_band(0, true);
        for b in 1..self.bands.len() {
            self.backward_band(b, false);
        }
    }

    /// The gradient of the heaviest band that has one: all that a map sees which looks at the leading part only.
    fn first_band_that_matters(&mut self) {
        self.backward_band(0, true);
        for b in 1..self.bands.len() {
            if !self.gradient.view().is_zero() {
                return;
            }
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
        let (inputs, labels) = (self.data.inputs(), self.data.labels());
        let mut cotangent = self.cotangent.slice_mut(s![..band.rows.count(inputs.nrows()), ..]);
        self.loss.cotangent_into(labels, &self.ln_weights, &band, cotangent.view_mut());
        if !overwrite && self.band_gradient.is_empty() {
            self.band_gradient = memory::zeros(self.theta.len());
        }
        let target = if overwrite { self.gradient.overwrite(band.scale) } else { &mut self.band_gradient };
        self.model.backward(&self.theta, inputs, band.rows, cotangent.view(), target, &mut self.work);
        if !overwrite {
            self.gradient.add_band(band.scale, &self.band_gradient);
        }
    }
}

impl Dynamics for Dense<'_> {
    fn evaluate(&mut self) -> Evaluation<'_> {
        let found = match self.found {
            Some(found) => found,
            None => self.find(),
        };
        self.found = Some(found);
        Evaluation {
            margins: &self.margins,
            ln_weights: &self.ln_weights,
            loss: found.value.loss,
            slope: found.value.slope,
            mean_margin: found.value.mean_margin,
            mean_excess: found.value.mean_excess,
            dual_norm: found.steepest.dual,
            degree: self.model.degree().get(),
            own_norm: found.own_norm,
            form: found.steepest.form,
            near_ties: found.steepest.near_ties,
            left_out: found.steepest.left_out,
            n_bands: self.bands.len(),
        }
    }

    fn gradient_dual_norm(&mut self) -> LogReal {
        let reported = self.evaluate().dual_norm;
        if self.optimizer.reports_memory() { self.optimizer.own_norm().dual(self.gradient.view()) } else { reported }
    }

    fn advance(&mut self, length: f64) -> bool {
        let form = self.evaluate().form;
        self.found = None;
        let fold = self.optimizer.own_norm().fold();
        let moved = form.subtract(self.gradient.view(), &self.direction, length, &mut self.theta, fold);
        self.own_norm = moved.norm;
        moved.any
    }

    fn theta(&mut self) -> &[f64] {
        &self.theta
    }

    fn save(&self, state: &mut SavedState) {
        state.put("theta", &self.theta);
        self.optimizer.save(state);
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), CoreError> {
        state.restore_into("theta", &mut self.theta)?;
        (self.found, self.own_norm) = (None, None);
        self.optimizer.restore(state)
    }
}
