//! The words of `compare` and `report`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use threefold::Model;

use super::{Items, count, positive, seconds};
use crate::plan::Input;
use crate::progress::Show;
use crate::works::Work;

/// What to compare, and how thoroughly.
#[derive(Debug)]
pub(crate) struct Comparing {
    pub(crate) work: Work,
    pub(crate) input: Input,
    pub(crate) thoroughness: Thoroughness,
    pub(crate) exports: Exports,
    pub(crate) progress: Show,
}

#[derive(Args)]
pub(super) struct Words {
    #[command(flatten)]
    items: Items,

    #[command(flatten)]
    thoroughness: Thoroughness,

    #[command(flatten)]
    exports: Exports,

    /// When the progress is shown on stderr
    #[arg(long, value_name = "WHEN", value_enum, default_value = "auto")]
    progress: Show,
}

/// Which models are run, and how often.
#[derive(Args, Clone, Debug)]
pub(crate) struct Thoroughness {
    /// The models to hold against sequential, with commas between them [default: all]
    #[arg(long, value_name = "MODELS", value_delimiter = ',')]
    pub(crate) models: Vec<Model>,

    /// The numbers of workers to run on, with commas between them, for scaling curves [default: each model's own]
    #[arg(short = 'j', long, value_name = "N", value_delimiter = ',', value_parser = positive::<usize>)]
    pub(crate) workers: Vec<usize>,

    /// Exactly N rounds, each with a run of every model [default: as many as are needed]
    #[arg(long, value_name = "N", value_parser = positive::<usize>)]
    pub(crate) runs: Option<usize>,

    /// N folds on each model before the first round
    #[arg(long, value_name = "N", value_parser = count, default_value = "1")]
    pub(crate) warmup: u32,

    /// Begin no round after S seconds
    #[arg(long, value_name = "S", value_parser = seconds, default_value = "20")]
    pub(crate) time_budget: Duration,
}

/// Files that are written at the end.
#[derive(Args, Clone, Debug)]
pub(crate) struct Exports {
    /// Write all that was measured as JSON, which `threefold report` reads
    #[arg(long, value_name = "FILE")]
    pub(crate) export_json: Option<PathBuf>,

    /// Write a line for each model as CSV
    #[arg(long, value_name = "FILE")]
    pub(crate) export_csv: Option<PathBuf>,

    /// Write the table and the verdict as Markdown
    #[arg(long, value_name = "FILE")]
    pub(crate) export_markdown: Option<PathBuf>,

    /// Write a page with pictures, one file that needs no network
    #[arg(long, value_name = "FILE")]
    pub(crate) export_html: Option<PathBuf>,

    /// Write Chrome trace events, which Perfetto opens
    #[arg(long, value_name = "FILE")]
    pub(crate) export_trace: Option<PathBuf>,
}

/// A comparison to be shown again.
#[derive(Args, Clone, Debug)]
pub(crate) struct Report {
    /// What `threefold compare --export-json` wrote
    #[arg(value_name = "FILE")]
    pub(crate) json: PathBuf,

    /// Where the page is written [default: beside FILE, ending in .html]
    #[arg(long, value_name = "FILE")]
    pub(crate) export_html: Option<PathBuf>,
}

impl Words {
    pub(super) fn read(self) -> Result<Comparing, clap::Error> {
        let Self { items, thoroughness, exports, progress } = self;
        let (work, input) = items.read()?;
        Ok(Comparing { work, input, thoroughness, exports, progress })
    }
}
