//! What one run costs: the work of its parts, and the time for it at given speeds.

use super::passes::Products;
use super::sizes::{Above, Inputs, Sizes};
use super::speeds::Speeds;
use super::way::{Phase, Way, phases};
use crate::config::{DynamicsChoice, RunConfig, Weights, optimizers};
use crate::dynamics::CHECKS;
use crate::metrics::{metrics, recorded_norms};
use crate::run::own_norm;
use steepest_data::trajectory::schema::ROWS_PER_CHUNK;
use steepest_norms::{NormLabel, NormSpec};
use steepest_optim::{OptimizerSpec, StepScale};

/// Bytes of a double.
const BYTES: f64 = 8.0;
/// Passes of a dense step over theta and gradient.
const DENSE_PASSES: f64 = 8.0;
/// How far apart the margins of the samples are at the end of sign descent with steps of a fixed length, beside m d times the square of the way that an
/// entry of theta has gone, as runs on images say; nats of the weights that a band holds; and passes over theta that a band costs.
const SPREAD: f64 = 0.04;
const BAND: f64 = 600.0;
const BAND_PASSES: f64 = 1.6;
/// Passes over n x m matrices of a step in the span of the data, and of a late step of sign descent.
const SPAN_PASSES: f64 = 12.0;
const SIGN_PASSES: f64 = 6.0;
/// Products of a dense step, zeros skipped, that take the time of finding the signs of rows that share patterns, as runs on images count.
const PATTERNS: f64 = 0.5;
/// Dense steps that sign descent with a fixed step takes before its units move along single samples, as runs at the paper's scale count.
const EARLY_SIGN_STEPS: f64 = 40.0;
/// Bytes that a search of coordinate descent reads for each input, sample and unit, as such runs count.
const SEARCH: [f64; 3] = [60.0, 3000.0, 400.0];
/// First-layer weights that coordinate descent has moved when it is tested.
const MOVED: f64 = 1000.0;
/// Normal numbers that are drawn in the time of a step's own costs, or of those of a row: like them, work of numbers one by one.
const OVERHEAD: f64 = 1500.0;
/// Flops of products that take the time of an eigenvalue problem of order r with what surrounds it, in r^3; of the polar factor of an m x r matrix,
/// r <= m, in m r^2; and of the largest of r eigenvalues, in r^3: as Shampoo's and spectral steps and rows measure them at sides of one hundred to a
/// thousand.
const EIGEN: f64 = 55.0;
const POLAR: f64 = 10.0;
const LARGEST: f64 = 1.2;
/// The same of all singular values and vectors of an m x r matrix, in m r^2.
const SINGULAR: f64 = 25.0;
/// The smaller side at which polar factors and singular vectors take twice that, and eigenvalues three times, since products of small matrices are slow; the
/// former nine times at most.
const SMALL: f64 = 140.0;
/// Flops of products in double precision that take the time of those of a test of a two-layer network, which is in single precision.
const SINGLE: f64 = 0.5;
/// Share of the test points of such a network that are looked at, those of which the sign may have changed: of images, and of points that are drawn, whose
/// outputs are small.
const LOOKED_AT: [f64; 2] = [0.2, 0.8];
/// Flops of a dense product that take the time of one that skips the zeros of images, in those of all pixels.
const LIT: f64 = 0.3;
/// Seconds that an entry's root and division take an adaptive method.
const ROOT: f64 = 1.0e-9;
/// Bytes of parameters that are written in a second.
const WRITING: f64 = 1e9;
/// Bytes of a file without rows: the headers of forty datasets, their attributes, and both forms of the configuration.
const ENVELOPE: f64 = 1.2e5;
/// Bytes beyond which a vector does not stay in the cache.
const CACHE: f64 = 4e6;
/// Vectors as long as theta that a run holds, and bytes that any run holds.
const VECTORS: f64 = 4.0;
const PROGRAM: f64 = 6e7;

/// Work, and what it takes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Cost {
    pub(super) flops: f64,
    pub(super) seconds: f64,
    pub(super) memory: f64,
    pub(super) disk: f64,
}

/// One part of a run: flops of products, bytes passed over in the cache and in memory, normal numbers, and other seconds.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    flops: f64,
    cached: f64,
    passed: f64,
    normals: f64,
    other: f64,
}

impl Part {
    fn times(self, count: f64) -> Self {
        Self {
            flops: count * self.flops,
            cached: count * self.cached,
            passed: count * self.passed,
            normals: count * self.normals,
            other: count * self.other,
        }
    }

    /// Passes over a vector of so many bytes.
    fn passes(count: f64, bytes: f64) -> Self {
        let all = count * bytes;
        if bytes < CACHE { Self { cached: all, ..Self::default() } } else { Self { passed: all, ..Self::default() } }
    }

    fn seconds(self, speeds: &Speeds) -> f64 {
        self.flops / speeds.product
            + self.cached / speeds.cache
            + self.passed / speeds.memory
            + self.normals * speeds.normal
            + self.other
    }
}

/// The cost of a run that does not end early. The rows of a run that switches are counted as what it switches to. `new` are the products with test points
/// that it makes, `held` those that it shares.
pub(super) fn of(run: &RunConfig, sizes: &Sizes, speeds: &Speeds, [new, held]: &[Products; 2]) -> Cost {
    let (way, rows) = (Way::of(run, sizes), Rows::of(run));
    let snapshots = run.record.snapshots.len() as f64 + f64::from(u8::from(run.record.final_snapshot));
    let written = snapshots * BYTES * sizes.n_parameters as f64;
    let samples = if run.record.samples { sizes.n_train as f64 } else { 0.0 };
    let mut cost = Cost {
        flops: 0.0,
        seconds: written / WRITING,
        memory: memory(way, run, sizes) + BYTES * sizes.n_test as f64 * held.per_point(sizes),
        disk: ENVELOPE + BYTES * (series(rows.all, 1.0) * n_series(run) as f64 + series(rows.all, samples)) + written,
    };
    let mut parts = vec![beginning(sizes)];
    parts.extend(phases(run, sizes).iter().flat_map(|phase| steps(phase, run, sizes)));
    let compared = if run.dynamics == DynamicsChoice::Check { (CHECKS as f64).min(run.stop.steps as f64) } else { 0.0 };
    parts.extend(dense(sizes.n_parameters as f64, dense_products(run, sizes)).map(|part| part.times(compared)));
    parts.extend(norms(way, run, sizes).map(|row| row.times(rows.norms)));
    parts.extend(tests(way, sizes, rows.tests));
    parts.extend(shared_pass(sizes, new));
    for part in parts {
        cost.flops += part.flops;
        cost.seconds += part.seconds(speeds);
    }
    cost
}

/// How many rows a run of full length writes, and in how many of them norms and test accuracy are measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rows {
    pub(super) all: f64,
    norms: f64,
    tests: f64,
}

impl Rows {
    pub(super) fn of(run: &RunConfig) -> Self {
        let (steps, dense) = (run.stop.steps as f64, run.record.every_until as f64);
        let decades = (steps / dense.max(1.0)).log10().max(0.0);
        let all = steps.min(dense) + decades * run.record.per_decade as f64 + 1.0;
        let some = |per_decade: Option<u64>| {
            per_decade.map_or(all, |per_decade| match per_decade {
                0 => 1.0,
                _ => all.min(steps.max(1.0).log10() * per_decade as f64 + 2.0),
            })
        };
        Self { all, norms: some(run.record.norms_per_decade), tests: some(run.record.test_per_decade) }
    }
}

/// Data and parameters are drawn, and all inputs multiplied with each other and with the first layer.
fn beginning(sizes: &Sizes) -> Part {
    let [n, d, m] = sizes.shape();
    let drawn = if sizes.inputs == Inputs::Drawn { n * d } else { 0.0 };
    Part { flops: 2.0 * n * d * (n + m), normals: drawn + sizes.n_parameters as f64, ..Part::default() }
}

/// A step that forms the whole gradient of p parameters, in so many flops.
fn dense(p: f64, flops: f64) -> [Part; 3] {
    let products = Part { flops, ..Part::default() };
    [products, Part::passes(DENSE_PASSES, BYTES * p), Part { normals: OVERHEAD, ..Part::default() }]
}

/// Flops of its products: forward, and backward to the weights, two of 2 n p flops each.
fn products(sizes: &Sizes, p: f64) -> f64 {
    4.0 * sizes.n_train as f64 * p
}

/// Whether an optimiser is steepest descent in l-infinity.
fn is_sign_descent(optimizer: &OptimizerSpec<NormSpec>) -> bool {
    matches!(optimizer, OptimizerSpec::Steepest(spec) if spec.norm.label().name == "linf")
}

/// The share of the products with all inputs that those with inputs that are not zero take.
fn lit(sizes: &Sizes) -> f64 {
    if sizes.inputs == Inputs::Dark && sizes.above != Above::Nothing { LIT } else { 1.0 }
}

/// Flops of the products of a dense step: of the full batch without the zeros of images.
fn dense_products(run: &RunConfig, sizes: &Sizes) -> f64 {
    let ([_, d, m], p) = (sizes.shape(), sizes.n_parameters as f64);
    let lit = if run.batch.is_none() { lit(sizes) } else { 1.0 };
    products(sizes, p - m * d + lit * m * d)
}

/// Whether the weights of a dense run spread over bands: those of sign descent with steps of a fixed length, where none underflows.
fn has_bands(phase: &Phase<'_>, run: &RunConfig) -> bool {
    let is_fixed = phase.way == Way::Dense && phase.scale == StepScale::Normalized && is_sign_descent(phase.optimizer);
    is_fixed && run.loss.weights() == Weights::Real
}

/// Bands beyond the first in a step of such a run, on average over its steps: as many as the spread of the margins asks for, which grows with the square
/// of the step, but no more than samples.
fn n_bands(phase: &Phase<'_>, sizes: &Sizes, n: f64) -> f64 {
    let [_, d, m] = sizes.shape();
    let at_the_end = SPREAD * m * d * phase.way_of_an_entry.powi(2) / BAND;
    if at_the_end < n { at_the_end / 3.0 } else { n * (1.0 - (n / at_the_end).sqrt() / 1.5) }
}

/// All steps of one optimiser.
fn steps(phase: &Phase<'_>, run: &RunConfig, sizes: &Sizes) -> Vec<Part> {
    let ([n, d, m], p) = (sizes.shape(), sizes.n_parameters as f64);
    let above = p - m * d;
    let own = Part { normals: OVERHEAD, ..Part::default() };
    let cached = |bytes: f64| Part { cached: bytes, ..Part::default() };
    let of_matrix = |inputs: f64| factorisations(phase.optimizer, inputs, m);
    let step = match phase.way {
        Way::Dense => dense(p, dense_products(run, sizes) + of_matrix(d)),
        Way::Sign if sizes.inputs == Inputs::Dark => dense(p, PATTERNS * dense_products(run, sizes)),
        // as many inputs as samples
        Way::SmallSide => dense(above + m * n, products(sizes, above + m * n) + of_matrix(n)),
        // one product with the Gram matrix, and the layers above
        Way::Gram => {
            let products = Part { flops: 2.0 * n * n * m + 4.0 * n * (above - m), ..Part::default() };
            [products, cached(SPAN_PASSES * BYTES * n * m), own]
        }
        Way::Greedy => [Part::default(), cached(SEARCH[0] * d + SEARCH[1] * n + SEARCH[2] * m), own],
        Way::Sign => [Part::default(), cached(SIGN_PASSES * BYTES * n * m), own],
    };
    let early =
        if phase.way == Way::Sign && sizes.inputs != Inputs::Dark { EARLY_SIGN_STEPS.min(phase.steps) } else { 0.0 };
    let of_an_entry = match phase.optimizer {
        // no second moment, no root
        OptimizerSpec::Adam(spec) if spec.beta1 == 0.0 && spec.beta2 == 0.0 => ROOT / 2.0,
        OptimizerSpec::Adam(_) => ROOT,
        _ => 0.0,
    };
    let roots = Part { other: of_an_entry * p, ..Part::default() };
    let n_at_a_time = run.batch.as_ref().map_or(n, |batch| n.min(batch.size as f64));
    let n_bands = if has_bands(phase, run) { n_bands(phase, sizes, n_at_a_time) } else { 0.0 };
    let bands = Part::passes(BAND_PASSES * n_bands, BYTES * p);
    let each = step.into_iter().chain([roots, bands]).map(|part| part.times(phase.steps));
    each.chain(dense(p, products(sizes, p)).map(|part| part.times(early))).collect()
}

/// The norms of one row.
fn norms(way: Way, run: &RunConfig, sizes: &Sizes) -> [Part; 2] {
    let ([n, d, m], p) = (sizes.shape(), sizes.n_parameters as f64);
    let formed = match way {
        Way::Dense | Way::Greedy => 0.0,
        Way::SmallSide | Way::Gram | Way::Sign => 2.0 * n * m * d,
    };
    let names: Vec<String> = run.record.norms.iter().map(|norm| norm.label().name).collect();
    let is_spectral = names.iter().any(|name| name == "spectral");
    let (short, long) = (d.min(m), d.max(m));
    let gram = match way {
        Way::Gram if m <= d => 2.0 * n * m * m,
        Way::SmallSide if m <= d => n * m * m,
        _ => short * short * long,
    };
    let singular = if is_spectral { gram + LARGEST * (1.0 + 2.0 * SMALL / short) * short.powi(3) } else { 0.0 };
    let is_known = way == Way::Greedy;
    let passes = if is_known { 0.0 } else { names.len() as f64 + 1.0 };
    [Part { flops: formed + singular, normals: OVERHEAD, ..Part::default() }, Part::passes(passes, BYTES * p)]
}

/// All tests.
fn tests(way: Way, sizes: &Sizes, count: f64) -> Vec<Part> {
    let ([n, d, m], p, t) = (sizes.shape(), sizes.n_parameters as f64, sizes.n_test as f64);
    if !sizes.is_streamed {
        let first = if follows(way, sizes) { n } else { lit(sizes) * d };
        let looked_at = LOOKED_AT[usize::from(sizes.inputs == Inputs::Drawn)];
        let share = if sizes.above == Above::SumOverUnits { SINGLE * looked_at } else { 1.0 };
        let flops = share * 2.0 * t * (p - m * d + m * first);
        return vec![Part { flops: flops * count, ..Part::default() }];
    }
    let above = Part { flops: 2.0 * t * (p - m * d), ..Part::passes(3.0, BYTES * t * m) };
    let each = match way {
        Way::Gram | Way::SmallSide => Part { flops: 2.0 * t * n * m, ..Part::default() },
        Way::Greedy => Part { normals: t * MOVED, ..Part::passes(MOVED, 3.0 * BYTES * t) },
        Way::Dense | Way::Sign => stream(sizes, m),
    };
    vec![above.times(count), each.times(count)]
}

/// Whether tests on stored points follow the first layer.
fn follows(way: Way, sizes: &Sizes) -> bool {
    matches!(way, Way::Gram | Way::SmallSide) && 2 * sizes.n_train <= sizes.first_layer.0
}

/// A pass over the test points, multiplied with so many vectors.
fn stream(sizes: &Sizes, rows: f64) -> Part {
    let ([_, d, _], t) = (sizes.shape(), sizes.n_test as f64);
    Part { flops: 2.0 * t * d * rows, normals: t * d, ..Part::default() }
}

/// The pass in which the products are made; none where there is nothing to make.
fn shared_pass(sizes: &Sizes, new: &Products) -> Option<Part> {
    (*new != Products::default()).then(|| stream(sizes, new.per_point(sizes)))
}

/// Bytes that a run holds; with `check` the dense step's as well.
fn memory(way: Way, run: &RunConfig, sizes: &Sizes) -> f64 {
    let ([n, d, m], p, t) = (sizes.shape(), sizes.n_parameters as f64, sizes.n_test as f64);
    let inputs = match way {
        Way::Dense | Way::SmallSide | Way::Gram => 1.0,
        Way::Greedy => 2.5,
        Way::Sign => 2.0,
    };
    // of a two-layer network in single precision as well, and products while they are made for it
    let in_single = match sizes.above {
        Above::SumOverUnits if follows(way, sizes) => 0.5 * (d + m) + 2.0 * (m + n),
        Above::SumOverUnits => 0.5 * (d + m),
        _ => 0.0,
    };
    let of_test = if sizes.is_streamed { t * (m + 256.0) } else { t * (d + 2.0 * m + in_single) };
    let vectors = if run.dynamics == DynamicsChoice::Check && way != Way::Dense { 2.0 * VECTORS } else { VECTORS };
    PROGRAM + BYTES * (vectors * p + inputs * n * d + 6.0 * n * m + of_test)
}

/// Numbers of a series of so many rows of `width` numbers each: whole chunks.
fn series(rows: f64, width: f64) -> f64 {
    let most = ROWS_PER_CHUNK as f64;
    let chunk = (most * most / width.max(1.0)).floor().clamp(1.0, most);
    (rows / chunk).ceil() * chunk * width
}

/// Series of a run's file.
pub(super) fn n_series(run: &RunConfig) -> usize {
    let own: Vec<_> = optimizers(run).filter_map(|(optimizer, _)| own_norm(optimizer).ok()).collect();
    let labels: Vec<NormLabel> = recorded_norms(&run.record, &own).iter().map(|norm| norm.label()).collect();
    metrics(&labels).len()
}

/// Flops of products that take the time of the factorisations of a first layer with so many inputs in one step.
fn factorisations(optimizer: &OptimizerSpec<NormSpec>, inputs: f64, units: f64) -> f64 {
    let (short, long) = (units.min(inputs), units.max(inputs));
    let of_singular_vectors = (1.0 + (SMALL / short).powi(3).min(8.0)) * short * short * long;
    let norm = own_norm(optimizer).map_or_else(|_| String::new(), |norm| norm.label().name);
    match optimizer {
        OptimizerSpec::Shampoo(_) => EIGEN * (units.powi(3) + inputs.powi(3)),
        _ if norm == "spectral" => POLAR * of_singular_vectors,
        _ if norm.starts_with("nuclear") || norm.starts_with("schatten") => SINGULAR * of_singular_vectors,
        _ => 0.0,
    }
}
