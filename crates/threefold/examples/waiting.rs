//! Ten thousand waits of 10 ms at once, on one thread: the shape of network calls.
use std::time::{Duration, Instant};
use threefold::prelude::*;

#[task]
async fn wait(number: u64) -> u64 {
    tokio::time::sleep(Duration::from_millis(10)).await;
    number
}

fn main() -> threefold::Result<()> {
    let on = Executor::new(Model::Async)?;
    let start = Instant::now();
    let numbers = on.map(Items((0..10_000).collect()), wait)?;
    println!("{} waits of 10 ms in {:.0?}", numbers.len(), start.elapsed());
    Ok(())
}
