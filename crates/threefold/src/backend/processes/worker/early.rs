//! The hook that runs before `main`, for worker processes of programs whose `main` is somebody else's: the test
//! harness. One of the few files with unsafe code: the attribute that puts a function where the loader calls it.
//!
//! A worker of an ordinary program is recognised by `threefold::init()` at the top of `main`, and this hook leaves it
//! alone: what `main`'s runtime sets up before - the message on a stack overflow, the ignored SIGPIPE - is there then.

#![allow(unsafe_code)]

use crate::backend::processes::worker;

// The address of a function that the loader calls after it has set up the process, with the tasks of the whole
// program already in place (they are data, not code that would have to run first).
// SAFETY: the section holds addresses of functions that take no arguments they read and return nothing; `hook` is
// one. It relies on nothing that `main` sets up: a program's arguments are known from the start with glibc, and where
// they are not, it returns at once.
#[used]
#[unsafe(link_section = ".init_array")]
static HOOK: extern "C" fn() = hook;

extern "C" fn hook() {
    // Nothing may unwind out of here.
    let _ = std::panic::catch_unwind(worker::enter_early);
}
