//! What the runs of one seed's data read, draw or compute once for all of them.

use crate::config::RunConfig;
use crate::run::build_data;
use crate::stored::TestPoints;
use ndarray::{Array2, ArrayView2, s};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use steepest_core::Streams;
use steepest_core::linalg::{Accumulate, multiply_into};
use steepest_data::{PointStream, Split};
use steepest_models::FirstLaw;

/// Inputs that are drawn and multiplied at a time.
const INPUTS: usize = 256;

/// A run's part in what is common to the runs of the same seed and data: the data themselves; stored test points in the forms that tests read; of streamed test points X_t the products X_t X^T
/// with the training inputs X, X_t Q^T with an orthonormal basis Q of their span, and X_t U^T for the draw U of which their first layers are multiples at the start, W0 = factor * U.
///
/// Data and products are made when they are first needed and live until the last run that might need them has given up its part. They depend on
/// the seed, the data and U alone, so the bits of a run do not depend on who made them.
#[derive(Clone, Debug)]
pub struct Shared {
    law: Option<FirstLaw>,
    streams: Streams,
    of_data: Arc<OfData>,
    /// X_t U^T.
    start: Arc<OnceLock<Array2<f64>>>,
}

#[derive(Debug, Default)]
struct OfData {
    /// Training set and test set; held while they are read or drawn, so that no data are made twice.
    split: Mutex<Option<Arc<Split>>>,
    /// Passes over the stream so far; held during one, so that no product is made twice.
    passes: Mutex<usize>,
    /// X_t X^T.
    inner_products: OnceLock<Array2<f64>>,
    /// X_t Q^T.
    coordinates: OnceLock<Array2<f64>>,
    /// Stored test points in other forms.
    test_points: TestPoints,
}

/// Products that are needed now.
#[derive(Debug, Default)]
pub(crate) struct Wanted<'w> {
    /// X, for X_t X^T.
    pub(crate) inputs: Option<ArrayView2<'w, f64>>,
    /// Q, for X_t Q^T: the one basis that the training inputs have.
    pub(crate) basis: Option<ArrayView2<'w, f64>>,
    /// Whether X_t U^T is.
    pub(crate) start: bool,
    /// W, and zeros for X_t W^T, which nobody shares.
    pub(crate) own: Option<(ArrayView2<'w, f64>, &'w mut Array2<f64>)>,
}

impl Shared {
    /// Of a run alone, whose first layer starts by this law, drawn from these streams; `None`: it starts anywhere.
    pub fn new(law: Option<FirstLaw>, streams: Streams) -> Self {
        Self { law, streams, of_data: Arc::default(), start: Arc::default() }
    }

    /// The parts of these runs, in their order.
    pub fn plan<'c>(runs: impl IntoIterator<Item = &'c RunConfig>) -> Vec<Self> {
        let mut planned: Vec<(&RunConfig, Self)> = Vec::new();
        for run in runs {
            let mut part = Self::new(run.model.first_law(), Streams::new(run.seed));
            for (_, other) in planned.iter().filter(|(other, _)| other.seed == run.seed && other.data == run.data) {
                part.of_data = Arc::clone(&other.of_data);
                if part.unit().is_some() && part.unit() == other.unit() {
                    part.start = Arc::clone(&other.start);
                }
            }
            planned.push((run, part));
        }
        planned.into_iter().map(|(_, part)| part).collect()
    }

    /// The data of this run: read or drawn by the first run that asks.
    ///
    /// # Errors
    /// As [`build_data`].
    pub(crate) fn split(&self, config: &RunConfig) -> anyhow::Result<Arc<Split>> {
        let mut split = lock(&self.of_data.split);
        if let Some(split) = &*split {
            return Ok(Arc::clone(split));
        }
        let built = Arc::new(build_data(config)?);
        *split = Some(Arc::clone(&built));
        Ok(built)
    }

    /// Lets go of the data until a run asks again.
    pub(crate) fn forget_split(&self) {
        *lock(&self.of_data.split) = None;
    }

    /// Whether its data and products X_t X^T are also the other's.
    pub(crate) fn is_of_data_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.of_data, &other.of_data)
    }

    /// Whether its products X_t U^T are also the other's.
    pub(crate) fn is_of_start_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.start, &other.start)
    }

    /// Whether the first layer starts as a multiple of a draw.
    pub(crate) const fn knows_start(&self) -> bool {
        self.law.is_some()
    }

    /// The stored test points in other forms, made once.
    pub(crate) fn test_points(&self) -> &TestPoints {
        &self.of_data.test_points
    }

    /// X_t X^T, once it was wanted.
    pub(crate) fn inner_products(&self) -> Option<&Array2<f64>> {
        self.of_data.inner_products.get()
    }

    /// X_t Q^T, once it was wanted.
    pub(crate) fn coordinates(&self) -> Option<&Array2<f64>> {
        self.of_data.coordinates.get()
    }

    /// The factor and X_t U^T, once it was wanted.
    pub(crate) fn start(&self, n_inputs: usize) -> Option<(f64, &Array2<f64>)> {
        Some((self.law?.factor(n_inputs), self.start.get()?))
    }

    /// Makes what is wanted and not there yet, in one pass over the points.
    pub(crate) fn provide(&self, points: &PointStream, wanted: Wanted<'_>) {
        let (t, d) = (points.n_points(), points.n_inputs());
        let mut passes = lock(&self.of_data.passes);
        let inputs = wanted.inputs.filter(|_| self.inner_products().is_none());
        let mut inner_products = inputs.map(|inputs| Array2::zeros((t, inputs.nrows())));
        let basis = wanted.basis.filter(|_| self.coordinates().is_none());
        let mut coordinates = basis.map(|basis| Array2::zeros((t, basis.nrows())));
        let unit = self.unit().filter(|_| wanted.start && self.start.get().is_none());
        let u = unit.map(|unit| unit.draw(d, self.streams));
        let mut start = u.as_ref().map(|u| Array2::zeros((t, u.nrows())));
        let mut all: Vec<_> = wanted.own.into_iter().collect();
        all.extend(inputs.zip(inner_products.as_mut()));
        all.extend(basis.zip(coordinates.as_mut()));
        all.extend(u.as_ref().map(|u| u.view()).zip(start.as_mut()));
        if !all.is_empty() {
            add_products(points, &mut all);
            *passes += 1;
        }
        // nobody else has set them meanwhile
        inner_products.map(|products| self.of_data.inner_products.set(products));
        coordinates.map(|products| self.of_data.coordinates.set(products));
        start.map(|products| self.start.set(products));
    }

    fn unit(&self) -> Option<FirstLaw> {
        self.law.map(FirstLaw::unit)
    }

    /// How often test points of these data were drawn for products.
    #[cfg(test)]
    pub(crate) fn passes(&self) -> usize {
        *self.of_data.passes.lock().unwrap()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// products += X_t W^T for each W (rows x d), a few inputs of all points at a time: the points are drawn once for all of them.
pub(crate) fn add_products(points: &PointStream, wanted: &mut [(ArrayView2<'_, f64>, &mut Array2<f64>)]) {
    let (d, mut block) = (points.n_inputs(), Array2::zeros((INPUTS, points.n_points())));
    for from in (0..d).step_by(INPUTS) {
        let to = d.min(from + INPUTS);
        let mut columns = block.slice_mut(s![..to - from, ..]);
        points.columns_into(from..to, columns.view_mut());
        for (w, products) in wanted.iter_mut() {
            let part = w.slice(s![.., from..to]);
            multiply_into(Accumulate::Add, columns.t(), part.t(), products.view_mut());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ExperimentConfig;

    const EXPERIMENT: &str = r#"
title = "Two seeds"
seeds = [0, 1]

[data]
kind = "teacher_student"
n_train = 6
n_test = 30
n_inputs = 300
zero_outputs = "keep"
stream_test = true

[model]
kind = "mlp"
hidden = [5]
init = { kind = "fan_in", alpha = 0.1 }

[loss]
kind = "exponential"

[stop]
steps = 1

[step]
size = 0.1

[optimizer]
kind = "steepest"
norm = "l2"

[[run]]
name = "as it is"

[[run]]
name = "smaller"
model.init.alpha = 0.01

[[run]]
name = "another law"
model.init = { kind = "normal", alpha = 0.01 }

[[run]]
name = "wider"
model.hidden = [7]

[[run]]
name = "for coordinates"
model.init = { alpha = 0.3, coordinate = true }

[[run]]
name = "other data"
data.n_train = 7
"#;

    /// All runs, seed 0 and seed 1 in turn.
    fn runs() -> Vec<RunConfig> {
        ExperimentConfig::parse(EXPERIMENT, &[]).unwrap().runs
    }

    #[test]
    fn runs_of_one_seed_and_data_share_what_does_not_depend_on_the_scale() {
        let runs = runs();
        let parts = Shared::plan(&runs);
        let with_first = |same: fn(&Shared, &Shared) -> bool| -> Vec<&str> {
            let same = parts.iter().map(|part| same(part, &parts[0]));
            runs.iter().zip(same).filter(|(_, same)| *same).map(|(run, _)| run.name.as_str()).collect()
        };
        let start = with_first(Shared::is_of_start_of);
        assert_eq!(start, ["as it is", "smaller", "for coordinates"]);
        let data = with_first(Shared::is_of_data_of);
        assert_eq!(data, ["as it is", "smaller", "another law", "wider", "for coordinates"]);
        assert!(parts[1].is_of_start_of(&parts[3]), "the other seed shares as well");
    }

    #[test]
    fn data_are_made_once_and_are_what_a_run_alone_makes() {
        let runs = runs();
        let parts = Shared::plan(&runs);
        let first = parts[0].split(&runs[0]).unwrap();
        assert!(Arc::ptr_eq(&first, &parts[2].split(&runs[2]).unwrap()));
        for other in [1, 10] {
            assert!(!Arc::ptr_eq(&first, &parts[other].split(&runs[other]).unwrap()), "another seed, other data");
        }
        let alone = build_data(&runs[2]).unwrap();
        assert_eq!((first.train.inputs(), &first.provenance.sha256), (alone.train.inputs(), &alone.provenance.sha256));
        parts[2].forget_split();
        assert!(!Arc::ptr_eq(&first, &parts[0].split(&runs[0]).unwrap()));
    }

    #[test]
    fn a_product_is_made_once_and_is_what_a_run_alone_makes_of_its_start() {
        let runs = runs();
        let split = runs[0].data.build(&Streams::new(0)).unwrap();
        let (points, inputs) = (&split.unseen.as_ref().unwrap().points, split.train.inputs());
        let mut parts = Shared::plan(&runs);
        for part in [0, 2, 8] {
            parts[part].provide(points, Wanted { inputs: Some(inputs), start: true, ..Wanted::default() });
        }
        assert_eq!(parts[0].passes(), 1);
        let alone = Shared::new(runs[2].model.first_law(), Streams::new(0));
        alone.provide(points, Wanted { start: true, ..Wanted::default() });
        alone.provide(points, Wanted { inputs: Some(inputs), ..Wanted::default() });
        assert_eq!(alone.passes(), 2);
        assert_eq!((alone.start(300), alone.inner_products()), (parts[2].start(300), parts[0].inner_products()));

        let theta = runs[8].model.build(300, 1, &Streams::new(0)).unwrap().theta;
        let (w, mut own) = (ArrayView2::from_shape((5, 300), &theta[..1500]).unwrap(), Array2::zeros((30, 5)));
        parts[8].provide(points, Wanted { own: Some((w, &mut own)), ..Wanted::default() });
        let (factor, products) = parts[8].start(300).unwrap();
        assert!(own.iter().zip(products).all(|(own, product)| (own - factor * product).abs() < 1e-12));
        assert_eq!(parts[8].passes(), 2);

        let held = Arc::downgrade(&parts[0].start);
        parts.retain(|part| part.unit() != parts_unit(&runs[0]));
        assert!(held.upgrade().is_none(), "nobody needs it any more");
        assert!(parts[0].inner_products().is_some(), "runs of the same data remain");
    }

    fn parts_unit(run: &RunConfig) -> Option<FirstLaw> {
        run.model.first_law().map(FirstLaw::unit)
    }

    #[test]
    fn workers_at_a_time_make_a_product_once() {
        let runs = runs();
        let split = runs[0].data.build(&Streams::new(0)).unwrap();
        let points = &split.unseen.as_ref().unwrap().points;
        let parts = Shared::plan(&runs);
        std::thread::scope(|scope| {
            for part in [&parts[0], &parts[2], &parts[8]] {
                scope.spawn(move || part.provide(points, Wanted { start: true, ..Wanted::default() }));
            }
        });
        assert_eq!(parts[0].passes(), 1);
    }
}
