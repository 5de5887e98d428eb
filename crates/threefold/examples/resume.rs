//! A run that may be interrupted at any moment, and continues where it stopped: `resume JOURNAL [MODEL]`. Interrupt it with
//! Ctrl-C or kill it, and start it again. The total is the same, and no chunk runs again whose output is in the journal.
use std::ops::Range;
use std::thread::sleep;
use std::time::Duration;

use threefold::prelude::*;
use threefold::{Event, Journal};

/// Stands for something that takes long.
#[task]
fn count_primes(chunk: Range<u64>) -> usize {
    sleep(Duration::from_millis(20));
    chunk.filter(|&n| n > 1 && (2..).take_while(|d| d * d <= n).all(|d| n % d > 0)).count()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    threefold::init(); // a worker process stops here and runs chunks
    let mut words = std::env::args().skip(1);
    let path = words.next().unwrap_or("resume.journal".to_string());
    let model = words.next().unwrap_or("threads".to_string()).parse()?;
    let journal = Journal::open(&path)?;
    let on = Executor::new(model)?.journal(&journal).observe(|event| {
        if let Event::Resumed { chunks } = event {
            println!("{} chunks are in the journal", chunks.iter().map(|run| run.end - run.start).sum::<u64>());
        }
    });
    let primes = on.fold((0..1_000_000).split_into(500), count_primes, 0, |sum, part| sum + part)?;
    println!("{primes} primes; delete {path} to start from the beginning");
    Ok(())
}
