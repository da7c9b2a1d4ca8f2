use super::*;
use steepest_models::ModelSpec;

const TEXT: &str = r#"
title = "two digits"
seeds = [0, 1]
[data]
kind = "uci_digits"
n_train = 20
[model]
kind = "mlp"
hidden = [8]
init = { kind = "uniform", alpha = 0.1 }
[loss]
kind = "logistic"
[stop]
steps = 10
[[run]]
name = "GD"
optimizer = { kind = "steepest", norm = "l2" }
step = { size = 3e-3 }
[[run]]
name = "SD"
optimizer = { kind = "steepest", norm = "linf" }
step = { size = 3e-3, scale = "normalized" }
model.init = { kind = "normal", alpha = 0.5 }
model.hidden = [4]
"#;

fn message(text: &str, settings: &[&str]) -> String {
    let settings: Vec<Setting> = settings.iter().map(|s| s.parse().unwrap()).collect();
    ExperimentConfig::parse(text, &settings).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn runs_override_shared_tables() {
    let config = ExperimentConfig::parse(TEXT, &[]).unwrap();
    assert_eq!(config.runs.len(), 4);
    let ModelSpec::Mlp(gd) = &config.runs[0].model else { panic!("an mlp") };
    let ModelSpec::Mlp(sd) = &config.runs[2].model else { panic!("an mlp") };
    assert_eq!((gd.hidden[0], sd.hidden[0]), (8, 4));
    assert!(matches!(sd.init, steepest_models::InitSpec::Normal { .. }));
    assert_eq!(config.runs[3].seed, 1);
}

#[test]
fn the_example_of_the_readme_is_an_experiment() {
    let readme = include_str!("../../../README.md");
    let text = readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let config = ExperimentConfig::parse(text, &[]).unwrap();
    assert_eq!(config.runs.len(), 6);
    assert!(config.runs[5].switch.is_some());
}

#[test]
fn settings_change_what_is_written() {
    let setting = "stop.steps=77".parse().unwrap();
    let config = ExperimentConfig::parse(TEXT, &[setting]).unwrap();
    assert_eq!(config.runs[0].stop.steps, 77);
    assert!(config.as_written.contains("--set stop.steps=77"));
}

#[test]
fn errors_name_the_place_and_the_nearest_name() {
    let unknown = message(TEXT, &["model.hiden=[3]"]);
    assert!(unknown.contains("unknown field `hiden`") && unknown.contains("did you mean `hidden`"), "{unknown}");
    assert!(unknown.contains("--set model.hiden=[3]"), "{unknown}");
    let typo = message(&TEXT.replace("n_train", "n_trian"), &[]);
    assert!(typo.contains("`n_train`") && typo.contains("line 6"), "{typo}");
    let norm = message(&TEXT.replace("\"linf\"", "\"lnf\""), &[]);
    assert!(norm.contains("did you mean `linf`"), "{norm}");
    let top = message(&TEXT.replace("[loss]", "[los]"), &[]);
    assert!(top.contains("did you mean `loss`"), "{top}");
    assert!(message("title = 3\n[[[\n", &[]).contains("line 2"));
    assert!(message(&TEXT.replace("size = 3e-3 }", "size = -1.0 }"), &[]).contains("positive"));
    assert!(message(&TEXT.replace("[stop]\nsteps = 10", ""), &[]).contains("[stop]"));
    assert!(message(&TEXT.replace("\"SD\"", "\"GD\""), &[]).contains("name of its own"));
}

#[test]
fn a_whole_number_is_asked_for_in_words() {
    let reason = |setting: &str| message(TEXT, &[setting]);
    assert_eq!(reason("stop.steps=1e3"), "in [stop]: `steps` is a whole number: write 1000");
    assert_eq!(reason("stop.steps=0.5"), "in [stop]: `steps` is a whole number, 0 or more; found 0.5");
    assert_eq!(reason("stop.steps=-5"), "in [stop]: `steps` is a whole number, 0 or more; found -5");
    assert_eq!(reason("stop.steps=ten"), "in [stop]: `steps` is a whole number; found string \"ten\"");
    assert_eq!(message(&TEXT.replace("steps = 10", "steps = 1e30"), &[]).lines().count(), 1);
    for setting in ["data.n_train=30.0", "model.hidden=[30.0]"] {
        assert!(reason(setting).ends_with("is a whole number: write 30"), "{}", reason(setting));
    }
}

#[test]
fn a_power_tail_wants_a_positive_exponent() {
    let with = |fields: &str| TEXT.replace("kind = \"logistic\"", &format!("kind = \"power_tail\"{fields}"));
    assert!(ExperimentConfig::parse(&with("\nexponent = 0.5"), &[]).is_ok());
    for wrong in ["0.0", "-1.0", "inf", "nan"] {
        let text = message(&with(&format!("\nexponent = {wrong}")), &[]);
        assert!(text.contains("[loss]") && text.contains("exponent") && text.contains("positive finite"), "{text}");
    }
    assert!(message(&with(""), &[]).contains("exponent"));
    let typo = message(&with("\nexponnet = 1"), &[]);
    assert!(typo.contains("did you mean `exponent`"), "{typo}");
    let kind = message(&TEXT.replace("\"logistic\"", "\"logistc\""), &[]);
    assert!(kind.contains("did you mean `logistic`"), "{kind}");
}
