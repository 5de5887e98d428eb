//! What is written to stdout: results and help. Everything else goes to stderr, through [`messages`].
//!
//! Control characters in text from elsewhere are escaped. If the reader of stdout has closed it, that is not an error.

mod json;
mod plain;
mod workloads;

use std::fmt::Display;
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use threefold_compare::Comparison;

use crate::arguments::{Answer, Format};
use crate::recording::Recording;
use crate::run::{Partial, Run};
use crate::{escape, exit, messages, paint};

/// Writes the result of `run`, and to stderr why there is none.
///
/// # Errors
///
/// Stdout cannot be written, for another reason than that its reader has left.
pub(crate) fn write(run: &Run, format: Format) -> io::Result<()> {
    if let Err(failure) = &run.value {
        run.failures.iter().for_each(|failure| messages::error(format_args!("{failure:#}")));
        messages::error(format_args!("{failure:#}"));
        if let Some(Partial { value, chunks, are_first }) = &run.partial {
            let noun = if *chunks == 1 { "chunk" } else { "chunks" };
            let which =
                if *are_first { format!("the first {chunks} {noun}") } else { format!("{chunks} finished {noun}") };
            messages::note(format_args!("partial result: {value}, from {which} of {}", run.chunks));
        }
        if let Some(advice) = run.recording.as_ref().filter(|_| failure.kind() != "setup").and_then(Recording::advice) {
            messages::note(advice);
        }
    }
    complain_of(
        "result",
        to_stdout(|out| match format {
            Format::Plain => plain::write(run, out),
            Format::Json => json::write(run, out),
        }),
    )
}

/// Says why something could not be written.
fn complain_of(what: &str, written: io::Result<()>) -> io::Result<()> {
    written.inspect_err(|error| messages::error(format_args!("the {what} cannot be written: {error}")))
}

/// Says that nothing was started, and why.
pub(crate) fn refused(reason: &(impl Display + ?Sized)) -> ExitCode {
    messages::error(reason);
    exit::NOTHING_STARTED.into()
}

/// Says why there is no comparison.
pub(crate) fn failed(error: &impl Display) {
    messages::error(error);
}

/// Writes the answer to a command line that requests nothing.
pub(crate) fn answer(answer: &Answer) -> ExitCode {
    match answer {
        Answer::Help(text) => return print(text),
        Answer::Usage(text) => messages::write(text),
        Answer::Error(text) => messages::error(text.trim_end_matches('\n')),
        Answer::Refused(refused) => {
            messages::error(&refused.reason);
            if refused.format == Format::Json {
                // The reader is told by the exit code, too.
                let _ = complain_of("result", to_stdout(|out| json::write_refused(refused, out)));
            }
        }
    }
    exit::NOTHING_STARTED.into()
}

/// The width where stdout is not a terminal, in columns.
const WIDTH: usize = 100;

/// Shows a comparison, as wide as the terminal.
///
/// # Errors
///
/// As for [`write()`].
pub(crate) fn comparison(comparison: &Comparison) -> io::Result<()> {
    let stdout = io::stdout();
    let terminal = stdout.is_terminal().then(|| terminal_size::terminal_size_of(&stdout)).flatten();
    // A terminal that does not know its width says 0.
    let width = terminal.map(|(width, _)| width.0.into()).filter(|&width| width > 0).unwrap_or(WIDTH);
    let text = comparison.to_text(width);
    let text = paint::comparison(&escape::lines(&text), &comparison.verdict.sentence);
    complain_of("result", to_stdout(|out| out.write_all(text.as_bytes())))
}

/// Lists the workloads.
pub(crate) fn workloads() -> ExitCode {
    print(&workloads::table())
}

fn print(text: &str) -> ExitCode {
    match complain_of("text", to_stdout(|out| out.write_all(text.as_bytes()))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => exit::FAILED.into(),
    }
}

fn to_stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
