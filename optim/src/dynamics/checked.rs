//! A fast dynamics beside the dense one.

use super::dense::Dense;
use crate::error::OptimError;
use steepest_core::{
    CoreError, Counter, Dataset, Displaced, Dynamics, Evaluation, HomogeneousModel, LogReal, Loss, NormKind, Optimizer,
    SavedState, Whole, vector,
};

/// Another dynamics, compared with [`Dense`] at every so many steps; the trajectory is the other's.
///
/// A comparison forms theta and lets the dense dynamics start there. Margins may differ by 1e-9 of the largest, ln L and ln N*(grad L) by 1e-9
/// of themselves beside one, and the move of each entry of theta by 1e-9 of the longest move, above the rounding of theta itself.
///
/// An optimiser with a memory knows more than theta: there the dense one takes the first twenty steps too, each from the other's theta with its
/// own memory, so that these are compared whole; later comparisons are of margins, loss and N*(grad L), without the step.
pub struct Checked<'a> {
    fast: Box<dyn Dynamics + 'a>,
    dense: Dense<'a>,
    /// The dense dynamics before its first step.
    blank: SavedState,
    has_memory: bool,
    /// Whether the dense one remembers every step so far.
    follows: bool,
    every: u64,
    step: u64,
    found: Agreement,
}

/// What the comparisons found.
#[derive(Clone, Copy, Debug, Default)]
struct Agreement {
    checks: u64,
    disagreements: u64,
    entries: u64,
    /// One more than the step of the first disagreement.
    first: u64,
}

/// First steps of an optimiser with a memory that the dense one takes too.
const WALKED: u64 = 20;

/// How far apart two roundings of one number may be.
const TOLERANCE: f64 = 1e-9;

impl<'a> Checked<'a> {
    /// `fast`, which stands at theta, compared with the dense steps of `optimizer` at every step that `every` divides, counted from here.
    ///
    /// # Errors
    /// If model, data, optimiser and theta do not fit each other.
    pub fn new(
        fast: Box<dyn Dynamics + 'a>,
        model: &'a dyn HomogeneousModel,
        data: &'a Dataset,
        loss: &'a dyn Loss,
        optimizer: Box<dyn Optimizer>,
        theta: Vec<f64>,
        every: u64,
    ) -> Result<Self, OptimError> {
        let has_memory = optimizer.remembers();
        let dense = Dense::new(model, data, loss, optimizer, theta)?;
        let mut blank = SavedState::default();
        dense.save(&mut blank);
        Ok(Self {
            fast,
            dense,
            blank,
            has_memory,
            follows: true,
            every: every.max(1),
            step: 0,
            found: Agreement::default(),
        })
    }

    /// Compares the present point, and the step of this length from it, which is taken.
    fn compare(&mut self, length: f64) -> bool {
        let before = self.fast.theta().to_vec();
        let knows_all = !self.has_memory || (self.follows && self.step < WALKED);
        let mut remembered = SavedState::default();
        if self.has_memory && knows_all {
            self.dense.save(&mut remembered);
        } else {
            remembered.clone_from(&self.blank);
        }
        remembered.put("theta", &before);
        let is_there = self.dense.restore(&remembered).is_ok();
        let mut agrees = is_there && agree(&self.fast.evaluate(), &self.dense.evaluate(), knows_all);
        agrees &= close(self.fast.gradient_dual_norm(), self.dense.gradient_dual_norm());
        let moved = self.fast.advance(length);
        if knows_all {
            self.dense.advance(length);
            let n_others = moved_otherwise(&before, self.fast.theta(), self.dense.theta());
            self.found.entries += n_others;
            agrees &= n_others == 0;
        }
        self.found.checks += 1;
        if !agrees {
            self.found.disagreements += 1;
            self.found.first = if self.found.first == 0 { self.step + 1 } else { self.found.first };
        }
        moved
    }
}

/// Whether two evaluations of one point are roundings of each other.
fn agree(a: &Evaluation<'_>, b: &Evaluation<'_>, of_direction: bool) -> bool {
    let margin = TOLERANCE * vector::max_abs(b.margins);
    let margins =
        a.margins.len() == b.margins.len() && a.margins.iter().zip(b.margins).all(|(a, b)| (a - b).abs() <= margin);
    margins && close(a.loss, b.loss) && (!of_direction || close(a.dual_norm, b.dual_norm))
}

fn close(a: LogReal, b: LogReal) -> bool {
    let (a, b) = (a.ln(), b.ln());
    a.total_cmp(&b).is_eq() || (a - b).abs() <= TOLERANCE * b.abs().max(1.0)
}

/// How many entries two steps from one point moved differently.
fn moved_otherwise(before: &[f64], one: &[f64], other: &[f64]) -> u64 {
    let longest = before.iter().zip(other).fold(0.0, |longest: f64, (b, o)| longest.max((o - b).abs()));
    let tolerance = TOLERANCE * longest + 4.0 * f64::EPSILON * vector::max_abs(before);
    let differ = one.iter().zip(other).filter(|(a, b)| (*a - *b).abs() > tolerance || a.is_nan() != b.is_nan());
    differ.count() as u64
}

impl Dynamics for Checked<'_> {
    fn evaluate(&mut self) -> Evaluation<'_> {
        self.fast.evaluate()
    }

    fn whole(&mut self) -> Whole<'_> {
        self.fast.whole()
    }

    fn gradient_dual_norm(&mut self) -> LogReal {
        self.fast.gradient_dual_norm()
    }

    fn advance(&mut self, length: f64) -> bool {
        let is_compared = self.step.is_multiple_of(self.every) || (self.has_memory && self.step < WALKED);
        let moved = if is_compared { self.compare(length) } else { self.fast.advance(length) };
        self.step += 1;
        moved
    }

    fn theta(&mut self) -> &[f64] {
        self.fast.theta()
    }

    fn norm(&mut self, which: NormKind) -> Option<f64> {
        self.fast.norm(which)
    }

    fn displaced(&mut self) -> Option<Displaced<'_>> {
        self.fast.displaced()
    }

    fn counters(&self) -> Vec<Counter> {
        let Agreement { checks, disagreements, entries, first } = self.found;
        let count = |name, meaning, count| Counter { name, meaning, count };
        let mut counters = self.fast.counters();
        let compared = if self.has_memory {
            "points whose margins, loss and gradient were compared with those of the dense dynamics, and the first twenty steps unless interrupted before"
        } else {
            "steps that were compared with the dense step"
        };
        counters.push(count("checks", compared, checks));
        counters.push(count(
            "disagreements",
            "of these, steps that differed by more than rounding explains",
            disagreements,
        ));
        counters.push(count("entries_moved_otherwise", "entries of theta that differed after these steps", entries));
        if let Some(step) = first.checked_sub(1) {
            counters.push(count("first_disagreement", "step of the phase at which the first of them was", step));
        }
        counters
    }

    fn save(&self, state: &mut SavedState) {
        self.fast.save(state);
        let Agreement { checks, disagreements, entries, first } = self.found;
        let words = [self.step, checks, disagreements, entries, first];
        NAMES.iter().zip(words).for_each(|(name, word)| state.put_counter(name, word));
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), CoreError> {
        let mut words = [0; NAMES.len()];
        for (name, word) in NAMES.iter().zip(&mut words) {
            *word = state.counter(name)?;
        }
        let [step, checks, disagreements, entries, first] = words;
        (self.step, self.found) = (step, Agreement { checks, disagreements, entries, first });
        self.follows = step == 0;
        self.fast.restore(state)
    }
}

/// What is saved, in this order.
const NAMES: [&str; 5] =
    ["checked/step", "checked/checks", "checked/disagreements", "checked/entries", "checked/first"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Gram, MomentumDescent, MomentumSpec, SteepestDescent};
    use ndarray::Array2;
    use steepest_core::Labels;
    use steepest_core::loss::Logistic;
    use steepest_models::{Activation, Mlp};
    use steepest_norms::{L1, L2};

    fn counts(dynamics: &dyn Dynamics) -> Vec<(&'static str, u64)> {
        dynamics.counters().iter().map(|c| (c.name, c.count)).collect()
    }

    #[test]
    fn what_agrees_is_counted_and_what_does_not_is_named() {
        let inputs = Array2::from_shape_fn((6, 9), |(i, k)| f64::from((7 * i + 5 * k) as u8 % 11) / 5.0 - 1.0);
        let labels = Labels::Binary((0..6).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect());
        let data = Dataset::new(inputs, labels).unwrap();
        let (model, loss) = (Mlp::new(9, &[5], 1, Activation::Relu).unwrap(), Logistic::sum());
        let theta: Vec<f64> = (0..50).map(|k| f64::from(k * 37 % 23) / 23.0 - 0.5).collect();
        let start = |optimizer: Box<dyn Optimizer>| {
            let gram = Box::new(Gram::new(&model, &data, &loss, &theta).unwrap());
            Checked::new(gram, &model, &data, &loss, optimizer, theta.clone(), 10).unwrap()
        };
        let mut right = start(Box::new(SteepestDescent::new(L2::new(50))));
        (0..35).for_each(|_| assert!(right.advance(0.01)));
        assert_eq!(counts(&right), [("checks", 4), ("disagreements", 0), ("entries_moved_otherwise", 0)]);
        // gradient descent is not coordinate descent
        let mut wrong = start(Box::new(SteepestDescent::new(L1::new(50))));
        (0..11).for_each(|_| assert!(wrong.advance(0.01)));
        let found = counts(&wrong);
        assert!(found[..2] == [("checks", 2), ("disagreements", 2)] && found[2].1 > 10, "{found:?}");
        assert_eq!(found[3], ("first_disagreement", 0));
        // nor is heavy momentum light momentum, which only the steps tell
        let momentum =
            |beta| MomentumDescent::new(L2::new(50), MomentumSpec { beta, dampening: true, nesterov: false });
        let with_memory = |beta, other| {
            let followed = momentum(beta).momentum();
            let gram = Box::new(Gram::new(&model, &data, &loss, &theta).unwrap().with_momentum(followed));
            let dense = Box::new(momentum(other));
            let mut checked = Checked::new(gram, &model, &data, &loss, dense, theta.clone(), 10).unwrap();
            (0..35).for_each(|_| assert!(checked.advance(0.01)));
            counts(&checked)
        };
        assert_eq!(with_memory(0.9, 0.9), [("checks", 22), ("disagreements", 0), ("entries_moved_otherwise", 0)]);
        assert_eq!(with_memory(0.9, 0.8)[1], ("disagreements", 20));
        let mut state = SavedState::default();
        wrong.save(&mut state);
        let mut again = start(Box::new(SteepestDescent::new(L1::new(50))));
        again.restore(&state).unwrap();
        assert_eq!((counts(&again), again.theta().to_vec()), (found, wrong.theta().to_vec()));
    }
}
