use assert_cmd::assert::Assert;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use steepest_data::trajectory::Trajectory;
use tempfile::TempDir;

/// GD, SD and CD on 30 small digits, two seeds, 30 steps: a fraction of a second.
pub(crate) const SMALL: &str = r#"
title = "Two digits"
seeds = [0, 1]

[data]
kind = "uci_digits"
n_train = 30

[model]
kind = "mlp"
hidden = [8]

[loss]
kind = "logistic"

[stop]
steps = 30

[[run]]
name = "GD"
optimizer = { kind = "steepest", norm = "l2" }
step = { size = 0.03 }

[[run]]
name = "SD"
optimizer = { kind = "steepest", norm = "linf" }
step = { size = 3e-3, scale = "normalized" }

[[run]]
name = "CD"
optimizer = { kind = "steepest", norm = "l1" }
step = { size = 3e-2 }
"#;

/// The files of [`SMALL`], in its order.
pub(crate) const SMALL_FILES: [&str; 6] =
    ["gd-seed0.h5", "gd-seed1.h5", "sd-seed0.h5", "sd-seed1.h5", "cd-seed0.h5", "cd-seed1.h5"];

/// How long a test waits for something that takes a moment, on a machine with other work to do.
const PATIENCE: Duration = Duration::from_mins(2);

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    let Some(root) = Path::new(env!("CARGO_MANIFEST_DIR")).parent() else { panic!("tests/ lies in the workspace") };
    root
}

/// The binary, built at the first call in the profile of the tests themselves. What does not build is not tried again.
fn binary() -> &'static Path {
    static BINARY: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BINARY.get_or_init(build).as_deref().unwrap_or_else(|e| panic!("the program does not build: {e}"))
}

fn build() -> Result<PathBuf, String> {
    let profile: &[&str] = if cfg!(debug_assertions) { &[] } else { &["--release"] };
    let output = Command::new(env!("CARGO"))
        .args(["build", "-q", "--workspace", "--bin", "steepest"])
        .args(["--message-format", "json-render-diagnostics"])
        .args(profile)
        .current_dir(root())
        .output()
        .map_err(|e| format!("cargo does not run: {e}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    said.lines().find_map(executable).ok_or_else(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

/// The path in cargo's message about a finished binary.
fn executable(message: &str) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    Some(PathBuf::from(message["executable"].as_str()?))
}

/// An empty folder in which the program runs, so that it finds no dataset and leaves nothing behind.
pub(crate) struct Workshop {
    folder: TempDir,
}

impl Workshop {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A folder with one file in it.
    pub(crate) fn with(name: &str, text: &str) -> Self {
        let workshop = Self::new();
        workshop.write(name, text);
        workshop
    }

    /// A folder in which [`SMALL`] was run, into `out/small`.
    pub(crate) fn after_small() -> Self {
        let workshop = Self::with("small.toml", SMALL);
        workshop.steepest(&["run", "small.toml"]).success();
        workshop
    }

    /// A path inside.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), text).expect("a file in a temporary folder");
    }

    /// Reads a file.
    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// Reads a trajectory.
    pub(crate) fn trajectory(&self, name: &str) -> Trajectory {
        Trajectory::open(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// The program in this folder, to be given arguments; no dataset of this machine is in its reach.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(binary());
        command.current_dir(&self.folder).env_remove("STEEPEST_DATASETS");
        command
    }

    /// Runs the program to its end. Whatever it was asked, it must not panic.
    pub(crate) fn steepest(&self, arguments: &[&str]) -> Assert {
        let output = self.command().args(arguments).output().expect("the program starts");
        assert!(!stderr(&output).contains("panicked"), "steepest {arguments:?} panics: {}", stderr(&output));
        Assert::new(output).append_context("arguments", format!("{arguments:?}"))
    }
}

/// Standard output as text.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8 on standard output")
}

/// Standard error as text.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8 on standard error")
}

/// Looks again and again until something is there; gives up after a long time.
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "waited {} s in vain for {what}", PATIENCE.as_secs());
        std::thread::yield_now();
    }
}
