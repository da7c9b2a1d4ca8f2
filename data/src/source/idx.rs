//! The IDX format of MNIST: two zero bytes, a type (8: unsigned bytes), the number of axes, each axis as a big-endian
//! 32-bit number, then the values, last axis fastest. Plain or gzip, told apart by the first two bytes, never by the name.

use crate::error::DataError;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// Most bytes that are read or inflated from one file: 1 GiB (MNIST's largest has 47 MB).
pub const LARGEST_FILE: u64 = 1 << 30;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const UNSIGNED_BYTES: u8 = 8;

/// An array of unsigned bytes, as an IDX file holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdxArray {
    axes: Vec<usize>,
    encoded: Vec<u8>,
}

impl IdxArray {
    /// Joins axes and values (last axis fastest); `path` is only for the error.
    ///
    /// # Errors
    /// [`DataError::FileFormat`] if there is no axis, one is zero or too long, or the values are not as many as the axes say.
    pub fn new(path: &Path, axes: &[u32], values: &[u8]) -> Result<Self, DataError> {
        let mut encoded = vec![0, 0, UNSIGNED_BYTES, axes.len().min(255) as u8];
        encoded.extend(axes.iter().flat_map(|axis| axis.to_be_bytes()));
        encoded.extend(values);
        Self::parse(path, encoded, axes.len())
    }

    /// Reads the bytes of a file (already inflated) that must have `n_axes` axes.
    ///
    /// # Errors
    /// [`DataError::FileFormat`] says what was expected and what was found: another magic number, another number of axes,
    /// an axis of length zero, fewer or more bytes than the axes say.
    pub fn parse(path: &Path, encoded: Vec<u8>, n_axes: usize) -> Result<Self, DataError> {
        let wrong = |expected: String, found: String| DataError::FileFormat { path: path.to_owned(), expected, found };
        let magic = format!("an IDX file of bytes with {n_axes} axes (it begins 00 00 08 {n_axes:02x})");
        let header = 4 + 4 * n_axes;
        if n_axes == 0
            || encoded.len() < 4
            || encoded[..3] != [0, 0, UNSIGNED_BYTES]
            || usize::from(encoded[3]) != n_axes
        {
            return Err(wrong(magic, describe(&encoded)));
        }
        if encoded.len() < header {
            return Err(wrong(format!("a header of {header} bytes"), format!("{} bytes", encoded.len())));
        }
        let axes: Vec<usize> = encoded[4..header].chunks_exact(4).map(big_endian).collect();
        let n_values = axes.iter().try_fold(1_usize, |product, &axis| product.checked_mul(axis));
        let Some(n_values) = n_values.filter(|&n| n > 0 && n as u64 <= LARGEST_FILE) else {
            return Err(wrong(format!("1 to {LARGEST_FILE} values"), format!("axes of lengths {axes:?}")));
        };
        if encoded.len() - header != n_values {
            let expected = format!("{n_values} values after the header, since its axes are {axes:?}");
            return Err(wrong(expected, (encoded.len() - header).to_string()));
        }
        Ok(Self { axes, encoded })
    }

    /// Reads a file that must have `n_axes` axes, plain or gzip.
    ///
    /// # Errors
    /// As [`read_bytes`] and [`IdxArray::parse`].
    pub fn read(path: &Path, n_axes: usize) -> Result<Self, DataError> {
        Self::parse(path, read_bytes(path)?, n_axes)
    }

    /// Writes a plain IDX file, whole or not at all.
    ///
    /// # Errors
    /// As [`write_whole`].
    pub fn write(&self, path: &Path) -> Result<(), DataError> {
        write_whole(path, &self.encoded)
    }

    /// Lengths of the axes.
    pub fn axes(&self) -> &[usize] {
        &self.axes
    }

    /// The values, last axis fastest.
    pub fn values(&self) -> &[u8] {
        &self.encoded[4 + 4 * self.axes.len()..]
    }
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
    let read = |reader: &mut dyn Read, action, expected: u64| {
        let mut bytes = Vec::with_capacity(expected.min(LARGEST_FILE) as usize + 1);
        let failed = |source| DataError::Io { action, path: path.to_owned(), source };
        reader.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > LARGEST_FILE {
            let (expected, found) = (format!("at most {LARGEST_FILE} bytes"), "more".into());
            return Err(DataError::FileFormat { path: path.to_owned(), expected, found });
        }
        Ok(bytes)
    };
    let failed = |source| DataError::Io { action: "read", path: path.to_owned(), source };
    let mut file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let bytes = read(&mut file, "read", length)?;
    if bytes.starts_with(&GZIP) { read(&mut MultiGzDecoder::new(&bytes[..]), "inflate", 0) } else { Ok(bytes) }
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
        encoder.write_all(&sample().encoded).unwrap();
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
        assert!(refusal(&sample().encoded, 1).contains("begins 00 00 08 03"));
    }

    #[test]
    fn a_wrong_length_is_named() {
        let bytes = sample().encoded;
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
