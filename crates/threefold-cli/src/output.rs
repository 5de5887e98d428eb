//! What is written, and where: results to stdout, all else to stderr.
//!
//! A reader of stdout who has left wanted no more: that is no error.

mod json;
mod plain;
mod works;

use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use threefold_compare::Comparison;

use crate::exit;
use crate::failure::Failure;
use crate::run::Run;
use crate::words::{self, Format};

/// Writes the result of `run`, and to stderr why there is none.
///
/// # Errors
///
/// Stdout takes no more, for another reason than that its reader has left.
pub(crate) fn write(run: &Run, format: Format) -> io::Result<()> {
    if let Err(failure) = &run.value {
        if let Failure::Chunks { .. } = failure {
            run.failures.iter().for_each(|error| complain(format_args!("{error:#}")));
        }
        complain(format_args!("{failure:#}"));
    }
    told(to_stdout(|out| match format {
        Format::Plain => plain::write(run, out),
        Format::Json => json::write(run, out),
    }))
}

/// Says why a result was not written.
fn told(written: io::Result<()>) -> io::Result<()> {
    written.inspect_err(|error| complain(format_args!("the result cannot be written: {error}")))
}

/// Says that nothing was started, and why.
pub(crate) fn nothing_started(failure: &Failure) -> ExitCode {
    complain(failure);
    exit::NOTHING_STARTED.into()
}

/// Answers words that order no work: with help where that was asked for, or with what is wrong with them.
pub(crate) fn words(answer: &clap::Error) -> ExitCode {
    // The marks that kept negative ranges apart from options are not what was typed.
    let text = answer.render().to_string().replace(words::MINUS, "-");
    if answer.use_stderr() {
        // Help that nobody asked for is not an error message: it is the answer to no words at all.
        let program = if text.starts_with("error:") { "threefold: " } else { "" };
        let _ = write!(io::stderr(), "{program}{text}");
        return exit::NOTHING_STARTED.into();
    }
    print(&text)
}

/// The width where stdout is no terminal: a page's.
const WIDTH: usize = 100;

/// Shows a comparison, as wide as the terminal.
///
/// # Errors
///
/// As for [`write()`].
pub(crate) fn comparison(comparison: &Comparison) -> io::Result<()> {
    let stdout = io::stdout();
    let terminal = stdout.is_terminal().then(|| rustix::termios::tcgetwinsize(&stdout).ok()).flatten();
    // A terminal that does not tell its width says 0.
    let width = terminal.map(|size| size.ws_col.into()).filter(|&width| width > 0).unwrap_or(WIDTH);
    told(to_stdout(|out| out.write_all(comparison.to_text(width).as_bytes())))
}

/// Says why there is no comparison.
pub(crate) fn failed(error: &threefold_compare::Error) {
    complain(error);
}

/// Says why no comparison was begun.
pub(crate) fn refused(error: &threefold_compare::Error) -> ExitCode {
    complain(error);
    exit::NOTHING_STARTED.into()
}

/// Lists the works.
pub(crate) fn works() -> ExitCode {
    print(&works::table())
}

fn print(text: &str) -> ExitCode {
    match to_stdout(|out| out.write_all(text.as_bytes())) {
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

/// Says what went wrong and was put right.
pub(crate) fn warn(what: impl std::fmt::Display) {
    say("warning", what);
}

fn complain(what: impl std::fmt::Display) {
    say("error", what);
}

fn say(how: &str, what: impl std::fmt::Display) {
    // In one piece, so that no other line comes between. Where nobody listens there is nobody to tell.
    let _ = io::stderr().write_all(format!("threefold: {how}: {what}\n").as_bytes());
}
