//! Gaussian points labelled by a sparse two-layer teacher: y = sgn(f*(x)), x ~ N(0, I_d).

use super::teacher::{OutputLaw, Teacher, TeacherLaw, WeightLaw, fill_normal};
use super::{LARGEST_SET, Provenance, Split, check_range, fingerprint, sizes};
use crate::error::DataError;
use ndarray::{Array2, ArrayViewMut2, Axis};
use rand::Rng;
use serde::{Deserialize, Serialize};
use steepest_core::{Dataset, Labels, Streams};

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
        }
    }
}

impl TeacherStudentSpec {
    /// Checks sizes: at least one of each, `inputs_per_neuron` at most `n_inputs`, sets within [`LARGEST_SET`].
    ///
    /// # Errors
    /// [`DataError::Field`] names the field and its range.
    pub fn validate(&self) -> Result<(), DataError> {
        check_range("n_inputs", self.n_inputs, 1..=LARGEST_SET, "")?;
        let most = LARGEST_SET / self.n_inputs;
        check_range("n_train", self.n_train, 1..=most, " for this `n_inputs`")?;
        check_range("n_test", self.n_test, 0..=most, " for this `n_inputs`")?;
        check_range("inputs_per_neuron", self.inputs_per_neuron, 1..=self.n_inputs, " (`n_inputs`)")?;
        check_range("teacher_width", self.teacher_width, 1..=LARGEST_SET / self.n_inputs, " for this `n_inputs`")
    }

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

    /// Draws the teacher from the stream `teacher`, the points from `train` and `test`.
    ///
    /// # Errors
    /// [`DataError::Field`] if a size is impossible, [`DataError::ZeroTeacher`] if no point can be labelled.
    pub fn build(&self, streams: &Streams) -> Result<Split, DataError> {
        self.validate()?;
        let teacher = Teacher::draw(&self.teacher_law(), &mut streams.stream("teacher"));
        let set = |n_points: usize, stream: &str| {
            Sampler::new(&teacher, self.zero_outputs, streams.stream(stream)).dataset(n_points)
        };
        let train = set(self.n_train, "train")?;
        let test = if self.n_test > 0 { Some(set(self.n_test, "test")?) } else { None };
        let (k, m, d) = (self.teacher_width, self.inputs_per_neuron, self.n_inputs);
        let provenance = Provenance {
            source: "teacher_student".into(),
            note: format!("teacher of width {k} on {m} of {d} inputs a neuron, {}", sizes(&train, test.as_ref())),
            train_indices: Vec::new(),
            test_indices: Vec::new(),
            sha256: fingerprint(&train),
            arrays: teacher.arrays(),
            is_fallback: false,
        };
        Ok(Split { train, test, provenance })
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
mod tests {
    use super::*;
    use ndarray::s;

    fn small() -> TeacherStudentSpec {
        TeacherStudentSpec { n_train: 30, n_test: 10, n_inputs: 12, ..TeacherStudentSpec::default() }
    }

    fn build(spec: &TeacherStudentSpec, seed: u64) -> Split {
        spec.build(&Streams::new(seed)).unwrap()
    }

    fn signs(data: &Dataset) -> &[f64] {
        let Labels::Binary(signs) = data.labels() else { panic!("binary labels") };
        signs
    }

    #[test]
    fn labels_are_the_signs_of_the_teacher() {
        let spec = TeacherStudentSpec { teacher_width: 3, output_law: OutputLaw::Normal, ..small() };
        let split = build(&spec, 2);
        let teacher = Teacher::draw(&spec.teacher_law(), &mut Streams::new(2).stream("teacher"));
        assert_eq!(split.provenance.arrays, teacher.arrays());
        for data in [&split.train, split.test.as_ref().unwrap()] {
            let outputs = data.inputs().rows().into_iter().map(|x| teacher.output(&x)).collect::<Vec<_>>();
            assert!(outputs.iter().zip(signs(data)).all(|(f, y)| f * y > 0.0));
        }
    }

    #[test]
    fn sets_are_reproducible_nested_and_independent() {
        let base = build(&small(), 1);
        assert_eq!(base.provenance, build(&small(), 1).provenance);
        assert_ne!(base.provenance.sha256, build(&small(), 2).provenance.sha256);
        let more_tests = build(&TeacherStudentSpec { n_test: 25, ..small() }, 1);
        assert_eq!(more_tests.train, base.train);
        assert_eq!(more_tests.test.unwrap().inputs().slice(s![..10, ..]), base.test.as_ref().unwrap().inputs());
        let larger = build(&TeacherStudentSpec { n_train: 40, ..small() }, 1);
        assert_eq!((larger.train.inputs().slice(s![..30, ..]), larger.test), (base.train.inputs(), base.test.clone()));
        assert!(build(&TeacherStudentSpec { n_test: 0, ..small() }, 1).test.is_none());
    }

    #[test]
    fn zero_outputs_are_kept_as_plus_one_or_drawn_again() {
        let spec = |zero_outputs| TeacherStudentSpec { teacher_width: 1, n_train: 200, zero_outputs, ..small() };
        // one neuron with u* = -1: half of all points have output zero, the others are labelled -1
        let kept = build(&spec(ZeroOutputs::Keep), 1).train;
        let positive = signs(&kept).iter().filter(|y| **y > 0.0).count();
        assert!((70..130).contains(&positive), "{positive}");
        assert!(signs(&build(&spec(ZeroOutputs::Redraw), 1).train).iter().all(|y| *y < 0.0));
    }

    #[test]
    fn a_teacher_that_is_zero_everywhere_ends_in_an_error() {
        let law = TeacherStudentSpec { n_inputs: 1, inputs_per_neuron: 1, ..small() };
        // two neurons on one input: with equal signs their outputs cancel
        let results: Vec<_> = (0..20).map(|seed| law.build(&Streams::new(seed))).collect();
        assert!(results.iter().any(|r| matches!(r, Err(DataError::ZeroTeacher { .. }))));
        assert!(results.iter().any(Result::is_ok));
    }

    #[test]
    fn the_default_data_are_stable() {
        // a change here changes every published run: it must be deliberate. No hash: in the tails the normal law takes
        // logarithms, whose last bit may be the machine's.
        let split = build(&TeacherStudentSpec::default(), 0);
        let first: Vec<String> = split.train.inputs().row(0).iter().take(4).map(|x| format!("{x:.9}")).collect();
        assert_eq!(first, ["-1.257779754", "-0.517746927", "1.516631744", "0.758349347"]);
        assert_eq!(split.provenance.arrays[0].1.iter().sum::<f64>().to_string(), "493");
        assert_eq!(
            split.provenance.note,
            "teacher of width 2 on 3 of 200 inputs a neuron, 100 training points (51 % labelled +1), 2000 test points (51 % labelled +1)"
        );
    }

    #[test]
    fn impossible_sizes_name_the_field() {
        let text = |spec: TeacherStudentSpec| spec.build(&Streams::new(0)).unwrap_err().to_string();
        assert_eq!(
            text(TeacherStudentSpec { inputs_per_neuron: 13, ..small() }),
            "`inputs_per_neuron` must be 1 to 12 (`n_inputs`), found 13"
        );
        assert!(text(TeacherStudentSpec { n_train: 0, ..small() }).starts_with("`n_train` must be 1 to "));
        assert!(text(TeacherStudentSpec { n_inputs: 0, ..small() }).starts_with("`n_inputs` must be 1 to "));
        assert!(text(TeacherStudentSpec { teacher_width: 0, ..small() }).starts_with("`teacher_width` must be 1 to "));
        assert!(text(TeacherStudentSpec { n_test: 1 << 30, ..small() }).starts_with("`n_test` must be 0 to "));
    }
}
