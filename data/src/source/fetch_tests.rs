//! Tests of the fetch with a shell script in place of python and small files in place of MNIST: no network.

use super::*;
use std::fs;

/// Four files whose contents are `a`, `b`, `c` and `d`.
const WANTED: [OfficialFile; 4] = [
    OfficialFile {
        stem: "train-images",
        n_axes: 3,
        sha256: "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
    },
    OfficialFile {
        stem: "train-labels",
        n_axes: 1,
        sha256: "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d",
    },
    OfficialFile {
        stem: "t10k-images",
        n_axes: 3,
        sha256: "2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6",
    },
    OfficialFile {
        stem: "t10k-labels",
        n_axes: 1,
        sha256: "18ac3e7343f016890c510e93f935261169d9e3f565436429830faf0934f4f8e4",
    },
];

/// A script that answers `-m pip --version` and leaves files of these contents at the next call, then fails like pip.
fn python(folder: &Path, contents: &str) -> String {
    let script = folder.join("python.sh");
    let text = format!(
        "test \"$3\" = --version && exit 0\nmkdir -p \"$TMPDIR/build/x\"\n\
         for c in {contents}; do printf $c > \"$TMPDIR/build/x/$c.idx3-ubyte\"; done\necho 'ERROR: stray entries' >&2\nexit 1\n"
    );
    fs::write(&script, text).unwrap();
    script.to_string_lossy().into_owned()
}

fn run(python: &[&str], wanted: &[OfficialFile], folder: &Path) -> (Result<FetchReport, DataError>, Vec<String>) {
    let mut said = Vec::new();
    let result = Fetch { python, wanted, folder }.run(&mut |sentence| said.push(sentence.to_owned()));
    (result, said)
}

#[test]
fn files_are_checked_named_and_fetched_once() {
    let folder = tempfile::tempdir().unwrap();
    let script = python(folder.path(), "d b x c a");
    let target = folder.path().join("new/mnist");
    let (report, said) = run(&["sh", &script], &WANTED, &target);
    let report = report.unwrap();
    assert!(!report.already_there && said.len() == 3, "{said:?}");
    assert_eq!(report.files, WANTED.map(|file| target.join(file.name())));
    assert_eq!(report.files.iter().map(|path| fs::read_to_string(path).unwrap()).collect::<String>(), "abcd");
    assert_eq!(fs::read_dir(&target).unwrap().count(), 4, "the scratch folder is gone");

    let (report, said) = run(&["no-such-program"], &WANTED, &target);
    assert!(report.unwrap().already_there);
    assert!(said[0].contains("already in"), "{said:?}");
}

#[test]
fn a_wrong_sum_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let script = python(folder.path(), "b x");
    let target = folder.path().join("mnist");
    let text = run(&["sh", &script], &WANTED, &target).0.unwrap_err().to_string();
    assert!(text.contains("none of the 2 files downloaded has the SHA-256 sum of train-images-idx3-ubyte"), "{text}");
    assert!(text.contains("put the four files into") && text.contains("t10k-labels-idx1-ubyte"), "{text}");
    assert_eq!(fs::read_dir(&target).unwrap().count(), 0);
}

#[test]
fn no_python_no_pip_and_no_network_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("mnist");
    let text = |python: &[&str]| run(python, &WANTED, &target).0.unwrap_err().to_string();
    assert!(
        text(&["no-such-program"]).contains("`no-such-program -m pip --version`: no-such-program could not be started")
    );
    let script = folder.path().join("broken.sh");
    let path = script.to_string_lossy().into_owned();
    fs::write(&script, "echo 'No module named pip' >&2; exit 1").unwrap();
    assert!(text(&["sh", &path]).contains("there is no pip (No module named pip)"));
    fs::write(&script, "test \"$3\" = --version && exit 0\necho 'ERROR: no route' >&2; echo later >&2; exit 1")
        .unwrap();
    assert!(text(&["sh", &path]).contains("is there a network? pip said: ERROR: no route"));
}

#[test]
fn somebodys_file_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("train-labels-idx1-ubyte");
    fs::write(&path, "mine").unwrap();
    let text = run(&["no-such-program"], &WANTED, folder.path()).0.unwrap_err().to_string();
    assert!(text.contains("is there with another content; move it away first"), "{text}");
    assert_eq!(fs::read(&path).unwrap(), b"mine");
}
