//! Plain output: the two lines of the tutorial, or nothing. What programs have printed was passed on before.

use std::io::{self, Write};

use crate::run::Run;

/// Writes the time in seconds and the result, if there is one.
pub(crate) fn write(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    match &run.value {
        Ok(_) if run.work.passes_on() => Ok(()),
        Ok(value) => writeln!(out, "time: {:.6}\n{value}", run.total.as_secs_f64()),
        Err(_) => Ok(()),
    }
}
