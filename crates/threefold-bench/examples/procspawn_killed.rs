//! 16 items with procspawn, and the process of item 7 is killed: a rival of the example `killed`, for docs/reliability.md.
use rustix::process::{Signal, getpid, kill_process};

fn square(item: u64) -> u64 {
    if item == 7 {
        let _ = kill_process(getpid(), Signal::KILL);
    }
    item * item
}

fn main() {
    procspawn::init();
    let squares: Vec<_> = (0..16).map(|item| procspawn::spawn(item, square)).collect();
    let results = squares
        .into_iter()
        .enumerate()
        .filter_map(|(item, square)| square.join().inspect_err(|error| println!("item {item}: {error}")).ok());
    println!("{} of 16 results", results.count());
}
