//! The file of a checkpoint.
//!
//! ```text
//! "steepest state\n\x1a"                                  16 bytes
//! format, step                                           u64 each
//! program, configuration                                 texts: u64 length, UTF-8
//! number of texts, each a name and a text                by name
//! number of states, each a name, and                     by name
//!     number of counters, each a name and a u64          by name
//!     number of vectors, each a name, u64 length, f64s   by name
//! SHA-256 of all this                                    32 bytes
//! ```
//!
//! Numbers are little-endian. The sum at the end says that the file is whole.

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use steepest_core::SavedState;
use thiserror::Error;

const MAGIC: [u8; 16] = *b"steepest state\n\x1a";
const FORMAT: u64 = 2;
/// The program that writes: the state of another version may mean something else.
const PROGRAM: &str = env!("CARGO_PKG_VERSION");
const SUM: u64 = 32;
/// Numbers that are turned into bytes at once.
const AT_ONCE: usize = 1 << 13;

/// A checkpoint that cannot be written or gone on from.
#[derive(Debug, Error)]
pub enum CheckpointError {
    /// The system refuses.
    #[error("cannot {action} {path}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Cut short, harmed, or no checkpoint at all.
    #[error("{path} is cut short or damaged")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// Of another program.
    #[error("{path} was written by steepest {found}, whose states need not be those of steepest {PROGRAM}")]
    OtherProgram {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: String,
    },
}

/// What is at the start of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Steps done.
    pub step: u64,
    /// The version of the program.
    pub program: String,
    /// The resolved configuration of the run.
    pub config: String,
}

/// What is to be kept.
#[derive(Clone, Copy, Debug)]
pub struct Contents<'a> {
    /// Steps done.
    pub step: u64,
    /// The resolved configuration of the run.
    pub config: &'a str,
    /// Texts, by name.
    pub texts: &'a [(&'a str, &'a str)],
    /// States, by name.
    pub states: &'a [(&'a str, &'a SavedState)],
}

/// What was kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// The start of the file.
    pub head: Head,
    /// Texts, by name.
    pub texts: BTreeMap<String, String>,
    /// States, by name.
    pub states: BTreeMap<String, SavedState>,
}

impl Contents<'_> {
    /// Writes them: whenever this is killed, the file is the old one or the new one, whole.
    ///
    /// # Errors
    /// If the system refuses; the old file is still there then.
    pub fn write(&self, path: &Path) -> Result<(), CheckpointError> {
        let part = super::with_ending(path, ".part");
        let written = self.write_new(&part).and_then(|()| std::fs::rename(&part, path));
        // so that the new name outlives a power failure; not every system lets a folder be opened
        if let Some(folder) = path.parent().and_then(|folder| File::open(folder).ok()) {
            let _ = folder.sync_all();
        }
        written.map_err(|source| {
            let _ = std::fs::remove_file(&part);
            CheckpointError::Io { action: "write", path: path.to_owned(), source }
        })
    }

    fn write_new(&self, path: &Path) -> io::Result<()> {
        let mut to = Summed { file: BufWriter::new(File::create(path)?), sum: Sha256::new() };
        to.bytes(&MAGIC)?;
        to.word(FORMAT)?;
        to.word(self.step)?;
        to.text(PROGRAM)?;
        to.text(self.config)?;
        to.word(self.texts.len() as u64)?;
        for (name, text) in self.texts {
            to.text(name)?;
            to.text(text)?;
        }
        to.word(self.states.len() as u64)?;
        for (name, state) in self.states {
            to.text(name)?;
            to.state(state)?;
        }
        let Summed { mut file, sum } = to;
        file.write_all(&sum.finalize())?;
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    }
}

/// A file and the sum of what was written.
struct Summed {
    file: BufWriter<File>,
    sum: Sha256,
}

impl Summed {
    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.file.write_all(bytes)
    }

    fn word(&mut self, word: u64) -> io::Result<()> {
        self.bytes(&word.to_le_bytes())
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        self.word(text.len() as u64)?;
        self.bytes(text.as_bytes())
    }

    fn state(&mut self, state: &SavedState) -> io::Result<()> {
        self.word(state.counters().count() as u64)?;
        for (name, count) in state.counters() {
            self.text(name)?;
            self.word(count)?;
        }
        self.word(state.numbers().count() as u64)?;
        let mut block = Vec::with_capacity(8 * AT_ONCE);
        for (name, numbers) in state.numbers() {
            self.text(name)?;
            self.word(numbers.len() as u64)?;
            for numbers in numbers.chunks(AT_ONCE) {
                block.clear();
                numbers.iter().for_each(|number| block.extend_from_slice(&number.to_le_bytes()));
                self.bytes(&block)?;
            }
        }
        Ok(())
    }
}

impl Head {
    /// Reads the start of a checkpoint; `None` if there is no file.
    ///
    /// # Errors
    /// If it cannot be read, is harmed there, or of another program.
    pub fn read(path: &Path) -> Result<Option<Self>, CheckpointError> {
        if !path.exists() {
            return Ok(None);
        }
        Source::open(path)?.head().map(Some)
    }
}

impl Kept {
    /// Reads a checkpoint.
    ///
    /// # Errors
    /// If it cannot be read, is cut short or harmed, or of another program.
    pub fn read(path: &Path) -> Result<Self, CheckpointError> {
        let mut from = Source::open(path)?;
        let kept = Self { head: from.head()?, texts: from.texts()?, states: from.states()? };
        from.end()?;
        Ok(kept)
    }
}

/// A file that is read, and the sum of what was.
struct Source<'p> {
    file: BufReader<File>,
    path: &'p Path,
    sum: Sha256,
    /// Bytes until the sum: no length in a sound file says more.
    left: u64,
}

impl<'p> Source<'p> {
    fn open(path: &'p Path) -> Result<Self, CheckpointError> {
        let failed = |source| CheckpointError::Io { action: "read", path: path.to_owned(), source };
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        Ok(Self { file: BufReader::new(file), path, sum: Sha256::new(), left: length.saturating_sub(SUM) })
    }

    fn damaged(&self) -> CheckpointError {
        CheckpointError::Damaged { path: self.path.to_owned() }
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), CheckpointError> {
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or_else(|| self.damaged())?;
        self.file.read_exact(bytes).map_err(|source| CheckpointError::Io {
            action: "read",
            path: self.path.to_owned(),
            source,
        })?;
        self.sum.update(&*bytes);
        Ok(())
    }

    fn word(&mut self) -> Result<u64, CheckpointError> {
        let mut bytes = [0; 8];
        self.fill(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    /// A length, of things of this size.
    fn length(&mut self, size: u64) -> Result<usize, CheckpointError> {
        let length = self.word()?;
        let fits = length.checked_mul(size).is_some_and(|bytes| bytes <= self.left);
        usize::try_from(length).ok().filter(|_| fits).ok_or_else(|| self.damaged())
    }

    fn text(&mut self) -> Result<String, CheckpointError> {
        let mut bytes = vec![0; self.length(1)?];
        self.fill(&mut bytes)?;
        String::from_utf8(bytes).map_err(|_| self.damaged())
    }

    fn head(&mut self) -> Result<Head, CheckpointError> {
        let mut magic = [0; MAGIC.len()];
        self.fill(&mut magic)?;
        let format = self.word()?;
        if magic != MAGIC {
            return Err(self.damaged());
        }
        if format != FORMAT {
            let found = format!("in format {format}");
            return Err(CheckpointError::OtherProgram { path: self.path.to_owned(), found });
        }
        let (step, program, config) = (self.word()?, self.text()?, self.text()?);
        if program != PROGRAM {
            return Err(CheckpointError::OtherProgram { path: self.path.to_owned(), found: program });
        }
        Ok(Head { step, program, config })
    }

    fn texts(&mut self) -> Result<BTreeMap<String, String>, CheckpointError> {
        (0..self.length(16)?).map(|_| Ok((self.text()?, self.text()?))).collect()
    }

    fn states(&mut self) -> Result<BTreeMap<String, SavedState>, CheckpointError> {
        (0..self.length(24)?).map(|_| Ok((self.text()?, self.state()?))).collect()
    }

    fn state(&mut self) -> Result<SavedState, CheckpointError> {
        let mut state = SavedState::default();
        for _ in 0..self.length(16)? {
            let name = self.text()?;
            state.put_counter(&name, self.word()?);
        }
        let mut block = vec![0; 8 * AT_ONCE];
        for _ in 0..self.length(16)? {
            let (name, length) = (self.text()?, self.length(8)?);
            let mut numbers = Vec::with_capacity(length);
            while numbers.len() < length {
                let bytes = &mut block[..8 * AT_ONCE.min(length - numbers.len())];
                self.fill(bytes)?;
                let (words, _) = bytes.as_chunks::<8>();
                numbers.extend(words.iter().map(|word| f64::from_le_bytes(*word)));
            }
            state.put_vector(&name, numbers);
        }
        Ok(state)
    }

    /// Nothing more, and the sum is right.
    fn end(mut self) -> Result<(), CheckpointError> {
        let mut sum = Vec::new();
        let read = self.file.read_to_end(&mut sum);
        let is_right = read.is_ok() && self.left == 0 && sum == self.sum.clone().finalize().as_slice();
        if is_right { Ok(()) } else { Err(self.damaged()) }
    }
}

#[cfg(test)]
mod tests;
