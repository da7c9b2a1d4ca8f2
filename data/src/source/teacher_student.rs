//! Gaussian points labelled by a sparse two-layer teacher: y = sgn(f*(x)), x ~ N(0, I_d).

use super::teacher::{OutputLaw, Teacher, TeacherLaw, WeightLaw, fill_normal};
use super::{LARGEST_SET, PointStream, Provenance, Split, Unseen, check_range, fingerprint, sizes};
use crate::error::DataError;
use crate::spec::{BuildData, Entry, LABEL_NOISE};
use ndarray::{Array2, ArrayViewMut2, Axis};
use rand::Rng;
use serde::{Deserialize, Serialize};
use steepest_core::{Dataset, Labels, Streams};

/// Most test points that are drawn again when needed.
const MOST_STREAMED: usize = 1 << 20;

/// Points in a row with output zero after which the teacher is given up.
const MOST_REDRAWS: usize = 10_000;

/// What becomes of points where every neuron of the teacher is off, so that its output is exactly zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZeroOutputs {
    /// They are drawn again: the points are N(0, I) given f*(x) != 0.
    Redraw,
    /// They stay and are labelled +1, sgn(0) being +1 here: about 2^-k of all points for k independent neurons.
    Keep,
}

/// What a configuration says of teacher and points; the defaults are the default scale of Figure 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TeacherStudentSpec {
    /// Number of training points n. Default 100 (paper: 250).
    pub n_train: usize,
    /// Number of test points; 0 for no test set. Default 2000 (paper: 20 000).
    pub n_test: usize,
    /// Dimension d. Default 200 (paper: 32 768).
    pub n_inputs: usize,
    /// Number of neurons k of the teacher. Default 2 (paper: 64).
    pub teacher_width: usize,
    /// Number of inputs that each neuron of the teacher sees. Default 3.
    pub inputs_per_neuron: usize,
    /// Law of the teacher's non-zero first-layer weights. Default `signs`.
    pub weight_law: WeightLaw,
    /// Law of its second-layer weights. Default `alternating_signs`.
    pub output_law: OutputLaw,
    /// Points where the teacher's output is zero. Default `redraw`.
    pub zero_outputs: ZeroOutputs,
    /// Whether the test points are drawn again whenever they are needed instead of being stored (then a point with output zero is labelled +1,
    /// and only perceptrons whose first layer is trained can be tested on them). Default false.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stream_test: bool,
    /// The share of training labels that are flipped. Default 0.
    pub label_noise: f64,
}

impl Default for TeacherStudentSpec {
    fn default() -> Self {
        Self {
            n_train: 100,
            n_test: 2000,
            n_inputs: 200,
            teacher_width: 2,
            inputs_per_neuron: 3,
            weight_law: WeightLaw::Signs,
            output_law: OutputLaw::AlternatingSigns,
            zero_outputs: ZeroOutputs::Redraw,
            stream_test: false,
            label_noise: 0.0,
        }
    }
}

impl TeacherStudentSpec {
    /// The sizes and laws of the teacher.
    pub const fn teacher_law(&self) -> TeacherLaw {
        TeacherLaw {
            n_inputs: self.n_inputs,
            width: self.teacher_width,
            inputs_per_neuron: self.inputs_per_neuron,
            weight_law: self.weight_law,
            output_law: self.output_law,
        }
    }

    /// The test points that are never stored.
    fn unseen(&self, teacher: &Teacher, streams: Streams) -> Unseen {
        let points = PointStream::new(self.n_test, self.n_inputs, streams, "test");
        let outputs = teacher.outputs_by_column(self.n_test, |l, column| points.column_into(l, column));
        let labels = outputs.iter().map(|f| if *f < 0.0 { -1.0 } else { 1.0 }).collect();
        Unseen { points, labels: Labels::Binary(labels) }
    }
}

impl BuildData for TeacherStudentSpec {
    const ENTRY: Entry = Entry {
        name: "teacher_student",
        summary: "x ~ N(0, I), y = sgn(sum_j u_j relu(<w_j, x>)), w_j sparse: sparsity that an l1 margin can find",
        fields: &[
            ("n_train", "training points (default 100; paper 250)"),
            ("n_test", "test points, 0 for none (default 2000; paper 20000)"),
            ("n_inputs", "dimension d (default 200; paper 32768)"),
            ("teacher_width", "neurons k of the teacher (default 2; paper 64)"),
            ("inputs_per_neuron", "inputs that each neuron of the teacher sees (default 3)"),
            ("weight_law", "non-zero w: \"signs\" (-1 or +1) or \"normal\" (default \"signs\")"),
            ("output_law", "u: \"alternating_signs\" (-1, +1, ...) or \"normal\" (default \"alternating_signs\")"),
            ("zero_outputs", "points where the teacher is 0: \"redraw\", or \"keep\" as +1 (default \"redraw\")"),
            ("stream_test", "draw the test points again when needed and store none; needs \"keep\" (default false)"),
            LABEL_NOISE,
        ],
    };

    fn label_noise(&self) -> f64 {
        self.label_noise
    }

    /// Sizes: at least one of each, `inputs_per_neuron` at most `n_inputs`, sets within [`LARGEST_SET`].
    fn validate(&self) -> Result<(), DataError> {
        check_range("n_inputs", self.n_inputs, 1..=LARGEST_SET, "")?;
        let most = LARGEST_SET / self.n_inputs;
        check_range("n_train", self.n_train, 1..=most, " for this `n_inputs`")?;
        let most = if self.stream_test { MOST_STREAMED } else { most };
        check_range("n_test", self.n_test, 0..=most, " for this `n_inputs`")?;
        if self.stream_test && self.zero_outputs == ZeroOutputs::Redraw {
            return Err(DataError::Field {
                field: "zero_outputs",
                expected: "\"keep\", since `stream_test` draws every point from a place of its own".into(),
                found: "redraw".into(),
            });
        }
        check_range("inputs_per_neuron", self.inputs_per_neuron, 1..=self.n_inputs, " (`n_inputs`)")?;
        check_range("teacher_width", self.teacher_width, 1..=LARGEST_SET / self.n_inputs, " for this `n_inputs`")
    }

    /// Draws the teacher from the stream `teacher`, the points from `train` and `test`; [`DataError::ZeroTeacher`] if no point can
    /// be labelled.
    fn clean(&self, streams: &Streams) -> Result<Split, DataError> {
        self.validate()?;
        let teacher = Teacher::draw(&self.teacher_law(), &mut streams.stream("teacher"));
        let set = |n_points: usize, stream: &str| {
            Sampler::new(&teacher, self.zero_outputs, streams.stream(stream)).dataset(n_points)
        };
        let train = set(self.n_train, "train")?;
        let test = if self.n_test > 0 && !self.stream_test { Some(set(self.n_test, "test")?) } else { None };
        let unseen = (self.n_test > 0 && self.stream_test).then(|| self.unseen(&teacher, *streams));
        let (k, m, d) = (self.teacher_width, self.inputs_per_neuron, self.n_inputs);
        let streamed = match &unseen {
            Some(unseen) => format!(" but {} drawn again when needed", unseen.labels.len()),
            None => String::new(),
        };
        let provenance = Provenance {
            source: "teacher_student".into(),
            note: format!(
                "teacher of width {k} on {m} of {d} inputs a neuron, {}{streamed}",
                sizes(&train, test.as_ref())
            ),
            train_indices: Vec::new(),
            test_indices: Vec::new(),
            sha256: fingerprint(&train),
            arrays: teacher.arrays(),
            is_fallback: false,
        };
        Ok(Split { train, test, unseen, provenance })
    }
}

/// An endless stream of labelled points, read in blocks of any size: the way to a test set too large to hold.
#[derive(Debug)]
pub struct Sampler<'a, R> {
    teacher: &'a Teacher,
    zero_outputs: ZeroOutputs,
    rng: R,
}

impl<'a, R: Rng> Sampler<'a, R> {
    /// The points of `rng`, labelled by `teacher`.
    pub const fn new(teacher: &'a Teacher, zero_outputs: ZeroOutputs, rng: R) -> Self {
        Self { teacher, zero_outputs, rng }
    }

    /// Writes the next points (`block`, rows x d) and their labels (rows), the same whatever the size of the blocks.
    ///
    /// # Errors
    /// [`DataError::ZeroTeacher`] if zero outputs are drawn again and come ten thousand times in a row.
    ///
    /// # Panics
    /// If there are not as many labels as rows.
    pub fn fill(&mut self, mut block: ArrayViewMut2<'_, f64>, labels: &mut [f64]) -> Result<(), DataError> {
        assert_eq!(block.nrows(), labels.len(), "one label a row");
        for (mut x, label) in block.axis_iter_mut(Axis(0)).zip(labels) {
            let mut output = 0.0;
            for _ in 0..MOST_REDRAWS {
                fill_normal(&mut x, &mut self.rng);
                output = self.teacher.output(&x);
                if output.abs() > 0.0 || self.zero_outputs == ZeroOutputs::Keep {
                    break;
                }
            }
            *label = match (output.abs() > 0.0, self.zero_outputs) {
                (true, _) => output.signum(),
                (false, ZeroOutputs::Keep) => 1.0,
                (false, ZeroOutputs::Redraw) => return Err(DataError::ZeroTeacher { n_points: MOST_REDRAWS }),
            };
        }
        Ok(())
    }

    /// The next `n_points` points as a dataset (`n_points` x d).
    ///
    /// # Errors
    /// As [`Sampler::fill`]; [`DataError::Core`] if `n_points` is zero.
    pub fn dataset(&mut self, n_points: usize) -> Result<Dataset, DataError> {
        let mut inputs = Array2::zeros((n_points, self.teacher.n_inputs()));
        let mut labels = vec![0.0; n_points];
        self.fill(inputs.view_mut(), &mut labels)?;
        Ok(Dataset::new(inputs, Labels::Binary(labels))?)
    }
}

#[cfg(test)]
#[path = "teacher_student_tests.rs"]
mod tests;
