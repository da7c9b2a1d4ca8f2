//! Which dynamics carries out a phase of a run, and why.

use crate::config::{DynamicsChoice, RunConfig};
use anyhow::bail;
use std::cell::OnceCell;
use steepest_core::{Dataset, Dynamics, Fold, HomogeneousModel, Loss, Optimizer, Streams};
use steepest_norms::NormSpec;
use steepest_optim::{
    Batches, Checked, Compact, CompactForms, Dense, Gram, Greedy, OptimizerSpec, Sign, SmallProblem, SmallSide,
};

/// Comparisons with the dense step in a run with `dynamics = "check"`.
pub(crate) const CHECKS: u64 = 100;

/// How a phase is carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The name of the dynamics.
    pub name: &'static str,
    /// Why it was chosen.
    pub reason: String,
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
    /// The same without inputs that are always zero, if there are such; built when an optimiser first asks for it.
    pub compact: &'a CompactForms,
    /// The same in coordinates of the span of the inputs, where that is worth it; built when an optimiser first asks for it.
    pub small: &'a OnceCell<Option<SmallProblem>>,
}

/// One phase of a run: the optimiser, and where and when it starts.
pub struct Beginning<'a> {
    /// The optimiser.
    pub optimizer: &'a OptimizerSpec<NormSpec>,
    /// Its own norm.
    pub norm: &'a NormSpec,
    /// Whether its step length looks at N(theta) at every step.
    pub needs_own_norm: bool,
    /// Where it starts.
    pub theta: Vec<f64>,
    /// When.
    pub first_step: u64,
}

/// A dynamics faster than the dense one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    Greedy,
    Sign,
    Gram,
    SmallSide,
}

impl Route {
    /// In the order in which `auto` takes them.
    const ALL: [Self; 4] = [Self::Greedy, Self::Sign, Self::Gram, Self::SmallSide];

    const fn name(self) -> &'static str {
        match self {
            Self::Greedy => "greedy",
            Self::Sign => "sign",
            Self::Gram => "gram",
            Self::SmallSide => "small_side",
        }
    }

    /// What it serves.
    const fn serves(self) -> &'static str {
        match self {
            Self::Greedy => {
                "coordinate descent (l1, no momentum) on the full batch, and a network of two layers with one output, a trained first layer and \
                 relu, leaky_relu or identity units"
            }
            Self::Sign => {
                "sign descent (linf, no momentum, a step that does not look at N(theta)) on the full batch, a loss of one term a sample, and a \
                 network of two layers with one output, a trained first layer and relu, leaky_relu or identity units"
            }
            Self::Gram => {
                "gradient descent (l2, with momentum or without) on the full batch, and a trained first layer on the raw inputs beneath others"
            }
            Self::SmallSide => {
                "l2, spectral, nuclear and Schatten norms and Shampoo on the full batch, at most half as many samples as inputs, and a \
                 trained first layer on the raw inputs beneath others"
            }
        }
    }

    /// Why `auto` takes it.
    const fn reason(self) -> &'static str {
        match self {
            Self::Greedy => {
                "coordinate descent moves one weight of a two-layer network: bounds find it without the gradient"
            }
            Self::Sign => {
                "sign descent moves units of equal signs together, and there are many inputs of which few are zero, or samples that resemble each other"
            }
            Self::Gram => "gradient descent stays in the span of the inputs, and there are no more samples than inputs",
            Self::SmallSide => {
                "the direction commutes with rotations of the inputs, and the samples span at most half of the inputs' space"
            }
        }
    }
}

impl<'a> Problem<'a> {
    /// The dynamics of one optimiser from theta on.
    ///
    /// `auto` takes the bounded search for coordinate descent, and rows of equal signs for sign descent where there are many inputs and few are zero, both on
    /// two-layer networks; the span of the data for gradient descent, with momentum or without, where samples are not more than inputs, since a step there costs 2 n^2 m in
    /// place of 4 n m d flops; coordinates of that span for other directions that commute with rotations of the inputs, where samples are at
    /// most half as many as inputs; otherwise the dense step, without inputs that are always zero where that is exact.
    ///
    /// # Errors
    /// If the parts do not fit, or the dynamics that is asked for does not serve this optimiser and model.
    pub fn start(self, beginning: Beginning<'_>) -> anyhow::Result<(Box<dyn Dynamics + 'a>, Way)> {
        let (route, reason) = self.choose(&beginning)?;
        let Some(route) = route else { return self.dense(beginning, reason) };
        let is_checked = self.config.dynamics == DynamicsChoice::Check;
        let checked = if is_checked { Some((self.build(&beginning)?, beginning.theta.clone())) } else { None };
        let fast = self.fast(route, beginning)?;
        let way = Way { name: route.name(), reason: reason.to_owned(), n_left_out: 0 };
        let Some((optimizer, theta)) = checked else { return Ok((fast, way)) };
        let every = (self.config.stop.steps / CHECKS).max(1);
        let checked = Checked::new(fast, self.model, self.data, self.loss, optimizer, theta, every)?;
        Ok((
            Box::new(checked),
            Way { reason: format!("{reason}; compared with the dense step every {every} steps"), ..way },
        ))
    }

    /// The optimiser on the whole theta.
    fn build(self, beginning: &Beginning<'_>) -> anyhow::Result<Box<dyn Optimizer>> {
        let layout = self.model.layout();
        Ok(beginning.optimizer.build(layout, beginning.norm.build(layout)?))
    }

    /// A fast way, or the dense one, and why.
    fn choose(self, beginning: &Beginning<'_>) -> anyhow::Result<(Option<Route>, &'static str)> {
        let wanted = match self.config.dynamics {
            DynamicsChoice::Dense => return Ok((None, "asked for")),
            DynamicsChoice::Auto | DynamicsChoice::Check => None,
            DynamicsChoice::Greedy => Some(Route::Greedy),
            DynamicsChoice::Sign => Some(Route::Sign),
            DynamicsChoice::Gram => Some(Route::Gram),
            DynamicsChoice::SmallSide => Some(Route::SmallSide),
        };
        let optimizer = self.build(beginning)?;
        if let Some(route) = wanted {
            if self.serves(route, &*optimizer, beginning.needs_own_norm) {
                return Ok((Some(route), "asked for"));
            }
            let (run, name, serves) = (&self.config.name, route.name(), route.serves());
            bail!("run \"{run}\": dynamics = \"{name}\" is for {serves}; write dynamics = \"auto\"");
        }
        let is_worth_it = |route| match route {
            Route::Sign => Sign::pays(self.data),
            Route::Gram => self.data.n_samples() <= self.data.n_features(),
            Route::Greedy | Route::SmallSide => true,
        };
        let serves = |route: &Route| is_worth_it(*route) && self.serves(*route, &*optimizer, beginning.needs_own_norm);
        Ok(match Route::ALL.into_iter().find(serves) {
            Some(route) => (Some(route), route.reason()),
            None => (None, "no faster exact way is known for this optimiser, model and data"),
        })
    }

    fn serves(self, route: Route, optimizer: &dyn Optimizer, needs_own_norm: bool) -> bool {
        let is_euclidean = optimizer.own_norm().fold() == Some(Fold::RootOfSquares);
        self.config.batch.is_none()
            && match route {
                Route::Greedy => Greedy::serves(optimizer, self.model),
                Route::Sign => !needs_own_norm && Sign::serves(optimizer, self.model, self.loss),
                Route::Gram => Gram::serves(optimizer, self.model),
                Route::SmallSide => {
                    SmallProblem::serves(optimizer) && (!needs_own_norm || is_euclidean) && self.small().is_some()
                }
            }
    }

    fn small(self) -> Option<&'a SmallProblem> {
        self.small.get_or_init(|| SmallProblem::new(self.model, self.data)).as_ref()
    }

    fn fast(self, route: Route, beginning: Beginning<'_>) -> anyhow::Result<Box<dyn Dynamics + 'a>> {
        let Self { config, model, data, loss, .. } = self;
        let built = self.build(&beginning)?;
        let Beginning { optimizer, norm, theta, .. } = beginning;
        Ok(match (route, self.small.get().and_then(Option::as_ref)) {
            (Route::Greedy, _) => Box::new(Greedy::new(model, data, loss, &*built, theta)?),
            (Route::Sign, _) => Box::new(Sign::new(model, data, loss, &theta)?),
            (Route::Gram, _) => Box::new(Gram::new(model, data, loss, &theta)?.with_momentum(built.momentum())),
            (Route::SmallSide, Some(small)) => {
                let optimizer = optimizer.build(small.layout(), norm.build(small.layout())?);
                Box::new(SmallSide::new(small, loss, optimizer, theta)?)
            }
            (Route::SmallSide, None) => bail!("run \"{}\": the span of the inputs is not known", config.name),
        })
    }

    fn dense(self, beginning: Beginning<'_>, reason: &str) -> anyhow::Result<(Box<dyn Dynamics + 'a>, Way)> {
        let Self { config, model, data, loss, compact, .. } = self;
        let built = self.build(&beginning)?;
        let Beginning { optimizer, needs_own_norm, theta, first_step, .. } = beginning;
        let batches = config.batch.map(|spec| Batches::new(spec, data.n_samples(), Streams::new(config.seed)));
        let way = |n_left_out| Way { name: "dense", reason: reason.to_owned(), n_left_out };
        // a rule that looks at N(theta) at every step needs it of the whole theta
        let is_allowed = !needs_own_norm || built.own_norm().fold().is_some();
        let form = is_allowed.then(|| compact.of(model, data, &*built, batches.is_some())).flatten();
        if let Some((problem, norm)) = form {
            let optimizer = optimizer.build(problem.layout(), norm);
            let dynamics = Compact::new(problem, loss, optimizer, theta)?.in_batches(batches, first_step)?;
            return Ok((Box::new(dynamics), way(problem.n_left_out())));
        }
        let dynamics = Dense::new(model, data, loss, built, theta)?.in_batches(batches, first_step)?;
        Ok((Box::new(dynamics.with_own_norm_if(needs_own_norm)), way(0)))
    }
}
