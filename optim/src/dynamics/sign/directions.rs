//! What every row does in a step.

use super::inputs::Inputs;
use super::patterns::{Patterns, Route, bound_of_others};
use super::ranking::{Ranking, Term, Top, sign_of_sum};
use super::state::State;
use steepest_core::{LogReal, logspace, vector};

/// Terms of a row that are lighter than its heaviest by more than this (as logarithms) are left out at first: e^-32 = 1e-14 decides a sign in one
/// row of a million, and where it may the row is looked at again with all its terms.
const NEAR: f64 = 32.0;

/// What is smaller than this share of a sum does not show in the logarithm of a norm.
const SHOWS: f64 = 1e-10;

/// What one row of W and its output weight do: W_j -= length `sign` s, u_j -= length `output_sign`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RowStep {
    pub(super) way: Way,
    /// The sign of u_j.
    pub(super) sign: f64,
    pub(super) output_sign: f64,
}

/// Where s is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Way {
    /// The row has no gradient.
    #[default]
    Still,
    /// s = +- sign(x_i): no other sample can flip any sign; the sign is in that of the step.
    Pure { sample: usize },
    /// A pattern.
    Pattern { index: usize },
}

/// How often something happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) pure_rows: u64,
    pub(super) mixed_rows: u64,
    pub(super) dense_rows: u64,
    pub(super) multiplied_patterns: u64,
    pub(super) flips: u64,
    pub(super) undetermined_signs: u64,
}

/// The directions of one step.
#[derive(Debug, Default)]
pub(super) struct Directions {
    steps: Vec<RowStep>,
    patterns: Patterns,
    terms: Vec<Term>,
    all_terms: Vec<Term>,
    tally: Tally,
}

impl Directions {
    pub(super) fn steps(&self) -> &[RowStep] {
        &self.steps
    }

    pub(super) fn patterns(&self) -> &Patterns {
        &self.patterns
    }

    /// What happened in this step.
    pub(super) const fn tally(&self) -> Tally {
        self.tally
    }

    /// Finds what every row does; returns |gradient|_1. The output weights move if `trains_output`.
    pub(super) fn find(
        &mut self,
        state: &State,
        inputs: &Inputs<'_>,
        ranking: &Ranking,
        trains_output: bool,
    ) -> LogReal {
        self.patterns.clear();
        self.steps.clear();
        self.tally = Tally::default();
        // relative to the heaviest term of any row so far: the heaviest samples may be active in none
        let (mut scale, mut sum) = (f64::NEG_INFINITY, 0.0);
        for (j, &u) in state.u.iter().enumerate() {
            let top = ranking.terms_of(state.row(j), NEAR, &mut self.terms);
            if self.terms.is_empty() || (u == 0.0 && !trains_output) {
                self.steps.push(RowStep::default());
                continue;
            }
            if top.ln > scale {
                sum *= logspace::exp(scale - top.ln);
                scale = top.ln;
            }
            let visible = logspace::exp(top.ln - scale);
            let mut step = RowStep { sign: vector::sign(u), ..RowStep::default() };
            if trains_output {
                let size;
                (step.output_sign, size) = self.output(state.row(j), top, ranking);
                sum += size * visible;
            }
            if let Some(heaviest) = self.terms.first().filter(|_| u != 0.0) {
                let (others, smallest) = (bound_of_others(&self.terms, top, inputs), inputs.smallest[heaviest.sample]);
                if others < smallest {
                    // no other sample can flip any sign
                    step.way = Way::Pure { sample: heaviest.sample };
                    let (is_alone, rounding) = (self.terms.len() == 1 && !top.has_rest, rounding_of_weights(top));
                    if !is_alone && (others * rounding >= smallest || rounding.is_infinite()) {
                        self.tally.undetermined_signs += inputs.dim().1 as u64;
                    }
                    step.sign *= heaviest.sign;
                    let along = inputs.along_sign_of(heaviest.sample);
                    let dual: f64 = self.terms.iter().map(|term| term.weight * along[term.sample]).sum();
                    sum += (u * dual).abs() * visible;
                } else if inputs.smallest[heaviest.sample] == 0.0 && top.has_rest {
                    // where the heaviest sample has a zero any other may decide
                    let top = ranking.terms_of(state.row(j), f64::INFINITY, &mut self.all_terms);
                    self.patterns.add(j, &self.all_terms, top);
                } else {
                    self.patterns.add(j, &self.terms, top);
                }
            }
            self.steps.push(step);
        }
        sum += self.find_patterns(state, inputs, ranking, scale);
        LogReal::from_ln(scale) * LogReal::from_value(sum)
    }

    /// The rows that are not pure; their part of |gradient|_1 relative to `scale`.
    fn find_patterns(&mut self, state: &State, inputs: &Inputs<'_>, ranking: &Ranking, scale: f64) -> f64 {
        let Self { steps, patterns, terms, tally, .. } = self;
        patterns.find(inputs);
        let mut from = 0;
        while let Some((place, row)) = patterns.unsure_row(from) {
            let top = ranking.terms_of(state.row(row), f64::INFINITY, terms);
            patterns.add(row, terms, top);
            from = place + 1;
        }
        patterns.find(inputs);
        for &(row, index) in &patterns.found {
            steps[row].way = Way::Pattern { index };
        }
        let mut sum = 0.0;
        for (step, &u) in steps.iter().zip(&state.u) {
            match step.way {
                Way::Still => {}
                Way::Pure { .. } => tally.pure_rows += 1,
                Way::Pattern { index } => {
                    let pattern = &patterns.list()[index];
                    sum += (u * pattern.dual).abs() * logspace::exp(pattern.top.ln - scale);
                    tally.undetermined_signs += pattern.n_undetermined;
                    match &pattern.route {
                        Route::Flips { flips, .. } => {
                            tally.mixed_rows += 1;
                            tally.flips += flips.len() as u64;
                        }
                        Route::Dense { .. } => tally.dense_rows += 1,
                    }
                }
            }
        }
        let is_dense = |route: &Route| matches!(route, Route::Dense { .. });
        tally.multiplied_patterns = patterns.list().iter().filter(|pattern| is_dense(&pattern.route)).count() as u64;
        sum
    }

    /// The sign of sum_i v_i P_ji, and its size relative to the row's heaviest term.
    fn output(&mut self, p: &[f64], top: Top, ranking: &Ranking) -> (f64, f64) {
        let (mut sum, mut size) = (0.0, 0.0);
        for term in &self.terms {
            sum += term.weight * p[term.sample];
            size += (term.weight * p[term.sample]).abs();
        }
        let rounding = f64::EPSILON * (self.terms.len() as f64 + top.ln.abs());
        let rest = if top.rest == 0.0 { 0.0 } else { top.rest * vector::max_abs(p) };
        let sign = if top.has_rest && sum.abs() * SHOWS <= rest {
            // the heaviest samples have hardly any part: those that were left out may
            ranking.terms_of(p, f64::INFINITY, &mut self.all_terms);
            sum = self.all_terms.iter().map(|term| term.weight * p[term.sample]).sum();
            let decided = sign_of_sum(&self.all_terms, |i| p[i], vector::max_abs(p), rounding);
            self.tally.undetermined_signs += u64::from(decided.is_undetermined);
            decided.sign
        } else {
            self.tally.undetermined_signs += u64::from(size > 0.0 && sum.abs() <= rounding * size);
            vector::sign(sum)
        };
        (sign, sum.abs())
    }
}

/// By how much rounding may have changed one weight of a row relative to another: a factor e^(2 eps |ln w|), since both ln w are rounded; infinite
/// where that is more than a weight can differ by in a double.
fn rounding_of_weights(top: Top) -> f64 {
    let relative = 2.0 * f64::EPSILON * top.ln.abs();
    // the bound suffices for all but margins beyond 1e15, and costs no exponential
    match relative {
        0.0..0.5 => 1.0 + 2.0 * relative,
        0.5..700.0 => logspace::exp(relative),
        _ => f64::INFINITY,
    }
}
