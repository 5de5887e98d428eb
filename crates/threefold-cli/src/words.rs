//! The words of the command line, read into what is [`Wanted`].

use std::ffi::OsString;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use threefold::Model;

use crate::plan::{Cut, Input};
use crate::progress::Show;
use crate::range;
use crate::works::Work;

mod compare;

pub(crate) use compare::{Comparing, Exports, Report};

/// What the words want.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one of it, once")]
pub(crate) enum Wanted {
    /// A work to be folded.
    Fold(Folding),
    /// The page of an earlier comparison.
    Report(Report),
    /// The works, to choose from.
    Works,
}

/// How often a work is to be folded.
#[derive(Debug)]
pub(crate) enum Folding {
    /// Once, on one model.
    Once(Order),
    /// Many times, on several models.
    Compare(Comparing),
}

/// What to do.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) model: Model,
    pub(crate) work: Work,
    pub(crate) input: Input,
    /// As many as the model thinks right, if nothing is said.
    pub(crate) workers: Option<usize>,
    pub(crate) in_flight: Option<usize>,
    pub(crate) faults: Faults,
    pub(crate) format: Format,
    pub(crate) progress: Show,
}

/// What is done about chunks that fail.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Faults {
    /// Run a chunk whose worker was lost N times more, each time on a fresh worker
    #[arg(long, value_name = "N", value_parser = count, default_value = "0")]
    pub(crate) retries: u32,

    /// Stop a worker whose chunk takes longer than S seconds (multiprocess)
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,

    /// Bound each worker's private memory, like 512MiB (multiprocess)
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) memory_limit: Option<u64>,

    /// Finish what can be finished, then report every failure
    #[arg(long)]
    pub(crate) keep_going: bool,
}

/// How the result is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Two lines: the time in seconds, and the total
    Plain,
    /// One JSON object
    Json,
}

/// Run one fold on any model - sequential, async tasks, threads, worker processes - with the same answer, bit for bit.
#[derive(Parser)]
#[command(name = "threefold", version, after_help = EXAMPLES, disable_help_subcommand = true)]
#[command(override_usage = "threefold <WORD> [RANGE]... [OPTIONS]", subcommand_help_heading = "Words")]
struct Words {
    #[command(subcommand)]
    word: Word,
}

const EXAMPLES: &str = "\
Examples:
  threefold sequential
  threefold multithreading 1..=10_000_000_000 --workers 4
  threefold async --work wait
  threefold compare --work primes --export-html primes.html
  threefold async 0..=250000 250000..=500000 500000..=750000 750000..=1000000";

#[derive(Subcommand)]
enum Word {
    /// One chunk after the other
    Sequential(Job),
    /// Tasks on an async runtime, by default on one thread
    Async(Job),
    /// A pool of threads, by default one for each core
    #[command(visible_alias = "threads")]
    Multithreading(Job),
    /// Worker processes, by default one for each core: a crash takes down one of them, and is reported
    #[command(visible_alias = "processes")]
    Multiprocess(Job),
    /// Run the same work on every model, and say which is best, why, and from what size on
    Compare(compare::Words),
    /// Make the page of a comparison again from its JSON
    Report(Report),
    /// List what can be done with --work, and which model should win
    Works,
}

/// What is folded.
#[derive(Args)]
struct Items {
    /// The items, integers for most works: 1..=1000000, -5..5 (without its end), 0..=250_000
    ///
    /// Without it every work has its own, see `threefold works`; sum has 1..=1000000. One RANGE is cut into chunks.
    /// Several are one chunk each, exactly as given: what they share is counted as often as it is named. A range whose
    /// end lies before its start is empty.
    #[arg(value_name = "RANGE", value_parser = range::parse)]
    ranges: Vec<RangeInclusive<i64>>,

    /// What is done with the items
    #[arg(long, value_name = "WORK", value_enum, default_value = "sum")]
    work: Work,

    /// The folder whose files are read by --work files [default: the current one]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,

    /// Cut the RANGE into N chunks of nearly equal size
    ///
    /// Without it the chunks of sum have 250,000 integers, those of other works what `threefold works` says, or more
    /// where that would be over 4,096 chunks.
    #[arg(long, value_name = "N", value_parser = positive::<u64>, conflicts_with = "chunk_size")]
    chunks: Option<u64>,

    /// Cut the RANGE into chunks of N items
    #[arg(long, value_name = "N", value_parser = positive::<u64>)]
    chunk_size: Option<u64>,
}

impl Items {
    fn read(self) -> Result<(Work, Input), clap::Error> {
        let Self { ranges, work, folder, chunks, chunk_size } = self;
        if folder.is_some() && work != Work::Files {
            let name = work.about().name;
            return Err(refusal(format!("--folder has no meaning for {name}: it is where --work files reads")));
        }
        let cut = match (chunks, chunk_size) {
            (Some(n), _) => Cut::Into(n),
            (None, Some(size)) => Cut::Every(size),
            (None, None) => Cut::Default,
        };
        Ok((work, Input { ranges, cut, folder }))
    }
}

#[derive(Args)]
struct Job {
    #[command(flatten)]
    items: Items,

    /// How many workers run chunks: threads or processes, of which sequential has one
    #[arg(short = 'j', long, value_name = "N", value_parser = positive::<usize>)]
    workers: Option<usize>,

    /// How many chunks async begins before one of them is done [default: 16384]
    #[arg(long, value_name = "N", value_parser = positive::<usize>)]
    in_flight: Option<usize>,

    #[command(flatten)]
    faults: Faults,

    /// How the result is written to stdout
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "plain")]
    format: Format,

    /// When the progress of long work is shown on stderr
    #[arg(long, value_name = "WHEN", value_enum, default_value = "auto")]
    progress: Show,
}

/// What `words`, of which the first is the program's own name, order.
///
/// # Errors
///
/// What is wrong with them and what would be right; also the help and the version, where those are asked for.
pub(crate) fn read(words: impl Iterator<Item = OsString>) -> Result<Wanted, clap::Error> {
    let Words { word } = Words::try_parse_from(words.map(mark_negative)).map_err(list_the_words)?;
    let (model, job) = match word {
        Word::Sequential(job) => (Model::Sequential, job),
        Word::Async(job) => (Model::Async, job),
        Word::Multithreading(job) => (Model::Threads, job),
        Word::Multiprocess(job) => (Model::Processes, job),
        Word::Compare(words) => return words.read().map(|words| Wanted::Fold(Folding::Compare(words))),
        Word::Report(report) => return Ok(Wanted::Report(report)),
        Word::Works => return Ok(Wanted::Works),
    };
    let Job { items, workers, in_flight, faults, format, progress } = job;
    let (work, input) = items.read()?;
    let order = Order { model, work, input, workers, in_flight, faults, format, progress };
    Ok(Wanted::Fold(Folding::Once(order)))
}

/// The answer to words that are right by themselves, but not together or not here.
pub(crate) fn refusal(why: String) -> clap::Error {
    Words::command().error(ErrorKind::ValueValidation, why)
}

/// What stands for the minus of a negative range until it is read.
pub(crate) const MINUS: char = '\u{2212}';

/// `-5..5` begins like an option. With a true minus sign it does not, and is still read as what it is: no option of ours
/// is a digit.
fn mark_negative(word: OsString) -> OsString {
    match word.to_str().and_then(|text| text.strip_prefix('-')) {
        Some(rest) if rest.starts_with(|first: char| first.is_ascii_digit()) => format!("{MINUS}{rest}").into(),
        _ => word,
    }
}

/// A word that is none is answered with those that are.
fn list_the_words(error: clap::Error) -> clap::Error {
    match (error.kind(), error.get(ContextKind::InvalidSubcommand)) {
        (ErrorKind::InvalidSubcommand, Some(ContextValue::String(word))) => {
            let command = Words::command();
            let words: Vec<_> = command
                .get_subcommands()
                .map(|word| match word.get_visible_aliases().next() {
                    Some(alias) => format!("{} (or {alias})", word.get_name()),
                    None => word.get_name().to_string(),
                })
                .collect();
            let why = format!("`{word}` is not a word of threefold: the first is one of {}", words.join(", "));
            Words::command().error(ErrorKind::InvalidSubcommand, why)
        }
        _ => error,
    }
}

/// A number of at least 1, with underscores between its digits where they help to read it.
fn positive<N: std::str::FromStr + PartialEq + From<u8>>(text: &str) -> Result<N, String> {
    match text.replace('_', "").parse() {
        Ok(n) if n != N::from(0) => Ok(n),
        _ => Err("a whole number of at least 1 is needed".to_string()),
    }
}

/// A number of at least 0.
fn count(text: &str) -> Result<u32, String> {
    text.replace('_', "").parse().map_err(|_| "a whole number is needed".to_string())
}

/// Seconds, with a point where they are not whole.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.filter(|seconds| !seconds.is_zero()).ok_or_else(|| "seconds above 0 are needed, like 2 or 0.5".to_string())
}

/// Bytes, or a number with one of the units that are powers of 1024.
fn size(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u32); 9] =
        [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40), ("K", 10), ("M", 20), ("G", 30), ("T", 40), ("B", 0)];
    let unit = UNITS.into_iter().find_map(|(unit, power)| Some((text.strip_suffix(unit)?, power)));
    let (number, power) = unit.unwrap_or((text, 0));
    let number: u64 = positive(number.trim()).map_err(|_| "a size is needed, like 512MiB or 2GiB".to_string())?;
    number.checked_mul(1 << power).ok_or_else(|| "the size does not fit 64 bits".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(words: &str) -> Result<Order, clap::Error> {
        read(words.split(' ').map(OsString::from)).map(|wanted| match wanted {
            Wanted::Fold(Folding::Once(order)) => order,
            wanted => panic!("{wanted:?}"),
        })
    }

    #[test]
    fn the_words_are_consistent_in_themselves() {
        Words::command().debug_assert();
    }

    #[test]
    fn negative_ranges_swallow_no_options() {
        let order = order("threefold threads -5..5 -j 3 -9..=-7 --progress never -1..0 --format json").unwrap();
        assert_eq!(order.input.ranges, [-5..=4, -9..=-7, -1..=-1]);
        assert_eq!((order.workers, order.format, order.progress), (Some(3), Format::Json, Show::Never));
    }

    #[test]
    fn options_that_are_not_there_are_refused() {
        for absent in ["--find-culprit", "--runs"] {
            let error = order(&format!("threefold sequential {absent} 1")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnknownArgument, "{absent}");
        }
    }

    #[test]
    fn sizes_have_units_of_1024() {
        let sizes = ["1", "4096B", "512MiB", "2G", "1_000 KiB"].map(|text| size(text).unwrap());
        assert_eq!(sizes, [1, 4096, 512 << 20, 2 << 30, 1_024_000]);
        for wrong in ["", "MiB", "0", "-1", "1.5GiB", "1MB", "99999999999TiB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn seconds_may_have_a_fraction() {
        assert_eq!(seconds("0.25"), Ok(Duration::from_millis(250)));
        for wrong in ["", "0", "-1", "inf", "NaN", "1s"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn both_names_of_a_model_are_read() {
        let words = ["sequential", "async", "multithreading", "threads", "multiprocess", "processes"];
        let models = words.map(|word| order(&format!("threefold {word}")).unwrap().model);
        use Model::{Async, Processes, Sequential, Threads};
        assert_eq!(models, [Sequential, Async, Threads, Threads, Processes, Processes]);
    }
}
