//! `List`: a sequence of byte strings, each after its length. It holds the chunks of a block, or their outputs.
//!
//! Each length has 8 bytes. The lengths have two purposes. A value that is restored wrongly cannot take bytes of the
//! next value. And the list can be checked completely before the first value is restored.

use super::fields::Fields;

/// At least one byte string. The list was checked to be complete when it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct List<'a> {
    bytes: &'a [u8],
    count: u64,
}

impl<'a> List<'a> {
    /// The rest of a message as a list; `None` if it is no valid list, or is empty.
    pub(super) fn read(fields: &mut Fields<'a>) -> Option<Self> {
        let bytes = fields.rest();
        let (mut rest, mut count) = (Fields(bytes), 0);
        while !rest.0.is_empty() {
            rest.bytes()?;
            count += 1;
        }
        (count > 0).then_some(Self { bytes, count })
    }

    pub(super) fn put(self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.bytes);
    }

    /// The number of byte strings, at least one.
    pub(crate) fn count(self) -> u64 {
        self.count
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut rest = Fields(self.bytes);
        std::iter::from_fn(move || rest.bytes())
    }
}

/// Appends a byte string, which `encode` writes. Appends nothing if `is_written` says that `encode` wrote none.
pub(super) fn push<R>(out: &mut Vec<u8>, encode: impl FnOnce(&mut Vec<u8>) -> R, is_written: fn(&R) -> bool) -> R {
    let start = out.len();
    out.extend([0; 8]);
    let result = encode(out);
    if is_written(&result) {
        let length = (out.len() - start - 8) as u64;
        out[start..start + 8].copy_from_slice(&length.to_le_bytes());
    } else {
        out.truncate(start);
    }
    result
}
