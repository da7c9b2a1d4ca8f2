use approx::assert_relative_eq;
use ndarray::{Array2, ArrayView2};
use steepest_core::loss::{CrossEntropy, Exponential, Logistic, PowerTail, Tailed};
use steepest_core::{Dataset, Dynamics, HomogeneousModel, Kkt, Labels, Loss, Norm, Reduction, margin};
use steepest_models::Linear;
use steepest_norms::NormSpec;
use steepest_optim::{Dense, SteepestDescent};
use steepest_tests::exact_margin::{Case, Maximum, cases};

fn model(case: &Case) -> Linear {
    Linear::new(case.data.n_features(), case.data.labels().n_outputs()).unwrap()
}

fn norm(maximum: &Maximum, model: &Linear) -> Box<dyn Norm> {
    NormSpec::named(maximum.norm).unwrap().build(model.layout()).unwrap()
}

/// y_i x_i of each point, or e_y x_i - e_k x_i of each point and rival class: one row a term, in the order of `dual`.
fn terms(data: &Dataset) -> Array2<f64> {
    let (x, d) = (data.inputs(), data.n_features());
    let mut rows = Vec::new();
    match data.labels() {
        Labels::Binary(signs) => {
            for (i, y) in signs.iter().enumerate() {
                rows.extend(x.row(i).iter().map(|v| y * v));
            }
        }
        Labels::Classes { classes, n_classes } => {
            for (i, &y) in classes.iter().enumerate() {
                for k in (0..*n_classes).filter(|k| *k != y) {
                    let mut row = vec![0.0; n_classes * d];
                    for (j, v) in x.row(i).iter().enumerate() {
                        (row[y * d + j], row[k * d + j]) = (*v, -v);
                    }
                    rows.extend(row);
                }
            }
        }
    }
    let width = d * data.labels().n_outputs();
    Array2::from_shape_vec((rows.len() / width, width), rows).unwrap()
}

fn smallest_margin(terms: ArrayView2<'_, f64>, w: &[f64]) -> f64 {
    margin::smallest(&terms.dot(&ndarray::aview1(w)).to_vec()).1
}

#[test]
fn stored_primals_and_duals_enclose_the_maximum() {
    let cases = cases().unwrap();
    assert!(!cases.is_empty());
    for case in &cases {
        let (model, terms) = (model(case), terms(&case.data));
        assert!(case.norms.len() >= 3, "{}", case.name);
        for maximum in &case.norms {
            let norm = norm(maximum, &model);
            assert_relative_eq!(norm.value(&maximum.primal), 1.0, max_relative = 1e-12);
            assert_relative_eq!(smallest_margin(terms.view(), &maximum.primal), maximum.lower, max_relative = 1e-12);
            assert_relative_eq!(maximum.dual.iter().sum::<f64>(), 1.0, max_relative = 1e-12);
            let combination = terms.t().dot(&ndarray::aview1(&maximum.dual)).to_vec();
            assert_relative_eq!(norm.dual((&combination[..]).into()).value(), maximum.upper, max_relative = 1e-12);
        }
    }
}

fn losses(labels: &Labels) -> Vec<Box<dyn Loss>> {
    match labels {
        Labels::Binary(_) => vec![
            Box::new(Exponential::sum()),
            Box::new(Logistic::mean()),
            Box::new(Tailed::with(PowerTail::new(0.5).unwrap(), Reduction::Sum)),
        ],
        Labels::Classes { .. } => vec![Box::new(CrossEntropy::sum())],
    }
}

/// Steps of steepest descent with a fixed length; at each of them the certificate lies above the true maximum.
#[test]
fn the_certificate_bounds_the_maximum_margin_from_above() {
    for case in &cases().unwrap() {
        let model = model(case);
        let theta: Vec<f64> = (0..model.layout().len()).map(|k| (1.0 + 7.0 * k as f64).sin()).collect();
        for (maximum, loss) in
            case.norms.iter().flat_map(|m| losses(case.data.labels()).into_iter().map(move |l| (m, l)))
        {
            let own = norm(maximum, &model);
            let optimizer = Box::new(SteepestDescent::new(norm(maximum, &model)));
            let mut dense = Dense::new(&model, &case.data, &*loss, optimizer, theta.clone()).unwrap();
            let mut last = f64::NAN;
            for step in 0..400 {
                let value = own.value(dense.theta());
                last = Kkt::at(&dense.evaluate(), value, &*loss).margin_bound();
                let what = format!("{} {} {loss:?} step {step}", case.name, maximum.norm);
                assert!(last >= maximum.lower * (1.0 - 1e-12), "{what}: {last} against {}", maximum.lower);
                dense.advance(0.5 / f64::from(1 + step).sqrt());
            }
            assert!(last.is_finite(), "{} {} {loss:?}", case.name, maximum.norm);
        }
    }
}
