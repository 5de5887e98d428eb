//! The arguments of the models' commands: one work, run once.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use threefold::Model;
use threefold_compare::export;

use super::Refused;
use super::input::InputArguments;
use super::values::{count, path, positive, seconds, size, workers};
use crate::escape;
use crate::exec_options::Limits;
use crate::model_options::{ModelOption, models_with, one_of};
use crate::plan::Input;
use crate::progress::Show;
use crate::work::Work;
use crate::workloads::Workload;

/// The smallest `--memory-limit`, in bytes: the library refuses less, because a worker process needs more than this
/// before its first chunk.
const LEAST_MEMORY: u64 = 4 << 20;

/// One work, to be run once on one model.
#[derive(Clone, Debug)]
pub(crate) struct RunRequest {
    pub(crate) model: Model,
    pub(crate) work: Work,
    pub(crate) input: Input,
    /// `None`: the model's default.
    pub(crate) workers: Option<usize>,
    /// `None`: the model's default.
    pub(crate) in_flight: Option<usize>,
    pub(crate) failures: FailureArguments,
    /// Where finished chunks are recorded.
    pub(crate) journal: Option<PathBuf>,
    pub(crate) format: Format,
    pub(crate) progress: Show,
}

impl RunRequest {
    /// Refuses an option that the model does not have.
    ///
    /// # Errors
    ///
    /// The option as it is typed, and the models that have it.
    pub(crate) fn check_options(&self) -> Result<(), String> {
        ModelOption::ALL.into_iter().filter(|&option| self.uses(option)).try_for_each(|option| self.check(option))?;
        self.check_retries()
    }

    /// What is run again is a chunk that was lost with its process or that ran out of time.
    fn check_retries(&self) -> Result<(), String> {
        let (model, has_timeout) = (self.model, self.failures.timeout.is_some());
        if self.failures.retries == 0 || self.work.has_limits() || has_timeout || model.capabilities().survives_crashes
        {
            return Ok(());
        }
        let others = models_with(ModelOption::MemoryLimit, &self.work);
        let with_timeout = if model == Model::Async && self.work.waits() { " and without --timeout" } else { "" };
        Err(format!("--retries is not available on {model} without --exec{with_timeout}: use {others}"))
    }

    /// This run, refused for this reason.
    pub(crate) fn refused(&self, reason: String) -> Refused {
        Refused { model: self.model, work: self.work.name().to_string(), format: self.format, reason }
    }

    /// Whether the run ends too soon for a user to interrupt it, and writes nothing to stdout or to a journal if it is
    /// interrupted.
    pub(crate) fn is_brief(&self) -> bool {
        self.format == Format::Plain && self.journal.is_none() && self.work.is_brief(&self.input)
    }

    /// When progress is shown. A bar would be drawn behind what programs print to the same terminal.
    pub(crate) fn when_to_show(&self) -> Show {
        let shares_terminal = self.format == Format::Plain && self.work.passes_on() && io::stdout().is_terminal();
        if self.progress == Show::Auto && shares_terminal { Show::Never } else { self.progress }
    }

    fn uses(&self, option: ModelOption) -> bool {
        match option {
            // Every model can have one worker.
            ModelOption::Workers => self.workers.is_some_and(|workers| workers > 1),
            ModelOption::InFlight => self.in_flight.is_some(),
            ModelOption::Timeout => self.failures.timeout.is_some(),
            ModelOption::MemoryLimit => self.failures.memory_limit.is_some(),
        }
    }

    fn check(&self, option: ModelOption) -> Result<(), String> {
        let (model, flag) = (self.model, option.flag());
        if self.work.has_limits() && matches!(option, ModelOption::Timeout | ModelOption::MemoryLimit) {
            return Ok(());
        }
        if !option.is_available_on(model) {
            let others = models_with(option, &self.work);
            return Err(match (option, self.workers) {
                (ModelOption::Workers, Some(n)) => {
                    format!("{flag} {n} is not available on {model}, which has 1 worker; use {others}")
                }
                _ => format!("{flag} is not available on {model}; use {others}"),
            });
        }
        if option == ModelOption::Timeout && model == Model::Async && !self.work.waits() {
            let (name, waiting) = (self.work.name(), one_of(&Workload::names_that_wait()));
            let others = models_with(option, &self.work);
            return Err(format!(
                "{flag} is available on async only for workloads that wait ({waiting}), and {name} does not; \
                 use {others}"
            ));
        }
        Ok(())
    }
}

/// The defaults are those of the types, so that they are the same where nothing is parsed.
#[derive(Args, Default)]
pub(super) struct RunArguments {
    #[command(flatten)]
    input: InputArguments,

    /// The number of workers [default: the number of available cores]
    #[arg(short = 'j', long, value_name = "N", allow_negative_numbers = true, value_parser = workers)]
    workers: Option<usize>,

    /// The number of chunks that may be in progress at once [default: 16384; with --exec as many as there are cores, or workers if those are more]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = positive)]
    in_flight: Option<usize>,

    #[command(flatten)]
    failures: FailureArguments,

    /// Record finished chunks in FILE, and continue from what is recorded there
    ///
    /// After a crash or Ctrl-C, give the same command again: it runs only the chunks that FILE does not have, and the
    /// result is the same. A FILE that records another workload or command, or other RANGEs or chunks, is refused. The contents
    /// of the files that --workload files reads, and of the program that --exec starts, are not compared. With --exec, the
    /// options --retries, --timeout, --memory-limit, --tag and --bisect may differ. A crash may lose the chunks of the last
    /// second, which run again.
    #[arg(long, value_name = "FILE", value_parser = path())]
    journal: Option<PathBuf>,

    /// The format of the result on stdout
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: Format,

    /// When to show progress on stderr
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    progress: Show,
}

/// What is done about chunks that fail.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct FailureArguments {
    /// Run a chunk again, up to N times, if it times out or its process is lost
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = count, default_value_t)]
    pub(crate) retries: u32,

    /// Fail a chunk that takes longer than S seconds; with --exec its process is terminated
    #[arg(long, value_name = "S", allow_negative_numbers = true, value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,

    /// Limit the private memory of each worker process, or with --exec of each process, for example to 512MiB; at least 4MiB
    #[arg(long, value_name = "SIZE", value_parser = size::<LEAST_MEMORY>)]
    pub(crate) memory_limit: Option<u64>,

    /// Finish the other chunks when one fails, then report every failure
    #[arg(long)]
    pub(crate) keep_going: bool,
}

/// The format of the result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Two lines: the time in seconds, then the result
    #[default]
    Plain,
    /// One JSON object on one line
    Json,
}

impl RunArguments {
    pub(super) fn read(self, model: Model) -> Result<RunRequest, Refused> {
        let (work, format) = (self.input.name(), self.format);
        self.checked(model).map_err(|reason| Refused { model, work, format, reason })
    }

    fn checked(self, model: Model) -> Result<RunRequest, String> {
        let Self { input, workers, in_flight, failures, journal, format, progress } = self;
        let lines = input.lines();
        let (work, mut input) = input.read()?;
        let FailureArguments { retries, timeout, memory_limit, keep_going } = failures;
        let work = work.within(Limits { retries, timeout, memory: memory_limit });
        if let Some(journal) = &journal {
            work.check_journal(keep_going)?;
            check_not_in_use(journal, lines.as_deref())?;
        }
        input.except.clone_from(&journal);
        Ok(RunRequest { model, work, input, workers, in_flight, failures, journal, format, progress })
    }
}

/// Refuses a journal that is the file of `--lines`, or that stdout or stderr is written to.
fn check_not_in_use(journal: &Path, lines: Option<&Path>) -> Result<(), String> {
    let refused = |what: &str| Err(format!("--journal {} is {what}: name another file", escape::path(journal)));
    // Where a file is not found here, to open it fails with the reason.
    if lines.is_some_and(|lines| export::is_same_file(journal, lines).unwrap_or(false)) {
        return refused("the file of --lines");
    }
    match stream_that_is(journal) {
        Some(stream) => refused(&format!("what {stream} is written to")),
        None => Ok(()),
    }
}

/// The stream that is written to the file at `path`, if there is one.
#[cfg(unix)]
fn stream_that_is(path: &Path) -> Option<&'static str> {
    use std::fs::{self, File};
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;

    let file = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    let is_same = |stream: &dyn AsFd| {
        let stream = stream.as_fd().try_clone_to_owned().and_then(|stream| File::from(stream).metadata());
        stream.is_ok_and(|stream| (stream.dev(), stream.ino()) == (file.dev(), file.ino()))
    };
    match () {
        () if is_same(&io::stdout()) => Some("stdout"),
        () if is_same(&io::stderr()) => Some("stderr"),
        () => None,
    }
}

/// Nothing tells which file a stream is here.
#[cfg(not(unix))]
fn stream_that_is(_path: &Path) -> Option<&'static str> {
    None
}
