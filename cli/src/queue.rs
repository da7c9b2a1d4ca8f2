//! The order in which the runs of an experiment start.

/// How many of the last runs may change places.
const LAST: usize = 16;

/// The places of runs in the order in which they start on so many cores: all of one seed, then all of the next, since those of a seed share what they
/// need; among them the longest first, as far as their costs tell. Of the last seed's some then change places where, by these costs, all would end sooner:
/// a core that is free takes the next run, whichever it is, so that what is long and what is short must meet on each.
pub(crate) fn order_of_start(costs: &[f64], seeds: &[u64], cores: usize) -> Vec<usize> {
    let first_of = |seed: u64| seeds.iter().position(|other| *other == seed);
    let mut order: Vec<usize> = (0..costs.len()).collect();
    order.sort_by(|&a, &b| first_of(seeds[a]).cmp(&first_of(seeds[b])).then(costs[b].total_cmp(&costs[a])));
    let Some(last_seed) = order.last().map(|&run| seeds[run]) else { return order };
    let of_last_seed = order.iter().position(|&run| seeds[run] == last_seed).unwrap_or(0);
    let from = of_last_seed.max(order.len().saturating_sub(LAST));
    let mut best = end(&order, costs, cores);
    while let Some(sooner) = exchange(&mut order, from, best, costs, cores) {
        best = sooner;
    }
    order
}

/// Exchanges the first two runs from this place on that let all end sooner, and gives that end.
fn exchange(order: &mut [usize], from: usize, best: f64, costs: &[f64], cores: usize) -> Option<f64> {
    for i in from..order.len() {
        for j in i + 1..order.len() {
            order.swap(i, j);
            let sooner = end(order, costs, cores);
            if sooner < 0.999 * best {
                return Some(sooner);
            }
            order.swap(i, j);
        }
    }
    None
}

/// When the last run ends, if each starts on the core that is free first.
fn end(order: &[usize], costs: &[f64], cores: usize) -> f64 {
    let mut free = vec![0.0_f64; cores.max(1)];
    for &run in order {
        let Some(next) = free.iter_mut().min_by(|a, b| a.total_cmp(b)) else { break };
        *next += costs[run];
    }
    free.into_iter().fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_of_a_seed_start_first() {
        // nothing to be gained on one core, or on as many as there are runs
        for cores in [1, 4] {
            assert_eq!(order_of_start(&[1.0, 3.0, 2.0, 4.0], &[7, 7, 7, 7], cores), [3, 1, 2, 0]);
        }
        assert_eq!(order_of_start(&[1.0, 3.0, 2.0, 4.0], &[7, 5, 7, 5], 1), [2, 0, 3, 1]);
        assert!(order_of_start(&[], &[], 2).is_empty());
    }

    #[test]
    fn long_and_short_meet_on_every_core() {
        // 9 + 9 + 3 and 8 + 8 + 5 in place of 9 + 8 + 5 and 9 + 8 + 3
        let costs = [9.0, 9.0, 8.0, 8.0, 5.0, 3.0];
        let order = order_of_start(&costs, &[0; 6], 2);
        assert_eq!(end(&order, &costs, 2).to_bits(), 21_f64.to_bits());
        assert_eq!(end(&[0, 1, 2, 3, 4, 5], &costs, 2).to_bits(), 22_f64.to_bits());
        // a seed before them keeps its order, and stays before
        let (costs, seeds) = ([2.0, 4.0, 9.0, 9.0, 8.0, 8.0, 5.0, 3.0], [1, 1, 0, 0, 0, 0, 0, 0]);
        let order = order_of_start(&costs, &seeds, 2);
        assert_eq!(order[..2], [1, 0]);
        let mut all = order;
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2, 3, 4, 5, 6, 7]);
    }
}
