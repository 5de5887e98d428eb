//! The lines of a file: `Lines`, which workers read themselves, beside a reader whose lines go through rayon's
//! `par_bridge`, and beside a loop over the reader.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use ::rayon::iter::{ParallelBridge, ParallelIterator};
use threefold::prelude::*;
use threefold::{LineChunk, Lines};
use threefold_contest::{Contest, Sample, once};

use crate::field::executor;
use crate::rivals::rayon;

const COUNT: u64 = 1_000_000;

/// The sum of the fields of a line.
fn sum_of_line(line: &[u8]) -> u64 {
    line.split(|&byte| byte == b',')
        .map(|field| field.iter().fold(0u64, |number, digit| number * 10 + u64::from(digit - b'0')))
        .sum()
}

#[task]
fn sum_of_lines(chunk: LineChunk) -> u64 {
    chunk.lines().map(sum_of_line).sum()
}

/// A table whose file is deleted at the end.
struct Table(PathBuf);

impl Drop for Table {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

pub(crate) fn table(name: &str) -> Contest {
    let mut contest = Contest::new(name, "the numbers of a table of 1,000,000 lines in a file, added up").rounds(31);
    let file = std::env::temp_dir().join(format!("threefold-lines-{}", std::process::id()));
    let text: String = (0..COUNT).map(|i| format!("{i},{},{}\n", i * 7 % 1_000, i % 97)).collect();
    std::fs::write(&file, text).expect("a file can be written");
    let sum: u64 = (0..COUNT).map(|i| i + i * 7 % 1_000 + i % 97).sum();
    let ours = |model: Model| -> Sample {
        let (on, file) = (executor(model, 2), file.clone());
        once(move || {
            let lines = Lines::of(&file).expect("the file is there").split_into(64);
            assert_eq!(on.fold(lines, sum_of_lines, 0, |sum, part| sum + part).expect("no chunk fails"), sum);
        })
    };
    contest.ours("lines", "threads", ours(Model::Threads));
    contest.ours("lines", "processes", ours(Model::Processes));
    let (pool, path) = (rayon::pool(2), file.clone());
    let bridged = move || {
        let reader = BufReader::new(File::open(&path).expect("the file is there"));
        let lines = reader.split(b'\n').map_while(Result::ok);
        assert_eq!(pool.install(|| lines.par_bridge().map(|line| sum_of_line(&line)).sum::<u64>()), sum);
    };
    contest.rival("lines", "a reader, rayon, par_bridge", once(bridged));
    let path = file.clone();
    let looped = move || {
        let reader = BufReader::new(File::open(&path).expect("the file is there"));
        assert_eq!(reader.split(b'\n').map_while(Result::ok).map(|line| sum_of_line(&line)).sum::<u64>(), sum);
    };
    contest.rival("lines", "a reader, a loop", once(looped));
    contest.target("threads", 0.6, "a reader, a loop");
    contest.target("threads", 1.0, "a reader, rayon, par_bridge");
    contest.hold(Table(file));
    contest
}
