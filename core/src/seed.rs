//! Named, independent, counter-based random streams.
//!
//! A run has one seed and as many streams as it has sources of chance (`data`, `teacher`, `init`, `batches`, ...). A
//! stream is found by its name, so adding one never shifts another, and it can be entered at any place.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The random streams of one seed.
///
/// ```
/// use rand::RngExt;
/// use steepest_core::Streams;
/// let streams = Streams::new(7);
/// let a: f64 = streams.stream("init").random();
/// let b: f64 = streams.stream("init").random();
/// let c: f64 = streams.stream("data").random();
/// assert_eq!(a, b); // the same name is the same stream
/// assert_ne!(a, c);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streams {
    seed: u64,
}

impl Streams {
    /// The streams of `seed`.
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The seed.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The stream of that name, from its beginning. ChaCha with eight rounds, keyed by the seed; the name's 64-bit
    /// FNV-1a hash is the stream number.
    pub fn stream(&self, name: &str) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(fnv1a(name));
        rng
    }

    /// The same stream from its 32-bit word number `word` on (below 2^68), at once.
    pub fn stream_from(&self, name: &str, word: u128) -> ChaCha8Rng {
        let mut rng = self.stream(name);
        rng.set_word_pos(word);
        rng
    }
}

/// A whole number below `bound`, exactly uniform: words above the largest multiple of `bound` are drawn again. It reads raw words of the stream
/// only, so that a draw stays the same when the libraries beneath change.
pub fn below<R: Rng>(rng: &mut R, bound: usize) -> usize {
    let bound = bound as u64;
    let limit = u64::MAX - u64::MAX % bound;
    loop {
        let word = rng.next_u64();
        if word < limit {
            return (word % bound) as usize;
        }
    }
}

fn fnv1a(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_can_be_entered_anywhere() {
        let streams = Streams::new(2);
        let mut whole = streams.stream("data");
        let words: Vec<u64> = (0..40).map(|_| whole.next_u64()).collect();
        assert_eq!(streams.stream_from("data", 2 * 31).next_u64(), words[31]);
    }

    #[test]
    fn streams_are_stable_across_versions() {
        // a change here changes every published run: it must be deliberate
        assert_eq!(fnv1a("init"), 0xf5d2_afc5_7ab5_7213);
        let first = Streams::new(1).stream("init").next_u64();
        assert_eq!(first, Streams::new(1).stream("init").next_u64());
        assert_ne!(first, Streams::new(2).stream("init").next_u64());
        assert_ne!(first, Streams::new(1).stream("data").next_u64());
    }
}
