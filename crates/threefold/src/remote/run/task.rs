//! `Task`: the task of a fold, serialized once for all workers.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Arc, OnceLock};

use crate::error::Error;
use crate::remote::carrier::Fingerprint;
use crate::remote::fold_port::FoldPort;
use crate::remote::wire::Rules;
use crate::shared::known;
use crate::shared::memory::Memory;

/// The task as it is told to every worker that does not have it.
pub(super) struct Task {
    pub(super) address: Vec<u8>,
    pub(super) captures: Vec<u8>,
    pub(super) fingerprint: Fingerprint,
    pub(super) rules: Rules,
    /// The source from which workers cut the chunks; empty if chunks are sent.
    pub(super) source: Vec<u8>,
    /// The memory of the arrays in the captures.
    pub(super) captured: Vec<Arc<Memory>>,
    /// The memory of the array that is the source.
    pub(super) folded: Vec<Arc<Memory>>,
}

impl Task {
    pub(super) fn new(port: &FoldPort<'_>, maps_memory: bool) -> Result<Self, Error> {
        /// Keys of this process's own, so that nobody can make two tasks that look alike.
        static KEYS: OnceLock<[RandomState; 2]> = OnceLock::new();
        let (task, captured) = gathered(maps_memory, || port.task());
        let (address, captures) = task?;
        let (source, folded) = gathered(maps_memory, || port.source().unwrap_or_default());
        let fingerprint = KEYS.get_or_init(Default::default).each_ref().map(|keys| {
            let mut hasher = keys.build_hasher();
            hasher.write(&address);
            hasher.write_usize(address.len());
            hasher.write(&captures);
            hasher.finish()
        });
        Ok(Self { address, captures, fingerprint, rules: port.rules(), source, captured, folded })
    }
}

/// What `serialize` gives, and the memory of the arrays of which it gives the numbers: of none, if workers map no memory.
fn gathered<R>(maps_memory: bool, serialize: impl FnOnce() -> R) -> (R, Vec<Arc<Memory>>) {
    if maps_memory { known::gathering(serialize) } else { (serialize(), Vec::new()) }
}
