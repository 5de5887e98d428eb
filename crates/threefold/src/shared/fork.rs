//! Which process this is: the one that has made a value, or a fork of it.
//!
//! A program may fork and go on in both processes. The fork has the memory of its parent, and shares the parent's
//! descriptors, but has only one of its threads. So it must use neither the parent's worker processes, nor its helper
//! threads, nor its async runtimes. Whoever has any of these keeps the [`Identity`] of the process with them.
//!
//! A fork has the memory of its ancestors alone. So an identity is a number that no ancestor has. A [word](wiped) of
//! memory holds it, which the kernel sets to zero in each fork. A process that finds zero takes the next number. If the
//! system cannot provide such a word, the identity is the process id.

use std::process;
use std::sync::OnceLock;
#[cfg(all(feature = "processes", target_os = "linux", not(miri)))]
use std::sync::atomic::{AtomicU32, Ordering};

#[cfg(all(feature = "processes", target_os = "linux", not(miri)))]
mod wiped;

/// A process, as opposed to its forks and to those that it is a fork of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity(u32);

impl Identity {
    /// The identity of this process.
    pub(crate) fn this() -> Self {
        #[cfg(all(feature = "processes", target_os = "linux", not(miri)))]
        if let Some(word) = word() {
            // Relaxed: a fork has the memory as it was, and no other data depends on the number.
            return match word.load(Ordering::Relaxed) {
                0 => Self::taken(word),
                number => Self(number),
            };
        }
        Self(process::id())
    }

    /// Takes the next number for this process.
    #[cfg(all(feature = "processes", target_os = "linux", not(miri)))]
    #[cold]
    fn taken(word: &AtomicU32) -> Self {
        /// The last number that this process or an ancestor has taken.
        static LAST: AtomicU32 = AtomicU32::new(0);
        let next = LAST.fetch_add(1, Ordering::Relaxed) + 1;
        // Another thread may have been faster.
        Self(word.compare_exchange(0, next, Ordering::Relaxed, Ordering::Relaxed).map_or_else(|first| first, |_| next))
    }

    /// Whether it is the identity of this process.
    pub(crate) fn is_this(self) -> bool {
        self == Self::this()
    }

    /// Whether it is known, without a system call, to be the identity of another process. Each fold may ask that, and each
    /// access to an array that is being filled.
    #[inline]
    pub(crate) fn is_another(self) -> bool {
        #[cfg(all(feature = "processes", target_os = "linux", not(miri)))]
        // A fork that has not taken its number finds zero, which nobody has.
        let is_another = word().is_some_and(|word| word.load(Ordering::Relaxed) != self.0);
        #[cfg(not(all(feature = "processes", target_os = "linux", not(miri))))]
        let is_another = false;
        is_another
    }
}

/// The word with the number of this process, if the system provides one.
#[cfg(all(feature = "processes", target_os = "linux", not(miri)))]
#[inline]
fn word() -> Option<&'static AtomicU32> {
    static WORD: OnceLock<Option<&'static AtomicU32>> = OnceLock::new();
    *WORD.get_or_init(|| wiped::word().ok())
}

/// A value of which each process has its own.
pub(crate) struct Own<T> {
    of: Identity,
    value: T,
    /// That of the fork in which this process is, if it is in one.
    fork: OnceLock<Box<Self>>,
}

impl<T> Own<T> {
    /// The value of this process.
    pub(crate) fn new(value: T) -> Self {
        Self { of: Identity::this(), value, fork: OnceLock::new() }
    }

    /// The value of this process. In a fork, `instead_of` makes it once. It is given what the parent had, of which a
    /// thread that the fork does not have may hold the locks.
    pub(crate) fn get(&self, instead_of: impl Fn(&T) -> T) -> &T {
        let (mut own, this) = (self, Identity::this());
        while own.of != this {
            own = own.fork.get_or_init(|| Box::new(Self::new(instead_of(&own.value))));
        }
        &own.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_one_identity() {
        let others: Vec<_> = (0..4).map(|_| std::thread::spawn(Identity::this)).collect();
        let this = Identity::this();
        assert!(this.is_this());
        assert!(others.into_iter().all(|other| other.join().unwrap() == this));
    }

    #[test]
    fn a_value_of_another_process_is_replaced_once() {
        let mut own = Own::new(1);
        assert_eq!(*own.get(|_| unreachable!("it is that of this process")), 1);
        own.of = Identity(u32::MAX);
        assert_eq!(*own.get(|parents| parents + 1), 2);
        assert_eq!(*own.get(|_| unreachable!("it is there")), 2);
    }
}
