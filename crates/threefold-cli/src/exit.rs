//! Exit codes: 0 done, 1 failed, 2 nothing was started, 130 and 143 on INT and TERM.

use std::io;
use std::process::ExitCode;

use crate::run::Run;

/// The computation failed, or its result could not be written.
pub(crate) const FAILED: u8 = 1;

/// Nothing was started: the arguments are wrong, or ask for what this build or machine cannot do.
pub(crate) const NOTHING_STARTED: u8 = 2;

/// Added to the number of the signal that ended the program, as shells do.
pub(crate) const SIGNALLED: u8 = 128;

/// The exit code of `run`, given whether its result could be `written` and which signal has arrived.
pub(crate) fn code(run: &Run, written: io::Result<()>, signal: Option<u8>) -> ExitCode {
    let code = match (&run.value, written, signal) {
        (Err(_), _, Some(signal)) => SIGNALLED + signal,
        (Err(failure), ..) if failure.kind() == "setup" => NOTHING_STARTED,
        (Err(_), ..) | (Ok(_), Err(_), _) => FAILED,
        // The signal arrived after the result.
        (Ok(_), Ok(()), _) => 0,
    };
    code.into()
}
