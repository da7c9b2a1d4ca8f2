use steepest_core::loss::{CrossEntropy, Exponential, Logistic, Reduction};
use steepest_core::{Labels, Loss, laws};

fn signs() -> Labels {
    Labels::Binary(vec![1.0, -1.0, -1.0, 1.0, 1.0, -1.0])
}

#[test]
fn binary_losses_obey_their_laws() {
    for reduction in [Reduction::Sum, Reduction::Mean] {
        let losses: [Box<dyn Loss>; 2] = [Box::new(Exponential::new(reduction)), Box::new(Logistic::new(reduction))];
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
