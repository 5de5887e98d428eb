//! What holds for journals as files: what is recorded comes back, however the file was cut short, and a changed bit is
//! found wherever it is.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Job, Journal, Log};
use crate::error::Result;

mod again;
mod refused;
mod written;

/// A fold of `chunks` chunks.
fn job(chunks: u64) -> Job<'static> {
    Job { task: "add_up", captures: &[1, 2, 3], source: "0..100", source_print: 7, chunks, output: "u64" }
}

/// An output of a length that differs from chunk to chunk. That of chunk 0 is empty.
fn output(chunk: u64) -> Vec<u8> {
    (0..chunk % 5).map(|byte| (chunk * 31 + byte) as u8).collect()
}

fn fresh(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("run.journal")
}

/// Makes a file with these bytes. One that is written over would wait for the disk on some file systems.
fn put(path: &Path, bytes: &[u8]) {
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

/// Records these chunks of the next fold, and ends it.
fn record(journal: &Journal, job: &Job<'_>, chunks: &[u64]) -> Result<()> {
    let log = journal.begin(job)?;
    for &chunk in chunks {
        log.append(chunk, &output(chunk))?;
    }
    log.end()
}

/// The recorded chunks of a fold. Their outputs are what they were.
fn recorded(log: &Log) -> Vec<u64> {
    let chunks: Vec<u64> = log.finished().iter().cloned().flatten().collect();
    for &chunk in &chunks {
        assert!(log.is_finished(chunk));
        assert_eq!(log.read(chunk).unwrap(), output(chunk), "chunk {chunk}");
    }
    chunks
}

/// The chunks that a journal with two folds has: of six chunks, and of four.
fn two_folds(path: &Path) -> Result<[Vec<u64>; 2]> {
    let journal = Journal::open(path)?;
    let first = journal.begin(&job(6))?;
    let one = recorded(&first);
    first.end()?;
    let second = journal.begin(&job(4))?;
    let other = recorded(&second);
    second.end()?;
    Ok([one, other])
}

#[test]
fn what_is_recorded_is_there_when_the_journal_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = fresh(&folder);
    record(&Journal::open(&path).unwrap(), &job(6), &[4, 0, 2]).unwrap();
    let journal = Journal::open(&path).unwrap();
    assert_eq!(journal.recorded(), 3);
    let log = journal.begin(&job(6)).unwrap();
    assert_eq!(recorded(&log), [0, 2, 4]);
    assert!(!log.is_finished(1) && !log.is_finished(6));
    for chunk in [1, 5, 3] {
        log.append(chunk, &output(chunk)).unwrap();
    }
    log.end().unwrap();
    drop((log, journal));
    record(&Journal::open(&path).unwrap(), &job(6), &[]).unwrap();
    let journal = Journal::open(&path).unwrap();
    assert_eq!(recorded(&journal.begin(&job(6)).unwrap()), [0, 1, 2, 3, 4, 5]);
}

/// Writes two folds, of which the first is resumed after the second was begun. It gives the length of the file after each
/// frame, with the outputs that it then has.
fn grow(path: &Path) -> Vec<(usize, [Vec<u64>; 2])> {
    let length = || fs::metadata(path).unwrap().len() as usize;
    drop(Journal::open(path).unwrap());
    let mut lengths = vec![(length(), [vec![], vec![]])];
    let mut chunks = [vec![], vec![]];
    for (fold, run) in [(0, vec![2, 0]), (1, vec![1, 3]), (0, vec![5, 1]), (1, vec![0])] {
        for chunk in run {
            // A journal for each output: what is between them is written at once.
            let journal = Journal::open(path).unwrap();
            let logs = [6, 4].map(|chunks| {
                let log = journal.begin(&job(chunks)).unwrap();
                log.end().unwrap();
                log
            });
            drop(logs);
            drop(journal);
            let journal = Journal::open(path).unwrap();
            if fold == 1 {
                record(&journal, &job(6), &[]).unwrap();
            }
            record(&journal, &job([6, 4][fold]), &[chunk]).unwrap();
            chunks[fold].push(chunk);
            chunks[fold].sort();
            lengths.push((length(), chunks.clone()));
        }
    }
    lengths
}

#[test]
fn a_journal_that_was_cut_short_anywhere_has_the_whole_records_before_the_cut_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = fresh(&folder);
    let lengths = grow(&path);
    let whole = fs::read(&path).unwrap();
    for cut in 0..=whole.len() {
        put(&path, &whole[..cut]);
        let before = lengths.iter().rev().find(|(length, _)| *length <= cut);
        let expected = before.map_or([vec![], vec![]], |(_, chunks)| chunks.clone());
        assert_eq!(two_folds(&path).unwrap(), expected, "cut at byte {cut}");
        // What was cut is gone, and the file is continued.
        let missing = (0..6).find(|chunk| !expected[0].contains(chunk)).unwrap();
        record(&Journal::open(&path).unwrap(), &job(6), &[missing]).unwrap();
        let [mut first, second] = expected;
        first.push(missing);
        first.sort();
        assert_eq!(two_folds(&path).unwrap(), [first, second], "continued after byte {cut}");
    }
}

#[test]
fn every_changed_bit_is_an_error_that_names_the_file_and_the_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = fresh(&folder);
    grow(&path);
    let whole = fs::read(&path).unwrap();
    for bit in 0..8 * whole.len() {
        let mut changed = whole.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        put(&path, &changed);
        let error = two_folds(&path).expect_err(&format!("bit {bit} is not noticed")).to_string();
        assert!(error.contains(path.to_str().unwrap()), "bit {bit}: {error}");
        assert!(error.contains("byte ") || error.contains("version "), "bit {bit}: {error}");
    }
}

#[test]
fn a_tail_of_zeros_is_torn_wherever_they_begin() {
    let folder = tempfile::tempdir().unwrap();
    let path = fresh(&folder);
    let lengths = grow(&path);
    let whole = fs::read(&path).unwrap();
    // A disk may have the length of a file before it has all of its bytes.
    for cut in super::format::PREAMBLE..=whole.len() {
        put(&path, &[&whole[..cut], &vec![0; whole.len() - cut + 1000]].concat());
        let before = lengths.iter().rev().find(|(length, _)| *length <= cut);
        assert_eq!(two_folds(&path).unwrap(), before.expect("one is empty").1, "zeros from byte {cut} on");
    }
}
