use crate::workshop::{Workshop, root};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use steepest_data::trajectory::Trajectory;

/// What the readers import.
const MODULES: [&str; 4] = ["numpy", "h5py", "xarray", "h5netcdf"];

/// What to do where there is no Python to read with.
const REMEDY: &str = "the tests of other people's readers need python3 with venv and pip \
    (on Debian: apt-get install python3 python3-venv), and a package index that has numpy, h5py, xarray and h5netcdf";

fn imports(python: &Path) -> bool {
    let asked = Command::new(python).args(["-c", &format!("import {}", MODULES.join(", "))]).output();
    asked.is_ok_and(|output| output.status.success())
}

fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|stream| String::from_utf8_lossy(stream)).concat()
}

/// Runs a command of the set-up; says what to install where that fails.
fn set_up(program: &Path, arguments: &[&str]) {
    let run = Command::new(program).args(arguments).output();
    let output = run.unwrap_or_else(|e| panic!("{} does not run ({e}): {REMEDY}", program.display()));
    assert!(output.status.success(), "{} {arguments:?}: {}\n{REMEDY}", program.display(), said(&output));
}

/// A Python of the tests' own in the target folder, made at the first call and kept for the next time.
fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("readers-venv");
        let python = folder.join("bin/python3");
        if !imports(&python) {
            set_up(Path::new("python3"), &["-m", "venv", "--clear", &folder.to_string_lossy()]);
            set_up(&python, &[&["-m", "pip", "install", "--quiet"][..], &MODULES].concat());
        }
        python
    })
}

/// A run that separates, in 31 rows.
fn trajectory() -> (Workshop, PathBuf) {
    let workshop = Workshop::after_small();
    let path = workshop.path("out/small/gd-seed0.h5");
    (workshop, path)
}

/// Runs a script on a file; what it says is one line.
fn read_with(interpreter: &Path, script: &str, file: &Path) -> String {
    let output = Command::new(interpreter).arg(root().join(script)).arg(file).output().expect("the interpreter runs");
    assert!(output.status.success(), "{script}: {}", said(&output));
    assert!(output.stderr.is_empty(), "{script} warns: {}", said(&output));
    String::from_utf8(output.stdout).expect("UTF-8").trim_end().to_owned()
}

/// The line of a reader names the last margin and the separation step of the file, as the house itself reads them.
fn assert_reads(line: &str, file: &Path) {
    let run = Trajectory::open(file).unwrap();
    let margin = run.series("margin_l2").and_then(|m| m.last().copied()).unwrap();
    let separated = run.attribute_integer("separation_step").map_or_else(|| "never".to_owned(), |s| s.to_string());
    let number = line.strip_prefix("margin_l2 ").and_then(|rest| rest.split(' ').next()).and_then(|n| n.parse().ok());
    assert_eq!(number, Some(margin), "{line}");
    assert!(line.ends_with(&format!(" at step 30, separation step: {separated}")), "{line}");
}

#[test]
fn the_h5py_reader_reads_the_last_margin() {
    let (_workshop, file) = trajectory();
    assert_reads(&read_with(python(), "analysis/read_h5py.py", &file), &file);
}

#[test]
fn the_xarray_reader_reads_the_last_margin() {
    let (_workshop, file) = trajectory();
    assert_reads(&read_with(python(), "analysis/read_xarray.py", &file), &file);
}

#[test]
fn readers_say_never_where_a_run_did_not_separate() {
    let workshop = Workshop::with("small.toml", crate::workshop::SMALL);
    workshop.steepest(&["run", "small.toml", "--set", "stop.steps=0"]).success();
    let file = workshop.path("out/small/gd-seed0.h5");
    for script in ["analysis/read_h5py.py", "analysis/read_xarray.py"] {
        let line = read_with(python(), script, &file);
        assert!(line.ends_with("at step 0, separation step: never"), "{script}: {line}");
    }
}

#[test]
fn a_trajectory_opens_in_xarray_without_arguments() {
    let (_workshop, file) = trajectory();
    let n_series = Trajectory::open(&file).unwrap().metrics().len();
    let expected = format!("{n_series} series, 31 rows");
    assert_eq!(read_with(python(), "tests/it/readers/check_xarray.py", &file), expected);
}

#[test]
fn every_axis_has_a_dimension_scale_in_h5py() {
    let (_workshop, file) = trajectory();
    let line = read_with(python(), "tests/it/readers/check_h5py.py", &file);
    assert!(line.ends_with(" datasets"), "{line}");
}

#[test]
fn the_r_reader_reads_the_last_margin_where_r_is_installed() {
    let (_workshop, file) = trajectory();
    let has_r = Command::new("Rscript").args(["-e", "library(hdf5r)"]).output().is_ok_and(|o| o.status.success());
    if has_r {
        assert_reads(&read_with(Path::new("Rscript"), "analysis/read.R", &file), &file);
    } else {
        eprintln!("Rscript with hdf5r is not installed: analysis/read.R was not tried");
    }
}

#[test]
fn readers_are_short_enough_to_be_read() {
    for script in ["read_h5py.py", "read_xarray.py", "read.R", "read.jl"] {
        let text = std::fs::read_to_string(root().join("analysis").join(script)).unwrap();
        let code = text.lines().filter(|line| !line.trim().is_empty() && !line.trim().starts_with('#')).count();
        assert!(code <= 16 && text.contains("separation_step"), "analysis/{script} has {code} lines");
    }
}
