//! INT and TERM on Unix.
//!
//! A signal that is ignored when the program starts stays ignored. Shells without job control ignore INT in commands
//! that run in the background (`threefold .. &` in a script), because Ctrl-C is not meant for them.

use std::ffi::c_int;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::{io, thread};

use signal_hook::consts::{SIGCHLD, SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown};
use signal_hook::iterator::Signals;

use super::ignored::is_ignored;
use crate::exit;

/// Catches SIGCHLD if it is ignored. Nobody asks for what is noted then. Children have the default again, since what is
/// caught is not passed on to them.
pub(super) fn hear_of_children() {
    if is_ignored(SIGCHLD).unwrap_or(false) {
        // If this is refused, waiting for a child fails with an error that says so.
        let _ = register(SIGCHLD, Arc::default());
    }
}

/// From now on the first signal ends the program, in its handler.
pub(super) fn exit_at_once() -> io::Result<()> {
    let always = Arc::new(AtomicBool::new(true));
    for signal in not_ignored()? {
        register_conditional_shutdown(signal, i32::from(exit::SIGNALLED) + signal, Arc::clone(&always))?;
    }
    Ok(())
}

/// Calls `end` with the number of the first signal, on a thread of its own.
pub(super) fn watch(end: impl FnOnce(u8) + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new(not_ignored()?)?;
    // It is never joined: it ends with the program, or ends the program.
    thread::Builder::new().name("threefold-signals".to_string()).spawn(move || {
        if let Some(signal) = signals.forever().next() {
            end(if signal == SIGTERM { SIGTERM as u8 } else { SIGINT as u8 });
        }
    })?;
    Ok(())
}

/// Those of INT and TERM that are not ignored.
fn not_ignored() -> io::Result<Vec<c_int>> {
    let mut signals = Vec::new();
    for signal in [SIGINT, SIGTERM] {
        if !is_ignored(signal)? {
            signals.push(signal);
        }
    }
    Ok(signals)
}
