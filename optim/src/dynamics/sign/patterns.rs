//! Directions of the rows whose signs are not those of one sample, once for all rows that share them.

use super::inputs::{BLOCK, Inputs};
use super::ranking::{Term, Top, sign_of_sum};
use ndarray::{Array2, s};
use std::ops::Range;
use steepest_core::linalg::SparseWork;
use steepest_core::{logspace, vector};

/// The share of entries above which the signs of a pattern are found by products of matrices.
const MANY_FLIPS: f64 = 0.06;
/// So many patterns at most are cheaper one by one: a product of few rows still reads all of X twice.
const FEW: usize = 4;
/// Terms lighter by more than this (as logarithms) are not summed with the heaviest ones, so that no product leaves the range of a double.
const WIDEST: f64 = 600.0;

/// The sign pattern s of g = sum_i v_i x_i, which rows of equal terms share.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    /// Its terms.
    terms: Range<usize>,
    pub(super) top: Top,
    pub(super) route: Route,
    /// <g, s> = |g|_1, relative to the heaviest term.
    pub(super) dual: f64,
    /// Entries whose sign rounding may have decided.
    pub(super) n_undetermined: u64,
    /// Whether a term that was left out may decide an entry: then all terms are needed.
    is_unsure: bool,
    /// Entries up to this size are looked at one by one.
    threshold: f64,
    /// A bound on what the terms that were not summed add to an entry; `None` if there are none.
    rest: Option<f64>,
    /// The relative error of a sum of these terms.
    rounding: f64,
}

/// How s is kept.
#[derive(Clone, Debug)]
pub(super) enum Route {
    /// The signs of the heaviest sample, apart from these entries.
    Flips { sample: usize, sign: f64, flips: Range<usize> },
    /// All of them, in this place.
    Dense { slot: usize },
}

/// An entry of s that differs from the sign of the heaviest sample, and by how much.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flip {
    pub(super) column: usize,
    pub(super) by: f64,
}

/// The patterns of one step.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    /// Rows that wait for their pattern, with their terms.
    waiting: Vec<(usize, Range<usize>, Top)>,
    terms: Vec<Term>,
    list: Vec<Pattern>,
    /// X s for each pattern (n each).
    along: Vec<f64>,
    flips: Vec<Flip>,
    signs: Vec<i8>,
    /// Each row with its pattern; of two the later one holds.
    pub(super) found: Vec<(usize, usize)>,
    block: Vec<f64>,
    open: Vec<usize>,
    products: Products,
}

/// V, a block of V X, and sign(V X) X^T: kept from step to step, with as many rows as were ever needed.
#[derive(Debug, Default)]
struct Products {
    v: Array2<f64>,
    block: Array2<f64>,
    sums: Array2<f64>,
    work: SparseWork,
}

impl Patterns {
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
        self.terms.clear();
        self.list.clear();
        self.along.clear();
        self.flips.clear();
        self.signs.clear();
        self.found.clear();
    }

    /// Lets a row wait for its pattern.
    pub(super) fn add(&mut self, row: usize, terms: &[Term], top: Top) {
        let start = self.terms.len();
        self.terms.extend_from_slice(terms);
        self.waiting.push((row, start..self.terms.len(), top));
    }

    pub(super) fn list(&self) -> &[Pattern] {
        &self.list
    }

    /// X s (n).
    pub(super) fn along(&self, pattern: usize) -> &[f64] {
        let n = self.along.len() / self.list.len();
        &self.along[pattern * n..(pattern + 1) * n]
    }

    pub(super) fn flips(&self, range: &Range<usize>) -> &[Flip] {
        &self.flips[range.clone()]
    }

    /// s (d), each entry -1, 0 or 1.
    pub(super) fn signs(&self, slot: usize, d: usize) -> &[i8] {
        &self.signs[slot * d..(slot + 1) * d]
    }

    /// A row whose pattern a term that was left out may decide, if there is one, of those that were not asked for yet.
    pub(super) fn unsure_row(&self, from: usize) -> Option<(usize, usize)> {
        let found = self.found[from..].iter().position(|&(_, pattern)| self.list[pattern].is_unsure)?;
        Some((from + found, self.found[from + found].0))
    }

    /// Finds the patterns of all rows that wait.
    pub(super) fn find(&mut self, inputs: &Inputs<'_>) {
        let first = self.list.len();
        self.group(inputs);
        let is_dense = |pattern: &Pattern| matches!(pattern.route, Route::Dense { .. });
        let many = self.list[first..].iter().filter(|p| is_dense(p)).count() > FEW;
        let (by_products, by_flips): (Vec<usize>, Vec<usize>) =
            (first..self.list.len()).partition(|&p| many && is_dense(&self.list[p]));
        self.along.resize(self.list.len() * inputs.dim().0, 0.0);
        for pattern in by_flips {
            self.find_flips(pattern, inputs);
        }
        if !by_products.is_empty() {
            self.multiply(&by_products, inputs);
        }
    }

    /// One pattern for all rows of equal terms.
    fn group(&mut self, inputs: &Inputs<'_>) {
        let Self { waiting, terms, list, found, .. } = self;
        let key = |range: &Range<usize>| terms[range.clone()].iter().map(|term| (term.sample, term.above));
        waiting.sort_unstable_by(|a, b| key(&a.1).cmp(key(&b.1)).then(a.0.cmp(&b.0)));
        let mut last: Option<Range<usize>> = None;
        for (row, range, top) in waiting.drain(..) {
            if last.as_ref().is_none_or(|last| !key(last).eq(key(&range))) {
                list.push(Pattern::new(range.clone(), &terms[range.clone()], top, inputs));
                last = Some(range);
            }
            found.push((row, list.len() - 1));
        }
    }

    /// s as the signs of the heaviest sample and the entries that differ.
    fn find_flips(&mut self, index: usize, inputs: &Inputs<'_>) {
        let Self { terms, list, along, flips, block, open, .. } = self;
        let (n, pattern) = (inputs.dim().0, &mut list[index]);
        let terms = &terms[pattern.terms.clone()];
        let Some(&Term { sample, sign, .. }) = terms.first() else { return };
        let along = &mut along[index * n..(index + 1) * n];
        along.iter_mut().zip(inputs.along_sign_of(sample)).for_each(|(a, &s)| *a = sign * s);
        let start = flips.len();
        let heaviest = inputs.sample(sample);
        let are_few = small_entries(heaviest, bound_of_others(terms, pattern.top, inputs), open);
        let mut look_at = |g: f64, column: usize| {
            let by = pattern.sign(g, column, terms, inputs) - vector::sign(sign * heaviest[column]);
            if by != 0.0 {
                flips.push(Flip { column, by });
                vector::add_multiple(along, by, inputs.column(column));
            }
        };
        let summed = &terms[..terms.partition_point(|term| term.ln >= -WIDEST)];
        if are_few {
            for &column in &*open {
                let x = inputs.column(column);
                look_at(summed.iter().map(|term| term.weight * x[term.sample]).sum(), column);
            }
        } else {
            block.resize(BLOCK, 0.0);
            for columns in inputs.blocks() {
                let g = &mut block[..columns.len()];
                g.fill(0.0);
                for term in summed {
                    vector::add_multiple(g, term.weight, &inputs.sample(term.sample)[columns.clone()]);
                }
                columns.zip(&*g).for_each(|(column, &g)| look_at(g, column));
            }
        }
        pattern.route = Route::Flips { sample, sign, flips: start..flips.len() };
        pattern.close(terms, along);
    }

    /// s of many patterns by two products, V X and sign(V X) X^T.
    fn multiply(&mut self, patterns: &[usize], inputs: &Inputs<'_>) {
        let Self { terms, list, along, signs, products, .. } = self;
        let ((n, d), np) = (inputs.dim(), patterns.len());
        if products.v.nrows() < np {
            let zeros = |columns| Array2::zeros((np, columns));
            let widest = inputs.blocks_of_products().next().map_or(0, |columns| columns.len());
            *products = Products { v: zeros(n), block: zeros(widest), sums: zeros(n), work: SparseWork::default() };
        }
        let Products { v, block, sums, work } = products;
        let (mut v, mut sums) = (v.slice_mut(s![..np, ..]), sums.slice_mut(s![..np, ..]));
        v.fill(0.0);
        sums.fill(0.0);
        for (mut v, &p) in v.rows_mut().into_iter().zip(patterns) {
            let terms = &terms[list[p].terms.clone()];
            terms.iter().take_while(|term| term.ln >= -WIDEST).for_each(|term| v[term.sample] = term.weight);
        }
        let start = signs.len() / d;
        signs.resize(signs.len() + np * d, 0);
        for columns in inputs.blocks_of_products() {
            let mut g = block.slice_mut(s![..np, ..columns.len()]);
            inputs.weigh(v.view(), columns.clone(), g.view_mut(), work);
            for (k, (mut g, &p)) in g.rows_mut().into_iter().zip(patterns).enumerate() {
                let (pattern, g) = (&mut list[p], g.as_slice_mut().unwrap_or_default());
                let place = (start + k) * d;
                let signs = &mut signs[place + columns.start..place + columns.end];
                pattern.write_signs(g, signs, columns.start, &terms[pattern.terms.clone()], inputs);
            }
            inputs.add_along(g.view(), columns, sums.view_mut(), work);
        }
        for (k, (&p, sums)) in patterns.iter().zip(sums.rows()).enumerate() {
            let along = &mut along[p * n..(p + 1) * n];
            along.iter_mut().zip(sums).for_each(|(a, &s)| *a = s);
            let pattern = &mut list[p];
            pattern.route = Route::Dense { slot: start + k };
            pattern.close(&terms[pattern.terms.clone()], along);
        }
    }
}

impl Pattern {
    /// The pattern of these terms, whose signs are not known yet; a dense one if many are likely to differ from those of the heaviest sample.
    fn new(range: Range<usize>, terms: &[Term], top: Top, inputs: &Inputs<'_>) -> Self {
        let size: f64 = terms.iter().map(|term| term.weight.abs()).sum();
        let n_summed = terms.partition_point(|term| term.ln >= -WIDEST);
        let is_summed_whole = n_summed == terms.len() && !top.has_rest;
        let n_far = (terms.len() - n_summed) as f64;
        let rest = (!is_summed_whole).then(|| inputs.max * (top.rest + n_far * logspace::exp(-WIDEST)));
        let rounding = f64::EPSILON * (terms.len() as f64 + top.ln.abs());
        let zeros = terms.first().map_or(0.0, |heaviest| inputs.share_of_zeros[heaviest.sample]);
        // of entries drawn from a normal law about this share differ
        let is_dense = zeros + 0.8 * (size - 1.0) > MANY_FLIPS;
        Self {
            terms: range,
            top,
            route: if is_dense { Route::Dense { slot: 0 } } else { Route::Flips { sample: 0, sign: 0.0, flips: 0..0 } },
            dual: 0.0,
            n_undetermined: 0,
            is_unsure: false,
            threshold: rest.unwrap_or(0.0).max(rounding * size * inputs.max),
            rest,
            rounding,
        }
    }

    /// The sign of an entry g, by a sum of its own where the one at hand does not decide.
    fn sign(&mut self, g: f64, column: usize, terms: &[Term], inputs: &Inputs<'_>) -> f64 {
        if g.abs() > self.threshold {
            return vector::sign(g);
        }
        let x = inputs.column(column);
        match self.rest {
            None if g == 0.0 && terms.iter().all(|term| x[term.sample] == 0.0) => return 0.0,
            Some(rest) if self.top.has_rest && g.abs() <= rest => {
                self.is_unsure = true;
                return 0.0;
            }
            _ => {}
        }
        if g.abs() > self.rest.unwrap_or(0.0) {
            // an entry that only light samples have is small without any cancellation
            let heaviest = terms.iter().find(|term| x[term.sample] != 0.0).map_or(0.0, |term| term.weight.abs());
            if g.abs() > self.rounding * terms.len() as f64 * heaviest * inputs.max {
                return vector::sign(g);
            }
        }
        let decided = sign_of_sum(terms, |i| x[i], inputs.max, self.rounding);
        self.n_undetermined += u64::from(decided.is_undetermined);
        decided.sign
    }

    /// Replaces the entries of g from `start` on by their signs.
    fn write_signs(&mut self, g: &mut [f64], signs: &mut [i8], start: usize, terms: &[Term], inputs: &Inputs<'_>) {
        let (threshold, entries) = (self.threshold, &*g);
        let has_small = vector::vectorized(
            #[inline(always)]
            move || entries.iter().fold(false, |any, g| any | (g.abs() <= threshold)),
        );
        if has_small {
            for (k, g) in g.iter_mut().enumerate().filter(|(_, g)| g.abs() <= threshold) {
                *g = self.sign(*g, start + k, terms, inputs);
            }
        }
        vector::vectorized(
            #[inline(always)]
            || {
                for (g, sign) in g.iter_mut().zip(signs) {
                    let entry = vector::sign(*g);
                    *sign = entry as i8;
                    *g = entry;
                }
            },
        );
    }

    fn close(&mut self, terms: &[Term], along: &[f64]) {
        self.dual = terms.iter().map(|term| term.weight * along[term.sample]).sum();
    }
}

/// A bound on what all terms but the heaviest add to an entry, relative to the heaviest: sum of |v_i| max_l |x_il|.
pub(super) fn bound_of_others(terms: &[Term], top: Top, inputs: &Inputs<'_>) -> f64 {
    // so that the rounding of the bound does not matter
    const MORE: f64 = 1.0 + 1e-12;
    let others = terms.iter().skip(1).map(|term| term.weight.abs() * inputs.largest[term.sample]);
    (others.sum::<f64>() + top.rest * inputs.max) * MORE
}

/// Writes the places of the entries up to `bound` in size, which alone other samples can flip; false, with some of them, where they are
/// so many that the sums of all entries, row after row, are cheaper than theirs by columns.
fn small_entries(x: &[f64], bound: f64, places: &mut Vec<usize>) -> bool {
    places.clear();
    for (block, start) in x.chunks(BLOCK).zip((0..).step_by(BLOCK)) {
        if vector::vectorized(
            #[inline(always)]
            move || block.iter().fold(false, |any, x| any | (x.abs() <= bound)),
        ) {
            places.extend((start..).zip(block).filter(|(_, x)| x.abs() <= bound).map(|(place, _)| place));
        }
        if places.len() > x.len() / 64 {
            return false;
        }
    }
    true
}
