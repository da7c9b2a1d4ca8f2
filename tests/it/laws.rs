use steepest_core::loss::{
    CrossEntropy, Exponential, ExponentialTail, Logistic, LogisticTail, PowerTail, Reduction, Tail, Tailed,
};
use steepest_core::{Labels, Loss, laws};

fn signs() -> Labels {
    Labels::Binary(vec![1.0, -1.0, -1.0, 1.0, 1.0, -1.0])
}

fn power(exponent: f64) -> PowerTail {
    PowerTail::new(exponent).unwrap()
}

/// q + q^3: two functions, as somebody outside writes them.
#[derive(Debug)]
struct Cubic;

impl Tail for Cubic {
    fn phi(&self, q: f64) -> f64 {
        q + q * q * q
    }

    fn ln_derivative(&self, q: f64) -> f64 {
        (3.0 * q * q).ln_1p()
    }
}

#[test]
fn tails_obey_their_laws() {
    laws::check_tail(&ExponentialTail);
    laws::check_tail(&LogisticTail);
    laws::check_tail(&Cubic);
    for exponent in [0.1, 0.5, 0.9, 1.0, 1.3, 2.0, 4.0] {
        laws::check_tail(&power(exponent));
    }
}

#[test]
fn a_tail_that_is_none_is_found_out() {
    /// Its derivative is that of another function.
    #[derive(Debug)]
    struct Wrong;
    impl Tail for Wrong {
        fn phi(&self, q: f64) -> f64 {
            1.01 * q
        }
        fn ln_derivative(&self, _q: f64) -> f64 {
            0.0
        }
    }
    assert!(std::panic::catch_unwind(|| laws::check_tail(&Wrong)).is_err());
}

#[test]
fn binary_losses_obey_their_laws() {
    for reduction in [Reduction::Sum, Reduction::Mean] {
        let losses: [Box<dyn Loss>; 6] = [
            Box::new(Exponential::new(reduction)),
            Box::new(Logistic::new(reduction)),
            Box::new(Tailed::with(power(0.3), reduction)),
            Box::new(Tailed::with(power(0.5), reduction)),
            Box::new(Tailed::with(power(1.5), reduction)),
            Box::new(Tailed::with(Cubic, reduction)),
        ];
        for loss in losses {
            laws::check_loss(&*loss, &signs());
        }
    }
}

#[test]
fn the_cross_entropy_obeys_its_laws() {
    for (classes, n_classes) in [(vec![0, 1, 1, 0], 2), (vec![0, 2, 1, 3, 2], 4)] {
        for reduction in [Reduction::Sum, Reduction::Mean] {
            let labels = Labels::Classes { classes: classes.clone(), n_classes };
            laws::check_loss(&CrossEntropy::new(reduction), &labels);
        }
    }
}
