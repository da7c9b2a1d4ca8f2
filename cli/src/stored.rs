//! Accuracy on points that are held in memory.

use crate::test_set::Tested;
use ndarray::{Array2, ArrayView2};
use steepest_core::linalg::{Accumulate, SparseRows, SparseWork, multiply_into};
use steepest_core::{Dataset, Displaced, Displacement, Dynamics, HomogeneousModel, LinearFirstLayer, Workspace};

/// The first layer is followed where it moves along so few directions that this many times their number are fewer than the inputs.
const WORTH_IT: usize = 2;

/// A test set X_t (t x d) with buffers of its own.
///
/// Where the dynamics knows that its first layer has moved by W - W0 = A^T V, with few rows V (r x d), the pre-activations follow: P = X_t W0^T + (X_t V^T) A,
/// 2 t r m flops for m units. Otherwise the network is run on theta: 2 t d m, or as many for each pixel that is not black where few are.
pub(crate) struct Stored<'a> {
    model: &'a dyn HomogeneousModel,
    train: &'a Dataset,
    data: &'a Dataset,
    /// The test points without their zeros, where most are.
    sparse: Option<SparseRows>,
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
    pub(crate) fn new(model: &'a dyn HomogeneousModel, train: &'a Dataset, data: &'a Dataset) -> Self {
        let (n, k) = (data.n_samples(), model.n_outputs());
        let sparse = SparseRows::of(data.inputs());
        Self {
            sparse,
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
    }

    pub(crate) fn test(&mut self, dynamics: &mut dyn Dynamics) -> Tested {
        let first = self.model.linear_first_layer();
        let is_above =
            first.is_some_and(|first| self.follow(first, dynamics) || self.skip_zeros(first, dynamics.theta()));
        if !is_above {
            self.model.forward(dynamics.theta(), self.data.inputs(), self.outputs.view_mut(), &mut self.work);
        }
        Tested::of(&self.outputs, self.data.labels())
    }

    /// The outputs by the displacement of W, where that is known and worth it.
    fn follow(&mut self, first: &dyn LinearFirstLayer, dynamics: &mut dyn Dynamics) -> bool {
        let Some(Displaced { theta, by }) = dynamics.displaced() else { return false };
        let (a, v) = match by {
            Displacement::InSpan(a) => (a, self.train.inputs()),
            Displacement::InBasis(a, basis) => (a, basis),
            Displacement::Entries(_) => return false,
        };
        if WORTH_IT * v.nrows() > v.ncols() {
            return false;
        }
        let Some(w) = first_weights(first, theta) else { return false };
        let start = self.start.get_or_insert_with(|| {
            let mut product = |other: ArrayView2<'_, f64>| {
                let mut product = Array2::zeros((self.data.n_samples(), other.nrows()));
                match &self.sparse {
                    Some(sparse) => sparse.times_transposed(other, product.view_mut(), &mut self.sparse_work),
                    None => multiply_into(Accumulate::Replace, self.data.inputs(), other.t(), product.view_mut()),
                }
                product
            };
            Start { pre_activations: product(w), products: product(v) }
        });
        let mut p = first.seam(&mut self.work).pre_activations;
        // from the start each time, so that the bits do not depend on when it was tested before
        p.assign(&start.pre_activations);
        multiply_into(Accumulate::Add, start.products.view(), a, p);
        first.forward_above(theta, self.outputs.view_mut(), &mut self.work);
        true
    }

    /// The outputs at theta without the zeros of the test points, where most are.
    fn skip_zeros(&mut self, first: &dyn LinearFirstLayer, theta: &[f64]) -> bool {
        let (Some(sparse), Some(w)) = (&self.sparse, first_weights(first, theta)) else { return false };
        sparse.times_transposed(w, first.seam(&mut self.work).pre_activations, &mut self.sparse_work);
        first.forward_above(theta, self.outputs.view_mut(), &mut self.work);
        true
    }
}

/// W (m x d).
fn first_weights<'t>(first: &dyn LinearFirstLayer, theta: &'t [f64]) -> Option<ArrayView2<'t, f64>> {
    let (m, d) = (first.width(), first.n_inputs());
    ArrayView2::from_shape((m, d), theta.get(..m * d)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use steepest_core::Labels;
    use steepest_core::loss::Logistic;
    use steepest_models::{Activation, Mlp};
    use steepest_norms::NormSpec;
    use steepest_optim::{Gram, SmallProblem, SmallSide, SteepestDescent};

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
        assert!(SparseRows::of(test.inputs()).is_some());
        check_on(&test, model, train, dynamics, is_followed);
    }

    fn check_on(test: &Dataset, model: &Mlp, train: &Dataset, dynamics: &mut dyn Dynamics, is_followed: bool) {
        let mut stored = Stored::new(model, train, test);
        let (mut outputs, mut work) = (Array2::zeros((400, 1)), model.workspace(400));
        for step in 0..30 {
            if step == 17 {
                stored.switch();
            }
            if step % 5 == 0 {
                stored.test(dynamics);
                assert_eq!(stored.start.is_some(), is_followed);
                model.forward(dynamics.theta(), test.inputs(), outputs.view_mut(), &mut work);
                let largest = outputs.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
                let off = (&stored.outputs - &outputs).iter().fold(0.0_f64, |a, b| a.max(b.abs()));
                assert!(off <= 1e-12 * largest, "step {step}: {off:e} of {largest:e}");
            }
            dynamics.advance(0.05);
        }
    }

    #[test]
    fn what_follows_is_what_the_network_says() {
        for (d, is_followed) in [(40, true), (16, true), (15, false)] {
            let (train, loss) = (data(8, d, 0), Logistic::sum());
            let model = Mlp::new(d, &[7], 1, Activation::Relu).unwrap();
            let theta: Vec<f64> = (0..7 * (d + 1)).map(|k| f64::from((k * 37 % 101) as u8) / 100.0 - 0.5).collect();
            check(&model, &train, &mut Gram::new(&model, &train, &loss, &theta).unwrap(), is_followed);
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
