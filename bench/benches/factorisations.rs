//! Factorisations by LAPACK and by faer, in one process: why the door of the house takes which for what.

#![expect(clippy::print_stdout, reason = "a benchmark reports on the terminal")]

use ndarray::Array2;
use rand::RngExt;
use rand_distr::StandardNormal;
use steepest_bench::median_seconds_in_turn;
use steepest_core::Streams;
use steepest_core::linalg::{
    Backend, largest_singular_value, set_backend, singular_values, symmetric_eigen, thin_qr, thin_svd,
    thin_svd_of_product,
};

fn normal(rows: usize, cols: usize) -> Array2<f64> {
    let mut rng = Streams::new(1).stream("matrix");
    Array2::from_shape_simple_fn((rows, cols), || rng.sample(StandardNormal))
}

fn row(name: &str, rounds: usize, mut factorise: impl FnMut()) {
    let mut by = |backend| {
        set_backend(backend);
        factorise();
    };
    // one closure serves both, so it is borrowed in turn
    let by = std::cell::RefCell::new(&mut by);
    let mut lapack = || (by.borrow_mut())(Backend::OpenBlas);
    let mut faer = || (by.borrow_mut())(Backend::Faer);
    let (lapack, faer) = median_seconds_in_turn(rounds, &mut lapack, &mut faer);
    println!("{name:<28} {:>10.2} {:>10.2} {:>7.2}", lapack * 1e3, faer * 1e3, lapack / faer);
}

fn main() {
    println!("{:<28} {:>10} {:>10} {:>7}", "one thread, float64", "LAPACK ms", "faer ms", "ratio");
    for (rows, cols, rounds) in [(128, 784, 15), (200, 200, 15), (784, 1024, 3)] {
        let a = normal(rows, cols);
        row(&format!("thin SVD {rows} x {cols}"), rounds, || drop(thin_svd(a.view())));
        row(&format!("singular values {rows} x {cols}"), rounds, || drop(singular_values(a.view())));
    }
    for (rows, cols, rounds) in [(128, 784, 60), (784, 1024, 5)] {
        // without a gap above the second, and with one, as in a trained layer
        for (name, common) in [("", 0.0), (", one large", 0.3)] {
            let a = normal(rows, cols) + common;
            row(&format!("largest, {rows} x {cols}{name}"), rounds, || drop(largest_singular_value(a.view())));
        }
    }
    for (rows, cols) in [(784, 100), (1024, 200)] {
        let a = normal(rows, cols);
        row(&format!("thin QR {rows} x {cols}"), 15, || drop(thin_qr(a.view())));
    }
    for (n, m, d) in [(100, 128, 784), (200, 1024, 784)] {
        let (a, b) = (normal(n, m), normal(n, d));
        row(&format!("SVD of {m} x {n} x {d}"), 9, || drop(thin_svd_of_product(a.view(), b.view())));
    }
    for (n, rounds) in [(128, 15), (784, 5)] {
        let a = normal(n, n);
        let symmetric = &a + &a.t();
        row(&format!("eigenvectors {n} x {n}"), rounds, || drop(symmetric_eigen(symmetric.view())));
    }
}
