//! Which memory this process knows by its number: its own that worker processes may have, and in a worker process that
//! of its parent.
//!
//! # How an array reaches a worker
//!
//! 1. The parent serializes a task and a source inside of [`gathering`]. Each array among them writes its number
//!    instead of its items, and adds its memory to the list that `gathering` returns.
//! 2. Before a worker is told of the fold, it is told of the memory on the list that it does not have. It maps the
//!    memory, and [`receive`]s it.
//! 3. When the worker restores the task and the source, each array [`find`]s its memory by the number.
//! 4. When the parent drops the last clone of the array, its [`Holder`]s have their workers forget it. A worker that
//!    runs a fold at this time forgets it afterwards. If a fork of the parent drops its clones, nobody forgets anything: it
//!    has no holders but its own.
//!
//! Outside of `gathering`, arrays are serialized with all their items.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, TryLockError, Weak};

use super::fork::Own;
use super::memory::Memory;

/// The memory that is known, by its number.
#[derive(Default)]
struct Known {
    /// What workers of this process may have. It is freed with its last array here.
    own: HashMap<u64, Weak<Memory>>,
    /// What the parent of this worker process has told of.
    received: HashMap<u64, Arc<Memory>>,
    /// Who has workers that may have memory of this process.
    holders: Vec<Weak<dyn Holder>>,
}

impl Known {
    /// What a fork knows instead, which has all memory that its parent has, but none of its workers. Another thread of the
    /// parent may have had the lock, which nobody gives back in the fork. Then the fork learns of memory anew: of its own
    /// when it gathers it, and a fork of a worker is told nothing more.
    fn succeed(parents: &Mutex<Self>) -> Mutex<Self> {
        let known = match parents.try_lock() {
            Ok(known) => known,
            Err(TryLockError::Poisoned(known)) => known.into_inner(),
            Err(TryLockError::WouldBlock) => return Mutex::default(),
        };
        Mutex::new(Self { own: known.own.clone(), received: known.received.clone(), holders: Vec::new() })
    }
}

/// Has workers that may have memory of this process.
pub(crate) trait Holder: Send + Sync {
    /// This process has freed the memory with that number.
    fn freed(&self, number: u64);
}

thread_local! {
    /// The memory of the arrays that were serialized, while this thread gathers it.
    static GATHERED: RefCell<Option<Vec<Arc<Memory>>>> = const { RefCell::new(None) };
}

fn with_known<R>(run: impl FnOnce(&mut Known) -> R) -> R {
    static KNOWN: LazyLock<Own<Mutex<Known>>> = LazyLock::new(|| Own::new(Mutex::default()));
    run(&mut KNOWN.get(Known::succeed).lock().unwrap_or_else(PoisonError::into_inner))
}

/// Runs `serialize`, in which arrays write their numbers instead of their items. Returns the memory of these arrays,
/// each once.
pub(crate) fn gathering<R>(serialize: impl FnOnce() -> R) -> (R, Vec<Arc<Memory>>) {
    /// Ends the gathering also if the user's code panics.
    struct Ends(Option<Vec<Arc<Memory>>>);
    impl Drop for Ends {
        fn drop(&mut self) {
            GATHERED.set(self.0.take());
        }
    }
    let ends = Ends(GATHERED.replace(Some(Vec::new())));
    let result = serialize();
    let gathered = GATHERED.take().unwrap_or_default();
    drop(ends);
    (result, gathered)
}

/// Adds `memory` to what is gathered on this thread. `None` if nothing is.
pub(crate) fn gather(memory: &Arc<Memory>) -> Option<u64> {
    let gathers = GATHERED.with_borrow_mut(|gathered| {
        let Some(gathered) = gathered else { return false };
        if !gathered.iter().any(|one| Arc::ptr_eq(one, memory)) {
            gathered.push(Arc::clone(memory));
        }
        true
    });
    if gathers {
        memory.on_drop(freed);
        // Each time: it may be the parent of this process that has gathered it before.
        with_known(|known| _ = known.own.entry(memory.number()).or_insert_with(|| Arc::downgrade(memory)));
    }
    gathers.then(|| memory.number())
}

/// From now on `holder` is told of memory that is freed.
pub(crate) fn hold(holder: Weak<dyn Holder>) {
    with_known(|known| {
        known.holders.retain(|holder| holder.strong_count() > 0);
        known.holders.push(holder);
    });
}

/// Memory of this process that workers may have is freed.
fn freed(number: u64) {
    let holders: Vec<_> = with_known(|known| {
        // From here on `is_own` says that it is gone. A holder that looks at a worker before this is told below.
        known.own.remove(&number);
        known.holders.iter().filter_map(Weak::upgrade).collect()
    });
    // Without the lock: the holders take locks of their own.
    for holder in holders {
        holder.freed(number);
    }
}

/// Whether this process still has the memory with that number, which it has told workers of.
pub(crate) fn is_own(number: u64) -> bool {
    with_known(|known| known.own.get(&number).is_some_and(|memory| memory.strong_count() > 0))
}

/// The parent of this worker process has memory with that number.
pub(crate) fn receive(number: u64, memory: Memory) {
    with_known(|known| known.received.insert(number, Arc::new(memory)));
}

/// The parent of this worker process has it no more.
pub(crate) fn forget(number: u64) {
    let memory = with_known(|known| known.received.remove(&number));
    // Without the lock.
    drop(memory);
}

/// The memory with that number. This process finds its own memory only while it gathers, when it copies a task of its
/// own. Otherwise whoever sends it serialized data, a user of the program or a worker, could name any of its arrays.
pub(crate) fn find(number: u64) -> Option<Arc<Memory>> {
    let gathers = GATHERED.with_borrow(Option::is_some);
    with_known(|known| {
        let received = known.received.get(&number).map(Arc::clone);
        received.or_else(|| known.own.get(&number).filter(|_| gathers)?.upgrade())
    })
}
