//! Exact maximum margins of linear models: the file `exact_margin.h5` of the golden folder, whose README explains the format.

use crate::golden::{folder, strings};
use hdf5::{File, Group, Result};
use ndarray::Array2;
use steepest_core::{Dataset, Labels};

/// A problem: data, and its maximum margin in several norms.
#[derive(Debug)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// The data, binary or with classes.
    pub data: Dataset,
    /// The maximum margin in each norm.
    pub norms: Vec<Maximum>,
}

/// The maximum margin in one norm, enclosed.
#[derive(Debug)]
pub struct Maximum {
    /// The norm, as [`steepest_norms`] names it.
    pub norm: &'static str,
    /// The margin of the primal, not above the maximum.
    pub lower: f64,
    /// The dual norm of the combination, not below it.
    pub upper: f64,
    /// Weights of norm one, row after row.
    pub primal: Vec<f64>,
    /// One number for each point, or for each pair of a point and a rival class; they sum to one.
    pub dual: Vec<f64>,
}

/// Every case of the file.
///
/// # Errors
/// If the file is not there, or not as its README says.
pub fn cases() -> Result<Vec<Case>> {
    let file = File::open(folder().join("exact_margin.h5"))?;
    strings(&file, "cases")?.iter().map(|name| case(&file.group(name)?, name)).collect()
}

fn case(group: &Group, name: &str) -> Result<Case> {
    let (inputs, y): (Array2<f64>, Vec<f64>) = (group.dataset("X")?.read_2d()?, group.dataset("y")?.read_raw()?);
    let n_classes = group.attr("classes")?.read_scalar::<i64>()? as usize;
    let labels = if n_classes == 0 {
        Labels::Binary(y)
    } else {
        Labels::Classes { classes: y.iter().map(|&c| c as usize).collect(), n_classes }
    };
    let data = Dataset::new(inputs, labels).map_err(|e| e.to_string())?;
    let names = [("l1", "l1"), ("l2", "l2"), ("linf", "linf"), ("fro", "l2"), ("op", "spectral"), ("nuc", "nuclear")];
    let found = names.iter().filter_map(|(theirs, ours)| Some((group.group(theirs).ok()?, *ours)));
    let norms = found.map(|(g, norm)| maximum(&g, norm)).collect::<Result<_>>()?;
    Ok(Case { name: name.to_owned(), data, norms })
}

fn maximum(group: &Group, norm: &'static str) -> Result<Maximum> {
    Ok(Maximum {
        norm,
        lower: group.attr("lower")?.read_scalar()?,
        upper: group.attr("upper")?.read_scalar()?,
        primal: group.dataset("w")?.read_raw()?,
        dual: group.dataset("dual")?.read_raw()?,
    })
}
