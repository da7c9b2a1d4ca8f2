//! The bytes of a file as they come: plain or gzip, told apart by the first two bytes, never by the name; hashed as they pass where asked for.

use super::hex;
use super::idx::LARGEST_FILE;
use crate::error::DataError;
use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Cursor, ErrorKind, Read};
use std::path::Path;

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A file being read, inflated if it is gzip.
pub(super) struct Plain<'a> {
    path: &'a Path,
    /// What is done to the file, for errors: read, inflate.
    action: &'static str,
    /// How many bytes there are, as far as the file system tells; 0 if it does not.
    length: u64,
    reader: Box<dyn Read + 'a>,
    hasher: Option<Sha256>,
}

impl<'a> Plain<'a> {
    /// Opens a file.
    ///
    /// # Errors
    /// [`DataError::Io`] if it cannot be read.
    pub(super) fn open(path: &'a Path) -> Result<Self, DataError> {
        let failed = |source| DataError::Io { action: "read", path: path.to_owned(), source };
        let mut file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let mut start = Vec::with_capacity(GZIP.len());
        (&mut file).take(GZIP.len() as u64).read_to_end(&mut start).map_err(failed)?;
        let is_gzip = start == GZIP;
        let all = Cursor::new(start).chain(file);
        Ok(if is_gzip {
            Self { path, action: "inflate", length: 0, reader: Box::new(MultiGzDecoder::new(all)), hasher: None }
        } else {
            Self { path, action: "read", length, reader: Box::new(all), hasher: None }
        })
    }

    /// Bytes in memory, as they are; `path` is only for errors.
    pub(super) fn of(path: &'a Path, bytes: &'a [u8]) -> Self {
        Self { path, action: "read", length: bytes.len() as u64, reader: Box::new(bytes), hasher: None }
    }

    /// The same, hashed from here on.
    pub(super) fn hashed(self) -> Self {
        Self { hasher: Some(Sha256::new()), ..self }
    }

    /// SHA-256 of what was read, in lower-case hexadecimal; of nothing unless [`Plain::hashed`].
    pub(super) fn sha256(self) -> String {
        hex(&self.hasher.unwrap_or_default().finalize())
    }

    /// The file, for errors.
    pub(super) const fn path(&self) -> &'a Path {
        self.path
    }

    /// Reads until the buffer is full or the file ends; the number of bytes.
    ///
    /// # Errors
    /// [`DataError::Io`] if it cannot be read or inflated.
    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, DataError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.reader.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(source) => {
                    return Err(DataError::Io { action: self.action, path: self.path.to_owned(), source });
                }
            }
        }
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&buffer[..filled]);
        }
        Ok(filled)
    }

    /// All that is left.
    ///
    /// # Errors
    /// [`DataError::Io`] if it cannot be read or inflated, [`DataError::FileFormat`] if it is more than [`LARGEST_FILE`].
    pub(super) fn rest(&mut self) -> Result<Vec<u8>, DataError> {
        let mut bytes = Vec::with_capacity(self.length.min(LARGEST_FILE) as usize + 1);
        let read = (&mut self.reader).take(LARGEST_FILE + 1).read_to_end(&mut bytes);
        read.map_err(|source| DataError::Io { action: self.action, path: self.path.to_owned(), source })?;
        if bytes.len() as u64 > LARGEST_FILE {
            let (expected, found) = (format!("at most {LARGEST_FILE} bytes"), "more".into());
            return Err(DataError::FileFormat { path: self.path.to_owned(), expected, found });
        }
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&bytes);
        }
        Ok(bytes)
    }
}
