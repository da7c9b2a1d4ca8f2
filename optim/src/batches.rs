//! Mini-batches: which samples the gradient of a step is taken over.

use serde::{Deserialize, Serialize};
use steepest_core::Streams;
use steepest_core::seed::below;

/// `[batch]` in a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchSpec {
    /// Samples a batch; the last batch of an epoch is smaller where the number of samples is no multiple.
    pub size: usize,
    /// How an epoch goes through the samples.
    #[serde(default)]
    pub order: BatchOrder,
}

/// How an epoch goes through the samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchOrder {
    /// Every sample once an epoch, shuffled anew for each (without replacement).
    #[default]
    Shuffled,
    /// Every sample once an epoch, in the order of the dataset.
    Sequential,
    /// Every place of a batch is drawn from all samples (with replacement); an epoch is as many places as there are samples.
    WithReplacement,
}

/// The batches of a run: those of step t are a function of the seed and t alone, so that a run can be entered at any step.
#[derive(Clone, Debug)]
pub struct Batches {
    spec: BatchSpec,
    streams: Streams,
    /// The samples of the epoch, batch after batch.
    epoch: Vec<usize>,
    /// Which epoch that is.
    drawn: Option<u64>,
}

impl Batches {
    /// Batches of `n_samples` samples. The streams are named `batches/EPOCH`.
    pub fn new(spec: BatchSpec, n_samples: usize, streams: Streams) -> Self {
        Self { spec, streams, epoch: (0..n_samples).collect(), drawn: None }
    }

    /// Batches an epoch.
    pub fn per_epoch(&self) -> u64 {
        self.epoch.len().div_ceil(self.spec.size) as u64
    }

    /// Whether step t is the first of an epoch.
    pub fn starts_epoch(&self, step: u64) -> bool {
        step.is_multiple_of(self.per_epoch())
    }

    /// The samples of step t.
    pub fn rows(&mut self, step: u64) -> &[usize] {
        let (epoch, batch) = (step / self.per_epoch(), step % self.per_epoch());
        if self.drawn != Some(epoch) {
            self.draw(epoch);
        }
        let start = batch as usize * self.spec.size;
        &self.epoch[start..(start + self.spec.size).min(self.epoch.len())]
    }

    fn draw(&mut self, epoch: u64) {
        let n = self.epoch.len();
        let mut rng = self.streams.stream(&format!("batches/{epoch}"));
        for (place, row) in self.epoch.iter_mut().enumerate() {
            *row = if self.spec.order == BatchOrder::WithReplacement { below(&mut rng, n) } else { place };
        }
        if self.spec.order == BatchOrder::Shuffled {
            // Fisher and Yates
            for last in (1..n).rev() {
                self.epoch.swap(last, below(&mut rng, last + 1));
            }
        }
        self.drawn = Some(epoch);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn batches(order: BatchOrder) -> Batches {
        Batches::new(BatchSpec { size: 4, order }, 10, Streams::new(3))
    }

    #[test]
    fn an_epoch_without_replacement_sees_every_sample_once() {
        for order in [BatchOrder::Shuffled, BatchOrder::Sequential] {
            let mut batches = batches(order);
            assert_eq!(batches.per_epoch(), 3);
            for epoch in 0..4 {
                let sizes = [0, 1, 2].map(|b| batches.rows(3 * epoch + b).len());
                let seen: BTreeSet<usize> = (0..3).flat_map(|b| batches.rows(3 * epoch + b).to_vec()).collect();
                assert_eq!((sizes, seen.len()), ([4, 4, 2], 10));
                assert!(batches.starts_epoch(3 * epoch) && !batches.starts_epoch(3 * epoch + 1));
            }
        }
        assert_eq!(batches(BatchOrder::Sequential).rows(4), [4, 5, 6, 7]);
    }

    #[test]
    fn batches_are_a_function_of_seed_and_step() {
        for order in [BatchOrder::Shuffled, BatchOrder::WithReplacement] {
            let (mut forward, mut anew) = (batches(order), batches(order));
            let all: Vec<Vec<usize>> = (0..9).map(|step| forward.rows(step).to_vec()).collect();
            assert_eq!(anew.rows(7), all[7]);
            assert_ne!(all[0], all[3], "epochs differ");
            let mut other = Batches::new(BatchSpec { size: 4, order }, 10, Streams::new(4));
            assert_ne!((0..3).map(|step| other.rows(step).to_vec()).collect::<Vec<_>>(), all[..3]);
        }
        let mut drawn = batches(BatchOrder::WithReplacement);
        let repeats = (0..300).filter(|&step| {
            let rows = drawn.rows(step);
            rows.iter().collect::<BTreeSet<_>>().len() < rows.len()
        });
        assert!(repeats.count() > 50, "places are drawn from all samples");
    }
}
