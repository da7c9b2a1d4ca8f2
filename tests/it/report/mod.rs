use crate::workshop::{SMALL, Workshop, root, stderr, stdout};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

/// A name that would break out of a page that does not watch what it writes.
const HOSTILE: &str = "CD </script><script>alert(1)</script> & <b>";

/// A folder with six runs, one name of them hostile, and the page made of it.
fn reported() -> (Workshop, String) {
    let workshop = Workshop::with("small.toml", &SMALL.replace("\"CD\"", &format!("\"{HOSTILE}\"")));
    workshop.steepest(&["run", "small.toml"]).success();
    let done = workshop.steepest(&["plot", "out/small", "--html", "page.html"]).success();
    assert_eq!(stdout(done.get_output()).trim(), "page.html");
    let page = String::from_utf8(workshop.read("page.html")).unwrap();
    (workshop, page)
}

/// The page without what stands in its scripts.
fn without_scripts(page: &str) -> String {
    let mut parts = page.split("<script").peekable();
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str(part.split_once("</script>").expect("scripts end").1);
    }
    kept
}

/// The numbers of the chart.
fn numbers(page: &str) -> Value {
    let (_, begun) = page.split_once("id=\"numbers\">").expect("numbers");
    serde_json::from_str(begun.split_once("</script>").expect("an end").0).expect("JSON")
}

#[test]
fn a_page_loads_nothing() {
    let (_workshop, page) = reported();
    let visible = without_scripts(&page);
    for load in [" src=", "href=\"http", "href='http", "@import", "url(http", "url(//", "<iframe", "<object", "<base"] {
        assert!(!visible.contains(load), "the page has {load}");
    }
    assert_eq!(visible.matches("<link").count(), 1, "the empty icon");
    for call in ["fetch(", "XMLHttpRequest", "WebSocket", "import(", "sendBeacon"] {
        assert!(!page.contains(call), "a script calls {call}");
    }
    assert!(page.contains(
        "content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:;"
    ));
}

#[test]
fn a_page_holds_every_run_with_its_configuration_and_provenance() {
    let (workshop, page) = reported();
    let visible = without_scripts(&page);
    assert!(!page.contains("<script>alert(1)") && visible.contains("CD &lt;/script&gt;"), "a hostile name is text");
    assert_eq!(visible.matches("<details id=\"run-small-").count(), 6);
    assert_eq!(visible.matches("openblas kernel").count(), 6);
    assert_eq!(visible.matches("kind = &quot;uci_digits&quot;").count(), 6);
    assert!(visible.contains("<svg") && visible.contains("<tspan>margin_l1"), "a figure with its axes");
    assert!(!visible.contains("id=\"claims\""), "nothing is claimed");

    let numbers = numbers(&page);
    let experiment = &numbers["experiments"][0];
    let (series, runs) = (experiment["series"].as_array().unwrap(), experiment["runs"].as_array().unwrap());
    let names: Vec<&str> =
        experiment["looks"].as_array().unwrap().iter().map(|l| l["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["GD", "SD", HOSTILE], "the order of the experiment file");
    assert_eq!(runs.len(), 6);
    let run = workshop.trajectory("out/small/gd-seed1.h5");
    assert_eq!(runs[1]["steps"].as_array().unwrap().len(), run.n_rows());
    assert_eq!(runs[1]["separation"].as_i64(), run.attribute_integer("separation_step"));
    for (info, values) in series.iter().zip(runs[1]["values"].as_array().unwrap()) {
        let name = info["name"].as_str().unwrap();
        for (value, &true_value) in values.as_array().unwrap().iter().zip(run.series(name).unwrap()) {
            match value.as_f64() {
                Some(value) => assert!((value - true_value).abs() <= 1e-5 * true_value.abs(), "{name}"),
                None => assert!(value.is_null() && !true_value.is_finite(), "{name}"),
            }
        }
    }
}

#[test]
fn equal_files_give_equal_pages_and_a_folder_of_folders_is_one_page() {
    let (workshop, page) = reported();
    workshop.steepest(&["plot", "out/small", "--html", "again.html"]).success();
    assert_eq!(workshop.read("again.html"), page.as_bytes());
    workshop.steepest(&["run", "small.toml", "--out", "out/more", "--set", "stop.steps=5"]).success();
    std::fs::rename(workshop.path("out/more/small"), workshop.path("out/shorter")).unwrap();
    workshop.steepest(&["plot", "out", "--html", "both.html", "--title", "Both <lengths>"]).success();
    let both = String::from_utf8(workshop.read("both.html")).unwrap();
    assert!(both.contains("<h1>Both &lt;lengths&gt;</h1>") && both.contains("12 runs · 2 experiments"));
    assert_eq!(numbers(&both)["experiments"].as_array().unwrap().len(), 2);
}

#[test]
fn claims_that_lie_beside_the_runs_are_on_the_page() {
    let (workshop, _) = reported();
    let claim = r#"{"figure": "small", "scale": "quick", "claims": [{"id": "a", "claim": "SD leads in γ_{1}",
        "statistic": "ratio", "value": 12.5, "interval": [11, 14], "verdict": "does not", "n_seeds": 2}]}"#;
    workshop.write("out/small/small.claims.json", claim);
    workshop.steepest(&["plot", "out/small", "--html", "page.html"]).success();
    let page = String::from_utf8(workshop.read("page.html")).unwrap();
    assert!(page.contains("<td>SD leads in γ<sub>1</sub></td>") && page.contains("ratio: 12.5 [11.0, 14.0], 2 seeds"));
    assert!(page.contains("<td class=\"verdict does-not\">does not</td>"));
    workshop.write("out/small/small.claims.json", "{}");
    let refused = workshop.steepest(&["plot", "out/small", "--html", "page.html"]).code(1);
    assert!(stderr(refused.get_output()).contains("small.claims.json holds no claims"));
}

#[test]
fn a_folder_that_makes_no_page_is_refused_with_a_sentence() {
    let workshop = Workshop::with("notes.txt", "nothing");
    let empty = workshop.steepest(&["plot", ".", "--html", "page.html"]).code(1);
    assert!(stderr(empty.get_output()).starts_with("error: there is no trajectory (*.h5) in "));
    workshop.write("foreign.h5", "this is no HDF5");
    let foreign = workshop.steepest(&["plot", ".", "--html", "page.html"]).code(1);
    assert!(stderr(foreign.get_output()).contains("foreign.h5"));
    assert!(!workshop.path("page.html").exists());
    let both = workshop.steepest(&["plot", ".", "--html", "page.html", "--png"]).code(2);
    assert!(stderr(both.get_output()).contains("--png"));
}

/// A Chromium of this machine: that which the environment names, or one on the path.
fn browser() -> Option<PathBuf> {
    let named = std::env::var_os("STEEPEST_BROWSER").map(PathBuf::from);
    let known = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let find =
        |name: &str| std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file());
    named.or_else(|| known.iter().find_map(|name| find(name)))
}

#[test]
fn the_charts_of_a_page_draw_and_react_in_a_browser() {
    let Some(browser) = browser() else {
        eprintln!("no Chromium is installed (on Debian: apt-get install chromium-headless-shell): no page was opened");
        return;
    };
    let (workshop, _) = reported();
    let script = root().join("tests/it/report/check_page.py");
    // -B leaves no compiled files in the sources
    let mut command = Command::new("python3");
    command.arg("-B").arg(script).arg(&browser).arg(workshop.path("page.html"));
    // where to, if somebody wants to look at the page as well
    command.args(std::env::var_os("STEEPEST_SCREENSHOTS"));
    let output = command.output().expect("python3 runs");
    assert!(output.status.success(), "{}: {}{}", browser.display(), stdout(&output), stderr(&output));
    assert_eq!(stdout(&output).trim(), "the charts draw and react, 9 boxes, no complaints");
}
