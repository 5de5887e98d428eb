//! The registry: every `#[task]` of the program, by name.
//!
//! The linker gathers the entries, so that they are there before `main`, in every crate of the program and without a
//! line of set-up. A name holds the module path and the position in the file: unique within one build, and a worker
//! is always of the same build (the handshake sees to that).

use linkme::distributed_slice;

use crate::task::Task;

/// All tasks of this program.
#[doc(hidden)]
#[distributed_slice]
pub static TASKS: [Entry];

/// Declares the static `$entry`, the entry of the task `$task`.
///
/// A macro by example, since what it expands to lies in a link section: inside a macro of another crate that is
/// allowed in a crate that forbids unsafe code.
#[doc(hidden)]
#[macro_export]
macro_rules! entry {
    ($entry:ident: $task:ty, $name:literal) => {
        #[$crate::__private::linkme::distributed_slice($crate::__private::TASKS)]
        #[linkme(crate = $crate::__private::linkme)]
        static $entry: $crate::__private::Entry = $crate::__private::Entry::of::<$task>(
            $name,
            concat!(module_path!(), "::", $name, " at ", file!(), ":", line!(), ":", column!()),
        );
    };
}

/// One task: its names, and how a worker makes it from bytes.
#[doc(hidden)]
pub struct Entry {
    /// What people call it: `calculate_sum`.
    pub(crate) name: &'static str,
    /// What workers call it: `crate::module::calculate_sum at src/main.rs:5:1`.
    #[cfg_attr(not(feature = "processes"), expect(dead_code, reason = "only workers look tasks up"))]
    pub(crate) path: &'static str,
    #[cfg(feature = "processes")]
    pub(crate) receive: crate::task::received::Receive,
}

impl Entry {
    /// The entry of the task `T`. Called by `#[task]` alone.
    #[doc(hidden)]
    pub const fn of<T: Task>(name: &'static str, path: &'static str) -> Self {
        Self {
            name,
            path,
            #[cfg(feature = "processes")]
            receive: crate::task::received::receive::<T>,
        }
    }
}

/// The entry with that path.
#[cfg(feature = "processes")]
pub(crate) fn find(path: &[u8]) -> Option<&'static Entry> {
    TASKS.iter().find(|entry| entry.path.as_bytes() == path)
}
