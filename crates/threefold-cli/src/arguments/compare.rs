//! The arguments of `compare` and `report`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use threefold::Model;
use threefold_compare::RankBy;

use super::input::InputArguments;
use super::known::models;
use super::values::{count, path, positive, seconds, workers};
use crate::exec_options::Limits;
use crate::exports::Exports;
use crate::plan::Input;
use crate::progress::Show;
use crate::work::Work;

/// One work, to be measured on several models.
#[derive(Debug)]
pub(crate) struct CompareRequest {
    pub(crate) work: Work,
    pub(crate) input: Input,
    pub(crate) measuring: MeasuringArguments,
    /// A file with an earlier comparison, beside which this one is shown.
    pub(crate) against: Option<PathBuf>,
    pub(crate) exports: Exports,
    pub(crate) progress: Show,
}

#[derive(Args)]
pub(super) struct CompareArguments {
    #[command(flatten)]
    input: InputArguments,

    /// End a process of --exec that takes longer than S seconds, and with it the comparison
    #[arg(help_heading = super::exec::HEADING, long, value_name = "S", requires = "exec")]
    #[arg(allow_negative_numbers = true, value_parser = seconds)]
    timeout: Option<Duration>,

    #[command(flatten)]
    measuring: MeasuringArguments,

    /// Say what changed since an earlier comparison of the same workload, a file written by --export-json
    ///
    /// Each model is compared with itself. The earlier comparison must have the same number of items and of chunks. The runs are not
    /// paired, because they were measured at different times; a warning says what else differs. A slower model does not
    /// change the exit code.
    #[arg(long, value_name = "OLD.json", value_parser = path())]
    against: Option<PathBuf>,

    #[command(flatten)]
    exports: ExportArguments,

    /// When to show progress on stderr
    #[arg(long, value_name = "WHEN", value_enum, default_value = "auto")]
    progress: Show,
}

/// Which models are measured, and how often.
#[derive(Args, Clone, Debug)]
pub(crate) struct MeasuringArguments {
    /// The models to compare, separated by commas; sequential is always among them [default: all]
    #[arg(long, value_name = "MODELS", value_delimiter = ',')]
    #[arg(value_parser = models(), hide_possible_values = true)]
    pub(crate) models: Vec<Model>,

    /// The model that the others are compared with [default: sequential]
    #[arg(long, value_name = "MODEL", value_parser = models(), hide_possible_values = true)]
    pub(crate) reference: Option<Model>,

    /// Recommend the model that needs the least of this
    #[arg(long, value_name = "WHAT", value_enum, default_value = "time")]
    pub(crate) rank_by: Rank,

    /// The numbers of workers to measure, separated by commas [default: the default of each model]
    #[arg(short = 'j', long, value_name = "N", allow_negative_numbers = true)]
    #[arg(value_delimiter = ',', value_parser = workers)]
    pub(crate) workers: Vec<usize>,

    /// Also read the hardware's counters: instructions, cycles, cache misses, wrongly predicted branches
    ///
    /// Most virtual machines have none. The verdict then says so.
    #[arg(long)]
    pub(crate) counters: bool,

    /// The number of rounds; every round runs each model once, and the reference twice [default: as many as are needed]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = positive)]
    pub(crate) runs: Option<usize>,

    /// The number of unmeasured runs of each model before the first round
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = count, default_value = "1")]
    pub(crate) warmup: u32,

    /// Start no new round after S seconds, if --runs is not given; cold and warm-up runs are made in any case
    #[arg(long, value_name = "S", allow_negative_numbers = true, value_parser = seconds, default_value = "20")]
    pub(crate) time_budget: Duration,
}

/// What the recommended model needs least of.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Rank {
    /// The time of a run
    Time,
    /// The processor time of a run, of all workers together
    Cpu,
    /// The memory of a run at its peak, of all processes together
    Memory,
}

impl From<Rank> for RankBy {
    fn from(rank: Rank) -> Self {
        match rank {
            Rank::Time => Self::Time,
            Rank::Cpu => Self::Cpu,
            Rank::Memory => Self::Memory,
        }
    }
}

#[derive(Args)]
struct ExportArguments {
    /// Write all measurements as JSON; `threefold report` reads this file
    #[arg(long, value_name = "FILE", value_parser = path())]
    export_json: Option<PathBuf>,

    /// Write one line per model as CSV
    #[arg(long, value_name = "FILE", value_parser = path())]
    export_csv: Option<PathBuf>,

    /// Write the table and the verdict as Markdown
    #[arg(long, value_name = "FILE", value_parser = path())]
    export_markdown: Option<PathBuf>,

    /// Write an HTML page with charts; it loads nothing from the network
    #[arg(long, value_name = "FILE", value_parser = path())]
    export_html: Option<PathBuf>,

    /// Write an animated SVG picture of when each chunk ran on each model, for example for a README
    #[arg(long, value_name = "FILE", value_parser = path())]
    export_svg: Option<PathBuf>,

    /// Write Chrome trace events, which Perfetto opens
    #[arg(long, value_name = "FILE", value_parser = path())]
    export_trace: Option<PathBuf>,
}

/// An earlier comparison, to be shown again.
#[derive(Args, Debug)]
pub(crate) struct ReportRequest {
    /// A file written by `threefold compare --export-json`
    #[arg(value_name = "FILE", value_parser = path())]
    pub(crate) json: PathBuf,

    /// The HTML page to write [default: FILE with the extension .html, unless --export-svg is given or FILE is a pipe]
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub(crate) export_html: Option<PathBuf>,

    /// The SVG picture of the race to write
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub(crate) export_svg: Option<PathBuf>,
}

impl CompareArguments {
    pub(super) fn read(self) -> Result<CompareRequest, String> {
        let Self { input, timeout, measuring, against, exports, progress } = self;
        let (work, input) = input.read()?;
        work.check_repeatable()?;
        // Clap requires --exec only where nothing is given with which it is in conflict, as --workload is.
        if timeout.is_some() && !work.is_program() {
            return Err("--timeout is only for --exec in a comparison".to_string());
        }
        let work = work.within(Limits { timeout, ..Limits::default() });
        Ok(CompareRequest { work, input, measuring, against, exports: exports.read(), progress })
    }
}

impl ExportArguments {
    fn read(self) -> Exports {
        let Self { export_json, export_csv, export_markdown, export_html, export_svg, export_trace } = self;
        let mut exports = Exports::default();
        exports.add("--export-json", export_json, |comparison, path| comparison.export_json(path));
        exports.add("--export-csv", export_csv, |comparison, path| comparison.export_csv(path));
        exports.add("--export-markdown", export_markdown, |comparison, path| comparison.export_markdown(path));
        exports.add("--export-html", export_html, |comparison, path| comparison.export_html(path));
        exports.add("--export-svg", export_svg, |comparison, path| comparison.export_svg(path));
        exports.add("--export-trace", export_trace, |comparison, path| comparison.export_trace(path));
        exports
    }
}
