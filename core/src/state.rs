//! Saved states: named arrays from which an optimiser or a dynamics goes on as if it had never stopped.

use crate::error::CoreError;
use std::collections::BTreeMap;

/// Named arrays, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SavedState {
    numbers: BTreeMap<String, Vec<f64>>,
    counters: BTreeMap<String, u64>,
}

impl SavedState {
    /// Stores a vector under a name, in place of what was there.
    pub fn put(&mut self, name: &str, values: &[f64]) {
        let slot = self.numbers.entry(name.to_owned()).or_default();
        slot.clear();
        slot.extend_from_slice(values);
    }

    /// The same with a vector that is given up.
    pub fn put_vector(&mut self, name: &str, values: Vec<f64>) {
        self.numbers.insert(name.to_owned(), values);
    }

    /// Stores a counter under a name.
    pub fn put_counter(&mut self, name: &str, value: u64) {
        self.counters.insert(name.to_owned(), value);
    }

    /// The vector of that name.
    ///
    /// # Errors
    /// If there is none.
    pub fn get(&self, name: &str) -> Result<&[f64], CoreError> {
        self.numbers.get(name).map(Vec::as_slice).ok_or_else(|| CoreError::MissingState { name: name.to_owned() })
    }

    /// The vector of that name, which is not there any more afterwards; `None` if there is none.
    pub fn take(&mut self, name: &str) -> Option<Vec<f64>> {
        self.numbers.remove(name)
    }

    /// The counter of that name.
    ///
    /// # Errors
    /// If there is none.
    pub fn counter(&self, name: &str) -> Result<u64, CoreError> {
        self.counters.get(name).copied().ok_or_else(|| CoreError::MissingState { name: name.to_owned() })
    }

    /// Copies the vector of that name.
    ///
    /// # Errors
    /// If there is none, or its length is not the target's.
    pub fn restore_into(&self, name: &str, target: &mut [f64]) -> Result<(), CoreError> {
        let saved = self.get(name)?;
        if saved.len() != target.len() {
            return Err(CoreError::Length {
                what: format!("saved `{name}`"),
                found: saved.len(),
                expected: target.len(),
            });
        }
        target.copy_from_slice(saved);
        Ok(())
    }

    /// The vectors by name, for a writer.
    pub fn numbers(&self) -> impl Iterator<Item = (&str, &[f64])> {
        self.numbers.iter().map(|(name, values)| (name.as_str(), values.as_slice()))
    }

    /// The counters by name, for a writer.
    pub fn counters(&self) -> impl Iterator<Item = (&str, u64)> {
        self.counters.iter().map(|(name, &value)| (name.as_str(), value))
    }
}

/// One phase of a run, complete, before the evaluation at `step`: it goes on from here as if it had never stopped.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SavedPhase {
    /// Steps done.
    pub step: u64,
    /// The dynamics, its optimiser included.
    pub dynamics: SavedState,
    /// The rule for the length of a step.
    pub step_length: SavedState,
    /// The dynamics at the point that the rule may go back to; `None` for a rule that never does.
    pub accepted: Option<SavedState>,
    /// The events so far.
    pub stop: SavedState,
}
