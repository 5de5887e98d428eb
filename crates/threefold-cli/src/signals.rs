//! INT and TERM: they cancel the run, and end the program soon in any case.
//!
//! Normally the run then fails as cancelled, and `main` goes on to its end. If that takes too long - a chunk does not
//! ask whether it is cancelled, or nobody reads the output - the thread that waits here ends the program. It first says
//! what is known of a run that has not ended ([`Overdue`]), and that a result was not written. Worker processes notice that
//! their parent has gone, and end as well.
//!
//! A run that takes a few milliseconds has no such thread, which would cost 0.1 ms. There the signal handler ends the
//! program at once.
//!
//! A signal that was already ignored when the program started stays ignored.

#[cfg(not(unix))]
mod console;
#[cfg(unix)]
mod ignored;
#[cfg(unix)]
mod unix;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;
use std::{io, process, thread};

use threefold::CancelToken;

#[cfg(not(unix))]
use self::console as platform;
#[cfg(unix)]
use self::unix as platform;
use crate::exit;
use crate::overdue::{self, Overdue, Said};

/// If the parent of this process has it ignore SIGCHLD, has it ignore the signal no longer: the system would forget how
/// children end before anybody has asked.
pub(crate) fn hear_of_children() {
    platform::hear_of_children();
}

/// How long a chunk in progress is waited for. With this value the program ends within 0.5 s of the signal, also if
/// something is said of a run that is overdue; and within 1 s if nobody reads what is said.
const GRACE: Duration = Duration::from_millis(400);

/// How much longer the result of a run that has ended may take: if it ended at the last moment, it is being written.
const TO_FINISH: Duration = Duration::from_millis(20);

/// How much longer a comparison may take to show what was measured, if no chunk is in progress: the program ends within 1 s
/// of the signal.
const TO_SHOW: Duration = Duration::from_millis(400);

/// What is said if that time was not enough for the result.
const UNWRITTEN: &str = "cancelled; the result could not be written within 0.4 s";

/// What INT and TERM do to a run.
#[derive(Clone, Copy)]
pub(crate) enum Ending {
    /// They end the program at once.
    AtOnce,
    /// They cancel the run, and end the program soon.
    Soon,
    /// They cancel the comparison, and end the program soon, or when what was measured is shown.
    SoonOrShown,
}

/// The signals so far.
pub(crate) struct Signals {
    /// The number of the first; 0 before it.
    caught: Arc<AtomicU8>,
}

impl Signals {
    /// From now on INT and TERM have the effect `ending`. `token` cancels the run; `overdue` is asked to speak if that takes
    /// too long.
    ///
    /// # Errors
    ///
    /// The system has no descriptor or no thread left.
    pub(crate) fn watch(token: &CancelToken, ending: Ending, overdue: &Overdue) -> io::Result<Self> {
        let caught = Arc::new(AtomicU8::new(0));
        if let Ending::AtOnce = ending {
            platform::exit_at_once()?;
            return Ok(Self { caught });
        }
        let (token, first, overdue) = (token.clone(), Arc::clone(&caught), overdue.clone());
        platform::watch(move |signal| {
            // It is stored before the token is cancelled, whose lock publishes it: who sees the one sees the other.
            first.store(signal, Ordering::Relaxed);
            token.cancel();
            thread::sleep(GRACE);
            match (overdue.say(), ending) {
                (Said::All, _) => {}
                (Said::Nothing, Ending::SoonOrShown) => {
                    thread::sleep(TO_SHOW);
                    overdue::say_at_last("cancelled; what was measured could not be shown within 0.8 s");
                }
                // A large result, or a reader that does not read.
                (Said::Nothing, _) => {
                    thread::sleep(TO_FINISH);
                    overdue::say_at_last(UNWRITTEN);
                }
                (Said::Part, _) => overdue::say_at_last(UNWRITTEN),
            }
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
