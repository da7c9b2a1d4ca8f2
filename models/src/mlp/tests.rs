//! Tests of the perceptrons.

use super::*;
use steepest_core::laws;

#[test]
fn perceptrons_obey_the_laws() {
    let relu = Activation::Relu;
    let leaky = Activation::LeakyRelu { slope: 0.2 };
    let square = Activation::ReluPower { power: 2 };
    for (hidden, k, phi, degree) in [
        (vec![], 1, relu, 1),
        (vec![], 3, relu, 1),
        (vec![6], 1, relu, 2),
        (vec![6], 3, leaky, 2),
        (vec![5], 1, square, 3),
        (vec![5, 4], 1, relu, 3),
        (vec![5, 4], 2, Activation::Identity, 3),
        (vec![4, 3], 1, square, 7),
    ] {
        let model = Mlp::new(5, &hidden, k, phi).unwrap();
        assert_eq!(model.degree().get(), degree);
        laws::check_model(&model);
        if let Some(door) = model.linear_first_layer() {
            laws::check_linear_first_layer(door);
            let by_inputs = door.by_inputs().unwrap().model;
            laws::check_model(&*by_inputs);
            laws::check_linear_first_layer(by_inputs.linear_first_layer().unwrap());
            assert_eq!(door.two_layer().is_some(), hidden.len() == 1 && k == 1 && phi.degree() == 1);
        }
    }
}

#[test]
fn a_frozen_last_layer_leaves_the_door_to_single_units_open() {
    let model = Mlp::new(4, &[3], 1, Activation::Relu).unwrap();
    let model = model.with_frozen([(2, ndarray::array![[0.5, -1.0, 2.0]])]).unwrap();
    assert_eq!(model.two_layer(), Some(TwoLayer { slope: 0.0, output: OutputWeights::Frozen(&[0.5, -1.0, 2.0]) }));
    laws::check_linear_first_layer(&model);
}

#[test]
fn frozen_layers_leave_the_parameters() {
    let weights = |rows, cols| Array2::from_shape_fn((rows, cols), |(i, j)| ((3 * i + j) % 5) as f64 - 2.0);
    let model = |frozen: Vec<usize>| {
        let base = Mlp::new(4, &[6, 5], 1, Activation::Relu).unwrap();
        let sizes = [4, 6, 5, 1];
        base.with_frozen(frozen.into_iter().map(|l| (l, weights(sizes[l], sizes[l - 1]))))
    };
    for (frozen, degree, len, door) in [
        (vec![3], 2, 54, true),
        (vec![1], 2, 35, false),
        (vec![2], 2, 29, true),
        (vec![1, 2], 1, 5, false),
        (vec![2, 3], 1, 24, true),
    ] {
        let model = model(frozen).unwrap();
        assert_eq!((model.degree().get(), model.layout().len()), (degree, len));
        assert_eq!(model.linear_first_layer().is_some(), door);
        laws::check_model(&model);
    }
    assert!(matches!(model(vec![1, 2, 3]), Err(ModelError::NothingTrained { .. })));
    assert!(matches!(Mlp::new(4, &[0], 1, Activation::Relu), Err(ModelError::EmptyLayer { layer: 1, .. })));
}

#[test]
fn weights_by_inputs_are_the_same_weights() {
    let model = Mlp::new(4, &[3, 2], 2, Activation::Relu).unwrap();
    let theta: Vec<f64> = (0..model.layout().len()).map(|k| (k * k % 13) as f64 - 6.0).collect();
    let Restricted { model: by_inputs, places } = model.by_inputs().unwrap();
    let turned: Vec<f64> = places.iter().map(|&place| theta[place]).collect();
    let first = by_inputs.linear_first_layer().unwrap();
    assert_eq!(first.weights(&turned), model.weights(&theta));
    assert_ne!(turned, theta);
    let inputs = Array2::from_shape_fn((5, 4), |(i, k)| ((3 * i + 5 * k) % 7) as f64 - 2.0);
    let outputs = |model: &dyn HomogeneousModel, theta: &[f64]| {
        let mut outputs = Array2::zeros((5, 2));
        model.forward(theta, inputs.view(), outputs.view_mut(), &mut model.workspace(5));
        outputs
    };
    assert_eq!(outputs(&*by_inputs, &turned), outputs(&model, &theta));
    // what moves single units finds no door
    let (units, mut work) = (Mlp::new(4, &[3], 1, Activation::Relu).unwrap(), model.workspace(5));
    let units_by_inputs = units.by_inputs().unwrap().model;
    let door = units_by_inputs.linear_first_layer().unwrap();
    assert!(units.two_layer().is_some() && door.two_layer().is_none());
    assert!(door.kinked_pre_activations(&mut work).is_none());
    // it stands so already, and whoever leaves inputs out does so before
    assert!(first.by_inputs().is_none() && by_inputs.restricted_to(&[1, 2]).is_none());
    // a first layer that does not act on the inputs, or is not trained, stands in no other way
    assert!(Mlp::new(4, &[], 2, Activation::Relu).unwrap().by_inputs().is_none());
    let frozen = model.with_frozen([(1, Array2::ones((3, 4)))]).unwrap();
    assert!(frozen.by_inputs().is_none());
}
