//! `Fingerprint`: 64 bits that stand for many bytes, the same in every run, in every build and on every platform.
//!
//! A journal keeps fingerprints of the captures and of the source, so that it notices when one of them has changed.
//! Each word of eight bytes is added to the state with an exclusive or, and the state is then mixed by the finalizer of
//! MurmurHash3, which changes each bit of its result with a chance of about one half if any bit of its input changes. A
//! single product would not do: it leaves a change of the top bit alone, so a change of a sign in one number was undone by
//! changes of signs in the next.
//!
//! Every step can be undone. So two inputs of the same length that differ in one word always have different fingerprints.
//! Others have the same one with a chance of about 1 in 2^64, which suffices against accidents. It does not protect from
//! somebody who looks for such inputs, who could as well write the outputs of a journal.
//! The standard library's hashers begin differently in each run or promise nothing across its versions.

/// A number whose bits look random: 2^64 divided by the golden ratio.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// The fingerprint of the bytes that were added so far.
#[derive(Clone, Debug)]
pub(crate) struct Fingerprint {
    state: u64,
    /// How many bytes were added.
    length: u64,
    /// The last bytes, as long as they make no word.
    rest: [u8; 8],
}

impl Default for Fingerprint {
    fn default() -> Self {
        Self { state: STEP, length: 0, rest: [0; 8] }
    }
}

impl Fingerprint {
    /// The fingerprint of `bytes`.
    pub(crate) fn of(bytes: &[u8]) -> u64 {
        let mut fingerprint = Self::default();
        fingerprint.add(bytes);
        fingerprint.finish()
    }

    /// Adds bytes. It makes no difference how they are cut.
    pub(crate) fn add(&mut self, mut bytes: &[u8]) {
        let held = (self.length % 8) as usize;
        self.length = self.length.wrapping_add(bytes.len() as u64);
        if held > 0 {
            let (first, rest) = bytes.split_at(bytes.len().min(8 - held));
            self.rest[held..held + first.len()].copy_from_slice(first);
            if held + first.len() < 8 {
                return;
            }
            self.mix(u64::from_le_bytes(self.rest));
            bytes = rest;
        }
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        self.rest[..rest.len()].copy_from_slice(rest);
    }

    /// The fingerprint of all bytes so far.
    pub(crate) fn finish(&self) -> u64 {
        let mut last = self.clone();
        let held = (self.length % 8) as usize;
        last.rest[held..].fill(0);
        last.mix(u64::from_le_bytes(last.rest));
        // The length tells zeros at the end from none.
        last.mix(self.length);
        last.mix(0);
        last.state
    }

    fn mix(&mut self, word: u64) {
        let mut mixed = self.state ^ word;
        mixed ^= mixed >> 33;
        mixed = mixed.wrapping_mul(0xFF51_AFD7_ED55_8CCD);
        mixed ^= mixed >> 33;
        mixed = mixed.wrapping_mul(0xC4CE_B9FE_1A85_EC53);
        mixed ^= mixed >> 33;
        // The finalizer leaves 0 alone. With the sum, words of zeros change the state too.
        self.state = mixed.wrapping_add(STEP);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_known() {
        // Whatever changes these refuses the journals that users have.
        assert_eq!([Fingerprint::of(b""), Fingerprint::of(b"threefold")], KNOWN);
    }

    /// From another implementation, written from the description above.
    const KNOWN: [u64; 2] = [2974900594770670807, 11705099097249013435];

    #[test]
    fn it_makes_no_difference_how_bytes_are_cut() {
        let bytes: Vec<u8> = (0..100).collect();
        for one in 0..bytes.len() {
            for other in one..bytes.len() {
                let mut fingerprint = Fingerprint::default();
                fingerprint.add(&bytes[..one]);
                fingerprint.add(&bytes[one..other]);
                fingerprint.add(&bytes[other..]);
                assert_eq!(fingerprint.finish(), Fingerprint::of(&bytes), "{one} {other}");
            }
        }
    }

    #[test]
    fn every_changed_bit_and_every_other_length_has_another_fingerprint() {
        let bytes = [7; 40];
        let mut all = vec![Fingerprint::of(&bytes)];
        for bit in 0..8 * bytes.len() {
            let mut changed = bytes;
            changed[bit / 8] ^= 1 << (bit % 8);
            all.push(Fingerprint::of(&changed));
        }
        all.extend((0..40).map(|length| Fingerprint::of(&bytes[..length])));
        all.extend((0..40).map(|length| Fingerprint::of(&[0; 40][..length])));
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        // No bytes of one value and no bytes of another are the same.
        assert_eq!(all.len(), count - 1);
    }

    #[test]
    fn numbers_that_change_their_signs_have_another_fingerprint() {
        // The sign of a float is the top bit of its last byte. Every one, two and three of the top bits are flipped,
        // wherever the numbers begin.
        for begin in 0..8 {
            let bytes: Vec<u8> = (0..begin + 32).collect();
            let flip = |bits: &[usize]| {
                let mut changed = bytes.clone();
                bits.iter().for_each(|bit| changed[begin as usize + bit] ^= 0x80);
                Fingerprint::of(&changed)
            };
            let mut all = vec![flip(&[])];
            for one in 0..32 {
                all.push(flip(&[one]));
                for two in one + 1..32 {
                    all.push(flip(&[one, two]));
                    all.extend((two + 1..32).map(|three| flip(&[one, two, three])));
                }
            }
            let count = all.len();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), count, "the numbers begin at byte {begin}");
        }
    }
}
