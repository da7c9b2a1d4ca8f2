//! How far a trajectory has come, so that a run which goes on knows its own rows again.

/// So many rows, snapshots and events, in the order in which they were pushed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// The rows, margins included.
    pub rows: Tally,
    /// The snapshots.
    pub snapshots: Tally,
    /// The events.
    pub events: Tally,
}

/// How many there are, and a digest of all their bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub count: u64,
    /// A sum that any one changed, missing or moved number changes. It finds damage, not malice.
    pub digest: u64,
}

impl Tally {
    /// One more, which begins with the words that follow.
    pub(super) const fn one_more(&mut self) -> &mut Self {
        self.count += 1;
        self
    }

    pub(super) const fn word(&mut self, word: u64) -> &mut Self {
        // invertible in the word and in what was there: no single change cancels
        let mixed = (self.digest ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.digest = (mixed ^ (mixed >> 29)).wrapping_add(1);
        self
    }

    pub(super) fn numbers(&mut self, numbers: &[f64]) -> &mut Self {
        numbers.iter().fold(self, |tally, number| tally.word(number.to_bits()))
    }

    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        text.bytes().fold(self.word(text.len() as u64), |tally, byte| tally.word(u64::from(byte)))
    }
}

impl Extent {
    /// As six numbers, for a file.
    pub const fn to_words(self) -> [u64; 6] {
        let Self { rows, snapshots, events } = self;
        [rows.count, rows.digest, snapshots.count, snapshots.digest, events.count, events.digest]
    }

    /// From these six numbers.
    pub const fn from_words([a, b, c, d, e, f]: [u64; 6]) -> Self {
        Self {
            rows: Tally { count: a, digest: b },
            snapshots: Tally { count: c, digest: d },
            events: Tally { count: e, digest: f },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(numbers: &[f64]) -> u64 {
        Tally::default().numbers(numbers).digest
    }

    #[test]
    fn every_bit_every_place_and_the_number_count() {
        let numbers = [1.0, 0.0, f64::NAN, -3.5];
        for k in 0..numbers.len() {
            for bit in 0..64 {
                let mut other = numbers;
                other[k] = f64::from_bits(other[k].to_bits() ^ (1 << bit));
                assert_ne!(digest(&other), digest(&numbers), "bit {bit} of number {k}");
            }
        }
        assert_ne!(digest(&[0.0, 1.0, f64::NAN, -3.5]), digest(&numbers));
        assert_ne!(digest(&[0.0]), digest(&[]));
        assert_ne!(digest(&[0.0, 0.0]), digest(&[0.0]));
    }

    #[test]
    fn words_and_back() {
        let extent = Extent::from_words([1, 2, 3, 4, 5, u64::MAX]);
        assert_eq!(Extent::from_words(extent.to_words()), extent);
        assert_eq!((extent.snapshots.count, extent.events.digest), (3, u64::MAX));
    }
}
