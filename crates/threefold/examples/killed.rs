//! 16 items, and the worker of item 7 is killed: 15 results and an error. With a retry all 16 are there.
//!
//! docs/reliability.md has what other programs do in the same case.
use std::path::PathBuf;

use rustix::process::{Signal, getpid, kill_process};
use threefold::prelude::*;

/// Item 7 kills its worker process, if it is the first to remove this file.
#[task]
fn square(item: u64, once: &PathBuf) -> u64 {
    while item == 7 && std::fs::remove_file(once).is_ok() {
        let _ = kill_process(getpid(), Signal::KILL); // as the kernel does when memory runs out
    }
    item * item
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    threefold::init();
    let folder = tempfile::tempdir()?;
    for retries in [0, 1] {
        let once = folder.path().join(retries.to_string());
        std::fs::write(&once, "")?;
        let on = Executor::builder(Model::Processes).retries(retries).build()?;
        let results = on.map_results(Items((0..16).collect()), square.with(once))?;
        let failed: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
        failed.iter().for_each(|error| println!("{error}"));
        println!("{} of 16 results", 16 - failed.len());
    }
    Ok(())
}
