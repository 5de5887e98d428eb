//! `Deferred`: the arguments of a command, which are added to the parser only if the user has given that command.
//!
//! The program makes the parser at its start, and uses one command of it. Making the arguments of all commands takes
//! 0.1 ms more, which is longer than the tutorial's whole sum.

use clap::builder::Resettable;
use clap::{ArgMatches, Args, Command, Error, FromArgMatches};

/// The arguments `A` of a command.
pub(super) struct Deferred<A>(pub(super) A);

impl<A: Args> Args for Deferred<A> {
    fn augment_args(command: Command) -> Command {
        command.defer(|command| keeping_its_summary(command, A::augment_args))
    }

    fn augment_args_for_update(command: Command) -> Command {
        command.defer(|command| keeping_its_summary(command, A::augment_args_for_update))
    }
}

impl<A: FromArgMatches> FromArgMatches for Deferred<A> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        A::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}

/// Groups of arguments have summaries too. That of the command, which was there before, is the one to be shown.
fn keeping_its_summary(command: Command, augment: fn(Command) -> Command) -> Command {
    let summary = command.get_about().cloned();
    augment(command).about(Resettable::from(summary))
}
