//! Hosts and workers with little memory, and tasks that damage what they can reach.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::OnceLock;

use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};
use threefold::Shared;
use threefold::prelude::*;

use crate::tasks::echo;
use crate::{Hosts, Rows, host, printed, workers};

pub(crate) const ROWS: Rows = &[
    ("a_memory_limit_above_the_hosts_own_is_the_hosts_own", above_the_hard_limit),
    ("a_memory_limit_in_which_no_worker_can_start_is_refused_with_the_least", too_small),
    ("a_memory_limit_too_small_for_this_program_is_refused_with_the_least", too_small_for_a_large_program),
    ("memory_beyond_the_limit_on_file_sizes_is_an_error_and_ends_nothing", beyond_the_file_size),
    ("a_worker_gives_back_the_memory_of_a_large_output_and_a_large_chunk", gives_back),
    ("a_chunk_too_large_for_the_memory_limit_is_lost_and_no_other", too_large_a_chunk),
    ("captures_that_no_worker_can_restore_are_an_error_that_says_why", too_large_captures),
    ("a_task_that_writes_over_the_status_page_makes_no_wrong_total", scribbles),
    ("a_task_that_writes_over_answers_that_are_not_sent_makes_no_wrong_total", forges),
];

pub(crate) const HOSTS: Hosts = &[
    ("asks-above-the-hard-limit", asks_above_the_hard_limit),
    ("is-large", is_large),
    ("has-small-files", has_small_files),
];

const MIB: u64 = 1 << 20;

fn above_the_hard_limit() {
    // Of root, that may raise any limit, too: a limit that is there is not raised.
    printed(&mut host("asks-above-the-hard-limit"));
}

#[task]
fn data_limit(_chunk: u64) -> String {
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    limits.lines().find(|line| line.starts_with("Max data size")).unwrap().to_string()
}

fn asks_above_the_hard_limit() {
    let most = 512 * MIB;
    setrlimit(Resource::Data, Rlimit { current: Some(most), maximum: Some(most) }).unwrap();
    let on = Executor::builder(Model::Processes).workers(1).memory_limit(1024 * MIB).build().unwrap();
    let limits = on.map(Items(vec![0]), data_limit).unwrap();
    assert!(limits[0].contains(&most.to_string()), "{limits:?}");
}

fn too_small() {
    let build = |limit| Executor::builder(Model::Processes).workers(1).memory_limit(limit).build();
    let refused = build(1).unwrap_err();
    assert!(refused.is_setup(), "{refused}");
    let text = refused.to_string();
    let least = text.split_whitespace().find_map(|word| word.parse::<u64>().ok().filter(|&number| number > 1));
    let least = least.unwrap_or_else(|| panic!("{text}"));
    assert!(build(least - 1).is_err());
    // With the least there are workers, and they work.
    assert_eq!(build(least).unwrap().map(Items(vec![7]), echo).unwrap(), [7]);
}

/// In a host whose workers are large before they serve: they keep this from the beginning of `main`.
static KEPT: OnceLock<Vec<u8>> = OnceLock::new();

/// The beginning of `main`.
pub(crate) fn before_init() {
    if std::env::var_os(LARGE).is_some() {
        let _ = KEPT.set(vec![1; 16 << 20]);
    }
}

/// With this variable the program is large.
const LARGE: &str = "HOSTS_TEST_LARGE";

fn too_small_for_a_large_program() {
    printed(host("is-large").env(LARGE, "1"));
}

fn is_large() {
    let fold = |limit| {
        let on = Executor::builder(Model::Processes).workers(1).memory_limit(limit).build().unwrap();
        on.map(Items(vec![7]), echo)
    };
    let refused = fold(8 * MIB).unwrap_err();
    assert!(refused.is_setup(), "{refused}");
    let text = refused.to_string();
    let least: u64 = text.split_whitespace().next_back().unwrap().parse().unwrap_or_else(|_| panic!("{text}"));
    assert!(least > 16 * MIB, "{text}");
    assert_eq!(fold(least + MIB).unwrap(), [7]);
}

fn beyond_the_file_size() {
    printed(&mut host("has-small-files"));
}

fn has_small_files() {
    let limit = |bytes| setrlimit(Resource::Fsize, Rlimit { current: Some(bytes), maximum: None }).unwrap();
    limit(MIB);
    let error = Shared::<u8>::filled_by(2 * MIB as usize, |_| ()).unwrap_err();
    assert!(error.is_setup() && error.to_string().ends_with("File too large (os error 27)"), "{error}");
    assert_eq!(Shared::<u8>::filled_by(MIB as usize, |_| ()).unwrap().len(), MIB as usize);
    assert_eq!(workers(1).map(Items(vec![7]), echo).unwrap(), [7]);
    limit(100);
    assert!(workers(1).map(Items(vec![7]), echo).unwrap_err().is_setup());
}

/// What was received is large, and what is sent.
#[task]
fn repeat(text: String) -> String {
    text
}

/// The memory that this process has, in KiB: what is resident, and all that counts against its limit.
#[task]
fn memory_of(_chunk: u64) -> [u64; 2] {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    ["VmRSS:", "VmData:"].map(|name| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    })
}

fn gives_back() {
    let on = workers(1);
    let before = on.map(Items(vec![0]), memory_of).unwrap()[0];
    let large = "7".repeat(64 << 20);
    assert_eq!(on.map(Items(vec![large]), repeat).unwrap()[0].len(), 64 << 20);
    let after = on.map(Items(vec![0]), memory_of).unwrap()[0];
    for (before, after) in before.iter().zip(after) {
        assert!(after < before + (16 << 10), "{before} KiB before, {after} KiB after");
    }
}

#[task]
fn measure(chunk: String, more: &String) -> usize {
    chunk.len() + more.len()
}

fn limited() -> Executor {
    Executor::builder(Model::Processes).workers(2).memory_limit(64 * MIB).build().unwrap()
}

fn too_large_a_chunk() {
    let on = limited();
    for (count, large) in [(8, 5), (1, 0), (300, 299)] {
        let chunks = || {
            let text = |chunk| "7".repeat(if chunk == large { 70 << 20 } else { 10 });
            Items((0..count).map(text).collect())
        };
        let results = on.map_results(chunks(), measure.with(String::new())).unwrap();
        assert_eq!(results.len(), count);
        for (chunk, result) in results.into_iter().enumerate() {
            match result {
                Ok(length) => assert_eq!((length, chunk == large), (10, false)),
                Err(error) => {
                    assert_eq!(error.chunk(), Some(large as u64), "{error}");
                    assert_eq!((chunk, error.is_out_of_memory()), (large, true), "{error}");
                }
            }
        }
        let error = on.map(chunks(), measure.with(String::new())).unwrap_err();
        assert_eq!((error.chunk(), error.is_out_of_memory()), (Some(large as u64), true), "{error}");
    }
}

/// Ends the worker that restores it.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Fatal;

impl<'de> Deserialize<'de> for Fatal {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fatal = <()>::deserialize(deserializer).map(|()| Self);
        if std::env::args().any(|word| word.starts_with("--threefold-")) {
            std::process::abort();
        }
        fatal
    }
}

#[task]
fn ignore(chunk: u64, _fatal: &Fatal) -> u64 {
    chunk
}

fn too_large_captures() {
    let error = limited().map(Items(vec![String::new(); 9]), measure.with("7".repeat(70 << 20))).unwrap_err();
    assert!(error.is_setup(), "{error}");
    assert!(error.to_string().contains("the last one ran out of memory: it needed more than its limit"), "{error}");
    let error = workers(2).map(Items(vec![7, 8]), ignore.with(Fatal)).unwrap_err();
    assert!(error.is_setup(), "{error}");
    assert!(error.to_string().contains("the last one aborted (SIGABRT)"), "{error}");
}

/// The memory of this worker, and the address of its status page.
fn status_page() -> (File, u64) {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let page = maps.lines().find(|line| line.contains("memfd:threefold")).expect("a worker has a status page");
    let (start, _) = page.split_once('-').unwrap();
    let memory = File::options().read(true).write(true).open("/proc/self/mem").unwrap();
    (memory, u64::from_str_radix(start, 16).unwrap())
}

/// Writes words of all kinds over the status page of this worker.
#[task]
fn scribble(chunk: u64) -> u64 {
    let (mut bytes, start) = status_page();
    let words = [0, 1, chunk, u64::MAX, 1 << 63, chunk.wrapping_mul(0x9e37_79b9_7f4a_7c15)];
    for at in 0..4 {
        bytes.seek(SeekFrom::Start(start + 8 * at)).unwrap();
        let word = words[((chunk + at) % 6) as usize];
        // Torn: half of the word, then the other half.
        bytes.write_all(&word.to_ne_bytes()[..4]).unwrap();
        bytes.write_all(&word.to_ne_bytes()[4..]).unwrap();
    }
    assert_ne!(chunk % 100, 98, "and some panic");
    if chunk % 100 == 99 {
        std::process::abort();
    }
    chunk
}

fn scribbles() {
    let on = workers(2);
    // Without a loss the total is right.
    let total = on.fold(Items((0..90).collect()), scribble, 0, |sum, part| sum + part).unwrap();
    assert_eq!(total, (0..90).sum());
    // With losses each chunk has its output, or a failure of its own, or that of the worker that it was given to; or
    // the whole is an error, since a worker that died seems never to have begun anything.
    match on.map_results(Items((0..300).collect()), scribble) {
        Ok(results) => {
            assert_eq!(results.len(), 300);
            for (chunk, result) in (0..300).zip(results) {
                match result {
                    Ok(output) => assert_eq!(output, chunk),
                    Err(error) if chunk % 100 == 98 => assert!(error.is_panic() || error.is_worker_lost(), "{error}"),
                    Err(error) => assert!(error.is_worker_lost(), "{error}"),
                }
            }
        }
        Err(error) => assert!(error.is_setup(), "{error}"),
    }
    assert_eq!(on.fold(Items((0..50).collect()), echo, 0, |sum, part| sum + part).unwrap(), 49 * 25);
}

/// Changes the last answer that its worker has not sent yet, notes that no chunk is running, and kills the worker. It
/// does this only once: the file records that it has happened.
#[derive(Serialize, Deserialize)]
struct Forge(PathBuf);

#[task]
impl Task for Forge {
    type Chunk = Range<u64>;
    type Output = u64;

    fn map(&self, chunk: Range<u64>) -> u64 {
        let output = u64::MAX / 4 + chunk.start;
        if chunk.start < 200 || self.0.exists() {
            return output;
        }
        let (memory, start) = status_page();
        let word = |number: u64| {
            let mut bytes = [0; 8];
            memory.read_exact_at(&mut bytes, start + 8 * number).unwrap();
            u64::from_le_bytes(bytes)
        };
        // The lower half of word 8 holds the number of bytes that are not sent.
        let (done, length) = (word(2), word(8) & 0xffff_ffff);
        if length > 0 {
            fs::write(&self.0, "").unwrap();
            memory.write_all_at(&done.to_le_bytes(), start + 8).unwrap();
            let last = start + 8 * 10 + length - 1;
            let mut byte = [0];
            memory.read_exact_at(&mut byte, last).unwrap();
            memory.write_all_at(&[byte[0] ^ 1], last).unwrap();
            std::process::abort();
        }
        output
    }
}

fn forges() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("forged");
    let total = workers(1).fold((0..20_000u64).chunks_of(1), Forge(file.clone()), 0, u64::wrapping_add);
    assert!(file.exists(), "an answer was forged");
    match total {
        Ok(total) => assert_eq!(total, (0..20_000).fold(0, |sum: u64, chunk| sum.wrapping_add(u64::MAX / 4 + chunk))),
        Err(error) => assert!(error.is_worker_lost(), "{error}"),
    }
}
