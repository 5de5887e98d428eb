//! The arguments that say what is computed: the ranges, the workload, and how the range is cut.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::Args;

use super::exec::ExecArguments;
use super::how::How;
use super::negative::unmark;
use super::term::TermArguments;
use super::values::{path, whole};
use crate::plan::{Cut, Input, MOST_CHUNKS};
use crate::range;
use crate::work::Work;
use crate::workloads::Workload;

#[derive(Args, Default)]
pub(super) struct InputArguments {
    /// Integers in Rust syntax: 1..=1000000, -5..5 (5 is excluded), 0..=250_000
    ///
    /// Without a RANGE the workload uses its default, which `threefold workloads` lists. One RANGE is cut into chunks.
    /// Several RANGEs are one chunk each, exactly as given; an integer in two of them counts twice. A RANGE whose end
    /// is below its start is empty.
    #[arg(value_name = "RANGE", allow_negative_numbers = true)]
    #[arg(value_parser = |text: &str| range::parse(&unmark(text)))]
    ranges: Vec<RangeInclusive<i64>>,

    /// The computation to run; `threefold workloads` describes each
    #[arg(long, alias = "work", value_name = "NAME", value_enum, default_value_t)]
    workload: Workload,

    #[command(flatten)]
    term: TermArguments,

    /// The folder to read, only for --workload files [default: the current folder]
    #[arg(long, value_name = "DIR", value_parser = path())]
    folder: Option<PathBuf>,

    /// Cut the RANGE into N chunks whose sizes differ by at most one
    ///
    /// Without --chunks and --chunk-size, chunks have the size that `threefold workloads` lists, and with --exec
    /// 250,000 integers or one line. If that gives more than 4096 chunks of integers, the chunks are made larger.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    #[arg(value_parser = whole::<u64, 1, MOST_CHUNKS>, conflicts_with = "chunk_size")]
    chunks: Option<u64>,

    /// Cut the RANGE into chunks of N items; the last chunk may be smaller
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    #[arg(value_parser = whole::<u64, 1, { u64::MAX }>)]
    chunk_size: Option<u64>,

    #[command(flatten)]
    exec: ExecArguments,

    /// What becomes of the values of --term [default: sum], or of what the processes of --exec print [default: concat]
    #[arg(long, value_name = "HOW", value_enum)]
    reduce: Option<How>,
}

impl InputArguments {
    /// The file of `--lines`.
    pub(super) fn lines(&self) -> Option<PathBuf> {
        self.exec.lines.clone()
    }

    /// What the user calls the work, also if there is no such work.
    pub(super) fn name(&self) -> String {
        match (&self.exec.exec, self.term.name(self.reduce)) {
            (Some(command), _) => command.clone(),
            (None, Some(term)) => term,
            (None, None) => self.workload.description().name.to_string(),
        }
    }

    /// The work and its input.
    ///
    /// # Errors
    ///
    /// An option was given that this work does not have.
    pub(super) fn read(self) -> Result<(Work, Input), String> {
        let Self { ranges, workload, term, folder, chunks, chunk_size, exec, reduce } = self;
        if reduce.is_some() && !term.is_given() && !exec.is_given() {
            return Err(
                "--reduce is only for --term and --exec; what a workload computes is reduced in one way".to_string()
            );
        }
        let work = match (term.read(reduce)?, exec.read(reduce)?) {
            (Some(term), _) => Work::Term(term),
            (None, Some(exec)) => Work::Exec(Box::new(exec)),
            (None, None) => Work::Workload(workload),
        };
        if folder.is_some() && work != Work::Workload(Workload::Files) {
            let name = work.name();
            return Err(format!("--folder is only for --workload files; {name} reads no files"));
        }
        let cut = match (chunks, chunk_size) {
            (Some(n), _) => Cut::Into(n),
            (None, Some(size)) => Cut::Every(size),
            (None, None) => Cut::Default,
        };
        Ok((work, Input { ranges, cut, folder, except: None }))
    }
}
