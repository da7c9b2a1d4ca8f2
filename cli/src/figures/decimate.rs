//! Thinning of long lines without losing their extremes.

/// A place on the page.
pub(super) type Place = (f64, f64);

/// Thins a line to about so many points: it is cut into strips of equal width, and of every run of points within a strip
/// the first, the last, the lowest and the highest are kept.
///
/// A line that runs back and forth visits strips again and may keep more.
pub(super) fn decimate(line: Vec<Place>, most: usize) -> Vec<Place> {
    if line.len() <= most {
        return line;
    }
    let (low, high) = line
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), place| (low.min(place.0), high.max(place.0)));
    let strips = (most / 4).max(1) as f64;
    let strip =
        |place: &Place| ((place.0 - low) / (high - low).max(f64::MIN_POSITIVE) * strips).min(strips - 1.0).floor();
    line.chunk_by(|before, after| strip(before).total_cmp(&strip(after)).is_eq()).flat_map(extremes).collect()
}

/// First, last, lowest and highest of a run, in the order in which they occur.
fn extremes(run: &[Place]) -> impl Iterator<Item = Place> {
    let by_height = |first: &usize, second: &usize| run[*first].1.total_cmp(&run[*second].1);
    let lowest = (0..run.len()).min_by(by_height).unwrap_or(0);
    let highest = (0..run.len()).max_by(by_height).unwrap_or(0);
    let mut kept = vec![0, lowest, highest, run.len().saturating_sub(1)];
    kept.sort_unstable();
    kept.dedup();
    kept.into_iter().filter_map(|index| run.get(index).copied()).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::decimate;

    #[test]
    fn short_lines_are_left_alone() {
        let line = vec![(0.0, 1.0), (0.0, 2.0), (5.0, 1.0)];
        assert_eq!(decimate(line.clone(), 3), line);
    }

    #[test]
    fn spikes_and_ends_survive() {
        let mut line: Vec<(f64, f64)> = (0..100_000_u32).map(|step| (f64::from(step), f64::from(step % 7))).collect();
        line[43_210].1 = 1000.0;
        line[77_777].1 = -1000.0;
        let thin = decimate(line.clone(), 2000);
        assert!(thin.len() <= 2000 && thin.len() > 1000);
        for kept in [line[0], line[43_210], line[77_777], line[99_999]] {
            assert!(thin.contains(&kept));
        }
        assert!(thin.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn a_vertical_line_keeps_its_ends() {
        let thin = decimate((0..5000_u32).map(|step| (3.0, f64::from(step))).collect(), 100);
        assert_eq!(thin, [(3.0, 0.0), (3.0, 4999.0)]);
    }
}
