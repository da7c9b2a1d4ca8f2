//! The terms of a gradient by themselves, for maps in which every one of them counts.

use ndarray::{Array2, ArrayView2, Axis, concatenate};
use steepest_core::{
    BackwardCall, Band, BlockTerms, Dataset, GradientTerms, HomogeneousModel, LogReal, Loss, Rows, Workspace,
};

/// Every term of the gradient of a loss: ln of its weight, and the factors that the model gives it under a cotangent of weight one.
#[derive(Clone, Debug, Default)]
pub(super) struct OwnedTerms {
    ln_weights: Vec<f64>,
    /// Start of the block, u and v.
    blocks: Vec<(usize, Array2<f64>, Array2<f64>)>,
}

impl OwnedTerms {
    /// One backward pass for each term that a sample may have: one for binary labels, one for each class otherwise. `work` is as the forward
    /// pass left it; `scratch` is overwritten.
    pub(super) fn collect(
        model: &dyn HomogeneousModel,
        loss: &dyn Loss,
        data: &Dataset,
        (theta, ln_weights): (&[f64], &[f64]),
        scratch: &mut [f64],
        work: &mut Workspace,
    ) -> Self {
        let (n, k) = (data.n_samples(), model.n_outputs());
        let per_sample = loss.terms_per_sample(k);
        let mut terms = Self::default();
        let (mut unit, mut cotangent) = (vec![0.0; ln_weights.len()], Array2::zeros((n, k)));
        for slot in 0..per_sample {
            for (t, unit) in unit.iter_mut().enumerate() {
                *unit = if t % per_sample == slot { 0.0 } else { f64::NEG_INFINITY };
            }
            let band = Band { scale: LogReal::ONE, terms: None, rows: Rows::All };
            loss.cotangent_into(data.labels(), &unit, &band, cotangent.view_mut());
            model.backward(theta, data.inputs(), Rows::All, cotangent.view(), scratch, work);
            let call = BackwardCall { inputs: data.inputs(), rows: Rows::All, cotangent: cotangent.view() };
            terms.append(&model.factors(call, work));
            terms.ln_weights.extend(ln_weights.iter().skip(slot).step_by(per_sample));
        }
        terms
    }

    fn append(&mut self, factors: &[BlockTerms<'_>]) {
        if self.blocks.is_empty() {
            self.blocks = factors.iter().map(|f| (f.start, f.u.to_owned(), f.v.to_owned())).collect();
            return;
        }
        for ((_, u, v), more) in self.blocks.iter_mut().zip(factors) {
            (*u, *v) = (joined(u, more.u), joined(v, more.v));
        }
    }

    /// Lends them.
    pub(super) fn lend<T>(&self, to: impl FnOnce(&GradientTerms<'_>) -> T) -> T {
        let blocks: Vec<BlockTerms<'_>> =
            self.blocks.iter().map(|(start, u, v)| BlockTerms { start: *start, u: u.view(), v: v.view() }).collect();
        to(&GradientTerms { ln_weights: &self.ln_weights, blocks: &blocks })
    }
}

fn joined(above: &Array2<f64>, below: ArrayView2<'_, f64>) -> Array2<f64> {
    match concatenate(Axis(0), &[above.view(), below]) {
        Ok(all) => all,
        Err(e) => panic!("factors of one block have one width: {e}"),
    }
}
