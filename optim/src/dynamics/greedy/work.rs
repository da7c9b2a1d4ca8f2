//! What the search did, counted.

use steepest_core::{CoreError, Counter, SavedState};

macro_rules! counted {
    ($($name:ident $label:literal: $meaning:literal,)*) => {
        /// How often each thing was done since the run began. What begins with `search` depends on where references were last
        /// built, which a resumed run does anew; the others belong to the trajectory.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub(super) struct Work {
            $(pub(super) $name: u64,)*
        }

        impl Work {
            pub(super) fn counters(&self) -> Vec<Counter> {
                vec![$(Counter { name: $label, meaning: $meaning, count: self.$name },)*]
            }

            pub(super) fn save(&self, state: &mut SavedState) {
                state.put(WORK, &[$(self.$name as f64,)*]);
            }

            pub(super) fn restore(&mut self, state: &SavedState) -> Result<(), CoreError> {
                let mut saved = [$({ let _ = stringify!($name); 0.0 },)*];
                state.restore_into(WORK, &mut saved)?;
                let mut counts = saved.into_iter();
                $(self.$name = counts.next().unwrap_or_default() as u64;)*
                Ok(())
            }
        }
    };
}

/// Where the counts are in a saved state: apart from what decides the next step.
const WORK: &str = "greedy/work";

counted! {
    steps "steps": "steps taken",
    near_ties "near_ties": "entries within a relative 1e-12 of the largest that were not chosen",
    holds "holds": "steps before which the two-sided rule held a weight",
    tracked "search_tracked": "neurons that got a reference",
    grown "grown": "neurons of which a first-layer weight moved",
    columns "search_columns": "entries of the first layer's gradient computed to all digits",
    outputs "search_outputs": "entries of the last layer's gradient computed to all digits",
    anchors "search_anchors": "times that the whole gradient of the last layer was computed",
    pushed "search_pushed": "rows of the inputs added to a reference",
    rebuilds "search_rebuilds": "references built anew",
    flips "flips": "pairs of a moved neuron and a sample whose activity changed",
}
