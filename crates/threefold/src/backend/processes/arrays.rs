//! `Arrays`: the memory of this process that a worker knows; and how the worker maps it.
//!
//! The memory has no name. The worker opens it through the descriptor that this process has, by way of `/proc`
//! ([`parent`](crate::shared::parent)). The file that it opens in this way is its own, and opened for reading only. So a
//! worker could not write to the memory even without the seals. To send a descriptor along with the messages was the
//! alternative. Then every receive of a worker would have to make room for descriptors, and the kernel limits how many
//! are on their way.
//!
//! Some processes cannot be asked in this way, even by their own workers: those that have dropped rights since they were
//! started, and those for which `/proc` shows other process ids or is not there. Their arrays are sent with all their
//! items ([`can_be_mapped`]).
//!
//! The worker believes nothing that it was told. The length of the memory and its seals are what the kernel says
//! ([`Sealed::open`]).
//!
//! A fold holds its arrays until it has ended. So the descriptor is open, and the same, as long as any worker may be
//! about to open it.

use std::collections::HashSet;
use std::io;
use std::sync::OnceLock;

use rustix::fs::{OFlags, readlink};
use rustix::process::{DumpableBehavior, dumpable_behavior, getpid};

use crate::remote::wire::{Place, ToWorker};
use crate::shared::known;
use crate::shared::mapped::file_of;
use crate::shared::memory::{Memory, Sealed};
use crate::shared::parent::File;

/// The memory of this process that a worker was told of, by its number.
#[derive(Debug, Default)]
pub(super) struct Arrays(HashSet<u64>);

impl Arrays {
    /// Appends a message that tells the worker where that memory is, if it has not been told.
    pub(super) fn tell(&mut self, memory: &Memory, out: &mut Vec<u8>) {
        if self.0.insert(memory.number())
            && let Some(place) = place_of(memory)
        {
            ToWorker::Map(place).write(out);
        }
    }

    /// Appends messages that tell the worker what memory is freed, each behind what `before` appends.
    pub(super) fn forget_freed(&mut self, out: &mut Vec<u8>, mut before: impl FnMut(u64, &mut Vec<u8>)) {
        self.0.retain(|&number| {
            let is_own = known::is_own(number);
            if !is_own {
                before(number, out);
                ToWorker::Forget { number }.write(out);
            }
            is_own
        });
    }
}

/// Where a worker finds the memory. `None` for memory that this process has not made: no worker is told of it, and its
/// number is unknown there.
fn place_of(memory: &Memory) -> Option<Place> {
    let File { descriptor, device, inode } = file_of(memory.sealed().descriptor()?).ok()?;
    Some(Place { number: memory.number(), length: memory.bytes().len() as u64, descriptor, device, inode })
}

/// Whether workers of this process can map its memory.
pub(super) fn can_be_mapped() -> bool {
    /// Whether `/proc` shows the process ids that processes know of each other.
    static PROC_IS_OURS: OnceLock<bool> = OnceLock::new();
    let proc_is_ours = *PROC_IS_OURS.get_or_init(|| {
        let own = getpid().as_raw_nonzero().to_string();
        readlink("/proc/self", Vec::new()).is_ok_and(|name| name.as_bytes() == own.as_bytes())
    });
    proc_is_ours && dumpable_behavior() == Ok(DumpableBehavior::Dumpable)
}

/// Maps memory of the parent of this worker process.
pub(super) fn map(place: Place) -> io::Result<()> {
    let Place { number, length, descriptor, device, inode } = place;
    let descriptor = File { descriptor, device, inode }.open(OFlags::RDONLY)?;
    let length =
        usize::try_from(length).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "its length is no length"))?;
    known::receive(number, Memory::new(Sealed::open(descriptor, length)?));
    Ok(())
}
