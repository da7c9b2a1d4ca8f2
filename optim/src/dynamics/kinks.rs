//! The two-sided rule of coordinate descent at the kinks of a network's first layer.

use ndarray::Array2;
use steepest_core::{
    Band, CoreError, Dataset, Form, Graded, HomogeneousModel, LinearFirstLayer, LogReal, Loss, Rows, SavedState, Wide,
    Workspace, logspace,
};

/// What the rule remembers of the last step.
#[derive(Clone, Debug, Default)]
pub(super) struct Kinks {
    /// The coordinate that it moved and the sign of its gradient; `None` if it moved no weight of the first layer.
    last: Option<(usize, f64)>,
    /// Whether each sample was active at that weight's neuron before the step: 1 or 0.
    active: Vec<f64>,
}

/// All that a backward pass over single samples needs.
pub(super) struct Pass<'a> {
    pub(super) model: &'a dyn HomogeneousModel,
    pub(super) loss: &'a dyn Loss,
    pub(super) data: &'a Dataset,
    pub(super) theta: &'a [f64],
    pub(super) ln_weights: &'a [f64],
}

impl Kinks {
    /// Notes the step that is about to be taken: `work` is as the forward pass before it left it.
    pub(super) fn note(&mut self, form: Form, model: &dyn HomogeneousModel, n: usize, work: &mut Workspace) {
        self.last = None;
        let (Form::Coordinate { index, value }, Some(first)) = (form, model.linear_first_layer()) else { return };
        let Some(unit) = unit_of(first, index) else { return };
        let Some(z) = first.kinked_pre_activations(work) else { return };
        self.active.clear();
        self.active.extend(z.column(unit).iter().take(n).map(|z| f64::from(u8::from(*z > 0.0))));
        self.last = Some((index, value));
    }

    /// If the direction would move the last weight back over a kink, changes the gradient to the one that holds it there, and returns the
    /// number of samples that are held.
    pub(super) fn hold(
        &self,
        form: Form,
        pass: &Pass<'_>,
        gradient: &mut Graded,
        scratch: &mut Vec<f64>,
        work: &mut Workspace,
    ) -> u32 {
        let (Form::Coordinate { index, value }, Some((last, last_value))) = (form, self.last) else { return 0 };
        let Some(first) = pass.model.linear_first_layer() else { return 0 };
        let (Some(unit), true) = (unit_of(first, index), index == last && value * last_value < 0.0) else { return 0 };
        let Some(z) = first.kinked_pre_activations(work) else { return 0 };
        let flipped: Vec<usize> =
            (0..self.active.len()).filter(|&i| (z[(i, unit)] > 0.0) != (self.active[i] > 0.0)).collect();
        // the change of each flipped sample's gradient if it had the activity from before the step
        let changes: Vec<(LogReal, Vec<f64>)> =
            flipped.iter().map(|&i| self.change(i, unit, first, pass, work)).collect();
        let row = unit * pass.data.n_features();
        let now = gradient.view().wide(index);
        let change = changes.iter().fold(Wide::new(0.0, 0), |sum, (scale, change)| {
            let (factor, shift) = logspace::exp_split((*scale / gradient.view().scale()).ln());
            sum + Wide::new(change[index - row] * factor, shift)
        });
        let before = now + change;
        if now.is_zero() || change.is_zero() || now.mantissa() * before.mantissa() > 0.0 {
            return 0;
        }
        // now + share * change = 0
        let share = -now.ratio(change);
        scratch.resize(pass.theta.len(), 0.0);
        for (scale, change) in &changes {
            scratch.fill(0.0);
            scratch[row..row + change.len()].iter_mut().zip(change).for_each(|(s, c)| *s = share * c);
            gradient.add_band(*scale, scratch);
        }
        gradient.set_zero(index);
        flipped.len() as u32
    }

    /// The change of sample i's gradient in the row of `unit` when the unit's activity is what it was before the step, relative to the
    /// returned scale.
    fn change(
        &self,
        i: usize,
        unit: usize,
        first: &dyn LinearFirstLayer,
        pass: &Pass<'_>,
        work: &mut Workspace,
    ) -> (LogReal, Vec<f64>) {
        let n_outputs = pass.model.n_outputs();
        let per_sample = pass.loss.terms_per_sample(n_outputs);
        let present = |t: &usize| pass.ln_weights[*t] > f64::NEG_INFINITY;
        let mut terms: Vec<usize> = (i * per_sample..(i + 1) * per_sample).filter(present).collect();
        terms.sort_unstable_by(|a, b| pass.ln_weights[*b].total_cmp(&pass.ln_weights[*a]));
        let heaviest = terms.first().map_or(f64::NEG_INFINITY, |&t| pass.ln_weights[t]);
        let d = pass.data.n_features();
        if terms.is_empty() {
            return (LogReal::ZERO, vec![0.0; d]);
        }
        let rows = [i];
        let band = Band { scale: LogReal::from_ln(heaviest), terms: Some(&terms), rows: Rows::Subset(&rows) };
        let mut cotangent = Array2::zeros((1, n_outputs));
        pass.loss.cotangent_into(pass.data.labels(), pass.ln_weights, &band, cotangent.view_mut());
        let mut row_of_gradient = |sign: Option<f64>| {
            let old = sign.and_then(|sign| {
                let mut z = first.kinked_pre_activations(work)?;
                Some(std::mem::replace(&mut z[(i, unit)], sign))
            });
            let mut gradient = vec![0.0; pass.theta.len()];
            let inputs = pass.data.inputs();
            pass.model.backward(pass.theta, inputs, band.rows, cotangent.view(), &mut gradient, work);
            if let (Some(old), Some(mut z)) = (old, first.kinked_pre_activations(work)) {
                z[(i, unit)] = old;
            }
            gradient[unit * d..(unit + 1) * d].to_vec()
        };
        let now = row_of_gradient(None);
        let mut change = row_of_gradient(Some(if self.active[i] > 0.0 { 1.0 } else { -1.0 }));
        change.iter_mut().zip(&now).for_each(|(before, now)| *before -= now);
        (band.scale, change)
    }

    pub(super) fn save(&self, state: &mut SavedState) {
        let (index, value) = self.last.unwrap_or((usize::MAX, 0.0));
        state.put_counter("kinks/index", index as u64);
        state.put("kinks/sign", &[value]);
        state.put("kinks/active", &self.active);
    }

    pub(super) fn restore(&mut self, state: &SavedState) -> Result<(), CoreError> {
        let mut sign = [0.0];
        state.restore_into("kinks/sign", &mut sign)?;
        let index = state.counter("kinks/index")? as usize;
        self.last = (index != usize::MAX).then_some((index, sign[0]));
        self.active = state.get("kinks/active")?.to_vec();
        Ok(())
    }
}

/// The unit whose weights coordinate `index` is among, if it is a weight of the first layer.
fn unit_of(first: &dyn LinearFirstLayer, index: usize) -> Option<usize> {
    let unit = index / first.n_inputs();
    (unit < first.width()).then_some(unit)
}

#[cfg(test)]
mod tests {
    use crate::{Dense, SteepestDescent, TwoSidedDescent};
    use ndarray::Array2;
    use rand::Rng;
    use steepest_core::loss::Exponential;
    use steepest_core::{Dataset, Dynamics, Form, Labels, Optimizer, Streams, logspace};
    use steepest_models::{Activation, Linear, Mlp};
    use steepest_norms::L1;

    const D: usize = 6;
    const WIDTH: usize = 5;
    const N: usize = 12;

    fn problem() -> (Dataset, Vec<f64>) {
        let mut rng = Streams::new(5).stream("data");
        let mut draw = || rng.next_u64() as f64 / u64::MAX as f64 - 0.5;
        let inputs = Array2::from_shape_simple_fn((N, D), || 4.0 * draw());
        let signs = (0..N).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let theta = (0..WIDTH * (D + 1)).map(|_| draw()).collect();
        (Dataset::new(inputs, Labels::Binary(signs)).unwrap(), theta)
    }

    fn dense<'a>(
        model: &'a Mlp,
        data: &'a Dataset,
        loss: &'a Exponential,
        theta: &[f64],
        two_sided: bool,
    ) -> Dense<'a> {
        let norm = L1::new(theta.len());
        let optimizer: Box<dyn Optimizer> = if two_sided {
            Box::new(TwoSidedDescent::new(Box::new(norm)))
        } else {
            Box::new(SteepestDescent::new(norm))
        };
        Dense::new(model, data, loss, optimizer, theta.to_vec()).unwrap()
    }

    fn active(theta: &[f64], data: &Dataset, unit: usize) -> Vec<bool> {
        let w = &theta[unit * D..(unit + 1) * D];
        data.inputs().rows().into_iter().map(|x| x.iter().zip(w).map(|(x, w)| x * w).sum::<f64>() > 0.0).collect()
    }

    /// The gradient of ln of the loss in one row of W, by its formula, with the given activities.
    fn row(theta: &[f64], data: &Dataset, ln_weights: &[f64], ln_loss: f64, unit: usize, activity: &[f64]) -> Vec<f64> {
        let Labels::Binary(y) = data.labels() else { panic!("binary") };
        let u = theta[WIDTH * D + unit];
        let entry = |l: usize| {
            (0..N)
                .map(|i| -y[i] * logspace::exp(ln_weights[i] - ln_loss) * u * activity[i] * data.inputs()[(i, l)])
                .sum()
        };
        (0..D).map(entry).collect()
    }

    #[test]
    fn a_held_weight_has_the_derivative_in_between_and_the_arg_max_is_taken_again() {
        let ((data, theta), loss) = (problem(), Exponential::sum());
        let model = Mlp::new(D, &[WIDTH], 1, Activation::Relu).unwrap();
        let mut dynamics = dense(&model, &data, &loss, &theta, true);
        let (mut before, mut moved, mut n_holds) = (theta.clone(), None, 0);
        for _ in 0..3000 {
            let at = dynamics.evaluate();
            let (form, n_held, ln_weights, ln_loss) = (at.form, at.n_held, at.ln_weights.to_vec(), at.loss.ln());
            let theta = dynamics.theta().to_vec();
            if n_held > 0 {
                n_holds += 1;
                let held: usize = moved.unwrap();
                let unit = held / D;
                let (old, new) = (active(&before, &data, unit), active(&theta, &data, unit));
                assert_eq!(old.iter().zip(&new).filter(|(a, b)| a != b).count(), n_held as usize);
                // both one-sided derivatives have opposite signs at the held weight, and the mixture of them is zero there
                let rows = [&old, &new].map(|a| {
                    let activity: Vec<f64> = a.iter().map(|a| f64::from(u8::from(*a))).collect();
                    row(&theta, &data, &ln_weights, ln_loss, unit, &activity)
                });
                let (g_old, g_new) = (rows[0][held % D], rows[1][held % D]);
                assert!(g_old * g_new <= 0.0, "{g_old} {g_new}");
                let s = g_old / (g_old - g_new);
                let found = dynamics.gradient();
                for (l, (old, new)) in rows[0].iter().zip(&rows[1]).enumerate() {
                    let expected = (1.0 - s) * old + s * new;
                    let value = found.sign(unit * D + l) * logspace::exp(found.ln_abs(unit * D + l) - ln_loss);
                    assert!((value - expected).abs() < 1e-12 * g_old.abs().max(1.0), "{value} {expected}");
                }
                assert!(!matches!(form, Form::Coordinate { index, .. } if index == held), "another weight moves");
            }
            moved = match form {
                Form::Coordinate { index, .. } if index < WIDTH * D => Some(index),
                _ => None,
            };
            before = theta;
            dynamics.advance(0.02);
        }
        assert!(n_holds > 3, "{n_holds}");
    }

    #[test]
    fn without_a_flip_it_is_plain_coordinate_descent_and_it_goes_below_it_in_the_end() {
        let ((data, theta), loss) = (problem(), Exponential::sum());
        let model = Mlp::new(D, &[WIDTH], 1, Activation::Relu).unwrap();
        let (mut plain, mut held) =
            (dense(&model, &data, &loss, &theta, false), dense(&model, &data, &loss, &theta, true));
        let mut first_hold = None;
        for step in 0..4000 {
            if held.evaluate().n_held > 0 && first_hold.is_none() {
                first_hold = Some(step);
                assert_eq!(plain.theta(), held.theta());
            }
            plain.advance(0.02);
            held.advance(0.02);
        }
        let ln_losses = (plain.evaluate().loss.ln(), held.evaluate().loss.ln());
        assert!(first_hold.is_some() && ln_losses.1 < ln_losses.0 - 1.0, "{ln_losses:?}");
    }

    #[test]
    fn a_model_without_kinks_is_refused() {
        let ((data, _), loss, model) = (problem(), Exponential::sum(), Linear::new(D, 1).unwrap());
        let optimizer = Box::new(TwoSidedDescent::new(Box::new(L1::new(D))));
        assert_eq!(optimizer.own_norm().dim(), D);
        let error = Dense::new(&model, &data, &loss, optimizer, vec![0.0; D]).unwrap_err();
        assert!(error.to_string().contains("relu"), "{error}");
    }
}
