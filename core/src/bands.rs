//! Bands: the terms of a loss, sorted by weight and cut where one double's range ends.
//!
//! Within a band all weights are ordinary numbers relative to the heaviest; the gradient is the sum over bands of
//! e^scale times an ordinary vector ([`Graded`](crate::Graded)). Early in a run, and wherever steps are small, there is
//! one band with every sample in it.

use crate::logspace::LogReal;
use crate::model::Rows;

/// A band ends where ln of the weight has fallen by this much below its heaviest: e^-600 leaves e^-108 for the products
/// of a backward pass before they leave the range of a double.
pub const BAND_WIDTH: f64 = 600.0;

/// Terms lighter by this much (as logarithms) than what a gradient shows may still be seen in it: e^-36 is a last bit, and derivatives
/// of different samples may differ as well.
const VISIBLE: f64 = 60.0;

/// One band: some terms, the samples (rows) that they belong to, and the weight of the heaviest.
#[derive(Clone, Copy, Debug)]
pub struct Band<'a> {
    /// The weight of the heaviest term, or what [`Bands::follow`] put in its place.
    pub scale: LogReal,
    /// The indices of the terms; `None` for all of them.
    pub terms: Option<&'a [usize]>,
    /// The samples whose terms these are, ascending.
    pub rows: Rows<'a>,
}

/// The bands of one evaluation. Reused from step to step; allocates only when a run first needs more than one band.
#[derive(Clone, Debug, Default)]
pub struct Bands {
    order: Vec<usize>,
    rows: Vec<usize>,
    /// For each band: its scale, where its terms end in `order`, and where its rows end in `rows`.
    ends: Vec<(LogReal, usize, usize)>,
    single: Option<LogReal>,
}

impl Bands {
    /// Sorts and cuts the terms; `terms_per_sample` terms in a row belong to one sample. Terms of weight zero
    /// (ln = -inf) are in no band.
    pub fn cut(&mut self, ln_weights: &[f64], terms_per_sample: usize) {
        self.single = None;
        self.ends.clear();
        let (mut heaviest, mut lightest) = (f64::NEG_INFINITY, f64::INFINITY);
        for &w in ln_weights.iter().filter(|w| **w > f64::NEG_INFINITY) {
            heaviest = heaviest.max(w);
            lightest = lightest.min(w);
        }
        // a loss beyond all numbers has no gradient to speak of
        if !heaviest.is_finite() {
            return;
        }
        if heaviest - lightest <= BAND_WIDTH {
            self.single = Some(LogReal::from_ln(heaviest));
        } else {
            self.cut_spread(ln_weights, terms_per_sample);
        }
    }

    fn cut_spread(&mut self, ln_weights: &[f64], terms_per_sample: usize) {
        self.order.clear();
        self.order.extend((0..ln_weights.len()).filter(|&t| ln_weights[t] > f64::NEG_INFINITY));
        self.order.sort_unstable_by(|&a, &b| ln_weights[b].total_cmp(&ln_weights[a]).then(a.cmp(&b)));
        self.rows.clear();
        self.cut_from(0, None, ln_weights, terms_per_sample);
    }

    /// Cuts the terms from place `start` in the order on; the first of these bands is relative to `level` instead of its heaviest term.
    fn cut_from(&mut self, mut start: usize, mut level: Option<f64>, ln_weights: &[f64], terms_per_sample: usize) {
        while start < self.order.len() {
            let scale = level.take().unwrap_or(ln_weights[self.order[start]]);
            let end = start + self.order[start..].partition_point(|&t| scale - ln_weights[t] <= BAND_WIDTH);
            let first_row = self.rows.len();
            self.rows.extend(self.order[start..end].iter().map(|t| t / terms_per_sample));
            self.rows[first_row..].sort_unstable();
            dedup_from(&mut self.rows, first_row);
            self.ends.push((LogReal::from_ln(scale), end, self.rows.len()));
            start = end;
        }
    }

    /// Lets band `b` reach far enough below `seen`, the size of what its gradient shows, for a map that looks at no lighter band; whether that
    /// changed it.
    ///
    /// The heaviest terms may belong to samples that no unit sees. Where what is seen lies at the end of the band, samples hardly lighter would
    /// be left out; the band is then relative to `seen` (to its own end at most), ends e^-600 below that, and its unseen terms are numbers up to e^600.
    pub fn follow(&mut self, b: usize, seen: LogReal, ln_weights: &[f64], terms_per_sample: usize) -> bool {
        if b + 1 >= self.len() || self.ends[b].0.ln() - seen.ln() < BAND_WIDTH - VISIBLE {
            return false;
        }
        // no lower than its end, so that no weight leaves the range of a double
        let level = seen.ln().max(self.ends[b].0.ln() - BAND_WIDTH);
        self.ends.truncate(b);
        let (start, first_row) = self.ends.last().map_or((0, 0), |&(_, term_end, row_end)| (term_end, row_end));
        self.rows.truncate(first_row);
        self.cut_from(start, Some(level), ln_weights, terms_per_sample);
        true
    }

    /// Number of bands: zero where every weight is zero.
    pub fn len(&self) -> usize {
        if self.single.is_some() { 1 } else { self.ends.len() }
    }

    /// Whether every weight is zero.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Band `b`; the heaviest is number zero.
    ///
    /// # Panics
    /// If there is no band of that number.
    pub fn band(&self, b: usize) -> Band<'_> {
        if let (Some(scale), 0) = (self.single, b) {
            return Band { scale, terms: None, rows: Rows::All };
        }
        let (scale, term_end, row_end) = self.ends[b];
        let (term_start, row_start) = if b == 0 { (0, 0) } else { (self.ends[b - 1].1, self.ends[b - 1].2) };
        let terms = Some(&self.order[term_start..term_end]);
        Band { scale, terms, rows: Rows::Subset(&self.rows[row_start..row_end]) }
    }
}

/// Removes repeated neighbours from `from` on.
fn dedup_from(rows: &mut Vec<usize>, from: usize) {
    let mut kept = from;
    for k in from..rows.len() {
        if k == from || rows[k] != rows[kept - 1] {
            rows[kept] = rows[k];
            kept += 1;
        }
    }
    rows.truncate(kept);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_weights_make_one_band() {
        let mut bands = Bands::default();
        bands.cut(&[-3.0, -5.0, f64::NEG_INFINITY, -602.9], 1);
        assert_eq!(bands.len(), 1);
        assert_eq!(bands.band(0).scale.ln(), -3.0);
        assert!(bands.band(0).terms.is_none());
    }

    #[test]
    fn spread_weights_are_cut_heaviest_first() {
        let mut bands = Bands::default();
        bands.cut(&[-2000.0, -1.0, -1500.0, -3.0, f64::NEG_INFINITY, -9000.0], 2);
        assert_eq!(bands.len(), 3);
        let all: Vec<_> = (0..3).map(|b| (bands.band(b).scale.ln(), bands.band(b).terms.unwrap().to_vec())).collect();
        assert_eq!(all, [(-1.0, vec![1, 3]), (-1500.0, vec![2, 0]), (-9000.0, vec![5])]);
        assert!(matches!(bands.band(0).rows, Rows::Subset([0, 1])));
        assert!(matches!(bands.band(1).rows, Rows::Subset([0, 1])));
        assert!(matches!(bands.band(2).rows, Rows::Subset([2])));
    }

    #[test]
    fn a_band_whose_heaviest_terms_are_unseen_follows_the_seen_ones() {
        let ln_weights = [-2000.0, -1.0, -595.0, -604.0, -1190.0, -1300.0];
        let mut bands = Bands::default();
        bands.cut(&ln_weights, 1);
        let terms = |bands: &Bands, b: usize| bands.band(b).terms.unwrap().to_vec();
        assert_eq!((bands.len(), terms(&bands, 0), terms(&bands, 1)), (4, vec![1, 2], vec![3, 4]));
        // what is seen is near the beginning: nothing changes
        assert!(!bands.follow(0, LogReal::from_ln(-3.0), &ln_weights, 1));
        assert!(bands.follow(0, LogReal::from_ln(-596.0), &ln_weights, 1));
        assert_eq!((bands.len(), bands.band(0).scale.ln(), terms(&bands, 0)), (3, -596.0, vec![1, 2, 3, 4]));
        assert!(matches!(bands.band(0).rows, Rows::Subset([1, 2, 3, 4])));
        assert_eq!((terms(&bands, 1), terms(&bands, 2)), (vec![5], vec![0]));
        // a later band, and the last one, after which there is nothing
        bands.cut(&ln_weights, 1);
        assert!(bands.follow(1, LogReal::from_ln(-1195.0), &ln_weights, 1));
        assert_eq!((bands.len(), terms(&bands, 0), terms(&bands, 1)), (3, vec![1, 2], vec![3, 4, 5]));
        assert!(!bands.follow(2, LogReal::from_ln(-9e9), &ln_weights, 1));
        // derivatives may be smaller than any weight of the band
        bands.cut(&ln_weights, 1);
        assert!(bands.follow(0, LogReal::from_ln(-720.0), &ln_weights, 1));
        assert_eq!((bands.band(0).scale.ln(), terms(&bands, 0)), (-601.0, vec![1, 2, 3, 4]));
    }

    #[test]
    fn no_weight_no_band() {
        let mut bands = Bands::default();
        bands.cut(&[f64::NEG_INFINITY; 3], 1);
        assert!(bands.is_empty());
    }
}
