//! Draws that stay the same when the libraries beneath change: only the raw 64-bit words of the stream are used.

use rand::Rng;
pub(super) use steepest_core::seed::below;

/// +1 or -1 with equal chance.
pub(super) fn sign<R: Rng>(rng: &mut R) -> f64 {
    if below(rng, 2) == 0 { 1.0 } else { -1.0 }
}

/// Walks through `candidates` in uniformly random order and keeps those that `accept` takes, until there are `n`.
///
/// Fewer come back where the candidates run out. The walk does not depend on `n`: the draw of n is the beginning of the
/// draw of n + 1.
pub(super) fn without_replacement<R: Rng, F: FnMut(usize) -> bool>(
    rng: &mut R,
    mut candidates: Vec<usize>,
    n: usize,
    mut accept: F,
) -> Vec<usize> {
    let mut drawn = Vec::with_capacity(n);
    for place in 0..candidates.len() {
        if drawn.len() == n {
            break;
        }
        let other = place + below(rng, candidates.len() - place);
        candidates.swap(place, other);
        if accept(candidates[place]) {
            drawn.push(candidates[place]);
        }
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;
    use steepest_core::Streams;

    fn draw(seed: u64, n: usize) -> Vec<usize> {
        without_replacement(&mut Streams::new(seed).stream("data"), (0..10).collect(), n, |_| true)
    }

    #[test]
    fn draws_are_distinct_reproducible_and_nested() {
        let all = draw(1, 10);
        let mut sorted = all.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..10).collect::<Vec<_>>());
        assert_eq!(draw(1, 4), all[..4]);
        assert_ne!(draw(2, 10), all);
    }

    #[test]
    fn every_candidate_comes_first_equally_often() {
        let mut counts = [0_u32; 10];
        (0..10_000).for_each(|seed| counts[draw(seed, 1)[0]] += 1);
        // 1000 expected, standard deviation 30
        assert!(counts.iter().all(|c| (850..1150).contains(c)), "{counts:?}");
    }

    #[test]
    fn refused_candidates_are_passed_over() {
        let even = without_replacement(&mut Streams::new(1).stream("data"), (0..10).collect(), 8, |c| c % 2 == 0);
        assert_eq!(even.len(), 5);
        assert!(even.iter().all(|c| c % 2 == 0));
    }
}
