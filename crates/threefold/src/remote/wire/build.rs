//! `Build`: which executable a process was started from, so that two builds never speak to each other.

/// Five numbers that tell an executable from every other. Where they come from is the carrier's affair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Build(pub(crate) [u64; 5]);

impl Build {
    /// Appends it.
    pub(super) fn put(self, out: &mut Vec<u8>) {
        out.extend(self.0.iter().flat_map(|word| word.to_le_bytes()));
    }
}
