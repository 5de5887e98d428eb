//! `OnComparison`: the arguments of `compare`. What they say of programs of the user's own holds for a comparison.

use clap::{ArgMatches, Args, Command, Error, FromArgMatches};

use super::compare::CompareArguments;

/// The arguments of the command `compare`.
pub(super) struct OnComparison(pub(super) CompareArguments);

impl Args for OnComparison {
    fn augment_args(command: Command) -> Command {
        adapt(CompareArguments::augment_args(command))
    }

    fn augment_args_for_update(command: Command) -> Command {
        adapt(CompareArguments::augment_args_for_update(command))
    }
}

impl FromArgMatches for OnComparison {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        CompareArguments::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}

const EXEC: &str = "\
Start COMMAND for every chunk, instead of a built-in computation

COMMAND is split into words as a shell does, with quotes and backslashes; no shell is started. Over a RANGE {start} and \
{end} are the first and the last integer of the chunk, over --lines {} or {line} is the line, and {chunk} is the number of \
the chunk. What the processes print is compared byte by byte, so COMMAND must print the same each time. A process that \
exits with another code than 0, or that a signal ends, ends the comparison.";

const LINES: &str = "\
Run COMMAND for the lines of FILE instead of a RANGE

--chunk-size N gives N lines to each process. The whole file is read first. It cannot be stdin, which cannot be read again \
for every model.";

/// Adapts the help of the options that `compare` has in common with the models.
fn adapt(command: Command) -> Command {
    command
        .mut_arg("exec", |argument| argument.long_help(EXEC))
        .mut_arg("lines", |argument| {
            argument.help("Run COMMAND for the lines of FILE instead of a RANGE").long_help(LINES)
        })
        .mut_arg("reduce", |argument| {
            argument.help(
                "How the values of --term are reduced [default: sum], or what the processes of --exec print [default: \
                 concat]; the result is compared",
            )
        })
}
