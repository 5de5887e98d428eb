//! `OnModel`: the arguments of a model's command. Its help shows only the arguments that the model has.

use clap::{ArgMatches, Args, Command, Error, FromArgMatches};
use threefold::Model;

use super::run::RunArguments;
use crate::model_options::{self, ModelOption};
use crate::workloads::Workload;

/// The arguments of the command that has a model's name.
pub(super) struct OnModel(pub(super) RunArguments);

impl Args for OnModel {
    fn augment_args(command: Command) -> Command {
        adapt(RunArguments::augment_args(command))
    }

    fn augment_args_for_update(command: Command) -> Command {
        adapt(RunArguments::augment_args_for_update(command))
    }
}

impl FromArgMatches for OnModel {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        RunArguments::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}

/// Hides the options that the model of this `command` does not have, and adapts the help of the others to the model.
fn adapt(mut command: Command) -> Command {
    let model = Model::ALL.iter().copied().find(|model| model.name() == command.get_name());
    let model = model.expect("each of these commands has a model's name");
    for option in ModelOption::ALL.into_iter().filter(|option| !option.is_available_on(model)) {
        command = command.mut_arg(option.id(), |argument| match option {
            ModelOption::Workers | ModelOption::InFlight => argument.hide(true),
            ModelOption::Timeout => argument.help("With --exec: end a process that takes longer than S seconds"),
            ModelOption::MemoryLimit => {
                argument.help("With --exec: limit the private memory of each process, for example to 512MiB")
            }
        });
    }
    if !model.capabilities().survives_crashes {
        // Without --exec it is accepted, but no worker can be lost.
        command = command.mut_arg("retries", |argument| argument.help("With --exec: run a chunk again, up to N times"));
    }
    if model == Model::Mpi {
        command = command.mut_arg("workers", |argument| {
            argument.help("The number of threads in each rank; rank 0 runs no chunks [default: 1]")
        });
    }
    if model == Model::Async {
        command = command
            .mut_arg("workers", |argument| argument.help("The number of threads of the runtime [default: 1]"))
            .mut_arg("timeout", |argument| {
                let workloads = model_options::one_of(&Workload::names_that_wait());
                argument.help(format!(
                    "Fail a chunk that takes longer than S seconds, only with --exec or --workload {workloads}"
                ))
            });
    }
    command
}
