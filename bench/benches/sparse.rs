//! The two products of a first layer on inputs of which most are zero, by the entries that are left, against the dense ones.

#![expect(clippy::print_stdout, reason = "a benchmark reports on the terminal")]

use ndarray::{Array2, ArrayView2};
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;
use steepest_bench::median_seconds_in_turn;
use steepest_core::Streams;
use steepest_core::linalg::{Accumulate, Real, SparseRows, SparseWork, backend, multiply_into};

/// n, d, width, rounds: of images without the pixels that are black in all of them, narrow, quick and whole.
const SHAPES: [(usize, usize, usize, usize); 3] = [(100, 473, 16, 1000), (100, 473, 128, 400), (200, 515, 1024, 60)];
/// The same of the test points of a pair of digits, forward only, in both precisions; a fifth of their pixels is lit.
const TEST: (usize, usize, usize, usize) = (1968, 784, 128, 40);
/// Shares of entries that are not zero.
const SHARES: [f64; 3] = [0.2, 0.3, 0.39];

fn normal(rows: usize, cols: usize, name: &str) -> Array2<f64> {
    let mut rng = Streams::new(1).stream(name);
    Array2::from_shape_simple_fn((rows, cols), || rng.sample(StandardNormal))
}

/// A matrix of normal numbers with this share of entries; the others are zero.
fn sparse(n: usize, d: usize, share: f64) -> Array2<f64> {
    let mut rng = Streams::new(2).stream("pattern");
    let mut x = normal(n, d, "inputs");
    x.iter_mut().for_each(|x| {
        if rng.next_u64() as f64 > share * u64::MAX as f64 {
            *x = 0.0;
        }
    });
    x
}

/// Milliseconds of A B^T by products of whole matrices and by entries, written where the second lies.
fn compare<T: Real>(rounds: usize, a: ArrayView2<'_, T>, b: ArrayView2<'_, T>, is_turned: bool) -> Option<(f64, f64)> {
    let by_entries = SparseRows::of(a)?;
    let shape = if is_turned { (b.nrows(), a.nrows()) } else { (a.nrows(), b.nrows()) };
    let (mut first, mut second, mut work) = (Array2::zeros(shape), Array2::zeros(shape), SparseWork::default());
    let (dense, sparse) = median_seconds_in_turn(
        rounds,
        || {
            if is_turned {
                multiply_into(Accumulate::Replace, b, a.t(), first.view_mut());
            } else {
                multiply_into(Accumulate::Replace, a, b.t(), first.view_mut());
            }
        },
        || {
            let second = second.view_mut();
            by_entries.times_transposed(b, if is_turned { second.reversed_axes() } else { second }, &mut work);
        },
    );
    Some((1e3 * dense, 1e3 * sparse))
}

fn print((n, d, width): (usize, usize, usize), share: f64, name: &str, times: Option<(f64, f64)>) {
    if let Some((dense, ours)) = times {
        let ratio = dense / ours;
        println!("{n:>6} {d:>6} {width:>6} {share:>6.2}  {name:<16} {dense:>9.3} {ours:>9.3} {ratio:>7.2}");
    }
}

fn main() {
    println!("products with inputs that are mostly zero: one thread, float64, {}", backend().reason);
    println!(
        "{:>6} {:>6} {:>6} {:>6}  {:<16} {:>9} {:>9} {:>7}",
        "n", "d", "width", "share", "", "dense ms", "ours ms", "ratio"
    );
    for (n, d, width, rounds) in SHAPES {
        let (w, pre_cotangent) = (normal(width, d, "weights"), normal(n, width, "cotangent"));
        for share in SHARES {
            let x = sparse(n, d, share);
            print((n, d, width), share, "forward", compare(rounds, x.view(), w.view(), false));
            print((n, d, width), share, "backward", compare(rounds, x.t(), pre_cotangent.t(), true));
        }
    }
    let ((n, d, width, rounds), share) = (TEST, SHARES[0]);
    let (x, w) = (sparse(n, d, share), normal(width, d, "weights"));
    print((n, d, width), share, "forward", compare(rounds, x.view(), w.view(), false));
    let [x, w] = [x, w].map(|a| a.mapv(|a| a as f32));
    print((n, d, width), share, "forward, float32", compare(rounds, x.view(), w.view(), false));
}
