//! Accuracy on points that are never stored: their pre-activations are, and follow the first layer.

use crate::test_set::Tested;
use anyhow::Context;
use ndarray::{Array1, Array2, ArrayView2, s};
use steepest_core::linalg::{Accumulate, multiply_into};
use steepest_core::{Dataset, Displacement, Dynamics, HomogeneousModel, LinearFirstLayer, Workspace};
use steepest_data::{PointStream, Unseen};

/// Inputs that are drawn and multiplied at a time.
const INPUTS: usize = 256;
/// Points that go through the layers above the first at a time.
const POINTS: usize = 500;

/// The pre-activations P = X_t W^T of the test points X_t (t x d), which are drawn again input by input whenever they are needed.
///
/// Where the dynamics knows how far W has moved, P follows: W = W0 + A^T X costs P = P0 + (X_t X^T) A, 2 t n m flops, with X_t X^T computed once;
/// an entry that moved costs one input drawn again. Otherwise W is formed and the whole stream goes by: 2 t d m flops.
pub(crate) struct Streamed<'a> {
    first: &'a dyn LinearFirstLayer,
    unseen: &'a Unseen,
    inputs: ArrayView2<'a, f64>,
    /// X_t X^T, once it was needed.
    inner_products: Option<Array2<f64>>,
    /// P where the dynamics started, once it was needed; and at the point that was tested last.
    start: Option<Array2<f64>>,
    p: Array2<f64>,
    outputs: Array2<f64>,
    work: Workspace,
}

impl<'a> Streamed<'a> {
    pub(crate) fn new(model: &'a dyn HomogeneousModel, train: &'a Dataset, unseen: &'a Unseen) -> anyhow::Result<Self> {
        let first = model
            .linear_first_layer()
            .context("`stream_test` is for a network whose trained first layer acts on the inputs")?;
        let (t, k) = (unseen.points.n_points(), model.n_outputs());
        Ok(Self {
            first,
            unseen,
            inputs: train.inputs(),
            inner_products: None,
            start: None,
            p: Array2::zeros((t, first.width())),
            outputs: Array2::zeros((t, k)),
            work: model.workspace(POINTS.min(t)),
        })
    }

    /// Another dynamics takes over: P is computed afresh from the W that it starts with, so that a run that goes on from a checkpoint has the
    /// same bits.
    pub(crate) fn switch(&mut self) {
        self.start = None;
    }

    pub(crate) fn test(&mut self, dynamics: &mut dyn Dynamics) -> Tested {
        if !self.follow(dynamics) {
            let (m, d) = (self.first.width(), self.unseen.points.n_inputs());
            let w = weights(dynamics.theta(), m, d);
            self.p.fill(0.0);
            add_products(&self.unseen.points, &mut [(w, &mut self.p)]);
            let theta = dynamics.theta();
            self.forward(theta);
        }
        Tested::of(&self.outputs, &self.unseen.labels)
    }

    /// The outputs by the displacement of W, if it is known.
    fn follow(&mut self, dynamics: &mut dyn Dynamics) -> bool {
        let Some(displaced) = dynamics.displaced() else { return false };
        let (m, points) = (self.first.width(), &self.unseen.points);
        let needs_products = matches!(displaced.by, Displacement::InSpan(_)) && self.inner_products.is_none();
        if self.start.is_none() || needs_products {
            let mut start = Array2::zeros(self.p.dim());
            let mut products = needs_products.then(|| Array2::zeros((points.n_points(), self.inputs.nrows())));
            let mut wanted = vec![(weights(displaced.theta, m, points.n_inputs()), &mut start)];
            wanted.extend(products.as_mut().map(|products| (self.inputs, products)));
            add_products(points, &mut wanted);
            self.start = Some(start);
            self.inner_products = products.or(self.inner_products.take());
        }
        let (Some(start), products) = (&self.start, self.inner_products.as_ref()) else { return false };
        // from the start each time, so that the bits do not depend on when it was tested before
        self.p.assign(start);
        match displaced.by {
            Displacement::InSpan(a) => {
                if let Some(products) = products {
                    multiply_into(Accumulate::Add, products.view(), a, self.p.view_mut());
                }
            }
            Displacement::Entries(entries) => {
                let (mut column, d) = (Array1::zeros(points.n_points()), points.n_inputs());
                for &(place, change) in entries {
                    points.column_into(place % d, &mut column);
                    self.p.column_mut(place / d).scaled_add(change, &column);
                }
            }
        }
        self.forward(displaced.theta);
        true
    }

    /// From the pre-activations to the outputs.
    fn forward(&mut self, theta: &[f64]) {
        let t = self.p.nrows();
        for from in (0..t).step_by(POINTS) {
            let rows = s![from..t.min(from + POINTS), ..];
            let p = self.p.slice(rows);
            self.first.seam(&mut self.work).pre_activations.slice_mut(s![..p.nrows(), ..]).assign(&p);
            self.first.forward_above(theta, self.outputs.slice_mut(rows), &mut self.work);
        }
    }
}

/// The first layer (width x d), which theta begins with.
fn weights(theta: &[f64], width: usize, d: usize) -> ArrayView2<'_, f64> {
    match ArrayView2::from_shape((width, d), &theta[..width * d]) {
        Ok(w) => w,
        Err(_) => ArrayView2::from(&[[0.0; 0]; 0]),
    }
}

/// products += X_t W^T for each W (rows x d), a few inputs of all points at a time: the points are drawn once for all of them.
fn add_products(points: &PointStream, wanted: &mut [(ArrayView2<'_, f64>, &mut Array2<f64>)]) {
    let (d, mut block) = (points.n_inputs(), Array2::zeros((INPUTS, points.n_points())));
    for from in (0..d).step_by(INPUTS) {
        let to = d.min(from + INPUTS);
        let mut columns = block.slice_mut(s![..to - from, ..]);
        points.columns_into(from..to, columns.view_mut());
        for (w, products) in wanted.iter_mut() {
            let part = w.slice(s![.., from..to]);
            multiply_into(Accumulate::Add, columns.t(), part.t(), products.view_mut());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_set::TestSet;
    use steepest_core::loss::Exponential;
    use steepest_core::{CoreError, Displaced, Evaluation, Labels, SavedState, Streams, Whole};
    use steepest_data::DataSpec;
    use steepest_models::{Activation, Mlp};
    use steepest_norms::{L1, L2};
    use steepest_optim::{Dense, Gram, SteepestDescent};

    /// The streamed points as a stored set.
    fn stored(unseen: &Unseen) -> Dataset {
        let points = &unseen.points;
        let mut columns = Array2::zeros((points.n_inputs(), points.n_points()));
        points.columns_into(0..points.n_inputs(), columns.view_mut());
        Dataset::new(columns.reversed_axes(), unseen.labels.clone()).unwrap()
    }

    /// A dense run that names the entries of its first layer that have moved.
    struct ByEntries<'a> {
        inner: Dense<'a>,
        /// theta, with W where it started.
        still: Vec<f64>,
        n_first: usize,
        moved: Vec<(usize, f64)>,
    }

    impl Dynamics for ByEntries<'_> {
        fn evaluate(&mut self) -> Evaluation<'_> {
            self.inner.evaluate()
        }

        fn whole(&mut self) -> Whole<'_> {
            self.inner.whole()
        }

        fn advance(&mut self, length: f64) -> bool {
            self.inner.advance(length)
        }

        fn theta(&mut self) -> &[f64] {
            self.inner.theta()
        }

        fn displaced(&mut self) -> Option<Displaced<'_>> {
            let (theta, n) = (self.inner.theta(), self.n_first);
            self.still[n..].copy_from_slice(&theta[n..]);
            let changes = theta[..n].iter().zip(&self.still).map(|(now, before)| now - before).enumerate();
            self.moved = changes.filter(|(_, change)| change.abs() > 0.0).collect();
            Some(Displaced { theta: &self.still, by: Displacement::Entries(&self.moved) })
        }

        fn save(&self, state: &mut SavedState) {
            self.inner.save(state);
        }

        fn restore(&mut self, state: &SavedState) -> Result<(), CoreError> {
            self.inner.restore(state)
        }
    }

    #[test]
    fn single_entries_are_followed_from_test_to_test_and_over_a_switch() {
        let text = "kind = \"teacher_student\"\nn_train = 12\nn_test = 700\nn_inputs = 300\nzero_outputs = \"keep\"\nstream_test = true";
        let spec: DataSpec = toml::from_str(text).unwrap();
        let split = spec.build(&Streams::new(2)).unwrap();
        let (unseen, model) = (split.unseen.as_ref().unwrap(), Mlp::new(300, &[9], 1, Activation::Relu).unwrap());
        let (loss, all, n_first) = (Exponential::sum(), stored(unseen), 9 * 300);
        let theta: Vec<f64> = (0..9 * 301).map(|k| f64::from((k * 37 % 101) as u8) / 1000.0 - 0.05).collect();
        let run = |theta: Vec<f64>| {
            let optimizer = Box::new(SteepestDescent::new(L1::new(theta.len())));
            let inner = Dense::new(&model, &split.train, &loss, optimizer, theta.clone()).unwrap();
            ByEntries { inner, still: theta, n_first, moved: Vec::new() }
        };
        let set = |stored, unseen| TestSet::new(&model, &split.train, stored, unseen).unwrap();
        let (mut reference, mut following) = (set(Some(&all), None), set(None, Some(unseen)));
        // as after a checkpoint: a phase begins before anything was tested
        following.switch();
        let (mut dynamics, mut seen) = (run(theta), Vec::new());
        for step in 0..90 {
            if step == 50 {
                let theta = dynamics.theta().to_vec();
                dynamics = run(theta);
                following.switch();
            }
            if step % 15 == 0 {
                let tested = [reference.test(&mut dynamics), following.test(&mut dynamics)];
                assert!((tested[0].accuracy - tested[1].accuracy).abs() < 1e-12, "step {step}: {tested:?}");
                assert!((tested[0].excess - tested[1].excess).abs() < 1e-12, "step {step}: {tested:?}");
                seen.push(tested[0].accuracy);
            }
            dynamics.advance(0.2);
        }
        assert!(dynamics.displaced().is_some() && dynamics.moved.len() > 5, "{:?}", dynamics.moved);
        assert!(seen.windows(2).any(|pair| (pair[0] - pair[1]).abs() > 1e-3), "{seen:?}");
    }

    #[test]
    fn what_follows_is_what_a_stored_set_says() {
        let text = "kind = \"teacher_student\"\nn_train = 12\nn_test = 700\nn_inputs = 300\nzero_outputs = \"keep\"\nstream_test = true";
        let spec: DataSpec = toml::from_str(text).unwrap();
        let split = spec.build(&Streams::new(2)).unwrap();
        let (unseen, model) = (split.unseen.as_ref().unwrap(), Mlp::new(300, &[9], 1, Activation::Relu).unwrap());
        let (loss, all) = (Exponential::sum(), stored(unseen));
        assert!(matches!(&unseen.labels, Labels::Binary(_)));
        let theta: Vec<f64> = (0..9 * 301).map(|k| f64::from((k * 37 % 101) as u8) / 1000.0 - 0.05).collect();
        let set = |stored, unseen| TestSet::new(&model, &split.train, stored, unseen).unwrap();
        let (mut reference, mut following, mut formed) =
            (set(Some(&all), None), set(None, Some(unseen)), set(None, Some(unseen)));
        let optimizer = Box::new(SteepestDescent::new(L2::new(theta.len())));
        let mut dense = Dense::new(&model, &split.train, &loss, optimizer, theta.clone()).unwrap();
        let mut gram = Gram::new(&model, &split.train, &loss, &theta).unwrap();
        let mut seen = Vec::new();
        for step in 0..60 {
            if step % 20 == 0 {
                let tested = [reference.test(&mut gram), following.test(&mut gram), formed.test(&mut dense)];
                assert!(gram.displaced().is_some() && dense.displaced().is_none());
                for other in &tested[1..] {
                    assert!((tested[0].accuracy - other.accuracy).abs() < 1e-12);
                    assert!((tested[0].excess - other.excess).abs() < 1e-12);
                }
                seen.push(tested[0].accuracy);
            }
            gram.advance(0.2);
            dense.advance(0.2);
        }
        assert!(seen.windows(2).any(|pair| (pair[0] - pair[1]).abs() > 1e-3), "{seen:?}");
    }
}
