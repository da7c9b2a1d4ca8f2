//! Medians with bootstrap intervals.

use crate::plots::quantile;
use steepest_core::Streams;
use steepest_core::seed::below;

/// How often seeds are drawn again.
const RESAMPLES: usize = 10_000;
/// The ends of the interval: 95 % lie between.
const ENDS: [f64; 2] = [0.025, 0.975];
/// The seed of the resamples: the same values give the same interval.
const SEED: u64 = 0;

/// The median; NaN of nothing, and where a value is NaN.
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The 95 % percentile interval of a statistic over seeds, by 10,000 resamples with replacement (Efron and Tibshirani 1993, chapter 13).
///
/// The statistic sees the indices of the seeds drawn, so that whatever belongs to a seed stays together.
pub fn bootstrap(n_seeds: usize, mut statistic: impl FnMut(&[usize]) -> f64) -> [f64; 2] {
    let mut stream = Streams::new(SEED).stream("bootstrap");
    let mut drawn = vec![0; n_seeds];
    let mut found = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        drawn.iter_mut().for_each(|index| *index = below(&mut stream, n_seeds));
        found.push(statistic(&drawn));
    }
    ENDS.map(|p| quantile(&found, p))
}

/// The interval of the median of one value a seed.
pub fn median_interval(values: &[f64]) -> [f64; 2] {
    let mut buffer = vec![0.0; values.len()];
    bootstrap(values.len(), |drawn| {
        buffer.iter_mut().zip(drawn).for_each(|(place, &index)| *place = values[index]);
        median(&buffer)
    })
}

/// Spearman's rank correlation of two columns; NaN where one is constant. Ties share their mean rank.
pub fn rank_correlation(x: &[f64], y: &[f64]) -> f64 {
    let (x, y) = (ranks(x), ranks(y));
    let mean = f64::midpoint(x.len() as f64, 1.0);
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>();
    product(&x, &y) / (product(&x, &x) * product(&y, &y)).sqrt()
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let same = |index: &&usize| values[**index].total_cmp(&values[order[start]]).is_eq();
        let end = start + order[start..].iter().take_while(same).count();
        let shared = (start + end + 1) as f64 / 2.0;
        order[start..end].iter().for_each(|index| ranks[*index] = shared);
        start = end;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The chance that the median of n = 2 h + 1 draws from 1, ..., n is at most k: that h + 1 of them are.
    fn chance_at_most(k: usize, n: usize) -> f64 {
        let p = k as f64 / n as f64;
        let choose = |j: usize| (0..j).map(|i| (n - i) as f64 / (j - i) as f64).product::<f64>();
        (n / 2 + 1..=n).map(|j| choose(j) * p.powi(j as i32) * (1.0 - p).powi((n - j) as i32)).sum()
    }

    #[test]
    fn the_interval_of_a_median_is_that_of_its_exact_distribution() {
        for n in [5, 11, 21] {
            let values: Vec<f64> = (1..=n).map(|v| v as f64).collect();
            let exact = |p: f64| (1..=n).find(|k| chance_at_most(*k, n) >= p).unwrap() as f64;
            assert_eq!(median_interval(&values).map(|v| v as usize), [exact(0.025), exact(0.975)].map(|v| v as usize));
        }
    }

    #[test]
    fn the_interval_of_a_mean_is_about_that_of_the_normal_law() {
        let values: Vec<f64> = (0..400).map(|v| f64::from(v) / 399.0).collect();
        let [low, high] = bootstrap(400, |drawn| drawn.iter().map(|i| values[*i]).sum::<f64>() / 400.0);
        let expected = 1.96 * (1.0 / 12.0_f64).sqrt() / 20.0;
        assert!((0.5 - low - expected).abs() < 2e-3 && (high - 0.5 - expected).abs() < 2e-3, "{low} {high}");
    }

    #[test]
    fn ranks_do_not_see_monotone_maps_and_share_ties() {
        let x = [1.0, 2.0, 3.0, 4.0];
        assert!((rank_correlation(&x, &[1.0, 10.0, 1e5, 1e9]) - 1.0).abs() < 1e-15);
        assert!((rank_correlation(&x, &[4.0, 3.0, 2.0, 1.0]) + 1.0).abs() < 1e-15);
        assert_eq!(ranks(&[5.0, 1.0, 5.0]), [2.5, 1.0, 2.5]);
        assert!(rank_correlation(&x, &[7.0; 4]).is_nan());
    }
}
