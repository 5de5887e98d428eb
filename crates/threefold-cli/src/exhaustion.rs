//! What becomes of a process whose memory is limited when the integers of a term exhaust it.
//!
//! Where the standard library cannot have the memory that it asks for, it says so and aborts the process. The library
//! `dashu_int` panics instead. That would be reported as a panic of the task, although the limit is the reason; and the
//! backtrace of a panic needs memory, too. So such a panic aborts a process whose memory is limited, with the words of the
//! standard library, by which the parent knows what has happened.

/// From now on a panic of `dashu_int` for want of memory aborts this process, if its memory is limited.
#[cfg(unix)]
pub(crate) fn abort_where_memory_is_limited() {
    use std::io::Write;
    use std::{io, panic, process};

    use rustix::process::{Resource, getrlimit};

    let next = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let is_exhausted = info.payload_as_str() == Some("out of memory")
            && info.location().is_some_and(|place| place.file().contains("dashu-int"));
        if is_exhausted && getrlimit(Resource::Data).current.is_some() {
            // Nothing here needs memory.
            let _ = io::stderr().write_all(b"memory allocation of a large integer failed\n");
            process::abort();
        }
        next(info);
    }));
}

/// Memory is not limited here.
#[cfg(not(unix))]
pub(crate) fn abort_where_memory_is_limited() {}
