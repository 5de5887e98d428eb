//! `BusyLoops`: other processes that compute all the time.

use std::hint::spin_loop;
use std::process::{Child, Command, Stdio};
use std::thread;

/// The word that makes this program such a process.
const WORD: &str = "--compute-for-ever";

/// Processes that compute until this is dropped, or until this process ends.
pub(crate) struct BusyLoops {
    children: Vec<Child>,
}

impl BusyLoops {
    pub(crate) fn start(count: usize) -> Self {
        let program = std::env::current_exe().expect("this program has a file");
        let start = |_| Command::new(&program).arg(WORD).stdin(Stdio::piped()).spawn().expect("it can be run again");
        Self { children: (0..count).map(start).collect() }
    }
}

impl Drop for BusyLoops {
    fn drop(&mut self) {
        for child in &mut self.children {
            child.stdin = None;
            _ = child.wait();
        }
    }
}

/// Computes until its standard input ends, if this is such a process.
pub(crate) fn is_one_of_them() -> bool {
    if std::env::args().nth(1).as_deref() != Some(WORD) {
        return false;
    }
    let end = thread::spawn(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
    while !end.is_finished() {
        spin_loop();
    }
    true
}
