//! How often the way to a direction changed.

use steepest_core::{CoreError, Counter, SavedState};

/// The ways that a norm took at the last step ([`Steepest::routes`](steepest_core::Steepest::routes)), and how often they were others than before.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Routes {
    last: u8,
    switches: u64,
}

impl Routes {
    /// Takes note of a step's; a zero gradient, or a norm with one way, has none.
    pub(super) fn note(&mut self, routes: u8) {
        if routes == 0 {
            return;
        }
        self.switches += u64::from(self.last != 0 && self.last != routes);
        self.last = routes;
    }

    /// Empty for a norm with one way.
    pub(super) fn counters(self) -> Vec<Counter> {
        let counter = Counter {
            name: "route_switches",
            meaning: "steps whose direction was found in another way than the one before",
            count: self.switches,
        };
        if self.last == 0 { Vec::new() } else { vec![counter] }
    }

    pub(super) fn save(self, state: &mut SavedState) {
        state.put_counter("routes/last", u64::from(self.last));
        state.put_counter("routes/switches", self.switches);
    }

    pub(super) fn restore(&mut self, state: &SavedState) -> Result<(), CoreError> {
        *self = Self { last: state.counter("routes/last")? as u8, switches: state.counter("routes/switches")? };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_counted_and_survive() {
        let mut routes = Routes::default();
        routes.note(0);
        assert!(routes.counters().is_empty());
        for taken in [1, 1, 4, 0, 4, 5, 1] {
            routes.note(taken);
        }
        let mut state = SavedState::default();
        routes.save(&mut state);
        let mut other = Routes::default();
        other.restore(&state).unwrap();
        other.note(1);
        assert_eq!(other.counters()[0].count, 3);
    }
}
