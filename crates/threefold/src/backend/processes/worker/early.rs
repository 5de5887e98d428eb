//! The hook that runs before `main`, for worker processes of programs whose `main` is somebody else's: the test
//! harness. One of the few files with unsafe code: the attribute that puts a function where the loader calls it, and the
//! calls of the functions that the loader would call next.
//!
//! A worker of an ordinary program is recognised by `threefold::init()` at the top of `main`, and this hook leaves it
//! alone: what `main`'s runtime sets up before, such as the message on a stack overflow, is there then.
//!
//! Such functions of the program itself may follow this one: plugins that register themselves. They run first.

#![allow(unsafe_code)]

use std::ffi::{c_char, c_int};
use std::ptr;

use super::constructors;
use super::entrance;

/// A function that the loader calls before `main`, with the arguments of `main` where the C library passes them.
type Constructor = extern "C" fn(c_int, *const *const c_char, *const *const c_char);

// The address of a function that the loader calls after it has set up the process, with the tasks of the whole
// program already in place (they are data, not code that would have to run first).
// SAFETY: the section holds addresses of functions of this type; `hook` is one. It relies on nothing that `main` sets
// up: a program's arguments are known from the start with glibc, and where they are not, it returns at once.
#[used]
#[unsafe(link_section = ".init_array")]
static HOOK: Constructor = hook;

/// Nothing unwinds out of here: the process would be aborted.
extern "C" fn hook(count: c_int, arguments: *const *const c_char, environment: *const *const c_char) {
    entrance::enter_early(|| {
        let at = (&raw const HOOK).expose_provenance();
        for address in constructors::after(at)? {
            let constructor: *const Option<Constructor> = ptr::with_exposed_provenance(address);
            // SAFETY: `address` is that of an entry of the same array of functions as `HOOK`, as the program's file
            // tells, and is aligned as `HOOK` is. The loader has placed the functions' addresses before it called the
            // first of them, and nobody writes there.
            let constructor = unsafe { constructor.read() };
            if let Some(constructor) = constructor {
                // The next call that the loader would make, with the same arguments. It makes none of them later, since
                // this function does not return from here.
                constructor(count, arguments, environment);
            }
        }
        Ok(())
    });
}
