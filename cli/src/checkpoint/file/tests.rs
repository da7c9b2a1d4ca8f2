use super::*;

fn state() -> SavedState {
    let mut state = SavedState::default();
    state.put("theta", &(0..3 * AT_ONCE + 5).map(|k| 1.0 / (k as f64 - 7.0)).collect::<Vec<_>>());
    state.put("empty", &[]);
    state.put("odd", &[-0.0, f64::MIN_POSITIVE / 3.0, f64::NEG_INFINITY]);
    state.put_counter("most", u64::MAX);
    state
}

/// A checkpoint and its bytes.
fn written(path: &Path) -> Vec<u8> {
    let (first, second) = (state(), SavedState::default());
    let contents = Contents {
        step: 41,
        config: "name = \"GD\"\n",
        texts: &[("way", "dense; Größe")],
        states: &[("dynamics", &first), ("step", &second)],
    };
    contents.write(path).unwrap();
    std::fs::read(path).unwrap()
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("steepest-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn what_is_kept_comes_back_to_the_bit() {
    let folder = folder("checkpoint-back");
    let path = folder.join("run.h5.checkpoint");
    written(&path);
    written(&path);
    let kept = Kept::read(&path).unwrap();
    assert_eq!(Head::read(&path).unwrap().as_ref(), Some(&kept.head));
    assert_eq!((kept.head.step, kept.head.config.as_str()), (41, "name = \"GD\"\n"));
    assert_eq!(kept.texts["way"], "dense; Größe");
    let bits = |state: &SavedState| -> Vec<(String, Vec<u64>)> {
        state.numbers().map(|(name, x)| (name.to_owned(), x.iter().map(|x| x.to_bits()).collect())).collect()
    };
    assert_eq!(bits(&kept.states["dynamics"]), bits(&state()));
    assert_eq!(kept.states["dynamics"].counter("most").unwrap(), u64::MAX);
    assert_eq!(kept.states["step"], SavedState::default());
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "no part is left");
    assert_eq!(Head::read(&folder.join("none")).unwrap(), None);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_file_that_is_not_whole_is_noticed() {
    let folder = folder("checkpoint-harm");
    let path = folder.join("run.h5.checkpoint");
    let whole = written(&path);
    let refuses = |bytes: &[u8], what: &str| {
        std::fs::write(&path, bytes).unwrap();
        let error = Kept::read(&path).expect_err(what);
        assert!(error.to_string().contains("run.h5.checkpoint"), "{error}");
    };
    for length in (0..400).chain([whole.len() / 2, whole.len() - 33, whole.len() - 32, whole.len() - 1]) {
        refuses(&whole[..length], &format!("cut to {length}"));
    }
    refuses(&[&whole[..], &[0]].concat(), "a byte more");
    for at in (0..300).chain([whole.len() / 2, whole.len() - 40, whole.len() - 1]) {
        let mut harmed = whole.clone();
        harmed[at] ^= 0x40;
        refuses(&harmed, &format!("byte {at}"));
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn another_format_is_named() {
    let folder = folder("checkpoint-format");
    let path = folder.join("run.h5.checkpoint");
    let mut newer = written(&path);
    newer[MAGIC.len()] = 9;
    std::fs::write(&path, newer).unwrap();
    let error = Kept::read(&path).unwrap_err().to_string();
    assert!(error.contains("in format 9"), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
}
