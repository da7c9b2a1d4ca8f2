use crate::workshop::root;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// The fixed members, as the workspace lists them.
const MEMBERS: [&str; 8] = ["core", "norms", "models", "data", "optim", "cli", "bench", "tests"];

/// The four catalogues, which do not know each other.
const SIBLINGS: [&str; 4] = ["norms", "models", "data", "optim"];

/// Crates of the outside world, and the members that may name them.
const OWNED: [(&[&str], &[&str]); 3] = [
    (&["openblas-src", "ndarray-linalg", "faer", "pulp"], &["core"]),
    (&["hdf5", "hdf5-sys"], &["data", "tests"]),
    (&["clap", "clap_complete", "rayon", "indicatif"], &["cli"]),
];

/// Longer files are to be taken apart.
const MOST_LINES: usize = 400;

/// The tables of dependencies that a manifest may have; a target may have each of them again.
const KINDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

fn parse(path: &Path) -> Table {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.parse().unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn manifests() -> BTreeMap<&'static str, Table> {
    MEMBERS.iter().map(|member| (*member, parse(&root().join(member).join("Cargo.toml")))).collect()
}

/// The dependencies of a manifest that stand in tables of these kinds, targets included.
fn dependencies(manifest: &Table, kinds: &[&str]) -> Vec<(String, Value)> {
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    let places = std::iter::once(manifest).chain(targets.filter_map(Value::as_table));
    let tables = places.flat_map(|place| kinds.iter().filter_map(|kind| place.get(*kind)?.as_table()));
    tables.flatten().map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The siblings and other members among the dependencies that count for the layering: all but those of tests.
fn house(manifest: &Table) -> Vec<String> {
    let names = dependencies(manifest, &["dependencies", "build-dependencies"]).into_iter().map(|(name, _)| name);
    names.filter(|name| name.starts_with("steepest")).collect()
}

fn is_inherited(value: Option<&Value>) -> bool {
    value.and_then(|v| v.get("workspace")).and_then(Value::as_bool) == Some(true)
}

#[test]
fn the_workspace_has_its_eight_members() {
    let workspace = parse(&root().join("Cargo.toml"));
    let members: Vec<&str> =
        workspace["workspace"]["members"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(members, MEMBERS);
    for (member, manifest) in manifests() {
        assert_eq!(manifest["package"]["name"].as_str(), Some(format!("steepest-{member}").as_str()));
    }
}

#[test]
fn catalogues_know_the_core_and_not_each_other() {
    let manifests = manifests();
    assert_eq!(house(&manifests["core"]), Vec::<String>::new(), "core knows nobody");
    for sibling in SIBLINGS {
        assert_eq!(house(&manifests[sibling]), ["steepest-core"], "{sibling} knows more of the house than core");
    }
}

#[test]
fn nobody_depends_on_bench_or_tests() {
    for (member, manifest) in manifests() {
        for (name, _) in dependencies(&manifest, &KINDS) {
            assert!(name != "steepest-bench" && name != "steepest-tests", "{member} depends on {name}");
        }
    }
}

#[test]
fn heavy_crates_are_named_by_their_owners_alone() {
    for (member, manifest) in manifests() {
        for (name, _) in dependencies(&manifest, &KINDS) {
            for (crates, owners) in OWNED {
                let is_free = !crates.contains(&name.as_str()) || owners.contains(&member);
                assert!(is_free, "{member} names {name}, which belongs to {owners:?}");
            }
        }
    }
}

#[test]
fn members_inherit_from_the_workspace() {
    for (member, manifest) in manifests() {
        for key in ["edition", "license", "version", "rust-version"] {
            assert!(is_inherited(manifest["package"].get(key)), "{member} does not inherit `{key}`");
        }
        assert!(is_inherited(manifest.get("lints")), "{member} does not inherit the lints");
        for (name, value) in dependencies(&manifest, &KINDS) {
            assert!(is_inherited(Some(&value)), "{member}: write `{name}.workspace = true`");
        }
    }
}

/// Crates that are no members and keep the same rules.
const OUTSIDE: [&str; 2] = ["examples/outside-norm/src", "examples/outside-norm/tests"];

/// Every Rust source of the members and of the examples.
fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = MEMBERS.iter().chain(&OUTSIDE).map(|folder| root().join(folder)).collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(found.len() > 50, "only {} sources found", found.len());
    found
}

fn name(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// `FILE:LINE` of every line of code, comments taken off, that holds one of the words; `is_free` leaves files out.
fn places(words: &[&str], is_free: impl Fn(&str) -> bool) -> String {
    let mut found = String::new();
    for path in sources().iter().filter(|path| !is_free(&name(path))) {
        let text = std::fs::read_to_string(path).unwrap();
        for (k, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or("");
            if words.iter().any(|word| code.contains(word)) {
                writeln!(found, "{}:{}", name(path), k + 1).unwrap();
            }
        }
    }
    found
}

#[test]
fn source_files_are_short() {
    let mut long = String::new();
    for path in sources() {
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        if lines >= MOST_LINES {
            writeln!(long, "{} has {lines} lines", name(&path)).unwrap();
        }
    }
    assert!(long.is_empty(), "files of {MOST_LINES} lines or more:\n{long}");
}

/// Otherwise a loop may become a function of its own, compiled without the instructions that it was dispatched for.
#[test]
fn vectorized_loops_are_inlined_where_they_are_dispatched() {
    let mut n_loops = 0;
    for path in sources() {
        let text = std::fs::read_to_string(&path).unwrap();
        for (at, call) in text.match_indices(concat!("vectorized", "(")) {
            let loop_ = text[at + call.len()..].trim_start();
            assert!(loop_.starts_with("#[inline(always)]"), "{}: {}", name(&path), loop_.lines().next().unwrap());
            n_loops += 1;
        }
    }
    assert!(n_loops > 20, "found {n_loops}");
}

#[test]
fn exponentials_live_in_the_log_domain_alone() {
    // put together, so that this file does not hold the words itself
    let words = [concat!(".exp", "()"), concat!(".exp", "_m1()"), concat!(".exp", "2()"), concat!("f64::", "exp")];
    let found = places(&words, |file| file == "core/src/logspace.rs");
    assert!(found.is_empty(), "exponentials outside core/src/logspace.rs:\n{found}");
    assert!(!places(&words, |file| file != "core/src/logspace.rs").is_empty(), "the search finds what is there");
}

#[test]
fn printing_is_left_to_the_output_module() {
    let words = [concat!("print", "ln!("), concat!("eprint", "!("), concat!(" print", "!(")];
    let is_test = |file: &str| {
        let parts = file.split('/').collect::<Vec<_>>();
        ["bench", "tests"].contains(&parts[0]) || parts.contains(&"tests") || file.ends_with("_tests.rs")
    };
    let found = places(&words, |file| is_test(file) || file == "cli/src/output.rs");
    assert!(found.is_empty(), "printing outside cli/src/output.rs:\n{found}");
}
