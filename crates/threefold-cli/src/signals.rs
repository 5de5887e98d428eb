//! INT and TERM: they cancel the fold, and end the program soon in any case.
//!
//! Normally the fold then fails as cancelled and `main` goes on to its end. Where that takes too long - a chunk that
//! does not ask, an output that nobody reads - the thread that waits here ends the program; worker processes notice
//! that their parent is gone and end as well.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;
use std::{io, process, thread};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator;
use threefold::CancelToken;

use crate::exit;

/// How long a cancelled fold has to end in order: with it, who asked for the end has it within half a second.
pub(crate) const GRACE: Duration = Duration::from_millis(400);

/// The same for a comparison, which has what was measured until then to tell: within a second.
pub(crate) const GRACE_TO_TELL: Duration = Duration::from_millis(800);

/// The signals so far.
pub(crate) struct Signals {
    /// The number of the first; 0 before it.
    caught: Arc<AtomicU8>,
}

impl Signals {
    /// From now on INT and TERM cancel `token`, and end the program after this `grace`.
    ///
    /// # Errors
    ///
    /// The system has no descriptor or no thread left.
    pub(crate) fn watch(token: &CancelToken, grace: Duration) -> io::Result<Self> {
        let caught = Arc::new(AtomicU8::new(0));
        let mut arriving = iterator::Signals::new([SIGINT, SIGTERM])?;
        let (token, seen) = (token.clone(), Arc::clone(&caught));
        // It is never joined: it ends with the program, or is what ends it.
        thread::Builder::new().name("threefold-signals".to_string()).spawn(move || {
            let Some(signal) = arriving.forever().next() else { return };
            let signal = if signal == SIGTERM { SIGTERM as u8 } else { SIGINT as u8 };
            // Before the token is cancelled, whose lock carries it along: who sees the one sees the other.
            seen.store(signal, Ordering::Relaxed);
            token.cancel();
            thread::sleep(grace);
            process::exit((exit::SIGNALLED + signal).into());
        })?;
        Ok(Self { caught })
    }

    /// The number of the signal that has arrived.
    pub(crate) fn caught(&self) -> Option<u8> {
        match self.caught.load(Ordering::Relaxed) {
            0 => None,
            signal => Some(signal),
        }
    }
}
