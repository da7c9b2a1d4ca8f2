//! The weights of the first layer that have moved, and the norms of theta.

use std::collections::BTreeMap;
use steepest_core::{CoreError, SavedState, vector};

/// W as W0 and the entries that are other now.
#[derive(Debug)]
pub(super) struct Moved {
    /// Place and present value, ascending.
    entries: BTreeMap<usize, f64>,
    /// sum |w| and sum w^2 over W0.
    sums: (f64, f64),
    /// The largest |w| of W0 among the entries that have not moved, once it was asked for, and its place.
    largest: Option<(usize, f64)>,
    /// sum |theta_k|, carried from step to step.
    pub(super) sum_of_abs: f64,
    differences: Vec<(usize, f64)>,
}

impl Moved {
    pub(super) fn new(initial: &[f64], u: &[f64]) -> Self {
        let sums = (vector::sum_of_abs(initial), vector::sum_of_squares(initial));
        let mut moved =
            Self { entries: BTreeMap::new(), sums, largest: None, sum_of_abs: 0.0, differences: Vec::new() };
        moved.refresh(initial, u);
        moved
    }

    /// The weight at this place.
    pub(super) fn weight(&self, place: usize, initial: &[f64]) -> f64 {
        self.entries.get(&place).copied().unwrap_or(initial[place])
    }

    pub(super) fn set(&mut self, place: usize, new: f64) {
        self.entries.insert(place, new);
        self.largest = self.largest.filter(|(largest, _)| *largest != place);
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (usize, f64)> {
        self.entries.iter().map(|(&place, &value)| (place, value))
    }

    /// Each place and how far its weight has moved, ascending.
    pub(super) fn differences(&mut self, initial: &[f64]) -> &[(usize, f64)] {
        self.differences.clear();
        self.differences.extend(self.entries.iter().map(|(&place, &value)| (place, value - initial[place])));
        &self.differences
    }

    /// sum |theta_k| without what rounding left on the way.
    pub(super) fn refresh(&mut self, initial: &[f64], u: &[f64]) {
        let change: f64 = self.entries.iter().map(|(&place, value)| value.abs() - initial[place].abs()).sum();
        self.sum_of_abs = self.sums.0 + change + vector::sum_of_abs(u);
    }

    /// |theta|_2; `None` where squares leave the range of a double.
    pub(super) fn euclidean_norm(&self, initial: &[f64], u: &[f64]) -> Option<f64> {
        let change: f64 = self.entries.iter().map(|(&place, value)| value.powi(2) - initial[place].powi(2)).sum();
        let squares = self.sums.1 + change + vector::sum_of_squares(u);
        (1e-280..1e280).contains(&squares).then(|| squares.sqrt())
    }

    /// max |theta_k|.
    pub(super) fn largest(&mut self, initial: &[f64], u: &[f64]) -> f64 {
        let entries = &self.entries;
        let (_, still) = *self.largest.get_or_insert_with(|| {
            let all = initial.iter().map(|w| w.abs()).enumerate();
            all.fold((0, 0.0), |most, (k, w)| if w > most.1 && !entries.contains_key(&k) { (k, w) } else { most })
        });
        self.entries.values().fold(still.max(vector::max_abs(u)), |most, value| most.max(value.abs()))
    }

    pub(super) fn save(&self, state: &mut SavedState) {
        state.put_vector("greedy/places", self.entries.keys().map(|&place| place as f64).collect());
        state.put_vector("greedy/weights", self.entries.values().copied().collect());
        state.put("greedy/sum_of_abs", &[self.sum_of_abs]);
    }

    /// Restores it, for a first layer of `len` weights.
    pub(super) fn restore(&mut self, state: &SavedState, len: usize) -> Result<(), CoreError> {
        let (places, values) = (state.get("greedy/places")?, state.get("greedy/weights")?);
        let mut sum = [0.0];
        state.restore_into("greedy/sum_of_abs", &mut sum)?;
        let is_inside = places.iter().all(|&place| (0.0..len as f64).contains(&place));
        if places.len() != values.len() || !is_inside {
            let what = "saved `greedy/places`".to_owned();
            return Err(CoreError::Length { what, found: places.len(), expected: values.len() });
        }
        self.entries = places.iter().map(|&place| place as usize).zip(values.iter().copied()).collect();
        (self.largest, self.sum_of_abs) = (None, sum[0]);
        Ok(())
    }
}
