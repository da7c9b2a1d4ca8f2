//! Golden trajectories: files made by independent programs in double precision, and in hundreds of digits.
//!
//! The folder is named by the environment variable `STEEPEST_GOLDEN`, default `tests/golden`; its README explains the format.

use hdf5::types::FixedAscii;
use hdf5::{File, Group, H5Type, Location, Result};
use ndarray::{Array1, Array2, ArrayD};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use steepest_core::loss::{CrossEntropy, Exponential, Logistic};
use steepest_core::{Dataset, HomogeneousModel, Labels, Loss, Reduction};
use steepest_models::{Activation, Mlp};

/// The folder of golden files.
pub fn folder() -> PathBuf {
    std::env::var_os("STEEPEST_GOLDEN")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("golden"), PathBuf::from)
}

/// Every trajectory file of the folder, sorted by name.
///
/// # Panics
/// If the folder cannot be read.
pub fn trajectory_files() -> Vec<PathBuf> {
    let folder = folder();
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("golden folder {}: {e}", folder.display()));
    let mut files: Vec<PathBuf> =
        entries.filter_map(|e| e.ok().map(|e| e.path())).filter(|p| is_trajectory(p)).collect();
    files.sort();
    files
}

fn is_trajectory(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "h5") && File::open(path).is_ok_and(|f| f.link_exists("runs_list"))
}

/// A golden file: a problem, and runs on it.
#[derive(Debug)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// The data.
    pub data: Dataset,
    /// The model, frozen layers included.
    pub model: Mlp,
    /// The loss.
    pub loss: Box<dyn Loss>,
    /// The initial trained parameters.
    pub theta: Vec<f64>,
    /// Whether gradients are those of ln L.
    pub log_domain: bool,
    /// Number of steps.
    pub steps: u64,
    /// Steps at which theta is stored.
    pub snapshot_steps: Vec<u64>,
    /// Names of the columns of each run's series.
    pub columns: Vec<String>,
    /// The runs.
    pub runs: Vec<Run>,
}

/// One run of a case.
#[derive(Debug)]
pub struct Run {
    /// Its name.
    pub name: String,
    /// Its algorithm.
    pub algorithm: String,
    /// Its learning rate.
    pub learning_rate: f64,
    /// Its hyperparameters by name.
    pub parameters: BTreeMap<String, f64>,
    /// One row for each step 0 ..= steps.
    pub series: Array2<f64>,
    /// theta at the snapshot steps.
    pub theta: Array2<f64>,
    /// The gradient at the snapshot steps, of ln L in the log domain.
    pub gradient: Array2<f64>,
    /// Sign and ln |.| of the gradient of ln L in exact arithmetic, where the file has them.
    pub graded: Option<(Array2<f64>, Array2<f64>)>,
}

impl Case {
    /// Reads a file.
    ///
    /// # Errors
    /// If it is no golden file.
    pub fn read(path: &Path) -> Result<Self> {
        let file = File::open(path)?;
        let layers: usize = integer(&file, "layers")?;
        let weights = (1..=layers).map(|l| read::<f64>(&file, &format!("init/W{l}"))).collect::<Result<Vec<_>>>()?;
        let trained = file.attr("trained")?.read_1d::<i64>()?;
        let (inputs, y) = (file.dataset("X")?.read_2d::<f64>()?, file.dataset("y")?.read_1d::<f64>()?);
        let (labels, loss) = labels_and_loss(&file, &y)?;
        let data = Dataset::new(inputs, labels).map_err(|e| e.to_string())?;
        let model = model(&file, &data, &weights, &trained)?;
        let theta =
            weights.iter().zip(&trained).filter(|(_, t)| **t == 1).flat_map(|(w, _)| w.iter().copied()).collect();
        let names = strings(&file, "runs_list")?;
        let runs =
            names.iter().map(|name| Run::read(&file.group(&format!("runs/{name}"))?, name)).collect::<Result<_>>()?;
        Ok(Self {
            name: string(&file, "case")?,
            log_domain: integer(&file, "log_domain")? == 1,
            steps: integer(&file, "steps")? as u64,
            snapshot_steps: read::<i64>(&file, "snapshot_steps")?.iter().map(|&s| s as u64).collect(),
            columns: strings(&file, "columns")?,
            data,
            model,
            loss,
            theta,
            runs,
        })
    }

    /// The position of a column, if the file has it.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c == name)
    }
}

impl Run {
    fn read(group: &Group, name: &str) -> Result<Self> {
        let graded = match group.dataset("grad_ln_abs") {
            Ok(ln) => Some((group.dataset("grad_sign")?.read_2d()?, ln.read_2d()?)),
            Err(_) => None,
        };
        Ok(Self {
            name: name.to_owned(),
            algorithm: string(group, "algorithm")?,
            learning_rate: group.attr("lr")?.read_scalar()?,
            parameters: parameters(group),
            series: group.dataset("series")?.read_2d()?,
            theta: group.dataset("theta")?.read_2d()?,
            gradient: group.dataset("grad")?.read_2d()?,
            graded,
        })
    }
}

/// Every numerical attribute of a run.
fn parameters(group: &Group) -> BTreeMap<String, f64> {
    let names = group.attr_names().unwrap_or_default();
    names.into_iter().filter_map(|name| Some((name.clone(), group.attr(&name).ok()?.read_scalar().ok()?))).collect()
}

fn labels_and_loss(file: &File, y: &Array1<f64>) -> Result<(Labels, Box<dyn Loss>)> {
    let reduction = if string(file, "reduction")? == "mean" { Reduction::Mean } else { Reduction::Sum };
    Ok(match string(file, "loss")?.as_str() {
        "exp" => (Labels::Binary(y.to_vec()), Box::new(Exponential::new(reduction))),
        "logistic" => (Labels::Binary(y.to_vec()), Box::new(Logistic::new(reduction))),
        "ce" => {
            let classes: Vec<usize> = y.iter().map(|&c| c as usize).collect();
            let n_classes = classes.iter().max().map_or(0, |c| c + 1);
            (Labels::Classes { classes, n_classes }, Box::new(CrossEntropy::new(reduction)))
        }
        other => return Err(format!("unknown loss {other}").into()),
    })
}

fn model(file: &File, data: &Dataset, weights: &[ArrayD<f64>], trained: &Array1<i64>) -> Result<Mlp> {
    let rows = |w: &ArrayD<f64>| if w.ndim() == 1 { 1 } else { w.shape()[0] };
    let hidden: Vec<usize> = weights[..weights.len() - 1].iter().map(rows).collect();
    let activation = match string(file, "activation")?.as_str() {
        "relu" | "none" => Activation::Relu,
        "leaky" => Activation::LeakyRelu { slope: file.attr("slope")?.read_scalar()? },
        "sqrelu" => Activation::ReluPower { power: 2 },
        other => return Err(format!("unknown activation {other}").into()),
    };
    let n_outputs = rows(&weights[weights.len() - 1]);
    let frozen = weights.iter().zip(trained).enumerate().filter(|(_, (_, t))| **t == 0).map(|(l, (w, _))| {
        let shape = (rows(w), w.len() / rows(w));
        (l + 1, Array2::from_shape_vec(shape, w.iter().copied().collect()).unwrap_or_default())
    });
    let model = Mlp::new(data.n_features(), &hidden, n_outputs, activation).and_then(|m| m.with_frozen(frozen));
    let model = model.map_err(|e| e.to_string())?;
    let degree: usize = integer(file, "degree")?;
    if model.degree().get() as usize == degree { Ok(model) } else { Err(format!("degree {degree} expected").into()) }
}

fn read<T: H5Type>(file: &File, name: &str) -> Result<ArrayD<T>> {
    file.dataset(name)?.read_dyn()
}

fn integer(location: &Location, name: &str) -> Result<usize> {
    Ok(location.attr(name)?.read_scalar::<i64>()? as usize)
}

fn string(location: &Location, name: &str) -> Result<String> {
    Ok(location.attr(name)?.read_scalar::<FixedAscii<64>>()?.to_string())
}

pub(crate) fn strings(file: &File, name: &str) -> Result<Vec<String>> {
    Ok(file.dataset(name)?.read_1d::<FixedAscii<64>>()?.iter().map(ToString::to_string).collect())
}
