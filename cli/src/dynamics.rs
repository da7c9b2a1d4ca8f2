//! Which dynamics carries out a phase of a run, and why.

use crate::config::{DynamicsChoice, RunConfig};
use anyhow::bail;
use std::cell::OnceCell;
use steepest_core::{Dataset, Dynamics, Fold, HomogeneousModel, Loss, Streams};
use steepest_norms::NormSpec;
use steepest_optim::{Batches, Compact, CompactProblem, Dense, Gram, OptimizerSpec, SmallProblem, SmallSide};

/// How a phase is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// The name of the dynamics.
    pub name: &'static str,
    /// Why it was chosen.
    pub reason: &'static str,
    /// Inputs that are zero in every training sample and were left out of the computation.
    pub n_left_out: usize,
}

/// What is to be trained on what.
#[derive(Clone, Copy)]
pub struct Problem<'a> {
    /// The run.
    pub config: &'a RunConfig,
    /// Its model.
    pub model: &'a dyn HomogeneousModel,
    /// Its training set.
    pub data: &'a Dataset,
    /// Its loss.
    pub loss: &'a dyn Loss,
    /// The same without inputs that are always zero, if there are such.
    pub compact: Option<&'a CompactProblem>,
    /// The same in coordinates of the span of the inputs, where that is worth it; built when an optimiser first asks for it.
    pub small: &'a OnceCell<Option<SmallProblem>>,
}

impl<'a> Problem<'a> {
    /// The dynamics of one optimiser from theta on.
    ///
    /// `auto` takes the span of the data for gradient descent, with momentum or without, where samples are not more than inputs, since a step there costs 2 n^2 m in
    /// place of 4 n m d flops; coordinates of that span for other directions that commute with rotations of the inputs, where samples are at
    /// most half as many as inputs; otherwise the dense step, without inputs that are always zero where that is exact.
    ///
    /// # Errors
    /// If the parts do not fit, or the dynamics that is asked for does not serve this optimiser and model.
    pub fn start(
        self,
        optimizer: &OptimizerSpec<NormSpec>,
        norm: &NormSpec,
        needs_own_norm: bool,
        theta: Vec<f64>,
        first_step: u64,
    ) -> anyhow::Result<(Box<dyn Dynamics + 'a>, Way)> {
        let Self { config, model, data, loss, compact, small } = self;
        let on_all = norm.build(model.layout())?;
        let is_fold = on_all.fold().is_some();
        let is_euclidean = on_all.fold() == Some(Fold::RootOfSquares);
        let batches = config.batch.map(|spec| Batches::new(spec, data.n_samples(), Streams::new(config.seed)));
        let built = optimizer.build(model.layout(), on_all);
        let is_in_span = batches.is_none() && Gram::serves(&*built, model);
        let prefers_span = is_in_span && data.n_samples() <= data.n_features();
        let may_be_small = match config.dynamics {
            DynamicsChoice::Auto => !prefers_span,
            DynamicsChoice::SmallSide => true,
            DynamicsChoice::Dense | DynamicsChoice::Gram => false,
        };
        let is_served = batches.is_none() && SmallProblem::serves(&*built) && (!needs_own_norm || is_euclidean);
        let small = if may_be_small && is_served {
            small.get_or_init(|| SmallProblem::new(model, data)).as_ref()
        } else {
            None
        };
        let (name, reason) = match config.dynamics {
            DynamicsChoice::Gram if !is_in_span => bail!(
                "run \"{}\": dynamics = \"gram\" is for gradient descent (l2, with or without momentum) on the full batch, and a trained first layer on the \
                 raw inputs beneath others; write dynamics = \"auto\"",
                config.name
            ),
            DynamicsChoice::Gram => ("gram", "asked for"),
            DynamicsChoice::Auto if prefers_span => {
                ("gram", "gradient descent stays in the span of the inputs, and there are no more samples than inputs")
            }
            DynamicsChoice::SmallSide if small.is_none() => bail!(
                "run \"{}\": dynamics = \"small_side\" is for l2, spectral, nuclear and Schatten norms and Shampoo on the full batch, at most half as \
                 many samples as inputs, and a trained first layer on the raw inputs beneath others; write dynamics = \"auto\"",
                config.name
            ),
            DynamicsChoice::SmallSide => ("small_side", "asked for"),
            DynamicsChoice::Auto if small.is_some() => (
                "small_side",
                "the direction commutes with rotations of the inputs, and the samples span at most half of the inputs' space",
            ),
            DynamicsChoice::Auto => ("dense", "no faster exact way is known for this optimiser, model and data"),
            DynamicsChoice::Dense => ("dense", "asked for"),
        };
        if name == "gram" {
            let gram = Gram::new(model, data, loss, &theta)?.with_momentum(built.momentum());
            return Ok((Box::new(gram), Way { name, reason, n_left_out: 0 }));
        }
        if let Some(small) = small.filter(|_| name == "small_side") {
            let optimizer = optimizer.build(small.layout(), norm.build(small.layout())?);
            return Ok((Box::new(SmallSide::new(small, loss, optimizer, theta)?), Way { name, reason, n_left_out: 0 }));
        }
        // a rule that looks at N(theta) at every step needs it of the whole theta
        let allowed = compact.filter(|_| !needs_own_norm || is_fold);
        let restricted = allowed.and_then(|problem| Some((problem, problem.restrict(built.own_norm())?)));
        if let Some((problem, norm)) = restricted {
            let optimizer = optimizer.build(problem.layout(), norm);
            let dynamics = Compact::new(problem, loss, optimizer, theta)?.in_batches(batches, first_step)?;
            return Ok((Box::new(dynamics), Way { name, reason, n_left_out: problem.n_left_out() }));
        }
        let dynamics = Dense::new(model, data, loss, built, theta)?.in_batches(batches, first_step)?;
        Ok((Box::new(dynamics.with_own_norm_if(needs_own_norm)), Way { name, reason, n_left_out: 0 }))
    }
}
