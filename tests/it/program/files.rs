use crate::workshop::{SMALL, SMALL_FILES, Workshop, stderr};
use predicates::prelude::*;
use predicates::str::contains;
use std::collections::BTreeMap;
use std::time::SystemTime;

/// The bytes and the time of the last change of each trajectory of the small experiment.
fn trajectories(workshop: &Workshop) -> BTreeMap<&'static str, (Vec<u8>, SystemTime)> {
    let state = |file| {
        let name = format!("out/small/{file}");
        (workshop.read(&name), std::fs::metadata(workshop.path(&name)).unwrap().modified().unwrap())
    };
    SMALL_FILES.iter().map(|file| (*file, state(file))).collect()
}

/// Says that the run in a file has not ended, as a kill would leave it.
fn unfinish(workshop: &Workshop, name: &str) {
    let file = hdf5::File::open_rw(workshop.path(name)).unwrap();
    file.attr("finished").unwrap().write_scalar(&0_i64).unwrap();
    file.close().unwrap();
}

#[test]
fn what_is_done_is_not_done_again() {
    let workshop = Workshop::after_small();
    let before = trajectories(&workshop);
    std::fs::remove_file(workshop.path("out/small/margins.svg")).unwrap();
    let again = workshop.steepest(&["run", "small.toml"]).success().stdout("out/small\n");
    again.stderr(contains("6 of 6 runs are there already, finished and identical"));
    assert!(trajectories(&workshop) == before, "a finished run was written again");
    assert!(workshop.path("out/small/margins.svg").exists(), "the figure is drawn from what is there");
}

#[test]
fn another_seed_leaves_the_others_alone() {
    let workshop = Workshop::after_small();
    let before = trajectories(&workshop);
    let more = workshop.steepest(&["run", "small.toml", "--set", "seeds=[0,1,2]"]).success();
    more.stderr(contains("6 of 9 runs are there already"));
    assert!(trajectories(&workshop) == before);
    assert!(workshop.trajectory("out/small/sd-seed2.h5").is_finished());
}

#[test]
fn another_experiment_in_the_same_folder_is_refused() {
    let workshop = Workshop::after_small();
    let before = trajectories(&workshop);
    let refused = workshop.steepest(&["run", "small.toml", "--set", "stop.steps=31"]).code(1).stdout("");
    refused.stderr(contains("out/small/gd-seed0.h5").and(contains("--out")).and(contains("--force")));
    assert!(trajectories(&workshop) == before, "a refused request changed a file");

    workshop.steepest(&["run", "small.toml", "--set", "stop.steps=31", "--out", "other"]).success();
    assert_eq!(workshop.trajectory("other/small/gd-seed0.h5").n_rows(), 32);
}

#[test]
fn force_does_everything_again() {
    let workshop = Workshop::after_small();
    let before = trajectories(&workshop);
    let forced = workshop.steepest(&["run", "small.toml", "--set", "stop.steps=31", "--force"]).success();
    forced.stderr(contains("there already").not());
    for (file, state) in trajectories(&workshop) {
        assert_eq!(workshop.trajectory(&format!("out/small/{file}")).n_rows(), 32);
        assert!(state != before[file], "{file} was left as it was");
    }
}

#[test]
fn an_unfinished_run_is_done_again() {
    let workshop = Workshop::after_small();
    unfinish(&workshop, "out/small/sd-seed1.h5");
    assert!(!workshop.trajectory("out/small/sd-seed1.h5").is_finished());
    let before = trajectories(&workshop);
    let again = workshop.steepest(&["run", "small.toml"]).success().stderr(contains("5 of 6 runs are there already"));
    let after = trajectories(&workshop);
    let changed: Vec<&str> = SMALL_FILES.into_iter().filter(|file| before[file] != after[file]).collect();
    assert_eq!(changed, ["sd-seed1.h5"]);
    assert!(workshop.trajectory("out/small/sd-seed1.h5").is_finished());
    let table = stderr(again.get_output());
    assert!(table.contains("SD") && !table.contains("GD"), "the table is of the runs that were done: {table}");
}

#[test]
fn a_file_without_content_is_done_again() {
    let workshop = Workshop::after_small();
    workshop.write("out/small/cd-seed0.h5", "");
    workshop.steepest(&["run", "small.toml"]).success().stderr(contains("5 of 6 runs are there already"));
    assert!(workshop.trajectory("out/small/cd-seed0.h5").is_finished());
}

#[test]
fn a_damaged_file_is_in_the_way_until_somebody_decides() {
    let workshop = Workshop::after_small();
    let name = "out/small/cd-seed0.h5";
    let half = workshop.read(name);
    workshop.write(name, &half[..half.len() / 2]);
    let refused = workshop.steepest(&["run", "small.toml"]).code(1).stdout("");
    refused.stderr(contains(name).and(contains("in the way")).and(contains("--out")).and(contains("--force")));
    assert_eq!(workshop.read(name).len(), half.len() / 2, "nothing is lost without --force");
    workshop.steepest(&["inspect", name]).code(1).stderr(contains(name));
    workshop.steepest(&["run", "small.toml", "--force"]).success();
    assert!(workshop.trajectory(name).is_finished());
}

#[test]
fn two_runs_of_one_name_are_refused_before_anything_is_written() {
    let workshop = Workshop::with("twice.toml", &SMALL.replace("\"SD\"", "\"gd\""));
    let refused = workshop.steepest(&["run", "twice.toml"]).code(2);
    refused.stderr(contains("two runs would write gd-seed0.h5").and(contains("a name of its own")));
    assert!(!workshop.path("out").exists());
}
