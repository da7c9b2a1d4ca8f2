use crate::workshop::{SMALL, SMALL_FILES, Workshop};
use hdf5::types::TypeDescriptor;
use hdf5::{Dataset, Group, H5Type};
use std::collections::BTreeMap;

/// The only dataset that may differ between two runs of the same experiment.
pub(crate) const TIMING: &str = "/wall_seconds";

/// The values of every dataset of a file, below all groups, as bits.
pub(crate) fn datasets(workshop: &Workshop, name: &str) -> BTreeMap<String, Vec<u64>> {
    let file = hdf5::File::open(workshop.path(name)).unwrap();
    let mut found = BTreeMap::new();
    let mut groups: Vec<Group> = vec![file.group("/").unwrap()];
    while let Some(group) = groups.pop() {
        for dataset in group.datasets().unwrap() {
            found.insert(dataset.name(), bits(&dataset));
        }
        groups.extend(group.groups().unwrap());
    }
    found
}

fn bits(dataset: &Dataset) -> Vec<u64> {
    fn raw<T: H5Type>(dataset: &Dataset, bits: impl Fn(T) -> u64) -> Vec<u64> {
        dataset.read_raw::<T>().unwrap().into_iter().map(bits).collect()
    }
    match dataset.dtype().unwrap().to_descriptor().unwrap() {
        TypeDescriptor::Integer(_) => raw::<i64>(dataset, i64::cast_unsigned),
        TypeDescriptor::Float(_) => raw::<f64>(dataset, f64::to_bits),
        other => panic!("{} holds {other:?}, which not every reader knows", dataset.name()),
    }
}

/// The small experiment into a folder of its own.
fn run(workshop: &Workshop, out: &str, how: &[&str]) {
    workshop.steepest(&[&["run", "small.toml", "--out", out][..], how].concat()).success();
}

/// Two folders hold the same runs, to the last bit.
fn assert_same(workshop: &Workshop, a: &str, b: &str) {
    for file in SMALL_FILES {
        let [left, right] = [a, b].map(|out| format!("{out}/small/{file}"));
        let (one, other) = (datasets(workshop, &left), datasets(workshop, &right));
        assert!(one.keys().eq(other.keys()), "{left} and {right} hold different datasets");
        assert!(one.len() > 30 && one.contains_key("/samples/margins") && one.contains_key("/parameters/W1"));
        for (name, values) in one.iter().filter(|(name, _)| *name != TIMING) {
            assert!(*values == other[name], "{name} differs between {left} and {right}");
        }
        let (one, other) = (workshop.trajectory(&left), workshop.trajectory(&right));
        assert_eq!(one.attributes(), other.attributes());
        assert_eq!((one.events(), one.config_resolved()), (other.events(), other.config_resolved()));
    }
    for figure in ["margins.svg", "margins.csv", "margins.png"] {
        let [left, right] = [a, b].map(|out| workshop.read(&format!("{out}/small/{figure}")));
        assert!(left == right, "{figure} differs between {a} and {b}");
    }
}

#[test]
fn runs_at_a_time_change_no_bit() {
    let workshop = Workshop::with("small.toml", SMALL);
    run(&workshop, "one", &["--jobs", "1"]);
    run(&workshop, "two", &["--jobs", "2"]);
    assert_same(&workshop, "one", "two");
}

#[test]
fn each_linear_algebra_repeats_itself() {
    let workshop = Workshop::with("small.toml", SMALL);
    for library in ["faer", "openblas"] {
        let [first, second] = ["first", "second"].map(|time| format!("{library}-{time}"));
        run(&workshop, &first, &["--linalg", library]);
        run(&workshop, &second, &["--linalg", library]);
        assert_same(&workshop, &first, &second);
        let made_by = workshop.trajectory(&format!("{first}/small/gd-seed0.h5"));
        let name =
            made_by.provenance().iter().find(|(name, _)| name == "linear_algebra").map(|(_, value)| value.as_str());
        assert_eq!(name, Some(library), "the file says which library made it");
    }
}

#[test]
fn seeds_are_streams_of_their_own() {
    let workshop = Workshop::with("small.toml", SMALL);
    run(&workshop, "both", &[]);
    run(&workshop, "second", &["--set", "seeds=[1]"]);
    let [left, right] = ["both", "second"].map(|out| datasets(&workshop, &format!("{out}/small/sd-seed1.h5")));
    for (name, values) in left.iter().filter(|(name, _)| *name != TIMING) {
        assert!(*values == right[name], "{name} of seed 1 depends on the other seeds");
    }
    let other = datasets(&workshop, "both/small/sd-seed0.h5");
    for name in ["/data/train_indices", "/parameters/W1", "/samples/margins"] {
        assert!(left[name] != other[name], "{name} is the same for seeds 0 and 1");
    }
}
