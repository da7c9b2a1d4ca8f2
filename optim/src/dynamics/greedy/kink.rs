//! The two-sided rule of coordinate descent, for one unit.

use super::best::Winner;
use super::problem::Problem;
use super::search::Held;
use super::units::Units;
use steepest_core::{CoreError, SavedState, vector};

/// What the rule remembers of the last step.
#[derive(Clone, Debug, Default)]
pub(super) struct Kink {
    /// The weight of the first layer that it moved and the sign of its gradient; `None` if it moved none.
    last: Option<(usize, f64)>,
    /// Whether each sample was active at that weight's unit before the step: 1 or 0.
    active: Vec<f64>,
}

impl Kink {
    /// Notes the step that is about to be taken.
    pub(super) fn note(&mut self, index: usize, sign: f64, d: usize, units: &Units) {
        self.last = None;
        let unit = index / d;
        if unit >= units.width() {
            return;
        }
        self.active.clear();
        self.active.extend(units.pre_activations(unit).iter().map(|z| f64::from(u8::from(*z > 0.0))));
        self.last = Some((index, sign));
    }

    /// No entry moves.
    pub(super) fn note_nothing(&mut self) {
        self.last = None;
    }

    /// If the winner would move the last weight back over a kink: the cotangent that holds it there, and the number of samples that are held.
    /// `c` is the cotangent on all outputs.
    pub(super) fn hold(&self, winner: Winner, c: &[f64], problem: &Problem, units: &Units) -> Option<(Held, u32)> {
        let (last, last_sign) = self.last?;
        let (unit, input) = (last / problem.d, last % problem.d);
        if winner.index != last || vector::sign(winner.value) * last_sign >= 0.0 {
            return None;
        }
        let z = units.pre_activations(unit);
        let slope_of = |is_active: bool| if is_active { 1.0 } else { problem.slope };
        // c o phi' with the activity from before the step, less that of now
        let mut change: Vec<f64> =
            (0..c.len()).map(|i| c[i] * (slope_of(self.active[i] > 0.0) - slope_of(z[i] > 0.0))).collect();
        let n_held = z.iter().zip(&self.active).filter(|(z, active)| (**z > 0.0) != (**active > 0.0)).count();
        let by = units.u[unit] * vector::dot(&change, problem.column(input));
        let before = winner.value + by;
        if by == 0.0 || vector::sign(winner.value) * vector::sign(before) > 0.0 {
            return None;
        }
        // now + share * change = 0
        let share = -winner.value / by;
        for ((change, &c), &z) in change.iter_mut().zip(c).zip(z) {
            *change = c * slope_of(z > 0.0) + share * *change;
        }
        Some((Held { unit, v: change, input }, n_held as u32))
    }

    pub(super) fn save(&self, state: &mut SavedState) {
        let (index, sign) = self.last.unwrap_or((usize::MAX, 0.0));
        state.put_counter("greedy/kink/index", index as u64);
        state.put("greedy/kink/sign", &[sign]);
        state.put("greedy/kink/active", &self.active);
    }

    pub(super) fn restore(&mut self, state: &SavedState, n: usize) -> Result<(), CoreError> {
        let mut sign = [0.0];
        state.restore_into("greedy/kink/sign", &mut sign)?;
        let index = state.counter("greedy/kink/index")? as usize;
        self.last = (index != usize::MAX).then_some((index, sign[0]));
        self.active = state.get("greedy/kink/active")?.to_vec();
        if self.last.is_some() && self.active.len() != n {
            let what = "saved `greedy/kink/active`".to_owned();
            return Err(CoreError::Length { what, found: self.active.len(), expected: n });
        }
        Ok(())
    }
}
