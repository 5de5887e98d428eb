//! How many ranks of a cluster one dispatching rank keeps busy: the tables and the plot of `docs/cluster/scale.md`.
//!
//! ```text
//! cargo run --release -p threefold-bench --bin scale              simulates folds, and prints tables in Markdown
//!     -- --plot FILE       also draws chunks per second against ranks into FILE, as SVG
//!     -- --send NS         what sending a message takes, in nanoseconds; also --receive, --output, --dispatch, --latency
//!     -- --window CHUNKS   how many chunks above the lowest one without an output may be sent
//!     -- --dispatcher      measures instead what the dispatcher itself takes for a block, and prints that table
//! ```
//!
//! The simulation is the library's own `remote/cluster.rs`, which drives the library's own dispatcher. Both are compiled
//! here once more, because they are private there.

#![allow(dead_code, reason = "parts of the library are compiled here by themselves")]

use std::process::ExitCode;
use std::{env, fs};

use threefold::prelude::*;

mod arguments;
mod dispatcher;
mod plot;
mod study;
mod table;

#[path = "../../../../threefold/src/fold"]
mod fold {
    pub(crate) mod finished;
}
#[path = "../../../../threefold/src/remote"]
mod remote {
    pub(crate) mod cluster;
    pub(crate) mod dispatch;
}

fn main() -> ExitCode {
    threefold::init();
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), String> {
    let arguments = arguments::parse(env::args().skip(1))?;
    if arguments.dispatcher {
        print!("{}", table::of_dispatcher(&dispatcher::measure()));
        return Ok(());
    }
    let on = Executor::new(Model::Threads).map_err(|error| error.to_string())?;
    let study = study::run(&on, arguments.costs, arguments.window).map_err(|error| error.to_string())?;
    print!("{}", table::of(&study));
    if let Some(file) = arguments.plot {
        fs::write(&file, plot::of(&study)).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(())
}
