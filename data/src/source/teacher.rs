//! A sparse two-layer ReLU teacher, f*(x) = sum_j u*_j relu(<w*_j, x>), and the laws it is drawn from.

use super::draw::{sign, without_replacement};
use ndarray::{Array1, Array2, ArrayRef1};
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

/// The law of the teacher's non-zero first-layer weights w*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WeightLaw {
    /// w* ~ N(0, 1).
    Normal,
    /// w* = -1 or +1 with equal chance.
    Signs,
}

/// The law of the teacher's second-layer weights u*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputLaw {
    /// u* ~ N(0, 1).
    Normal,
    /// u* = (-1, +1, -1, ...).
    AlternatingSigns,
}

/// The sizes and laws of a teacher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TeacherLaw {
    /// Dimension d of the inputs.
    pub n_inputs: usize,
    /// Number of neurons k.
    pub width: usize,
    /// Number m of inputs that a neuron looks at, at most d.
    pub inputs_per_neuron: usize,
    /// Law of the non-zero w*.
    pub weight_law: WeightLaw,
    /// Law of u*.
    pub output_law: OutputLaw,
}

/// A teacher: k neurons, each with m non-zero weights on inputs of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Teacher {
    n_inputs: usize,
    inputs: Array2<usize>,
    weights: Array2<f64>,
    outputs: Vec<f64>,
}

impl Teacher {
    /// Draws a teacher: first which inputs each neuron sees (m of d, uniform without replacement), then w*, then u*, so
    /// that another law of w* leaves the inputs as they are.
    ///
    /// # Panics
    /// If `inputs_per_neuron` exceeds `n_inputs`: specifications are checked before.
    pub fn draw<R: Rng>(law: &TeacherLaw, rng: &mut R) -> Self {
        let (k, m) = (law.width, law.inputs_per_neuron);
        assert!(m <= law.n_inputs, "{m} of {} inputs", law.n_inputs);
        let mut inputs = Array2::zeros((k, m));
        for mut neuron in inputs.rows_mut() {
            let mut seen = without_replacement(rng, (0..law.n_inputs).collect(), m, |_| true);
            seen.sort_unstable();
            neuron.iter_mut().zip(seen).for_each(|(place, input)| *place = input);
        }
        let weights = Array2::from_shape_simple_fn((k, m), || match law.weight_law {
            WeightLaw::Normal => rng.sample(StandardNormal),
            WeightLaw::Signs => sign(rng),
        });
        let outputs = (0..k).map(|neuron| match law.output_law {
            OutputLaw::Normal => rng.sample(StandardNormal),
            OutputLaw::AlternatingSigns => [-1.0, 1.0][neuron % 2],
        });
        Self { n_inputs: law.n_inputs, inputs, weights, outputs: outputs.collect() }
    }

    /// f*(x) for one point x (d), touching only the k m inputs that the teacher sees.
    pub fn output(&self, x: &ArrayRef1<f64>) -> f64 {
        let neurons = self.inputs.rows().into_iter().zip(self.weights.rows()).zip(&self.outputs);
        neurons
            .map(|((seen, weights), u)| u * seen.iter().zip(weights).map(|(&i, w)| w * x[i]).sum::<f64>().max(0.0))
            .sum()
    }

    /// f*(x) for `n_points` points of which `column` writes one input at a time.
    pub fn outputs_by_column(&self, n_points: usize, column: impl Fn(usize, &mut ArrayRef1<f64>)) -> Array1<f64> {
        let (mut outputs, mut x) = (Array1::zeros(n_points), Array1::zeros(n_points));
        for ((seen, weights), u) in self.inputs.rows().into_iter().zip(self.weights.rows()).zip(&self.outputs) {
            let mut activation = Array1::<f64>::zeros(n_points);
            for (&input, &w) in seen.iter().zip(weights) {
                column(input, &mut x);
                activation.scaled_add(w, &x);
            }
            outputs.zip_mut_with(&activation, |f, a| *f += u * a.max(0.0));
        }
        outputs
    }

    /// Dimension d of the inputs.
    pub const fn n_inputs(&self) -> usize {
        self.n_inputs
    }

    /// Number of neurons k.
    pub const fn width(&self) -> usize {
        self.outputs.len()
    }

    /// The first layer as a matrix W* (k x d), mostly zeros.
    pub fn first_layer(&self) -> Array2<f64> {
        let mut matrix = Array2::zeros((self.width(), self.n_inputs));
        for ((neuron, place), &input) in self.inputs.indexed_iter() {
            matrix[[neuron, input]] = self.weights[[neuron, place]];
        }
        matrix
    }

    /// The second layer u* (k).
    pub fn second_layer(&self) -> &[f64] {
        &self.outputs
    }

    /// What is kept with a run: `teacher_inputs` (k x m, which inputs each neuron sees), `teacher_weights` (k x m, its w*
    /// there, zero elsewhere) and `teacher_outputs` (1 x k, u*): small even where d is 32768.
    pub fn arrays(&self) -> Vec<(String, Array2<f64>)> {
        let outputs = Array2::from_shape_fn((1, self.width()), |(_, neuron)| self.outputs[neuron]);
        vec![
            ("teacher_inputs".into(), self.inputs.mapv(|input| input as f64)),
            ("teacher_weights".into(), self.weights.clone()),
            ("teacher_outputs".into(), outputs),
        ]
    }
}

/// Fills a point with independent N(0, 1).
pub(super) fn fill_normal<R: Rng>(x: &mut ArrayRef1<f64>, rng: &mut R) {
    x.mapv_inplace(|_| rng.sample(StandardNormal));
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{ArrayView1, array};
    use steepest_core::Streams;

    const LAW: TeacherLaw = TeacherLaw {
        n_inputs: 20,
        width: 5,
        inputs_per_neuron: 3,
        weight_law: WeightLaw::Normal,
        output_law: OutputLaw::Normal,
    };

    fn draw(law: &TeacherLaw) -> Teacher {
        Teacher::draw(law, &mut Streams::new(3).stream("teacher"))
    }

    #[test]
    fn the_output_is_that_of_the_dense_network() {
        let teacher = draw(&LAW);
        let mut x = Array1::zeros(20);
        fill_normal(&mut x, &mut Streams::new(4).stream("train"));
        let hidden = teacher.first_layer().dot(&x).mapv(|z: f64| z.max(0.0));
        let dense = hidden.dot(&Array1::from(teacher.second_layer().to_vec()));
        assert!((teacher.output(&x) - dense).abs() < 1e-12);
        assert!(teacher.output(&(-2.0 * &x)).is_finite());
    }

    #[test]
    fn every_neuron_sees_as_many_inputs_as_asked() {
        for inputs_per_neuron in [1, 3, 20] {
            let matrix = draw(&TeacherLaw { inputs_per_neuron, ..LAW }).first_layer();
            let count = |row: ArrayView1<'_, f64>| row.iter().filter(|w| w.abs() > 0.0).count();
            assert!(matrix.rows().into_iter().all(|row| count(row) == inputs_per_neuron));
        }
    }

    #[test]
    fn the_laws_are_as_named_and_share_their_inputs() {
        let signs = draw(&TeacherLaw { weight_law: WeightLaw::Signs, output_law: OutputLaw::AlternatingSigns, ..LAW });
        assert!(signs.weights.iter().all(|w| (w.abs() - 1.0).abs() < f64::EPSILON));
        assert_eq!(signs.second_layer(), [-1.0, 1.0, -1.0, 1.0, -1.0]);
        assert_eq!(signs.inputs, draw(&LAW).inputs);
        assert_eq!(signs.arrays()[2].1, array![[-1.0, 1.0, -1.0, 1.0, -1.0]]);
    }
}
