//! `Known`: a value that shells complete from a list, and that is read and refused as without the list.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command, Error};
use threefold::Model;

/// The names of all commands, in the order of the help.
const COMMANDS: [&str; 11] = [
    "sequential",
    "async",
    "threads",
    "processes",
    "mpi",
    "compare",
    "report",
    "workloads",
    "completions",
    "man",
    "help",
];

/// A parser of values, with the names that are completed.
#[derive(Clone)]
pub(super) struct Known<P> {
    parser: P,
    names: fn() -> Vec<&'static str>,
}

/// A model.
pub(super) fn models() -> impl TypedValueParser<Value = Model> {
    let names = || Model::ALL.iter().map(|model| model.name()).collect();
    Known { parser: |text: &str| text.parse::<Model>(), names }
}

/// The name of a command.
pub(super) fn commands() -> impl TypedValueParser<Value = String> {
    Known { parser: StringValueParser::new(), names: || COMMANDS.to_vec() }
}

impl<P: TypedValueParser> TypedValueParser for Known<P> {
    type Value = P::Value;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<P::Value, Error> {
        self.parser.parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.names)().into_iter().map(PossibleValue::new)))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::super::Arguments;
    use super::COMMANDS;

    #[test]
    fn every_command_is_completed() {
        let parser = Arguments::command();
        assert!(parser.get_subcommands().map(|command| command.get_name()).eq(COMMANDS));
    }
}
