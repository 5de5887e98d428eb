//! `execute`: this process becomes another program, and no shell is asked for help. This is one of the few files with unsafe
//! code: each operation has a block of its own, with its proof.
//!
//! `CommandExt::exec` of the standard library calls `execvp`, which gives a file that is not a program to `sh`. A
//! process that is started without a memory limit is refused then, and so it is here.

#![allow(unsafe_code)]

use std::ffi::{CString, OsStr, OsString, c_char};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;

/// Becomes the program at this place, with these words, the first of which is its name. It returns only why it could not.
pub(super) fn execute(program: &Path, words: &[OsString]) -> io::Error {
    match (c_string(program.as_os_str()), words.iter().map(|word| c_string(word)).collect::<io::Result<Vec<_>>>()) {
        (Ok(program), Ok(words)) => execv(&program, &words),
        (Err(error), _) | (_, Err(error)) => error,
    }
}

fn c_string(text: &OsStr) -> io::Result<CString> {
    Ok(CString::new(text.as_bytes())?)
}

fn execv(program: &CString, words: &[CString]) -> io::Error {
    let words: Vec<*const c_char> = words.iter().map(|word| word.as_ptr()).chain([ptr::null()]).collect();
    // SAFETY: the default action runs no code of this process. Rust programs ignore the signal; others do not expect that.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    // SAFETY: the texts end with a zero and the list with null, and all of them live until the call returns.
    unsafe { libc::execv(program.as_ptr(), words.as_ptr()) };
    io::Error::last_os_error()
}
