//! The stack size of threads that run tasks: that of the main thread, so that a task that recurses deeply runs on every
//! model or on none.

use std::cell::Cell;
use std::sync::OnceLock;
use std::thread::{self, Scope, ScopedJoinHandle};
use std::{fs, io};

/// The usual limit of the main thread, in bytes. It is used if the limit is not known, or if there is none.
const USUAL: usize = 8 << 20;

/// The largest stack that a thread gets, in bytes, because address space of this size is reserved for each thread.
const MOST: usize = 1 << 30;

thread_local! {
    /// The stack size that this thread was started with, in bytes, if it is a thread of ours.
    static OWN: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Notes that this thread was started with a stack of `bytes`.
pub(super) fn note(bytes: usize) {
    OWN.set(Some(bytes));
}

/// Whether this thread is known to have a stack of `bytes` or more.
pub(super) fn has(bytes: usize) -> bool {
    OWN.get().is_some_and(|own| own >= bytes)
}

/// The stack size, in bytes, of a thread that runs for a while what this thread would run: as much as this one has.
#[cfg(feature = "async")]
pub(super) fn same() -> usize {
    OWN.get().unwrap_or_else(size)
}

/// Starts a thread of `scope` with a stack of `bytes`.
pub(super) fn spawn<'scope, R: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    name: &str,
    bytes: usize,
    work: impl FnOnce() -> R + Send + 'scope,
) -> io::Result<ScopedJoinHandle<'scope, R>> {
    let thread = thread::Builder::new().name(name.to_string()).stack_size(bytes);
    thread.spawn_scoped(scope, move || {
        note(bytes);
        work()
    })
}

/// The stack size of a thread for which no other was asked, in bytes.
pub(super) fn size() -> usize {
    static SIZE: OnceLock<usize> = OnceLock::new();
    *SIZE.get_or_init(|| fs::read_to_string("/proc/self/limits").ok().and_then(|limits| soft(&limits)).unwrap_or(USUAL))
}

/// The soft limit of the main thread's stack, from the text of `/proc/self/limits`.
fn soft(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max stack size"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(USUAL),
        bytes => bytes.parse().ok().map(|bytes: usize| bytes.clamp(USUAL / 4, MOST)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_the_main_thread_is_read() {
        let line =
            |soft: &str| format!("Max data size  unlimited\nMax stack size            {soft}  unlimited  bytes\n");
        assert_eq!(super::soft(&line("16777216")), Some(16 << 20));
        assert_eq!(super::soft(&line("unlimited")), Some(USUAL));
        assert_eq!(super::soft(&line("99999999999999")), Some(MOST));
        assert_eq!(super::soft(""), None);
        assert!(size() >= USUAL / 4);
    }
}
