use ndarray::Array2;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use steepest_core::linalg::{Backend, backend, set_backend};
use steepest_core::loss::{Exponential, Logistic};
use steepest_core::{Dataset, Dynamics, HomogeneousModel, Labels, Loss, Step, StepLength, Streams};
use steepest_models::{BuiltModel, ModelSpec};
use steepest_norms::NormSpec;
use steepest_optim::{Dense, Gram, Greedy, Schedule, Sign, SteepestDescent, StepRule, StepScale};

thread_local! {
    /// Allocations of this thread so far. No code makes or drops it, so that the allocator may touch it at any time.
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, which counts what each thread asks of it. A test runs on a thread of its own and sees no
/// other's; what OpenBLAS takes from C is not counted.
struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

fn count() {
    COUNT.with(|n| n.set(n.get().wrapping_add(1)));
}

#[expect(
    unsafe_code,
    reason = "an allocator is an unsafe trait; every call goes to the system's with its arguments unchanged"
)]
// SAFETY: the system's allocator does the work and keeps the promises; counting allocates nothing and cannot panic
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are passed on
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are passed on
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are passed on
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Allocations of this thread while something is done.
fn allocations(of: impl FnOnce()) -> u64 {
    let before = COUNT.get();
    of();
    COUNT.get() - before
}

/// n points with d pseudo-random coordinates, labelled in turn.
fn data(n: usize, d: usize) -> Dataset {
    let inputs = Array2::from_shape_fn((n, d), |(i, j)| ((i * 31 + j * 17 + i * j) % 23) as f64 - 11.0);
    Dataset::new(inputs, Labels::Binary((0..n).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect())).unwrap()
}

/// A model as an experiment file describes it.
fn model(toml: &str, n_inputs: usize) -> BuiltModel {
    toml::from_str::<ModelSpec>(toml).unwrap().build(n_inputs, 1, &Streams::new(0)).unwrap()
}

/// Allocations of `steps` steps after three to warm up, and the largest number of bands among them.
fn steps_allocate(
    model: &dyn HomogeneousModel,
    (data, loss, theta): (&Dataset, &dyn Loss, &[f64]),
    norm: &str,
    steps: u64,
) -> (u64, usize) {
    let norm = NormSpec::named(norm).unwrap().build(model.layout()).unwrap();
    let optimizer = Box::new(SteepestDescent::new(norm));
    let mut dynamics = Dense::new(model, data, loss, optimizer, theta.to_vec()).unwrap();
    let mut rule = StepRule::new(StepScale::Normalized, Schedule::Constant { size: 1e-3 });
    let mut n_bands = 0;
    let mut step = |t| {
        let at = dynamics.evaluate();
        n_bands = n_bands.max(at.n_bands);
        let Step::Advance(length) = rule.at(t, &at) else { panic!("a constant step rolls back") };
        assert!(length.is_finite() && dynamics.advance(length), "step {t} of length {length} moves nothing");
    };
    (0..3).for_each(&mut step);
    let counted = allocations(|| (3..3 + steps).for_each(&mut step));
    (counted, n_bands)
}

/// Allocations of the last `steps` of so many steps of this length.
fn late_steps_allocate(dynamics: &mut dyn Dynamics, length: f64, n_before: u64, steps: u64) -> u64 {
    let mut step = |_| {
        dynamics.evaluate();
        assert!(dynamics.advance(length), "a step moves nothing");
    };
    (0..n_before).for_each(&mut step);
    allocations(|| (0..steps).for_each(&mut step))
}

#[test]
fn fast_steps_allocate_nothing() {
    let inputs = Array2::from_shape_fn((20, 64), |(i, j)| ((i * 31 + j * 17 + i * j * j) % 97) as f64 / 97.0 - 0.501);
    let labels = Labels::Binary((0..20).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect());
    let (data, loss) = (Dataset::new(inputs, labels).unwrap(), Exponential::sum());
    let built = model("kind = \"mlp\"\nhidden = [32]", 64);
    let (model, theta) = (&*built.model, &built.theta);
    let mut gram = Gram::new(model, &data, &loss, theta).unwrap();
    assert_eq!(late_steps_allocate(&mut gram, 0.01, 3, 50), 0, "gram");
    // the units that compete are known
    let cd = SteepestDescent::new(NormSpec::named("l1").unwrap().build(model.layout()).unwrap());
    let mut greedy = Greedy::new(model, &data, &loss, &cd, theta.clone()).unwrap();
    assert_eq!(late_steps_allocate(&mut greedy, 0.01, 900, 50), 0, "greedy");
    // every unit follows one sample
    let mut sign = Sign::new(model, &data, &loss, theta).unwrap();
    assert_eq!(late_steps_allocate(&mut sign, 1.0, 2000, 50), 0, "sign");
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(vec![0.0; 100]))), 1);
    let on_the_stack = || assert!(std::hint::black_box([1.0; 100])[7] > 0.0);
    assert_eq!(allocations(on_the_stack), 0);
}

#[test]
fn dense_steps_allocate_nothing() {
    let (whole, loss) = (data(40, 64), Logistic::sum());
    let lit = |(i, j): (usize, usize)| f64::from(u8::from((i + 3 * j) % 4 == 0));
    let dark = &whole.inputs() * &Array2::from_shape_fn((40, 64), lit);
    let dark = Dataset::new(dark, whole.labels().clone()).unwrap();
    let built = model("kind = \"mlp\"\nhidden = [32]", 64);
    let chosen = backend().backend;
    for library in [Backend::OpenBlas, Backend::Faer] {
        set_backend(library);
        for (norm, data) in ["l1", "l2", "linf"].into_iter().flat_map(|norm| [(norm, &whole), (norm, &dark)]) {
            let (counted, n_bands) = steps_allocate(&*built.model, (data, &loss, &built.theta), norm, 50);
            assert_eq!((counted, n_bands), (0, 1), "50 steps in {norm} with {} allocate", library.name());
        }
    }
    set_backend(chosen);
}

#[test]
fn dense_steps_in_bands_allocate_nothing() {
    let (data, loss) = (data(1200, 16), Exponential::sum());
    let built = model("kind = \"linear\"\ninit = { kind = \"normal\", alpha = 1.0 }", 16);
    // margins spread over thousands, and weights beyond one double's range with them
    let theta: Vec<f64> = built.theta.iter().map(|t| 1e3 * t).collect();
    for norm in ["l1", "l2", "linf"] {
        let (counted, n_bands) = steps_allocate(&*built.model, (&data, &loss, &theta), norm, 50);
        assert!(n_bands > 1, "the weights spread");
        assert_eq!(counted, 0, "50 steps in {norm} with {n_bands} bands allocate");
    }
}
