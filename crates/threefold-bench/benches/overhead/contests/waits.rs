//! 10,000 waits of 10 ms at once, in processes of their own: from start to exit, with their processor time.

use std::process::Command;
use std::time::Duration;

use threefold::prelude::*;
use threefold_contest::{Contest, Measured, Sample, Unit, timed};

use crate::field::executor;
use crate::pace::processor_time;
use crate::rivals::{smol, tokio};

const CHUNKS: u64 = 10_000;
const WAIT: Duration = Duration::from_millis(10);

/// The word before the name of the one that waits.
const WORD: &str = "--wait-with";

#[task]
async fn wait(chunk: std::ops::Range<u64>) -> u64 {
    ::tokio::time::sleep(WAIT).await;
    chunk.start
}

pub(crate) fn waits(name: &str) -> Contest {
    let title = "10,000 waits of 10 ms at once, a whole process";
    let mut contest = Contest::new(name, title).rounds(101).beside("processor time", Unit::Seconds);
    contest.ours("async", "async", process("async"));
    contest.rival("async", "tokio, current thread", process("tokio"));
    contest.rival("async", "smol, one thread", process("smol"));
    contest.target("async", 0.95, "tokio, current thread");
    contest.target_beside("async", 1.1, "tokio, current thread");
    contest
}

/// This program again, with one of the three.
fn process(with: &'static str) -> Sample {
    Box::new(move || {
        let mut command = Command::new(std::env::current_exe().expect("this program has a file"));
        let mut output = None;
        let seconds = timed(|| output = command.args([WORD, with]).output().ok());
        let output = output.expect("this program can be run again");
        let text = String::from_utf8_lossy(&output.stdout);
        let processor = text.trim().parse().unwrap_or_else(|_| panic!("{with} printed `{text}`"));
        Measured { main: seconds, beside: Some(processor) }
    })
}

/// Does the waiting if this is such a process, and prints its processor time.
pub(crate) fn is_one_of_them() -> bool {
    let mut words = std::env::args().skip(1);
    if words.next().as_deref() != Some(WORD) {
        return false;
    }
    let sum = match words.next().as_deref() {
        Some("async") => {
            let on = executor(Model::Async, 1);
            let source = (0..CHUNKS).split_into(CHUNKS as usize);
            on.fold(source, wait, 0, |sum, chunk| sum + chunk).expect("no wait fails")
        }
        Some("tokio") => tokio::wait(&tokio::current_thread(), CHUNKS, WAIT),
        _ => smol::wait(CHUNKS, WAIT),
    };
    assert_eq!(sum, CHUNKS * (CHUNKS - 1) / 2);
    println!("{}", processor_time());
    true
}
