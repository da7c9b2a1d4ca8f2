//! Tests of the MNIST reader on a small set in MNIST's format.

use super::*;
use std::collections::HashSet;
use steepest_core::Labels;

/// Forty training images of 2 x 2 pixels and twenty test images: image i has the label i % 10 and pixels near i.
fn small_set() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (stem, n) in [("train", 40_u8), ("t10k", 20)] {
        let pixels: Vec<u8> = (0..n).flat_map(|i| [i, i + 1, 0, 255]).collect();
        let labels: Vec<u8> = (0..n).map(|i| i % 10).collect();
        write(folder.path(), &format!("{stem}-images-idx3-ubyte"), &[u32::from(n), 2, 2], &pixels);
        write(folder.path(), &format!("{stem}-labels-idx1-ubyte"), &[u32::from(n)], &labels);
    }
    folder
}

fn write(folder: &Path, name: &str, axes: &[u32], values: &[u8]) {
    let path = folder.join(name);
    IdxArray::new(&path, axes, values).unwrap().write(&path).unwrap();
}

fn split(folder: &Path, seed: u64, n_train: usize) -> Split {
    let spec = MnistSpec { n_train, folder: Some(folder.into()), verify: false, ..MnistSpec::default() };
    spec.clean(&Streams::new(seed)).unwrap()
}

fn refusal(folder: &Path) -> String {
    Mnist::open(folder, false).unwrap_err().to_string()
}

#[test]
fn two_digits_are_drawn_scaled_and_labelled() {
    let folder = small_set();
    let Split { train, test, provenance, .. } = split(folder.path(), 1, 5);
    assert_eq!(train.inputs().dim(), (5, 4));
    let Labels::Binary(labels) = train.labels() else { panic!("binary labels") };
    for (row, &index) in provenance.train_indices.iter().enumerate() {
        let (image, digit) = (index as f64, index % 10);
        assert_eq!(train.inputs().row(row).to_vec(), [image / 255.0, (image + 1.0) / 255.0, 0.0, 1.0]);
        assert!((digit == 3 && labels[row] > 0.0) || (digit == 6 && labels[row] < 0.0));
    }
    assert_eq!(provenance.test_indices, [3, 6, 13, 16]);
    assert_eq!(test.unwrap().labels(), &Labels::Binary(vec![1.0, -1.0, 1.0, -1.0]));
    assert_eq!(provenance.source, "idx");
    assert!(provenance.note.ends_with(" (IDX files, not MNIST's) 3 vs 6, 5 of 8 training images, 4 test images"));
}

#[test]
fn the_draw_depends_on_the_seed_alone() {
    let folder = small_set();
    let draw = |seed, n| split(folder.path(), seed, n).provenance;
    assert_eq!(draw(1, 6), draw(1, 6));
    assert_eq!(draw(1, 8).train_indices.iter().collect::<HashSet<_>>().len(), 8);
    assert_eq!(draw(1, 4).train_indices, draw(1, 8).train_indices[..4]);
    assert_ne!(draw(1, 8).train_indices, draw(2, 8).train_indices);
    assert_ne!(draw(1, 8).sha256, draw(2, 8).sha256);
}

#[test]
fn files_that_are_not_mnist_need_the_callers_word() {
    let folder = small_set();
    assert_eq!(Mnist::open(folder.path(), false).unwrap().checksums(), Checksums::Different);
    let text = Mnist::open(folder.path(), true).unwrap_err().to_string();
    assert!(text.contains("train-images-idx3-ubyte") && text.contains(OFFICIAL_FILES[0].sha256), "{text}");
    assert!(text.contains("verify = false"), "{text}");
}

#[test]
fn files_that_do_not_fit_together_are_refused() {
    let folder = small_set();
    write(folder.path(), "t10k-labels-idx1-ubyte", &[3], &[1, 2, 3]);
    assert!(refusal(folder.path()).ends_with("t10k-labels-idx1-ubyte: expected 20 labels, one an image, found 3"));
    write(folder.path(), "t10k-labels-idx1-ubyte", &[20], &[10; 20]);
    assert!(refusal(folder.path()).ends_with("expected labels from 0 to 9, found 10"));
    let folder = small_set();
    write(folder.path(), "t10k-images-idx3-ubyte", &[20, 3, 2], &[0; 120]);
    assert!(refusal(folder.path()).contains("expected images of [2, 2] pixels, as in the training file, found [3, 2]"));
    std::fs::write(folder.path().join("t10k-images-idx3-ubyte"), "<html>404</html>").unwrap();
    assert!(refusal(folder.path()).contains("found what looks like a web page"));
}

#[test]
fn the_request_is_checked_before_the_files() {
    let spec = MnistSpec { digits: vec![7, 7], folder: Some("no/such/folder".into()), ..MnistSpec::default() };
    assert!(spec.clean(&Streams::new(0)).unwrap_err().to_string().contains("`digits`"));
}

#[test]
fn the_draw_is_the_same_whatever_else_is_in_memory() {
    let folder = small_set();
    let request = DigitDraw { digits: vec![6, 3], n_train: 5, balanced: false, classes: false };
    let draw = |set: &Mnist| set.draw(&request, &mut Streams::new(1).stream("data"));
    let all = draw(&Mnist::open(folder.path(), false).unwrap()).unwrap();
    let few = Mnist::open_digits(folder.path(), &[3, 6], false).unwrap();
    let drawn = draw(&few).unwrap();
    assert_eq!((drawn.train.inputs(), drawn.provenance), (all.train.inputs(), all.provenance));
    assert_eq!(drawn.test.unwrap().inputs(), all.test.unwrap().inputs());
    assert_eq!(few.train.images.axes(), [8, 2, 2], "no image of another digit is kept");
    assert!(draw(&Mnist::open_digits(folder.path(), &[3], false).unwrap()).is_err());
}

#[test]
fn items_may_be_longer_than_what_is_read_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let side = 600_u32;
    let pixels: Vec<u8> = (0..3 * side * side).map(|i| (i % 251) as u8).collect();
    write(folder.path(), "large", &[3, side, side], &pixels);
    let path = folder.path().join("large");
    let items = IdxArray::items(&mut Plain::open(&path).unwrap(), 3, |item| item != 1).unwrap();
    let of_item = (side * side) as usize;
    assert_eq!(items.kept.values(), [&pixels[..of_item], &pixels[2 * of_item..]].concat());
    assert_eq!((items.n_all, IdxArray::read(&path, 3).unwrap().values()), (3, &pixels[..]));
}
