//! `Exec`: the work of `--exec COMMAND`, a program that is started for every chunk.
//!
//! - What is started: a [`Template`] of words with placeholders, filled in for each [`Job`].
//! - What a chunk is: some integers of a range, or some [`lines`] of a file.
//! - How a chunk is run: [`run_chunk`] makes the attempts, each of which is a [`child`] process. The
//!   task itself applies `--retries`, `--timeout` and `--memory-limit`, so that they are the same on every model.
//! - What becomes of the outputs: they are [`Gathered`] in chunk order.
//!
//! Before this process ends, it waits for the end of those that are still [`living`]. If it ends for whatever reason, a
//! [`guard`] ends the children that it has left.

mod bytes;
mod child;
mod decimal;
mod drive;
mod execute;
mod gathered;
mod group;
pub(crate) mod guard;
mod job;
mod jobs;
mod launch;
mod lines;
pub(crate) mod living;
mod moved;
mod program;
mod relay;
mod task;
mod template;
mod times;
mod unstarted;
mod variables;

use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

use threefold::Model;

use self::gathered::Gathered;
use self::job::Job;
use self::jobs::Jobs;
use self::program::{Means, Program};
use self::task::run_chunk;
use self::template::{Over, Template};
use crate::computation::{Computation, Fed, Prepared, TryFold, Visitor};
use crate::description::Description;
use crate::escape;
use crate::exec_options::{Limits, LinesOf, Reduce, Request};
use crate::failure::Failure;
use crate::plan::{Cut, Input, Plan};

/// The defaults of ranges are the tutorial's.
const OVER_RANGES: Description = Description {
    name: "exec",
    summary: "starts a program",
    range: Some("1..=1_000_000"),
    items: "integers",
    chunk_size: 250_000,
    brief_items: 0,
    waits: true,
    best: &[Model::Async],
    reason: "",
};

/// One line for each process.
const OVER_LINES: Description = Description { range: None, items: "lines", chunk_size: 1, ..OVER_RANGES };

/// A program that is started for every chunk.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Exec {
    program: Program,
    reduce: Reduce,
    lines: Option<LinesOf>,
}

impl Exec {
    /// # Errors
    ///
    /// The command is empty, is not closed, or its program does not exist.
    pub(crate) fn new(request: Request) -> Result<Self, String> {
        let Request { command, shell, lines, reduce, tag, bisect } = request;
        let over = if lines.is_some() { Over::Lines } else { Over::Range };
        let template = Template::new(&command, over, shell)?;
        let users_variables = variables::of_user();
        let means = Means { template, limits: program::Limits::default(), tag, bisect, users_variables };
        let program = Program::new(command, shell, reduce.keep(), means);
        Ok(Self { program, reduce, lines })
    }

    /// The same with these limits of each process.
    pub(crate) fn within(mut self, limits: Limits) -> Self {
        let Limits { retries, timeout, memory } = limits;
        self.program.means_mut().limits = program::Limits { attempts: retries.saturating_add(1), timeout, memory };
        self
    }

    /// The command as it was typed.
    pub(crate) fn name(&self) -> &str {
        &self.program.command
    }

    /// The word for its items.
    pub(crate) fn items(&self) -> &'static str {
        self.description().items
    }

    /// Whether what the programs print is the output of this program.
    pub(crate) fn passes_on(&self) -> bool {
        self.reduce == Reduce::Concat
    }

    /// Whether the items come from stdin.
    pub(crate) fn reads_stdin(&self) -> bool {
        self.lines.as_ref().is_some_and(LinesOf::is_stdin)
    }

    /// How many processes run at the same time on async, unless the user says otherwise: more than there are cores are
    /// seldom faster.
    pub(crate) fn in_flight() -> usize {
        thread::available_parallelism().map_or(1, NonZeroUsize::get)
    }

    /// Refuses an `input` without chunks if their outputs are to have a smallest or a largest one.
    fn check_not_empty(&self, chunks: u64, input: &str) -> Result<(), String> {
        match self.reduce {
            Reduce::Min | Reduce::Max if chunks == 0 => Err(needs_a_number(self.reduce, input)),
            _ => Ok(()),
        }
    }

    fn description(&self) -> &'static Description {
        if self.lines.is_some() { &OVER_LINES } else { &OVER_RANGES }
    }

    /// Prepares this work for `input`, then gives it to `visitor`.
    ///
    /// # Errors
    ///
    /// Why it cannot have this input. `visitor` was not called.
    pub(crate) fn visit<V: Visitor>(&self, input: &Input, visitor: V) -> Result<V::Result, String> {
        let computation = Computation {
            task: run_chunk.with(self.program.clone()),
            init: Gathered::new(self.reduce, visitor.wants()),
            reduce: |gathered: Gathered, answer: task::Answered| match answer {
                Ok(answer) => gathered.with(answer),
                Err(_) => gathered,
            },
            retried: |answer: &task::Answered| match answer {
                Ok(answer) => &answer.earlier,
                Err(error) => &error.earlier,
            },
            is_full: Gathered::is_closed,
            finish: |gathered, _| match gathered {
                // Nothing was started.
                Gathered::Extreme(reduce, None) => {
                    Err(Failure::Unavailable(needs_a_number(reduce, "the file of --lines")))
                }
                gathered => gathered.into_text().map_err(Failure::NoValue),
            },
            partial: Gathered::into_partial,
            verb: PhantomData::<TryFold>,
        };
        let Some(lines) = &self.lines else {
            let plan = Plan::new(input, self.description().default_range(), self.description())?;
            self.check_not_empty(plan.chunks, "the RANGE")?;
            let cut = plan.clone();
            let jobs = (0..plan.chunks).map(move |chunk| Job::of_range(chunk, &cut.chunk(chunk)));
            if visitor.prefers_feeds() {
                let described = plan.clone();
                return Ok(visitor.visit_feed(Fed {
                    plan: Some(plan),
                    feed: jobs,
                    describe: Arc::new(move |chunk| described.describe(chunk)),
                    computation,
                }));
            }
            let source = Jobs(jobs.collect());
            return Ok(visitor.visit(Prepared { plan, source, computation }));
        };
        let per_chunk = match input.cut {
            _ if !input.ranges.is_empty() => {
                return Err("a RANGE cannot be given with --lines: the items are the lines of the file".to_string());
            }
            Cut::Default => 1,
            Cut::Every(size) => size,
            Cut::Into(_) => return Err("--chunks cannot be given with --lines; use --chunk-size".to_string()),
        };
        let jobs = lines::jobs(lines, per_chunk)?;
        if visitor.takes_feeds() {
            return Ok(visitor.visit_feed(Fed {
                plan: None,
                feed: jobs,
                describe: Arc::new(lines::describe(per_chunk)),
                computation,
            }));
        }
        if lines.is_stdin() {
            return Err("the lines of stdin can be read only once: use a file".to_string());
        }
        let jobs: Vec<_> = jobs.collect();
        if let Some(reason) = jobs.iter().find_map(Job::unreadable) {
            return Err(format!("--lines {}: {reason}", escape::path(&lines.path)));
        }
        self.check_not_empty(jobs.len() as u64, "the file of --lines")?;
        let count = jobs.iter().map(Job::item_count).sum::<u64>();
        let plan = Plan::of_lines(count, per_chunk);
        Ok(visitor.visit(Prepared { plan, source: Jobs(jobs), computation }))
    }
}

fn needs_a_number(reduce: Reduce, input: &str) -> String {
    let name = if reduce == Reduce::Max { "max" } else { "min" };
    format!("--reduce {name} needs a number, and {input} has no items")
}
