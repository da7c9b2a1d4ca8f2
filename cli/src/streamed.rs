//! Accuracy on points that are never stored: their pre-activations are, and follow the first layer.

use crate::moved::Moved;
use crate::shared::{Shared, Wanted, add_products};
use crate::test_set::Tested;
use anyhow::Context;
use ndarray::{Array1, Array2, ArrayView2, s};
use steepest_core::linalg::{Accumulate, multiply_into};
use steepest_core::{
    CoreError, Dataset, Displacement, Dynamics, HomogeneousModel, LinearFirstLayer, SavedState, Workspace,
};
use steepest_data::Unseen;

/// Points that go through the layers above the first at a time.
const POINTS: usize = 500;
/// Whether it is known how far the first layer had moved when the present dynamics took over.
const IS_KNOWN: &str = "test/is_known";

/// The pre-activations P = X_t W^T of the test points X_t (t x d), which are drawn again input by input whenever they are needed.
///
/// Where the dynamics knows how far W has moved, P follows: W = W0 + A^T X costs P = P0 + (X_t X^T) A, 2 t n m flops, with X_t X^T computed once,
/// and likewise with a basis of the span of X; an entry that moved costs one input drawn again. Otherwise W is formed and the whole stream goes by: 2 t d m flops.
pub(crate) struct Streamed<'a> {
    first: &'a dyn LinearFirstLayer,
    unseen: &'a Unseen,
    inputs: ArrayView2<'a, f64>,
    shared: Shared,
    start: Start,
    /// Whether `start` is already that of the dynamics that takes over next.
    is_left: bool,
    /// P at the point that was tested last.
    p: Array2<f64>,
    outputs: Array2<f64>,
    work: Workspace,
}

/// Where the first layer was when the present dynamics took over.
enum Start {
    /// At the draw that runs share, moved by this since.
    Drawn(Moved),
    /// Somewhere: P there, once it was needed.
    Somewhere(Option<Array2<f64>>),
}

impl<'a> Streamed<'a> {
    pub(crate) fn new(
        model: &'a dyn HomogeneousModel,
        train: &'a Dataset,
        unseen: &'a Unseen,
        shared: Shared,
    ) -> anyhow::Result<Self> {
        let first = model
            .linear_first_layer()
            .context("`stream_test` is for a network whose trained first layer acts on the inputs")?;
        let (t, k) = (unseen.points.n_points(), model.n_outputs());
        Ok(Self {
            first,
            unseen,
            inputs: train.inputs(),
            start: if shared.knows_start() { Start::Drawn(Moved::default()) } else { Start::Somewhere(None) },
            shared,
            is_left: false,
            p: Array2::zeros((t, first.width())),
            outputs: Array2::zeros((t, k)),
            work: model.workspace(POINTS.min(t)),
        })
    }

    /// A dynamics has ended: where another will start.
    pub(crate) fn leave(&mut self, dynamics: &mut dyn Dynamics) {
        let start = std::mem::replace(&mut self.start, Start::Somewhere(None));
        if let (Start::Drawn(moved), Some(displaced)) = (start, dynamics.displaced())
            && let Some(moved) = moved.and(displaced.by)
        {
            self.start = Start::Drawn(moved);
        }
        self.is_left = true;
    }

    /// Another dynamics takes over. Where nothing is known of the one before, P is computed afresh from the W that it starts with, so that a
    /// run that goes on from a checkpoint has the same bits.
    pub(crate) fn switch(&mut self) {
        if !std::mem::take(&mut self.is_left) {
            self.start = Start::Somewhere(None);
        }
    }

    /// Stores where the present dynamics took over.
    pub(crate) fn save(&self, state: &mut SavedState) {
        state.put_counter(IS_KNOWN, u64::from(matches!(self.start, Start::Drawn(_))));
        if let Start::Drawn(moved) = &self.start {
            moved.save(state);
        }
    }

    /// Restores it; a state that does not say it is one in which the phases before had been left unknown.
    pub(crate) fn restore(&mut self, state: &SavedState) -> Result<(), CoreError> {
        let Ok(is_known) = state.counter(IS_KNOWN) else { return Ok(()) };
        let is_known = is_known == 1 && self.shared.knows_start();
        self.start = if is_known {
            Start::Drawn(Moved::restore(state, (self.inputs.nrows(), self.first.width()))?)
        } else {
            Start::Somewhere(None)
        };
        Ok(())
    }

    pub(crate) fn test(&mut self, dynamics: &mut dyn Dynamics) -> Tested {
        if !self.follow(dynamics) {
            let w = self.first.weights(dynamics.theta());
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
        let w = self.first.weights(displaced.theta);
        // from the start each time, so that the bits do not depend on when it was tested before
        self.go_to_start(w, displaced.by);
        self.move_by(displaced.by);
        self.forward(displaced.theta);
        true
    }

    /// P where the dynamics took over, with first layer `w`; and the products that P moves by from there.
    fn go_to_start(&mut self, w: ArrayView2<'_, f64>, by: Displacement<'_>) {
        let points = &self.unseen.points;
        let (is_in_span, basis) = match by {
            Displacement::InSpan(_) => (true, None),
            Displacement::InBasis(_, basis) => (false, Some(basis)),
            Displacement::Entries(_) => (false, None),
        };
        let inputs = |is_needed: bool| is_needed.then_some(self.inputs);
        match &mut self.start {
            Start::Drawn(moved) => {
                let inputs = inputs(is_in_span || moved.is_in_span());
                self.shared.provide(points, Wanted { inputs, basis, start: true, own: None });
                if let Some((factor, products)) = self.shared.start(points.n_inputs()) {
                    self.p.assign(products);
                    self.p *= factor;
                }
                let moved = moved.clone();
                moved.parts().for_each(|by| self.move_by(by));
            }
            Start::Somewhere(start) => {
                let mut new = start.is_none().then(|| Array2::zeros(self.p.dim()));
                let own = new.as_mut().map(|new| (w, new));
                self.shared.provide(points, Wanted { inputs: inputs(is_in_span), basis, start: false, own });
                *start = new.or(start.take());
                if let Some(start) = start {
                    self.p.assign(start);
                }
            }
        }
    }

    /// P moves with the first layer.
    fn move_by(&mut self, by: Displacement<'_>) {
        let points = &self.unseen.points;
        match by {
            Displacement::InSpan(a) => {
                if let Some(products) = self.shared.inner_products() {
                    multiply_into(Accumulate::Add, products.view(), a, self.p.view_mut());
                }
            }
            Displacement::InBasis(a, _) => {
                if let Some(products) = self.shared.coordinates() {
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

#[cfg(test)]
mod tests;
