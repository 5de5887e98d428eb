//! `Lines`: whole lines of bytes and of files, the same chunks on every model.

use std::fs;
use std::path::Path;
use std::process;
use std::time::{Duration, SystemTime};

use threefold::prelude::*;
use threefold::{LineChunk, Lines, Model, Shared, Trace};

use crate::executor;
use crate::fixtures::folder;

crate::rows! {
    every:
        lines_of_a_file_and_of_memory_are_the_same_chunks,
        a_file_that_was_changed_is_an_error_of_the_lowest_chunk,
        a_file_that_is_gone_or_no_file_is_an_error,
        bytes_that_are_no_text_are_lines_too;
    processes:
        of_a_file_and_of_an_array_only_ranges_are_sent;
}

/// Lines of many lengths, some empty and some longer than a window; the last one does not end.
fn text() -> Vec<u8> {
    let mut text = Vec::new();
    for i in 0..3_000u32 {
        let length = if i % 500 == 250 { 20_000 } else { i.wrapping_mul(2_654_435_761) % 97 };
        text.extend((0..length).map(|place| b'a' + ((i + place) % 26) as u8));
        text.push(b'\n');
    }
    text.extend(b"the last");
    text
}

/// What shows where a chunk is, which lines it has, and who has read it.
#[task]
fn summary(chunk: LineChunk) -> (u64, usize, u64, u32) {
    let hash = |line: &[u8]| line.iter().fold(7u64, |hash, &byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let hashes = chunk.lines().map(hash).fold(0u64, |sum, hash| sum.rotate_left(5) ^ hash);
    (chunk.offset(), chunk.lines().count(), hashes, process::id())
}

fn summaries(on: &Executor, source: impl Source<Chunk = LineChunk>) -> Vec<(u64, usize, u64)> {
    let summaries = on.map(source, summary).unwrap();
    summaries.into_iter().map(|(offset, count, hashes, _)| (offset, count, hashes)).collect()
}

fn lines_of_a_file_and_of_memory_are_the_same_chunks(model: Model) {
    let (folder, text) = (folder(), text());
    let path = folder.path().join("lines");
    fs::write(&path, &text).unwrap();
    let (file, array) = (Lines::of(&path).unwrap(), Lines::over(Shared::copy_of(&text).unwrap()));
    let memory = Lines::over(text);
    let (on, oracle) = (executor(model, 3), executor(Model::Sequential, 1));
    let expected = summaries(&oracle, memory.clone());
    assert_eq!(expected.iter().map(|(_, count, _)| count).sum::<usize>(), 3_001);
    for lines in [&memory, &file, &array] {
        assert_eq!(summaries(&on, lines.clone()), expected);
        assert_eq!(summaries(&on, lines.clone().chunks_of(999)), summaries(&oracle, memory.clone().chunks_of(999)));
        let cut = |on: &Executor, lines: &Lines| summaries(on, lines.clone().delimiter(b'q').split_into(50));
        assert_eq!(cut(&on, lines), cut(&oracle, &memory));
    }
}

fn a_file_that_was_changed_is_an_error_of_the_lowest_chunk(model: Model) {
    let folder = folder();
    let path = folder.path().join("lines");
    let change = |what: &str, change: &dyn Fn()| {
        fs::write(&path, text()).unwrap();
        let lines = Lines::of(&path).unwrap();
        change();
        let error = executor(model, 2).map(lines.split_into(20), summary).unwrap_err();
        assert!(error.is_setup() && error.chunk() == Some(0), "{what}: {error}");
        let expected = format!("cannot be read: {}: ", path.display());
        assert!(error.to_string().contains(&expected), "{what}: {error}");
    };
    change("its length", &|| fs::write(&path, "shorter").unwrap());
    change("its time", &|| {
        let past = SystemTime::now() - Duration::from_secs(60);
        fs::File::options().append(true).open(&path).unwrap().set_modified(past).unwrap();
    });
    change("its name", &|| fs::remove_file(&path).unwrap());
    change("another file has its name", &|| {
        let other = folder.path().join("other");
        fs::write(&other, text()).unwrap();
        fs::File::options().append(true).open(&other).unwrap().set_modified(modified(&path)).unwrap();
        fs::rename(other, &path).unwrap();
    });
    change("a pipe has its name", &|| {
        fs::remove_file(&path).unwrap();
        pipe(&path);
    });
}

fn modified(path: &Path) -> SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

/// Makes a pipe with that name. To open it would wait for somebody who writes.
fn pipe(path: &Path) {
    let _ = fs::remove_file(path);
    rustix::fs::mkfifoat(rustix::fs::CWD, path, rustix::fs::Mode::RWXU).unwrap();
}

fn a_file_that_is_gone_or_no_file_is_an_error(model: Model) {
    let error = Lines::of("no/such/file").unwrap_err();
    assert!(error.is_setup() && error.to_string().starts_with("no/such/file: No such file"), "{error}");
    let error = Lines::of("/").unwrap_err();
    assert_eq!(error.to_string(), "/: it is not an ordinary file, so it cannot be read in pieces");
    let folder = folder();
    let path = folder.path().join("pipe");
    pipe(&path);
    assert!(
        Lines::of(&path).unwrap_err().to_string().ends_with("not an ordinary file, so it cannot be read in pieces")
    );
    // It has a length of 0, and lines. No lines would be a wrong answer.
    let error = Lines::of("/proc/self/status").unwrap_err();
    assert!(error.is_setup() && error.to_string().contains("the system does not tell its length"), "{error}");
    // An empty file has none.
    fs::write(folder.path().join("empty"), "").unwrap();
    let empty = Lines::of(folder.path().join("empty")).unwrap();
    assert_eq!(summaries(&executor(model, 2), empty), []);
}

#[task]
fn longest(chunk: LineChunk) -> usize {
    chunk.lines().map(<[u8]>::len).max().unwrap_or(0)
}

fn bytes_that_are_no_text_are_lines_too(model: Model) {
    let lines = Lines::over(vec![0, 255, 10, 10, 200, 201, 202]).chunks_of(3);
    assert_eq!(executor(model, 2).fold(lines, longest, 0, usize::max).unwrap(), 3);
}

fn of_a_file_and_of_an_array_only_ranges_are_sent(model: Model) {
    let folder = folder();
    let path = folder.path().join("lines");
    let text = text().repeat(20);
    fs::write(&path, &text).unwrap();
    let on = executor(model, 2);
    for lines in [Lines::of(&path).unwrap(), Lines::over(Shared::copy_of(&text).unwrap())] {
        let trace = Trace::new();
        let summaries = on.trace(&trace).map(lines, summary).unwrap();
        assert!(summaries.iter().all(|&(.., pid)| pid != process::id()));
        assert!(trace.bytes_moved() < text.len() as u64 / 20, "{} bytes", trace.bytes_moved());
    }
}
