//! `OfProgram`: an error of the library about a program of `--exec` or a term, in words that name the program or the term.
//!
//! For the library the work is a task of this program, with captures, over a list of jobs. The user knows none of these: the
//! user has given a command or a term, and ranges or lines.

use std::fmt;

use crate::escape;

/// How the library calls the work of a program.
const TASK: &str = "the task `threefold::exec::task::run_chunk`";

/// How it calls that of a term.
const TERM: &str = "the task `threefold::reduced_term::reduce_term`";

/// The library's words about a journal that records another command.
const CHANGED: &str = " has other captures now than when it was recorded";

/// An error of the library about a program or a term.
#[derive(Clone, Debug)]
pub(crate) struct OfProgram {
    pub(super) error: threefold::Error,
    /// What the user calls it: the command as it was typed, or for example "sum of i^2".
    pub(super) command: String,
    /// What the chunk covers, if the error is one of a chunk.
    pub(super) range: Option<String>,
}

/// "COMMAND: chunk 3 (7..=9) MESSAGE", and with `{:#}` the details below it.
impl fmt::Display for OfProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { error, command, range } = self;
        let text = if f.alternate() { format!("{error:#}") } else { error.to_string() };
        let command = escape::line(command);
        let (theirs, ours) = match (error.task(), error.chunk(), error.range(), range) {
            (Some(task), Some(chunk), Some(item), Some(range)) => {
                (format!("{task}: chunk {chunk} ({item}) "), format!("{command}: chunk {chunk} ({range}) "))
            }
            (Some(task), ..) => (format!("{task}: "), format!("{command}: ")),
            _ => (String::new(), String::new()),
        };
        match text.strip_prefix(&theirs) {
            Some(rest) => write!(f, "{ours}{}", in_a_users_words(rest)),
            None => f.write_str(&text),
        }
    }
}

/// The text of an error with a user's words for the task, which an error of a journal may name, too.
pub(super) fn in_a_users_words(text: &str) -> String {
    let another = "it records another command, or this command with a different --shell or --reduce";
    let another_term = "it records another term, the same term in another spelling, or another --reduce";
    text.replace(&format!("{TASK}{CHANGED}"), another)
        .replace(TASK, "a command of --exec")
        .replace(&format!("{TERM}{CHANGED}"), another_term)
        .replace(TERM, "a term")
}
