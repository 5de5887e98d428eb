//! A worker that the system has stopped because its task wants something of the terminal.
//!
//! A worker leads a process group of its own, so that Ctrl-C is the parent's affair. That group never has the terminal. If
//! a task reads from the terminal, or changes its settings, the system stops the whole group, and it would wait for ever.
//! A worker that somebody has stopped in another way may go on, and is left alone.

use std::fs::File;
use std::sync::OnceLock;

use rustix::process::Signal;

use super::Worker;

/// What is said of a worker that was stopped by SIGTTIN.
const READS: &str =
    "its task wanted to read from the terminal, which belongs to the program alone (it was stopped by SIGTTIN)";

/// What is said of a worker that was stopped by SIGTTOU.
const WRITES: &str = "its task wanted to write to the terminal or to change its settings, and it belongs to the program alone (it was stopped by SIGTTOU)";

impl Worker {
    /// Why it waits for the terminal, if it does.
    pub(in crate::backend::processes) fn wants_terminal(&self) -> Option<&'static str> {
        let process = self.body.process().filter(|_| has_terminal())?;
        match Signal::from_named_raw(process.stopping_signal()?)? {
            Signal::TTIN => Some(READS),
            Signal::TTOU => Some(WRITES),
            _ => None,
        }
    }
}

/// Whether there is a terminal from which this process, and so its workers, can be stopped.
fn has_terminal() -> bool {
    static HAS_ONE: OnceLock<bool> = OnceLock::new();
    *HAS_ONE.get_or_init(|| File::open("/dev/tty").is_ok())
}
