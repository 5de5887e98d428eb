//! The command line, read into a [`Request`].

mod compare;
mod completions;
mod deferred;
mod exec;
mod how;
mod input;
mod known;
mod manual;
mod negative;
mod on_comparison;
mod on_model;
mod run;
mod term;
mod tips;
mod utf8;
mod values;

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use threefold::Model;

pub(crate) use self::compare::{CompareRequest, ReportRequest};
use self::completions::CompletionsArguments;
use self::deferred::Deferred;
use self::manual::ManualArguments;
use self::on_comparison::OnComparison;
use self::on_model::OnModel;
pub(crate) use self::run::{Format, RunRequest};
use crate::escape;
use crate::range;

/// What the program is asked to do.
#[derive(Debug)]
pub(crate) enum Request {
    /// Run a work once.
    Run(RunRequest),
    /// Measure a work on several models.
    Compare(CompareRequest),
    /// Show an earlier comparison.
    Report(ReportRequest),
    /// List the workloads.
    Workloads,
}

/// The answer to a command line that requests nothing, or nothing that is possible.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Help or the version, which was asked for.
    Help(String),
    /// Help that was not asked for: there were no arguments.
    Usage(String),
    /// What is wrong with the arguments, as paragraphs.
    Error(String),
    /// Each argument is understood, but a run with all of them is not possible.
    Refused(Refused),
}

/// A run that is refused.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) model: Model,
    /// What the user calls the work.
    pub(crate) work: String,
    pub(crate) format: Format,
    /// What is wrong, in a sentence.
    pub(crate) reason: String,
}

#[derive(Parser)]
#[command(name = "threefold", version, about = ABOUT, after_help = FEW_EXAMPLES, after_long_help = EXAMPLES)]
#[command(max_term_width = 100, disable_help_subcommand = true)]
#[command(override_usage = "threefold <COMMAND> [RANGE]... [OPTIONS]")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const ABOUT: &str = "\
Runs one parallel computation as async tasks, on threads, in worker processes, or in the ranks of an \
MPI job. Every model gives the same result, bit for bit.";

const FEW_EXAMPLES: &str = "\
Examples:
  threefold threads
  threefold compare --workload primes --export-html primes.html

`threefold --help` shows more examples. `threefold help COMMAND` describes the options of a command.";

const EXAMPLES: &str = "\
Examples:
  threefold sequential
  threefold threads 1..=10_000_000_000 --workers 4
  threefold async --workload wait
  threefold processes --workload locked --timeout 10 --retries 2
  threefold threads 1..=1_000_000_000 --term 'i^2 mod 7'
  threefold compare --workload primes --export-html primes.html
  threefold async 0..=250000 250000..=500000 500000..=750000 750000..=1000000

`threefold help COMMAND` describes the options of a command.";

const SEQUENTIAL_EXAMPLES: &str = "\
Examples:
  threefold sequential
  threefold sequential 1..=10_000_000_000 --format json";

const ASYNC_EXAMPLES: &str = "\
Examples:
  threefold async --workload wait 1..=1000
  threefold async --workload wait --timeout 0.5 --keep-going
  threefold async 0..=250000 250000..=500000 500000..=750000 750000..=1000000";

const THREADS_EXAMPLES: &str = "\
Examples:
  threefold threads 1..=10_000_000_000 --workers 4
  threefold threads --workload files --folder src";

const PROCESSES_EXAMPLES: &str = "\
Examples:
  threefold processes --workload locked
  threefold processes --workload primes --timeout 10 --retries 2 --memory-limit 512MiB --keep-going";

const MPI_EXAMPLES: &str = "\
Examples:
  mpirun -n 8 threefold mpi 1..=10_000_000_000
  mpirun -n 4 threefold mpi --workload primes --workers 2
  srun --mpi=pmi2 -n 64 threefold mpi --workload primes";

const COMPARE_EXAMPLES: &str = "\
Examples:
  threefold compare
  threefold compare --workload primes --export-html primes.html
  threefold compare --workload locked --models threads,processes -j 1,2,4";

const REPORT_EXAMPLES: &str = "\
Examples:
  threefold compare --export-json sum.json
  threefold report sum.json --export-html sum.html";

const WORKLOADS_EXAMPLES: &str = "\
Examples:
  threefold workloads
  threefold async --workload wait";

const HELP_EXAMPLES: &str = "\
Examples:
  threefold help
  threefold help compare";

#[derive(Subcommand)]
enum Command {
    /// Run the chunks one after the other
    #[command(after_long_help = SEQUENTIAL_EXAMPLES)]
    Sequential(Deferred<OnModel>),
    /// Run the chunks as async tasks, by default on one thread
    #[command(after_long_help = ASYNC_EXAMPLES)]
    Async(Deferred<OnModel>),
    /// Run the chunks on threads, by default one for each core
    #[command(visible_alias = "multithreading", after_long_help = THREADS_EXAMPLES)]
    Threads(Deferred<OnModel>),
    /// Run the chunks in worker processes, by default one for each core; a crash ends one worker only
    #[command(visible_alias = "multiprocess", after_long_help = PROCESSES_EXAMPLES)]
    Processes(Deferred<OnModel>),
    /// Run the chunks in the other ranks of an MPI job, on one host or on many
    #[command(after_long_help = MPI_EXAMPLES)]
    Mpi(Deferred<OnModel>),
    /// Measure a workload on every model, and recommend one
    #[command(after_long_help = COMPARE_EXAMPLES)]
    Compare(Deferred<OnComparison>),
    /// Show a saved comparison again, and write its HTML page
    #[command(after_long_help = REPORT_EXAMPLES)]
    Report(Deferred<ReportRequest>),
    /// List the built-in workloads
    #[command(alias = "works", after_long_help = WORKLOADS_EXAMPLES)]
    Workloads,
    /// Print a script with which a shell completes commands and options
    #[command(after_long_help = completions::EXAMPLES)]
    Completions(Deferred<CompletionsArguments>),
    /// Print the manual page of the program, or of a command
    #[command(after_long_help = manual::EXAMPLES)]
    Man(Deferred<ManualArguments>),
    /// Show this help, or the help of a command
    #[command(after_long_help = HELP_EXAMPLES)]
    Help(Deferred<HelpArguments>),
}

#[derive(Args)]
struct HelpArguments {
    /// A command, for example compare
    #[arg(value_name = "COMMAND", value_parser = known::commands(), hide_possible_values = true)]
    command: Option<String>,
}

/// What `arguments` ask for; the first of them is the program's own name.
///
/// # Errors
///
/// There is nothing to be done: the arguments are wrong, or they ask for help.
pub(crate) fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Request, Answer> {
    let arguments: Vec<_> = arguments.into_iter().collect();
    if let Some(request) = alone(&arguments) {
        return Ok(request);
    }
    let mut parser = Arguments::command();
    let marked: Vec<_> = arguments.into_iter().map(negative::mark).collect();
    let matches = parser.try_get_matches_from_mut(&marked).map_err(|error| match error.kind() {
        ErrorKind::InvalidUtf8 => Answer::Error(format!("{}\n", utf8::refusal(&marked))),
        _ => answer(error),
    })?;
    let Arguments { command } = Arguments::from_arg_matches(&matches).map_err(answer)?;
    let run = |model, Deferred(OnModel(arguments)): Deferred<OnModel>| {
        arguments.read(model).map(Request::Run).map_err(Answer::Refused)
    };
    match command {
        Command::Sequential(arguments) => run(Model::Sequential, arguments),
        Command::Async(arguments) => run(Model::Async, arguments),
        Command::Threads(arguments) => run(Model::Threads, arguments),
        Command::Processes(arguments) => run(Model::Processes, arguments),
        Command::Mpi(arguments) => run(Model::Mpi, arguments),
        Command::Compare(Deferred(OnComparison(arguments))) => {
            arguments.read().map(Request::Compare).map_err(|reason| Answer::Error(format!("{reason}\n")))
        }
        Command::Report(Deferred(request)) => Ok(Request::Report(request)),
        Command::Workloads => Ok(Request::Workloads),
        Command::Completions(Deferred(arguments)) => Err(Answer::Help(arguments.script(&mut Arguments::command()))),
        Command::Man(Deferred(ManualArguments { command })) => Err(manual(command)),
        Command::Help(Deferred(HelpArguments { command })) => Err(help(command)),
    }
}

/// The request of a command line that holds a model's name alone: every option has its default. The parser would have
/// nothing to read then. Making it would take 0.2 ms, a quarter of the whole run.
fn alone(arguments: &[OsString]) -> Option<Request> {
    match arguments {
        [_, name] => {
            let model = name.to_str()?.parse().ok()?;
            run::RunArguments::default().read(model).map(Request::Run).ok()
        }
        _ => None,
    }
}

/// The help of `command`, or of the whole program.
fn help(command: Option<String>) -> Answer {
    let arguments = ["threefold".to_string()].into_iter().chain(command).chain(["--help".to_string()]);
    match Arguments::command().try_get_matches_from(arguments) {
        Err(error) => answer(error),
        Ok(_) => unreachable!("--help is always answered with an error that holds the help"),
    }
}

/// The manual page of `command`, or of the whole program.
fn manual(command: Option<String>) -> Answer {
    let mut parser = Arguments::command();
    parser.build();
    let Some(name) = command else { return Answer::Help(manual::of_program(&parser)) };
    match parser.find_subcommand(&name) {
        Some(command) => Answer::Help(manual::of_command(command)),
        None => Answer::Error(unknown_command(&name)),
    }
}

/// What is shown instead of doing anything.
fn answer(mut error: clap::Error) -> Answer {
    if let (ErrorKind::InvalidSubcommand, Some(ContextValue::String(command))) =
        (error.kind(), error.get(ContextKind::InvalidSubcommand))
    {
        return Answer::Error(unknown_command(&negative::unmark(command)));
    }
    tips::withdraw_trailing(&mut error);
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidValue] {
        if let Some(ContextValue::String(typed)) = error.get(kind) {
            let typed = negative::unmark(typed);
            let shown = escape::line(&typed).into_owned();
            if shown != typed {
                // It would repeat what was typed.
                error.remove(ContextKind::Suggested);
            }
            error.insert(kind, ContextValue::String(shown));
        }
    }
    let text = negative::unmark(&error.render().to_string());
    match (error.kind(), text.strip_prefix("error: ")) {
        (ErrorKind::DisplayHelp | ErrorKind::DisplayVersion, _) => Answer::Help(text),
        (_, Some(reason)) => Answer::Error(reason.to_string()),
        (_, None) => Answer::Usage(text),
    }
}

/// The commands that there are, in place of one that there is not.
fn unknown_command(typed: &str) -> String {
    let parser = Arguments::command();
    let commands = parser.get_subcommands().map(|command| match command.get_visible_aliases().next() {
        Some(alias) => format!("{} (or {alias})", command.get_name()),
        None => command.get_name().to_string(),
    });
    let commands = commands.collect::<Vec<_>>().join(", ");
    let mut text = format!("unknown command `{}`; expected one of {commands}\n", escape::line(typed));
    if range::parse(typed).is_ok() {
        text += &format!("\nA RANGE comes after the command, for example: threefold threads {typed}\n");
    }
    text + "\nFor more information, try 'threefold --help'.\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Show;
    use crate::work::Work;
    use crate::workloads::Workload;

    fn request(arguments: &str) -> Result<RunRequest, Answer> {
        read(arguments.split(' ').map(OsString::from)).map(|request| match request {
            Request::Run(request) => request,
            request => panic!("{request:?}"),
        })
    }

    #[test]
    fn the_parser_is_consistent_in_itself() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn negative_ranges_swallow_no_options() {
        let request = request("threefold threads -5..5 -j 3 -9..=-7 --progress never -1..0 --format json").unwrap();
        assert_eq!(request.input.ranges, [-5..=4, -9..=-7, -1..=-1]);
        assert_eq!((request.workers, request.format, request.progress), (Some(3), Format::Json, Show::Never));
    }

    #[test]
    fn a_path_may_look_like_a_negative_range() {
        let request = request("threefold threads --workload files --folder=-5..5").unwrap();
        assert_eq!(request.input.folder.unwrap().to_str(), Some("-5..5"));
    }

    #[test]
    fn options_that_do_not_exist_are_refused() {
        for absent in ["--find-culprit", "--runs"] {
            let answer = request(&format!("threefold sequential {absent} 1")).unwrap_err();
            assert!(matches!(&answer, Answer::Error(text) if text.contains("unexpected argument")), "{answer:?}");
        }
    }

    /// The arguments of the program in every command and code span `cargo run .. -- ARGUMENTS` of a file in Markdown.
    fn commands_of(markdown: &str) -> Vec<String> {
        let lines = markdown.lines().filter_map(|line| line.strip_prefix("$ "));
        let commands =
            lines.chain(markdown.split('`')).filter(|text| text.starts_with("cargo run ") && !text.contains('\n'));
        commands.filter_map(|command| Some(command.split_once(" -- ")?.1.to_string())).collect()
    }

    #[test]
    fn every_command_of_the_guides_is_read() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for guide in ["README.md", "docs/which-model.md"] {
            let commands = commands_of(&std::fs::read_to_string(root.join(guide)).unwrap());
            assert!(commands.len() > 3, "{guide}: {commands:?}");
            for arguments in commands {
                let words = shlex::split(&arguments).expect("every quote is closed");
                let read = read(["threefold".to_string()].into_iter().chain(words).map(OsString::from));
                assert!(read.is_ok(), "{guide}: {arguments}: {read:?}");
            }
        }
    }

    #[test]
    fn both_names_of_a_model_are_read() {
        let names = ["sequential", "async", "threads", "multithreading", "processes", "multiprocess", "mpi"];
        let models = names.map(|name| request(&format!("threefold {name}")).unwrap().model);
        use Model::{Async, Mpi, Processes, Sequential, Threads};
        assert_eq!(models, [Sequential, Async, Threads, Threads, Processes, Processes, Mpi]);
    }

    #[test]
    fn a_model_alone_is_read_as_the_parser_reads_it() {
        for name in ["sequential", "async", "threads", "multithreading", "processes", "multiprocess", "mpi"] {
            let parsed = request(&format!("threefold {name} --retries 0")).unwrap();
            assert_eq!(format!("{parsed:?}"), format!("{:?}", request(&format!("threefold {name}")).unwrap()));
        }
    }

    #[test]
    fn the_old_words_for_workloads_are_read() {
        assert_eq!(request("threefold async --work wait").unwrap().work, Work::Workload(Workload::Wait));
        assert!(matches!(read(["threefold", "works"].map(OsString::from)), Ok(Request::Workloads)));
    }
}
