//! The round trip: is a value the same after it was serialized and restored?
//!
//! A field that serde skips, or restores to something else, would give one answer on threads and another on processes.
//! On processes, and in a fold with a journal, every task is checked before it is serialized. In debug builds every model
//! checks the task, the first chunk and the first output, so that such a field is found on whichever model the tests
//! run: the fold fails there, and the task always runs with the original value. What can be compared is compared;
//! values of more than [`CHECKED`] bytes are serialized up to there, which finds what cannot be serialized at all.
//!
//! A journal asks for more: the bytes must be the same in the next run. Those of a `HashMap` are in another order in each
//! run, and even in each copy of the map, so they are found by a copy. See [`encode_alike`].

use super::Portable;
#[cfg(feature = "processes")]
use super::Task;
#[cfg(any(feature = "processes", feature = "journal"))]
use super::portable;
use crate::error::Cause;
#[cfg(any(feature = "processes", feature = "journal"))]
use crate::panics;

#[cfg(any(feature = "processes", feature = "journal"))]
const ALTERED: &str = "it is not the same after it was serialized and restored; does serde skip a field, or restore it to something else?";

#[cfg(feature = "journal")]
const UNLIKE: &str = "serializing it twice gives different bytes, so a journal could not recognize it in the next run; if it contains a `HashMap` or a `HashSet`, use a `BTreeMap` or a `BTreeSet`";

/// How often small values are restored, in order to see whether their bytes differ.
#[cfg(feature = "journal")]
const COPIES: usize = 16;

/// Values larger than this, in bytes, are not restored to be compared. In debug builds 1 MiB takes some 20 ms.
#[cfg(any(feature = "processes", feature = "journal"))]
const CHECKED: usize = 1 << 20;

/// The task as bytes that restore it.
#[cfg(feature = "processes")]
pub(crate) fn encode_task<T: Task>(task: &T) -> Result<Vec<u8>, Cause> {
    guarded("the task", || {
        let mut bytes = Vec::new();
        portable::encode(task, &mut bytes).map_err(|error| error.to_string())?;
        let restored: T = portable::decode(&bytes).map_err(|error| error.to_string())?;
        if T::__eq(task, &restored) == Some(false) { Err(ALTERED.to_string()) } else { Ok(bytes) }
    })
}

/// Appends `value` as bytes.
#[cfg(any(feature = "processes", feature = "journal"))]
pub(crate) fn encode<V: Portable>(what: &'static str, value: &V, bytes: &mut Vec<u8>) -> Result<(), Cause> {
    guarded(what, || portable::encode(value, bytes).map_err(|error| error.to_string()))
}

/// Appends `value`, which `is_same` compares where it can, as bytes that are the same in every run of the program.
///
/// Small values are restored several times. Two items of a map are in the same order in every second copy.
#[cfg(feature = "journal")]
pub(crate) fn encode_alike<V: Portable>(
    what: &'static str,
    value: &V,
    bytes: &mut Vec<u8>,
    is_same: impl Fn(&V, &V) -> Option<bool>,
) -> Result<(), Cause> {
    guarded(what, || {
        portable::encode(value, bytes).map_err(|error| error.to_string())?;
        let copies = (CHECKED / bytes.len().max(1)).clamp(1, COPIES);
        let mut again = Vec::new();
        for _ in 0..copies {
            let restored: V = portable::decode(bytes).map_err(|error| error.to_string())?;
            if is_same(value, &restored) == Some(false) {
                return Err(ALTERED.to_string());
            }
            again.clear();
            portable::encode(&restored, &mut again).map_err(|error| error.to_string())?;
            if again != *bytes {
                return Err(UNLIKE.to_string());
            }
        }
        Ok(())
    })
}

/// The value as its bytes restore it, and the bytes. What serde skips is not in it.
#[cfg(feature = "journal")]
pub(crate) fn restored<V: Portable>(what: &'static str, value: V) -> Result<(V, Vec<u8>), Cause> {
    guarded(what, || {
        let mut bytes = Vec::new();
        portable::encode(&value, &mut bytes).map_err(|error| error.to_string())?;
        // First, so that there is one value at a time.
        drop(value);
        let restored = portable::decode(&bytes).map_err(|error| error.to_string())?;
        Ok((restored, bytes))
    })
}

/// The value that `bytes` hold.
#[cfg(any(feature = "processes", feature = "journal"))]
pub(crate) fn decode<V: Portable>(what: &'static str, bytes: &[u8]) -> Result<V, Cause> {
    guarded(what, || portable::decode(bytes).map_err(|error| error.to_string()))
}

/// Restores a value from each of `all` and appends it to the list, up to the first that cannot be restored.
#[cfg(feature = "processes")]
pub(crate) fn decode_all<V: Portable>(
    what: &'static str,
    all: &mut dyn Iterator<Item = &[u8]>,
    values: &mut Vec<V>,
) -> Result<(), Cause> {
    // After a panic the list holds the values before: the value whose restoring panicked was not appended.
    guarded(what, || {
        for bytes in all {
            values.push(portable::decode(bytes).map_err(|error| error.to_string())?);
        }
        Ok(())
    })
}

/// Checks `value`, which `is_same` compares where it can.
#[cfg(any(feature = "processes", feature = "journal"))]
pub(crate) fn check<V: Portable>(
    what: &'static str,
    value: &V,
    is_same: impl FnOnce(&V, &V) -> Option<bool>,
) -> Result<(), Cause> {
    guarded(what, || {
        let mut bytes = Vec::new();
        if portable::encode_within(value, &mut bytes, CHECKED).map_err(|error| error.to_string())? {
            let restored = portable::decode(&bytes).map_err(|error| error.to_string())?;
            if is_same(value, &restored) == Some(false) {
                return Err(ALTERED.to_string());
            }
        }
        Ok(())
    })
}

/// A build without worker processes and journals serializes nothing, and checks nothing.
#[cfg(not(any(feature = "processes", feature = "journal")))]
pub(crate) fn check<V: Portable>(
    _what: &'static str,
    _value: &V,
    _is_same: impl FnOnce(&V, &V) -> Option<bool>,
) -> Result<(), Cause> {
    Ok(())
}

/// Values turn into bytes and back by code of the user's, which may panic.
#[cfg(any(feature = "processes", feature = "journal"))]
fn guarded<R>(what: &'static str, convert: impl FnOnce() -> Result<R, String>) -> Result<R, Cause> {
    match panics::catch(convert) {
        Ok(Ok(converted)) => Ok(converted),
        Ok(Err(reason)) => Err(Cause::Unportable { what, reason }),
        Err(panic) => Err(panic.into()),
    }
}
