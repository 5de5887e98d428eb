//! Exit codes: 0 done, 1 failed, 2 nothing was started, 130 and 143 on INT and TERM.

use std::io;
use std::process::ExitCode;

use crate::run::Run;

/// The work or its machinery failed.
pub(crate) const FAILED: u8 = 1;

/// The words were wrong, or ask for what this build or machine cannot do.
pub(crate) const NOTHING_STARTED: u8 = 2;

/// A signal ended the work: its number and this, as shells have it.
pub(crate) const SIGNALLED: u8 = 128;

/// How `run` ended, whose result was `written`, or not; `signal` has arrived meanwhile, or none.
pub(crate) fn code(run: &Run, written: io::Result<()>, signal: Option<u8>) -> ExitCode {
    let code = match (&run.value, written, signal) {
        (Err(_), _, Some(signal)) => SIGNALLED + signal,
        (Err(failure), ..) if failure.kind() == "setup" => NOTHING_STARTED,
        (Err(_), ..) | (Ok(_), Err(_), _) => FAILED,
        // A signal that came too late has nothing to end.
        (Ok(_), Ok(()), _) => 0,
    };
    code.into()
}
