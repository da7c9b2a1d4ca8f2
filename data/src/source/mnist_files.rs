//! The four files of MNIST: names, checksums, where they lie.

use crate::error::DataError;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The environment variable that names the folder of all datasets, instead of `datasets` in the working directory.
pub const DATASETS_VARIABLE: &str = "STEEPEST_DATASETS";

/// One of the four files of MNIST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfficialFile {
    /// How its name begins: `train-images`.
    pub stem: &'static str,
    /// Number of axes: 3 for images, 1 for labels.
    pub n_axes: usize,
    /// SHA-256 of the plain file.
    pub sha256: &'static str,
}

/// The four files of MNIST: 60 000 training images and their labels, 10 000 test images and theirs.
pub const OFFICIAL_FILES: [OfficialFile; 4] = [
    OfficialFile {
        stem: "train-images",
        n_axes: 3,
        sha256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    },
    OfficialFile {
        stem: "train-labels",
        n_axes: 1,
        sha256: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    },
    OfficialFile {
        stem: "t10k-images",
        n_axes: 3,
        sha256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    },
    OfficialFile {
        stem: "t10k-labels",
        n_axes: 1,
        sha256: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    },
];

impl OfficialFile {
    /// Its name as the authors published it: `train-images-idx3-ubyte`.
    pub fn name(&self) -> String {
        format!("{}-idx{}-ubyte", self.stem, self.n_axes)
    }

    /// Where it lies in `folder`, under any of its usual names: with a dash or a dot before `idx`, plain or `.gz`.
    pub fn find(&self, folder: &Path) -> Option<PathBuf> {
        let names = ["-", "."].map(|joint| format!("{}{joint}idx{}-ubyte", self.stem, self.n_axes));
        let plain = names.iter().map(|name| folder.join(name));
        let zipped = names.iter().map(|name| folder.join(format!("{name}.gz")));
        plain.chain(zipped).find(|path| path.is_file())
    }
}

/// Where the four files lie in a folder, in the order of [`OFFICIAL_FILES`].
///
/// # Errors
/// [`DataError::MissingMnist`] names the folder, the missing files and what to do.
pub fn find_all(folder: &Path) -> Result<[PathBuf; 4], DataError> {
    let missing = |missing: &str| DataError::MissingMnist {
        folder: folder.to_owned(),
        files: OFFICIAL_FILES.map(|file| file.name()).join(", "),
        missing: missing.to_owned(),
    };
    if !folder.is_dir() {
        return Err(missing("all four (there is no such folder)"));
    }
    match OFFICIAL_FILES.map(|file| file.find(folder)) {
        [Some(a), Some(b), Some(c), Some(d)] => Ok([a, b, c, d]),
        [None, None, None, None] => Err(missing("all four")),
        found => {
            let absent = OFFICIAL_FILES.iter().zip(found).filter(|(_, path)| path.is_none());
            Err(missing(&absent.map(|(file, _)| file.name()).collect::<Vec<_>>().join(", ")))
        }
    }
}

/// Where MNIST is looked for unless a folder is named: `mnist` in the folder that [`DATASETS_VARIABLE`] names, or
/// `datasets/mnist`.
pub fn default_folder() -> PathBuf {
    folder_under(std::env::var_os(DATASETS_VARIABLE))
}

fn folder_under(root: Option<OsString>) -> PathBuf {
    let root = root.filter(|root| !root.is_empty()).unwrap_or_else(|| "datasets".into());
    PathBuf::from(root).join("mnist")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_names_another_root() {
        assert_eq!(folder_under(None), Path::new("datasets/mnist"));
        assert_eq!(folder_under(Some("".into())), Path::new("datasets/mnist"));
        assert_eq!(folder_under(Some("/srv/sets".into())), Path::new("/srv/sets/mnist"));
    }

    #[test]
    fn all_usual_names_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            "train-images-idx3-ubyte.gz",
            "train-labels.idx1-ubyte",
            "t10k-images.idx3-ubyte.gz",
            "t10k-labels-idx1-ubyte",
        ];
        for name in names {
            std::fs::write(folder.path().join(name), b"").unwrap();
        }
        assert_eq!(find_all(folder.path()).unwrap(), names.map(|name| folder.path().join(name)));
    }

    #[test]
    fn what_is_missing_is_named_with_what_to_do() {
        let text = find_all(Path::new("no/such/folder")).unwrap_err().to_string();
        assert!(text.contains("no/such/folder") && text.contains("there is no such folder"), "{text}");
        assert!(OFFICIAL_FILES.iter().all(|file| text.contains(&file.name())), "{text}");
        assert!(text.contains("steepest data fetch mnist") && text.contains("--set data.folder="), "{text}");

        let folder = tempfile::tempdir().unwrap();
        assert!(find_all(folder.path()).unwrap_err().to_string().contains("missing there: all four;"));
        std::fs::write(folder.path().join("train-images-idx3-ubyte"), b"").unwrap();
        let text = find_all(folder.path()).unwrap_err().to_string();
        assert!(
            text.contains("missing there: train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte;")
        );
    }
}
