//! Accuracy on points that are held in memory.

use crate::shared::Shared;
use crate::test_set::Tested;
use above::Above;
use ndarray::{Array2, ArrayView2, Axis};
use single::Single;
use steepest_core::linalg::{Accumulate, SparseWork, multiply_into};
use steepest_core::{
    Dataset, Displaced, Displacement, Dynamics, HomogeneousModel, LinearFirstLayer, OutputWeights, TwoLayer, Workspace,
};

mod above;
mod anchor;
#[cfg(test)]
mod draw;
mod points;
mod single;

pub(crate) use points::TestPoints;

/// The first layer is followed where it moves along so few directions that this many times their number are fewer than the inputs.
const WORTH_IT: usize = 2;

/// Points of which the sign is in doubt are looked at one by one where no more than one in so many is.
const IN_DOUBT: usize = 8;

/// A test set X_t (t x d) with buffers of its own.
///
/// Where the dynamics knows that its first layer has moved by W - W0 = A^T V, with few rows V (r x d), the pre-activations follow: P = X_t W0^T + (X_t V^T) A,
/// 2 t r m flops for m units. Otherwise the network is run on theta: 2 t d m, or as many for each pixel that is not black where few are.
///
/// An accuracy is made of signs. Those of a two-layer network are found in single precision, and in double where that leaves them in doubt; a point whose
/// sign cannot have changed is not looked at.
pub(crate) struct Stored<'a> {
    model: &'a dyn HomogeneousModel,
    train: &'a Dataset,
    data: &'a Dataset,
    /// Holds the test points in other forms.
    shared: Shared,
    /// Of a two-layer network: the points in single precision.
    single: Option<Single>,
    /// Products of the test points with where the present dynamics started, once they were needed.
    start: Option<Start>,
    outputs: Array2<f64>,
    work: Workspace,
    sparse_work: SparseWork,
}

struct Start {
    /// X_t W0^T (t x m).
    pre_activations: Array2<f64>,
    /// X_t V^T (t x r).
    products: Array2<f64>,
}

impl<'a> Stored<'a> {
    pub(crate) fn new(model: &'a dyn HomogeneousModel, train: &'a Dataset, data: &'a Dataset, shared: Shared) -> Self {
        let (n, k) = (data.n_samples(), model.n_outputs());
        let first = model.linear_first_layer().filter(|first| first.two_layer().is_some());
        let single = first.map(|first| Single::new(shared.test_points().in_single(data.inputs()), first.width()));
        Self {
            shared,
            single,
            start: None,
            outputs: Array2::zeros((n, k)),
            work: model.workspace(n),
            sparse_work: SparseWork::default(),
            model,
            train,
            data,
        }
    }

    /// Another dynamics takes over.
    pub(crate) fn switch(&mut self) {
        self.start = None;
        if let Some(single) = &mut self.single {
            single.switch();
        }
    }

    pub(crate) fn test(&mut self, dynamics: &mut dyn Dynamics) -> Tested {
        match self.signs(dynamics) {
            Some(in_doubt) if in_doubt.is_empty() => (),
            Some(in_doubt) if IN_DOUBT * in_doubt.len() <= self.data.n_samples() => {
                self.look_again(&in_doubt, dynamics.theta());
            }
            _ => self.outputs(dynamics),
        }
        Tested::of(&self.outputs, self.data.labels())
    }

    /// Outputs with the right signs, but for the points that this gives; `None` where the model has more than two layers.
    fn signs(&mut self, dynamics: &mut dyn Dynamics) -> Option<Vec<usize>> {
        let first = self.model.linear_first_layer()?;
        let two_layer = first.two_layer()?;
        let displaced = dynamics.displaced().and_then(|displaced| followed(displaced, self.train));
        let Some((theta, a, v)) = displaced else {
            let theta = dynamics.theta();
            let outputs = self.outputs.column_mut(0);
            return Some(self.single.as_mut()?.forward(first.weights(theta), above(&two_layer, theta)?, outputs));
        };
        if !self.single.as_ref()?.knows_start() {
            let w = first.weights(theta);
            let (p, y) = (self.product(w), self.product(v));
            self.single.as_mut()?.begin(w, p.view(), y.view());
        }
        Some(self.single.as_mut()?.follow(a, above(&two_layer, theta)?, self.outputs.column_mut(0)))
    }

    /// The outputs of some points, in double precision.
    fn look_again(&mut self, points: &[usize], theta: &[f64]) {
        let inputs = self.data.inputs().select(Axis(0), points);
        let mut outputs = Array2::zeros((points.len(), self.outputs.ncols()));
        self.model.forward(theta, inputs.view(), outputs.view_mut(), &mut self.work);
        for (&i, output) in points.iter().zip(outputs.rows()) {
            self.outputs.row_mut(i).assign(&output);
        }
    }

    /// The outputs of all points, in double precision.
    fn outputs(&mut self, dynamics: &mut dyn Dynamics) {
        let first = self.model.linear_first_layer();
        let is_above =
            first.is_some_and(|first| self.follow(first, dynamics) || self.skip_zeros(first, dynamics.theta()));
        if !is_above {
            self.model.forward(dynamics.theta(), self.data.inputs(), self.outputs.view_mut(), &mut self.work);
        }
    }

    /// The outputs by the displacement of W, where that is known and worth it.
    fn follow(&mut self, first: &dyn LinearFirstLayer, dynamics: &mut dyn Dynamics) -> bool {
        let displaced = dynamics.displaced().and_then(|displaced| followed(displaced, self.train));
        let Some((theta, a, v)) = displaced else { return false };
        let w = first.weights(theta);
        if self.start.is_none() {
            self.start = Some(Start { pre_activations: self.product(w), products: self.product(v) });
        }
        let Some(start) = &self.start else { return false };
        let mut p = first.seam(&mut self.work).pre_activations;
        // from the start each time, so that the bits do not depend on when it was tested before
        p.assign(&start.pre_activations);
        multiply_into(Accumulate::Add, start.products.view(), a, p);
        first.forward_above(theta, self.outputs.view_mut(), &mut self.work);
        true
    }

    /// X_t B^T.
    fn product(&mut self, b: ArrayView2<'_, f64>) -> Array2<f64> {
        let mut product = Array2::zeros((self.data.n_samples(), b.nrows()));
        match self.shared.test_points().lit(self.data.inputs()) {
            Some(sparse) => sparse.times_transposed(b, product.view_mut(), &mut self.sparse_work),
            None => multiply_into(Accumulate::Replace, self.data.inputs(), b.t(), product.view_mut()),
        }
        product
    }

    /// The outputs at theta without the zeros of the test points, where most are.
    fn skip_zeros(&mut self, first: &dyn LinearFirstLayer, theta: &[f64]) -> bool {
        let Some(sparse) = self.shared.test_points().lit(self.data.inputs()) else { return false };
        sparse.times_transposed(
            first.weights(theta),
            first.seam(&mut self.work).pre_activations,
            &mut self.sparse_work,
        );
        first.forward_above(theta, self.outputs.view_mut(), &mut self.work);
        true
    }
}

/// theta with W0, A and V of a displacement W - W0 = A^T V that is worth following.
fn followed<'d>(
    displaced: Displaced<'d>,
    train: &'d Dataset,
) -> Option<(&'d [f64], ArrayView2<'d, f64>, ArrayView2<'d, f64>)> {
    let (a, v) = match displaced.by {
        Displacement::InSpan(a) => (a, train.inputs()),
        Displacement::InBasis(a, basis) => (a, basis),
        Displacement::Entries(_) => return None,
    };
    (WORTH_IT * v.nrows() <= v.ncols()).then_some((displaced.theta, a, v))
}

/// The layer above the first.
fn above<'t>(two_layer: &TwoLayer<'t>, theta: &'t [f64]) -> Option<Above<'t>> {
    let u = match &two_layer.output {
        OutputWeights::Trained(places) => theta.get(places.clone())?,
        OutputWeights::Frozen(u) => u,
    };
    Some(Above { u, slope: two_layer.slope })
}

#[cfg(test)]
mod tests {
    use super::*;
    use steepest_core::loss::Logistic;
    use steepest_core::{Labels, Streams};
    use steepest_models::{Activation, Mlp};
    use steepest_norms::NormSpec;
    use steepest_optim::{Dense, Gram, SmallProblem, SmallSide, SteepestDescent};

    fn alone() -> Shared {
        Shared::new(None, Streams::new(0))
    }

    fn data(n: usize, d: usize, shift: usize) -> Dataset {
        let value = |(i, l): (usize, usize)| ((i * i * 31 + i * l * 17 + l * l * 7 + shift) % 101) as f64 / 101.0 - 0.5;
        let inputs = Array2::from_shape_fn((n, d), value);
        let labels = (0..n).map(|i| if inputs[(i, 0)] > 0.1 { 1.0 } else { -1.0 }).collect();
        Dataset::new(inputs, Labels::Binary(labels)).unwrap()
    }

    /// The same with three in four inputs black.
    fn darkened(data: &Dataset) -> Dataset {
        let mut inputs = data.inputs().to_owned();
        inputs.indexed_iter_mut().for_each(|((i, l), x)| *x *= f64::from(u8::from((i + 3 * l) % 4 == 0)));
        Dataset::new(inputs, data.labels().clone()).unwrap()
    }

    /// Tests by both ways on the steps of a dynamics, and whether the outputs were followed.
    fn check(model: &Mlp, train: &Dataset, dynamics: &mut dyn Dynamics, is_followed: bool) {
        let test = data(400, train.n_features(), 5);
        check_on(&test, model, train, dynamics, is_followed);
        let test = darkened(&test);
        assert!(alone().test_points().lit(test.inputs()).is_some());
        check_on(&test, model, train, dynamics, is_followed);
    }

    fn check_on(test: &Dataset, model: &Mlp, train: &Dataset, dynamics: &mut dyn Dynamics, is_followed: bool) {
        let mut stored = Stored::new(model, train, test, alone());
        let (mut outputs, mut work) = (Array2::zeros((400, 1)), model.workspace(400));
        let largest = |outputs: &Array2<f64>| outputs.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
        for step in 0..30 {
            if step == 17 {
                stored.switch();
            }
            if step % 5 == 0 {
                model.forward(dynamics.theta(), test.inputs(), outputs.view_mut(), &mut work);
                stored.outputs(dynamics);
                assert_eq!(stored.start.is_some(), is_followed);
                let off = largest(&(&stored.outputs - &outputs));
                assert!(off <= 1e-12 * largest(&outputs), "step {step}: {off:e} of {:e}", largest(&outputs));
                let two_layer = stored.single.is_some();
                let tested = stored.test(dynamics);
                assert_eq!(tested, Tested::of(&outputs, test.labels()), "step {step}");
                assert!(!two_layer || stored.single.as_ref().unwrap().knows_start() == is_followed);
            }
            dynamics.advance(0.05);
        }
    }

    #[test]
    fn points_in_doubt_are_looked_at_in_double_precision() {
        let (train, test) = (data(8, 40, 0), data(400, 40, 5));
        let model = Mlp::new(40, &[2], 1, Activation::Relu).unwrap();
        // two units that differ in the last bits: single precision sees none of the outputs
        let row: Vec<f64> = (0..40_u16).map(|k| f64::from(k * 7 % 11) / 10.0 - 0.5).collect();
        let other = row.iter().map(|w| w * (1.0 - 1e-12));
        let theta: Vec<f64> = row.iter().copied().chain(other).chain([1.0, -1.0]).collect();
        let mut outputs = Array2::zeros((400, 1));
        model.forward(&theta, test.inputs(), outputs.view_mut(), &mut model.workspace(400));
        let norm = NormSpec::named("linf").unwrap().build(model.layout()).unwrap();
        let optimizer = Box::new(SteepestDescent::new(norm));
        let loss = Logistic::sum();
        let mut dynamics = Dense::new(&model, &train, &loss, optimizer, theta).unwrap();
        let mut stored = Stored::new(&model, &train, &test, alone());
        assert_eq!(stored.signs(&mut dynamics).unwrap().len(), 400);
        let tested = stored.test(&mut dynamics);
        assert_eq!(tested, Tested::of(&outputs, test.labels()));
        stored.outputs.fill(0.0);
        stored.look_again(&[3, 77], dynamics.theta());
        assert_eq!(stored.outputs.select(Axis(0), &[3, 77]), outputs.select(Axis(0), &[3, 77]));
    }

    #[test]
    fn what_follows_is_what_the_network_says() {
        for (d, is_followed) in [(40, true), (16, true), (15, false)] {
            let (train, loss) = (data(8, d, 0), Logistic::sum());
            let model = Mlp::new(d, &[7], 1, Activation::Relu).unwrap();
            let theta: Vec<f64> = (0..7 * (d + 1)).map(|k| f64::from((k * 37 % 101) as u8) / 100.0 - 0.5).collect();
            check(&model, &train, &mut Gram::new(&model, &train, &loss, &theta).unwrap(), is_followed);
            let deep = Mlp::new(d, &[7, 3], 1, Activation::Relu).unwrap();
            let more: Vec<f64> = (0..7 * d + 24).map(|k| f64::from((k * 53 % 101) as u8) / 100.0 - 0.5).collect();
            check(&deep, &train, &mut Gram::new(&deep, &train, &loss, &more).unwrap(), is_followed);
            if !is_followed {
                // nor is there a basis of so few coordinates
                continue;
            }
            let problem = SmallProblem::new(&model, &train).unwrap();
            let norm = NormSpec::named("spectral").unwrap().build(problem.layout()).unwrap();
            let optimizer = Box::new(SteepestDescent::new(norm));
            check(&model, &train, &mut SmallSide::new(&problem, &loss, optimizer, theta).unwrap(), is_followed);
        }
    }
}
