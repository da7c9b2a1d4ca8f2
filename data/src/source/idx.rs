//! The IDX format of MNIST: two zero bytes, a type (8: unsigned bytes), the number of axes, each axis as a big-endian
//! 32-bit number, then the values, last axis fastest. Plain or gzip, told apart by the first two bytes, never by the name.

use super::plain::Plain;
use crate::error::DataError;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Most bytes that are read or inflated from one file: 1 GiB (MNIST's largest has 47 MB).
pub const LARGEST_FILE: u64 = 1 << 30;

const UNSIGNED_BYTES: u8 = 8;

/// Bytes that are read at a time: they stay in a core's own cache.
const AT_A_TIME: usize = 1 << 18;

/// An array of unsigned bytes, as an IDX file holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdxArray {
    axes: Vec<usize>,
    values: Vec<u8>,
}

/// Some items of an IDX file; an item is what shares its place on the first axis.
pub(super) struct Items {
    /// Those that were wanted, in file order.
    pub(super) kept: IdxArray,
    /// How many there are in the file.
    pub(super) n_all: usize,
}

impl IdxArray {
    /// Joins axes and values (last axis fastest); `path` is only for the error.
    ///
    /// # Errors
    /// [`DataError::FileFormat`] if there is no axis, one is zero or too long, or the values are not as many as the axes say.
    pub fn new(path: &Path, axes: &[u32], values: &[u8]) -> Result<Self, DataError> {
        let encoded = [&header(axes), values].concat();
        Self::parse(path, encoded, axes.len())
    }

    /// Reads the bytes of a file (already inflated) that must have `n_axes` axes.
    ///
    /// # Errors
    /// [`DataError::FileFormat`] says what was expected and what was found: another magic number, another number of axes,
    /// an axis of length zero, fewer or more bytes than the axes say.
    pub fn parse(path: &Path, encoded: Vec<u8>, n_axes: usize) -> Result<Self, DataError> {
        Ok(Self::items(&mut Plain::of(path, &encoded), n_axes, |_| true)?.kept)
    }

    /// Reads a file that must have `n_axes` axes, plain or gzip.
    ///
    /// # Errors
    /// As [`read_bytes`] and [`IdxArray::parse`].
    pub fn read(path: &Path, n_axes: usize) -> Result<Self, DataError> {
        Ok(Self::items(&mut Plain::open(path)?, n_axes, |_| true)?.kept)
    }

    /// Reads all of a file that must have `n_axes` axes, and keeps the items that are wanted: no more than those is ever in memory.
    ///
    /// # Errors
    /// As [`IdxArray::read`].
    pub(super) fn items(
        file: &mut Plain<'_>,
        n_axes: usize,
        wanted: impl Fn(usize) -> bool,
    ) -> Result<Items, DataError> {
        let mut axes = read_axes(file, n_axes)?;
        let wrong = |found: usize, path: &Path| {
            let n_values: usize = axes.iter().product();
            let expected = format!("{n_values} values after the header, since its axes are {axes:?}");
            DataError::FileFormat { path: path.to_owned(), expected, found: found.to_string() }
        };
        let (n_all, of_item): (usize, usize) = (axes[0], axes[1..].iter().product());
        let at_a_time = (AT_A_TIME / of_item).clamp(1, n_all);
        let (mut buffer, mut values, mut n_kept) = (vec![0; at_a_time * of_item], Vec::new(), 0);
        for first in (0..n_all).step_by(at_a_time) {
            let n_items = at_a_time.min(n_all - first);
            let found = file.fill(&mut buffer[..n_items * of_item])?;
            if found < n_items * of_item {
                return Err(wrong(first * of_item + found, file.path()));
            }
            for (_, bytes) in (first..).zip(buffer[..found].chunks_exact(of_item)).filter(|(item, _)| wanted(*item)) {
                values.extend_from_slice(bytes);
                n_kept += 1;
            }
        }
        let more = file.fill(&mut [0])?;
        if more > 0 {
            let found = n_all * of_item + more + file.rest()?.len();
            return Err(wrong(found, file.path()));
        }
        axes[0] = n_kept;
        Ok(Items { kept: Self { axes, values }, n_all })
    }

    /// Writes a plain IDX file, whole or not at all.
    ///
    /// # Errors
    /// As [`write_whole`].
    pub fn write(&self, path: &Path) -> Result<(), DataError> {
        let axes: Vec<u32> = self.axes.iter().map(|&axis| axis as u32).collect();
        write_whole(path, &[&header(&axes), &self.values[..]].concat())
    }

    /// Lengths of the axes.
    pub fn axes(&self) -> &[usize] {
        &self.axes
    }

    /// The values, last axis fastest.
    pub fn values(&self) -> &[u8] {
        &self.values
    }
}

/// The first bytes of a file with these axes.
fn header(axes: &[u32]) -> Vec<u8> {
    let mut bytes = vec![0, 0, UNSIGNED_BYTES, axes.len().min(255) as u8];
    bytes.extend(axes.iter().flat_map(|axis| axis.to_be_bytes()));
    bytes
}

/// Reads the header of a file that must have `n_axes` axes.
fn read_axes(file: &mut Plain<'_>, n_axes: usize) -> Result<Vec<usize>, DataError> {
    let mut encoded = vec![0; 4 + 4 * n_axes];
    let found = file.fill(&mut encoded)?;
    let (path, start) = (file.path(), &encoded[..found]);
    let wrong = |expected: String, found: String| DataError::FileFormat { path: path.to_owned(), expected, found };
    if n_axes == 0 || found < 4 || start[..3] != [0, 0, UNSIGNED_BYTES] || usize::from(start[3]) != n_axes {
        let magic = format!("an IDX file of bytes with {n_axes} axes (it begins 00 00 08 {n_axes:02x})");
        return Err(wrong(magic, describe(start)));
    }
    if found < encoded.len() {
        return Err(wrong(format!("a header of {} bytes", encoded.len()), format!("{found} bytes")));
    }
    let axes: Vec<usize> = encoded[4..].chunks_exact(4).map(big_endian).collect();
    let n_values = axes.iter().try_fold(1_usize, |product, &axis| product.checked_mul(axis));
    if n_values.is_none_or(|n| n == 0 || n as u64 > LARGEST_FILE) {
        return Err(wrong(format!("1 to {LARGEST_FILE} values"), format!("axes of lengths {axes:?}")));
    }
    Ok(axes)
}

fn big_endian(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |number, &byte| (number << 8) | usize::from(byte))
}

/// What a file that is not IDX seems to be, for the error.
fn describe(bytes: &[u8]) -> String {
    let text = bytes.trim_ascii_start();
    if bytes.is_empty() {
        "an empty file".into()
    } else if text.starts_with(b"<") {
        "what looks like a web page or XML (a mirror's error page?)".into()
    } else {
        let start: Vec<String> = bytes.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        format!("a file that begins {}", start.join(" "))
    }
}

/// The bytes of a file, inflated if they are gzip.
///
/// # Errors
/// [`DataError::Io`] if it cannot be read or inflated, [`DataError::FileFormat`] if it holds more than [`LARGEST_FILE`].
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, DataError> {
    Plain::open(path)?.rest()
}

/// Writes a file under a temporary name beside it, then renames: no reader ever sees half a file.
///
/// # Errors
/// [`DataError::Io`] if it cannot be written or renamed; the temporary file is then removed.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), DataError> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let partial = PathBuf::from(name);
    let write = || {
        let mut file = File::create(&partial)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&partial, path)
    };
    write().map_err(|source| {
        // best effort: the error to report is the first one
        let _ = std::fs::remove_file(&partial);
        DataError::Io { action: "write", path: path.to_owned(), source }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};

    fn sample() -> IdxArray {
        IdxArray::new(Path::new("sample"), &[2, 1, 3], &[1, 2, 3, 4, 5, 255]).unwrap()
    }

    fn encoded() -> Vec<u8> {
        [&header(&[2, 1, 3]), sample().values()].concat()
    }

    fn refusal(bytes: &[u8], n_axes: usize) -> String {
        IdxArray::parse(Path::new("some/file"), bytes.to_vec(), n_axes).unwrap_err().to_string()
    }

    #[test]
    fn plain_and_gzip_come_back_whatever_they_are_called() {
        let folder = tempfile::tempdir().unwrap();
        let plain = folder.path().join("plain.gz");
        sample().write(&plain).unwrap();
        assert_eq!(IdxArray::read(&plain, 3).unwrap(), sample());
        assert_eq!((sample().axes(), sample().values()), (&[2, 1, 3][..], &[1, 2, 3, 4, 5, 255][..]));

        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&encoded()).unwrap();
        let zipped = encoder.finish().unwrap();
        let path = folder.path().join("gzip");
        write_whole(&path, &zipped).unwrap();
        assert_eq!(IdxArray::read(&path, 3).unwrap(), sample());

        write_whole(&path, &zipped[..zipped.len() - 9]).unwrap();
        assert!(IdxArray::read(&path, 3).unwrap_err().to_string().contains("cannot inflate"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "temporary files are gone");
    }

    #[test]
    fn what_is_not_idx_is_named() {
        assert!(refusal(b"\n<!DOCTYPE html><html>", 3).contains("found what looks like a web page"));
        assert!(refusal(b"", 3).contains("found an empty file"));
        assert!(refusal(&[0, 0, 13, 3, 0], 3).contains("some/file: expected an IDX file of bytes with 3 axes"));
        assert!(refusal(&[0, 0, 13, 3, 0], 3).contains("found a file that begins 00 00 0d 03"));
        assert!(refusal(&encoded(), 1).contains("begins 00 00 08 03"));
    }

    #[test]
    fn a_wrong_length_is_named() {
        let bytes = encoded();
        assert!(refusal(&bytes[..8], 3).contains("expected a header of 16 bytes, found 8 bytes"));
        assert!(
            refusal(&bytes[..21], 3)
                .contains("expected 6 values after the header, since its axes are [2, 1, 3], found 5")
        );
        assert!(refusal(&[&bytes[..], &[0]].concat(), 3).contains("found 7"));
        assert!(refusal(&[0, 0, 8, 1, 0, 0, 0, 0], 1).contains("axes of lengths [0]"));
        assert!(refusal(&[&[0, 0, 8, 2][..], &[255; 8]].concat(), 2).contains("expected 1 to 1073741824 values"));
    }

    #[test]
    fn a_missing_file_is_an_io_error_with_its_path() {
        let text = read_bytes(Path::new("no/such/file")).unwrap_err().to_string();
        assert_eq!(text, "cannot read no/such/file");
    }
}
