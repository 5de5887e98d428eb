//! `run_chunk`: the task. It starts the program for a chunk, and makes an output or an error of what came of it.

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use threefold::task;
#[cfg(feature = "async")]
use threefold::{Executor, Model};

use super::bytes::Bytes;
use super::child::{Child, Ended, Stopped};
use super::decimal::Decimal;
use super::drive;
use super::job::{Few, Job};
use super::program::{Keep, Program};
use super::unstarted::Unstarted;
use crate::chunk_error::{About, ChunkError, Kind};
use crate::{escape, messages};

/// What comes of a chunk.
pub(super) type Answered = Result<Answer, ChunkError>;

/// The output of a chunk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Answer {
    pub(super) value: Value,
    /// The failures of the attempts before, in their order.
    pub(super) earlier: Vec<ChunkError>,
}

/// What is kept of what a process has printed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Value {
    Bytes(Bytes),
    Number(Decimal),
    /// The number of lines.
    Count(u64),
}

/// How many characters are shown of what is not a number.
const SHOWN: usize = 60;

/// Runs one chunk: on async beside others on the same thread, on the other models alone on its thread.
#[cfg(feature = "async")]
#[task]
pub(super) async fn run_chunk(job: Job, program: &Program) -> Answered {
    make_attempts(job, program).await
}

/// The same in a build without the model async.
#[cfg(not(feature = "async"))]
#[task]
pub(super) fn run_chunk(job: Job, program: &Program) -> Answered {
    use std::task::{Context, Poll, Waker};
    // It never waits: there is no runtime in which it could.
    match std::pin::pin!(make_attempts(job, program)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answered) => answered,
        Poll::Pending => unreachable!("nothing in it waits"),
    }
}

async fn make_attempts(job: Job, program: &Program) -> Answered {
    if let Few::Unreadable(reason) = &job.items {
        return Err(ChunkError { message: format!("cannot be run: {reason}"), ..ChunkError::default() });
    }
    let (attempts, bisects) = (program.means().limits.attempts, program.means().bisect);
    let (mut attempt, mut earlier) = (1, Vec::new());
    loop {
        let error = match run_once(&job, program, attempt).await {
            Ok(value) => return Ok(Answer { value, earlier }),
            Err(error) => error,
        };
        if error.kind == Kind::Cancelled {
            return Err(error);
        }
        if attempt >= attempts || error.is_final {
            let error = if bisects { bisect(job, program, error).await } else { error };
            return Err(ChunkError { earlier: earlier.into(), ..error });
        }
        let place = format!("{}: chunk {} ({})", escape::line(&program.command), job.chunk, job.describe());
        messages::warning(format_args!("{place} {}\n  the chunk is run again", error.message));
        attempt += 1;
        earlier.push(error);
    }
}

/// Runs one attempt.
async fn run_once(job: &Job, program: &Program, attempt: u32) -> Result<Value, ChunkError> {
    let attempts = program.means().limits.attempts;
    let about = About { details: String::new(), covers: Some(job.describe()) };
    let at = ChunkError {
        about: Box::new(about),
        attempt: Some(attempt),
        attempts: Some(attempts),
        ..ChunkError::default()
    };
    let of_attempt = format!("attempt {attempt} of {attempts}");
    let unstarted = |error: std::io::Error| {
        let means = program.means();
        let Unstarted { why, is_final } = Unstarted::of(&error, &means.template.path, means.limits.memory);
        ChunkError { message: format!("could not be started: {why}, {of_attempt}"), is_final, ..at.clone() }
    };
    let child = Child::start(program, job, attempt, program.keep).map_err(unstarted)?;
    #[cfg(feature = "async")]
    let ended = match Executor::current().model() {
        Model::Async => drive::wait_in_runtime(child).await,
        _ => drive::wait(child),
    };
    #[cfg(not(feature = "async"))]
    let ended = drive::wait(child);
    let ended = ended.map_err(|error| ChunkError {
        message: format!("could not be followed to its end: {error}, {of_attempt}"),
        ..at.clone()
    })?;
    let about = About { details: details(&ended, program), covers: Some(job.describe()) };
    let at = ChunkError {
        about: Box::new(about),
        pid: Some(ended.pid),
        signal: ended.status.signal(),
        exit_code: ended.status.code(),
        ..at
    };
    value_of(ended, program.keep).map_err(|(kind, what)| ChunkError {
        kind,
        message: format!("{what}, {of_attempt}"),
        ..at
    })
}

/// The value of a process that has ended, or what is wrong with it.
fn value_of(ended: Ended, keep: Keep) -> Result<Value, (Kind, String)> {
    let pid = ended.pid;
    match ended.stopped {
        Some(Stopped::Late) => {
            let time = seconds(ended.ran_for);
            return Err((Kind::Timeout, format!("ran out of time: process {pid} was terminated after {time}")));
        }
        Some(Stopped::PrintedTooMuch) => {
            let most = match keep {
                Keep::Number => "64 KiB, where one number is expected",
                Keep::Everything | Keep::Count => "1 GiB, which would have to be kept in memory: let it write a file",
            };
            return Err((Kind::Failed, format!("printed more than {most}; process {pid} was terminated")));
        }
        Some(Stopped::AtTerminal(signal)) => {
            let name = signal_name(signal);
            return Err((
                Kind::Failed,
                format!(
                    "tried to use the terminal, and programs of --exec have none (give it a key, or an option such as \
                     `ssh -o BatchMode=yes`, so that it does not ask): process {pid} was stopped by {name}"
                ),
            ));
        }
        Some(Stopped::Cancelled) => return Err((Kind::Cancelled, "was cancelled".to_string())),
        None => {}
    }
    match (ended.status.code(), ended.status.signal()) {
        (Some(0), _) => {}
        (Some(code), _) => return Err((Kind::Lost, format!("was lost: process {pid} exited with code {code}"))),
        (None, signal) => {
            let name = signal.map_or_else(|| "a signal".to_string(), signal_name);
            return Err((Kind::Lost, format!("was lost: process {pid} was killed by {name}")));
        }
    }
    let printed = ended.printed;
    Ok(match keep {
        Keep::Everything => Value::Bytes(Bytes(printed.bytes)),
        Keep::Count => Value::Count(printed.line_count()),
        Keep::Number => Value::Number(number(&printed.bytes).map_err(|what| (Kind::Failed, what))?),
    })
}

/// The one number in `printed`, or why there is none.
fn number(printed: &[u8]) -> Result<Decimal, String> {
    let text = printed.trim_ascii();
    if text.is_empty() {
        return Err("printed nothing, where a number is needed".to_string());
    }
    let number = std::str::from_utf8(text).ok().and_then(Decimal::parse);
    number.ok_or_else(|| {
        let text = String::from_utf8_lossy(text);
        let shown: String = text.chars().take(SHOWN).collect();
        let rest = if shown.len() < text.len() { ".." } else { "" };
        format!("printed `{}{rest}`, where one number is needed", escape::line(&shown))
    })
}

/// What else is known of a process that has failed: its limit, and the end of its stderr.
fn details(ended: &Ended, program: &Program) -> String {
    let limit = program.means().limits.memory.map(|bytes| format!("it could have {} MiB of memory", bytes >> 20));
    let tail = Some(&ended.stderr_tail).filter(|tail| !tail.is_empty());
    let tail = tail.map(|tail| format!("stderr: {}", tail.replace('\n', "\n        ")));
    limit.into_iter().chain(tail).collect::<Vec<_>>().join("\n")
}

/// Adds the smallest range or lines that fail when they are run alone.
async fn bisect(job: Job, program: &Program, mut error: ChunkError) -> ChunkError {
    let (mut smallest, whole) = (job.clone(), job);
    'halving: while let Some(halves) = smallest.halves() {
        for half in halves {
            match run_once(&half, program, 1).await {
                Ok(_) => {}
                // Not every half was asked.
                Err(cancelled) if cancelled.kind == Kind::Cancelled => return cancelled,
                Err(_) => {
                    smallest = half;
                    continue 'halving;
                }
            }
        }
        break;
    }
    if smallest != whole {
        error.message += &format!("; the smallest part that fails alone: {}", smallest.describe());
    }
    error
}

/// A time for people.
fn seconds(time: Duration) -> String {
    match time.as_secs_f64() {
        short @ ..1.0 => format!("{:.0} ms", short * 1e3),
        long => format!("{long:.1} s"),
    }
}

/// The name of a signal.
fn signal_name(signal: i32) -> String {
    signal_hook::low_level::signal_name(signal).map_or_else(|| format!("signal {signal}"), str::to_string)
}
