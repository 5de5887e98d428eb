//! Copies of this process, as a host makes them that forks without running another program, and what is called at an exit. One of the few files with
//! unsafe code: each call stands alone, with its proof.

#![allow(unsafe_code)]

use std::io;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

/// Forks a copy that exits as a process exits by itself, and waits for it. Gives its exit code.
pub(crate) fn copy_that_exits() -> i32 {
    // SAFETY: the copy has one thread, which does nothing but exit.
    match unsafe { libc::fork() } {
        -1 => panic!("{}", io::Error::last_os_error()),
        // SAFETY: what is called at an exit is what this function is for: nothing of it may take a lock that another
        // thread of the process may have held.
        0 => unsafe { libc::exit(0) },
        copy => wait_for(copy).exit_status().unwrap_or(-1),
    }
}

/// Forks a copy that sleeps, and sends it SIGTERM. Gives the signal that has ended it.
pub(crate) fn copy_that_gets_signal() -> i32 {
    // SAFETY: the copy has one thread. It only sleeps, which takes no lock that another thread may have held.
    match unsafe { libc::fork() } {
        -1 => panic!("{}", io::Error::last_os_error()),
        0 => loop {
            thread::sleep(Duration::from_secs(1));
        },
        copy => {
            kill_process(Pid::from_raw(copy).unwrap(), Signal::TERM).unwrap();
            wait_for(copy).terminating_signal().unwrap_or(-1)
        }
    }
}

/// Has `call` called when this process exits, after `main` has ended.
pub(crate) fn at_exit(call: extern "C" fn()) {
    // SAFETY: `call` is a function of the type that is asked for, and is there until the process is gone.
    assert_eq!(unsafe { libc::atexit(call) }, 0);
}

fn wait_for(copy: i32) -> rustix::process::WaitStatus {
    waitpid(Pid::from_raw(copy), WaitOptions::empty()).unwrap().unwrap().1
}
