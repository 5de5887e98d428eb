//! The round trip: is a value the same after it was sent?
//!
//! A field that serde skips, or restores to something else, would give one answer on threads and another on processes.
//! Where values can be compared, an altered task is an error: on processes always, and in debug builds on every model,
//! so that it is found on whichever the tests run. There the first chunk is tried too, and where tasks cannot be
//! compared the restored one is the one that runs, so that every model agrees with processes.

#[cfg(debug_assertions)]
use crate::error::Cause;
#[cfg(debug_assertions)]
use crate::source::Pieces;
use crate::task::{Portable, Task, decode, encode};

const ALTERED: &str = "it is not the same after being sent: does serde skip a field, or restore it to something else?";

/// The task as bytes that restore it.
pub(crate) fn encode_task<T: Task>(task: &T) -> Result<Vec<u8>, String> {
    let (bytes, restored) = there_and_back(task)?;
    if task.__eq(&restored) == Some(false) { Err(ALTERED.to_string()) } else { Ok(bytes) }
}

/// The task as a worker would have it.
#[cfg(debug_assertions)]
pub(crate) fn check<T: Task>(task: &T, pieces: &impl Pieces<Chunk = T::Chunk>) -> Result<T, Cause> {
    let unportable = |what| move |reason| Cause::Unportable { what, reason };
    let bytes = encode_task(task).map_err(unportable("the task"))?;
    let restored = decode(&bytes).map_err(unportable("the task"))?;
    let chunk = pieces.piece(0);
    let (_, back) = there_and_back(&chunk).map_err(unportable("the chunk"))?;
    if T::__chunk_eq(&chunk, &back) == Some(false) {
        return Err(unportable("the chunk")(ALTERED.to_string()));
    }
    Ok(restored)
}

/// The task as its workers have it.
pub(crate) fn restored<T: Task>(task: &T) -> Result<T, String> {
    there_and_back(task).map(|(_, restored)| restored)
}

fn there_and_back<V: Portable>(value: &V) -> Result<(Vec<u8>, V), String> {
    let mut bytes = Vec::new();
    encode(value, &mut bytes)?;
    let back = decode(&bytes)?;
    Ok((bytes, back))
}
