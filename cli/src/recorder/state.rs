//! What a recorder remembers between rows, stored and restored.

use super::{Progress, Recorder, Running};
use steepest_core::{CoreError, LogReal, SavedState};

impl Recorder<'_> {
    /// Stores all that later rows depend on, and how long the run has taken.
    pub fn save(&self, state: &mut SavedState) {
        let Running {
            flow_time,
            pending,
            step_size,
            own_soft_margin,
            worst_drop,
            steps_with_bands,
            near_ties,
            held_steps,
        } = self.running;
        state.put("running", &[flow_time.ln(), pending.ln(), step_size, own_soft_margin, worst_drop]);
        state.put("running/counts", &[steps_with_bands, near_ties, held_steps]);
        let Progress { step, ln_loss, train_accuracy, test_accuracy, own_margin } = self.progress;
        state.put("progress", &[ln_loss, train_accuracy, test_accuracy, own_margin]);
        state.put_counter("progress/step", step);
        state.put("seconds", &[self.seconds()]);
        state.put_counter("n_held_steps", self.n_held_steps);
        state.put_counter("left_out_noted", u64::from(self.left_out_noted));
        state.put_counter("doubt_noted", u64::from(self.doubt_noted));
        self.test.save(state);
        let last = [("step", self.last_step), ("row", self.last_row), ("snapshot", self.last_snapshot)];
        for (name, step) in last {
            if let Some(step) = step {
                state.put_counter(&format!("last_{name}"), step);
            }
        }
    }

    /// Restores it; the file must be the one of that moment.
    ///
    /// # Errors
    /// If the state is not one that a recorder saved.
    pub fn restore(&mut self, state: &SavedState) -> Result<(), CoreError> {
        let (mut running, mut counts, mut progress, mut seconds) = ([0.0; 5], [0.0; 3], [0.0; 4], [0.0]);
        state.restore_into("running", &mut running)?;
        state.restore_into("running/counts", &mut counts)?;
        state.restore_into("progress", &mut progress)?;
        state.restore_into("seconds", &mut seconds)?;
        let [ln_flow_time, ln_pending, step_size, own_soft_margin, worst_drop] = running;
        let [steps_with_bands, near_ties, held_steps] = counts;
        self.running = Running {
            flow_time: LogReal::from_ln(ln_flow_time),
            pending: LogReal::from_ln(ln_pending),
            step_size,
            own_soft_margin,
            worst_drop,
            steps_with_bands,
            near_ties,
            held_steps,
        };
        let [ln_loss, train_accuracy, test_accuracy, own_margin] = progress;
        let step = state.counter("progress/step")?;
        self.progress = Progress { step, ln_loss, train_accuracy, test_accuracy, own_margin };
        [self.seconds_before] = seconds;
        self.n_held_steps = state.counter("n_held_steps")?;
        self.left_out_noted = state.counter("left_out_noted")? == 1;
        self.doubt_noted = state.counter("doubt_noted")? == 1;
        self.test.restore(state)?;
        // what was not stored had not happened
        self.last_step = state.counter("last_step").ok();
        self.last_row = state.counter("last_row").ok();
        self.last_snapshot = state.counter("last_snapshot").ok();
        Ok(())
    }
}
