//! How far a first layer has moved in the phases of a run that have ended.

use ndarray::Array2;
use steepest_core::{CoreError, Displacement, SavedState};

const SPAN: &str = "test/moved/span";
const PLACES: &str = "test/moved/places";
const CHANGES: &str = "test/moved/changes";

/// W - W0 = A^T X + single entries.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Moved {
    in_span: Option<Array2<f64>>,
    entries: Vec<(usize, f64)>,
}

impl Moved {
    /// With this as well; `None` where it is no movement along the training inputs themselves.
    pub(crate) fn and(mut self, by: Displacement<'_>) -> Option<Self> {
        match (by, &mut self.in_span) {
            (Displacement::InSpan(a), Some(sum)) => *sum += &a,
            (Displacement::InSpan(a), none) => *none = Some(a.to_owned()),
            (Displacement::InBasis(..), _) => return None,
            (Displacement::Entries(entries), _) => self.entries.extend_from_slice(entries),
        }
        Some(self)
    }

    /// Whether A is not zero.
    pub(crate) const fn is_in_span(&self) -> bool {
        self.in_span.is_some()
    }

    /// What it is the sum of.
    pub(crate) fn parts(&self) -> impl Iterator<Item = Displacement<'_>> {
        let in_span = self.in_span.as_ref().map(|a| Displacement::InSpan(a.view()));
        in_span.into_iter().chain([Displacement::Entries(&self.entries)])
    }

    pub(crate) fn save(&self, state: &mut SavedState) {
        if let Some(a) = &self.in_span {
            state.put_vector(SPAN, a.iter().copied().collect());
        }
        // below 2^53
        state.put_vector(PLACES, self.entries.iter().map(|(place, _)| *place as f64).collect());
        state.put_vector(CHANGES, self.entries.iter().map(|(_, change)| *change).collect());
    }

    /// For so many samples and units.
    pub(crate) fn restore(state: &SavedState, (n, m): (usize, usize)) -> Result<Self, CoreError> {
        let mut in_span = None;
        if state.get(SPAN).is_ok() {
            let mut a = Array2::zeros((n, m));
            state.restore_into(SPAN, a.as_slice_mut().unwrap_or_default())?;
            in_span = Some(a);
        }
        let (places, changes) = (state.get(PLACES)?, state.get(CHANGES)?);
        let entries = places.iter().zip(changes).map(|(place, change)| (*place as usize, *change)).collect();
        Ok(Self { in_span, entries })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn what_was_saved_is_restored() {
        let (a, b) = (array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], array![[0.5, 0.0, 0.0], [0.0, 0.0, -6.0]]);
        let mut moved = Moved::default();
        for by in [Displacement::InSpan(a.view()), Displacement::Entries(&[(3, 0.1)]), Displacement::InSpan(b.view())] {
            moved = moved.and(by).unwrap();
            let mut state = SavedState::default();
            moved.save(&mut state);
            assert_eq!(Moved::restore(&state, (2, 3)).unwrap(), moved);
            assert!(Moved::restore(&state, (2, 4)).is_err());
        }
        assert_eq!((moved.in_span, moved.entries), (Some(a + b), vec![(3, 0.1)]));
        assert!(Moved::restore(&SavedState::default(), (2, 3)).is_err());
    }
}
