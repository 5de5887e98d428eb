//! Faults of a worker that has memory of its parent: it reads a `Shared` array, as a source or as a capture, or it fills
//! a piece of a `SharedMut`.
//!
//! Each case is a process of its own. Its task goes wrong once, in the middle of its chunk, and leaves a mark at this
//! moment. A fold then ends in the right answer or in the right error, and a piece that was half filled is in no answer.
//! The next fold works, and nothing of the array stays mapped when it is dropped. When the parent is killed, no process
//! has its memory any more.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio, abort, exit};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use rand::{RngExt, SeedableRng, rngs::SmallRng};
use rustix::process::{Signal, getpid, kill_process};
use threefold::prelude::*;
use threefold::{Shared, SharedMut};

use crate::copies::{FAMILY, family};
use crate::holdings::{children, stat};

const MARK: &str = "--array";

/// How many chunks a case folds.
const CHUNKS: usize = 6;

/// Items of a chunk: some pages, but no whole number of them.
const CHUNK: usize = 20_011;

/// The chunk that goes wrong.
const WRONG: usize = 2;

/// What private memory a worker may have, and what a task asks for that runs out of it.
const LIMIT: u64 = 256 << 20;
const TOO_MUCH: usize = 1 << 30;

/// A chunk that hangs is stopped after this. It is far longer than any other chunk takes, also on a busy machine: all chunks
/// of the case have this timeout.
const TIMEOUT: Duration = Duration::from_secs(3);

/// A case that has not ended by then never will.
const BOUND: Duration = Duration::from_secs(60);

/// What a parent prints when its workers have had memory.
const BEGINS: &str = "it begins";

/// How often a parent is killed.
const ROUNDS: u64 = 30;

/// For what a worker has the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Source,
    Capture,
    Piece,
}

/// What the task does in the middle of its chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Kill,
    Segfault,
    Abort,
    Exit0,
    Panic,
    Hang,
    Stop,
    OutOfMemory,
}

const USES: [Use; 3] = [Use::Source, Use::Capture, Use::Piece];

const FAULTS: [Fault; 8] = [
    Fault::Kill,
    Fault::Segfault,
    Fault::Abort,
    Fault::Exit0,
    Fault::Panic,
    Fault::Hang,
    Fault::Stop,
    Fault::OutOfMemory,
];

/// What a task needs to go wrong once: the name of its fault, and the file that it makes when it does.
type Part = (String, String);

/// Goes wrong, if no task of the case has before.
fn go_wrong((fault, mark): &Part) {
    if File::create_new(mark).is_err() {
        return;
    }
    // More than once: a handler may have been installed that lets the first pass.
    let signal = |signal| (0..2).for_each(|_| kill_process(getpid(), signal).unwrap());
    match FAULTS.into_iter().find(|known| format!("{known:?}") == *fault) {
        Some(Fault::Kill) => signal(Signal::KILL),
        Some(Fault::Segfault) => signal(Signal::SEGV),
        Some(Fault::Abort) => abort(),
        Some(Fault::Exit0) => exit(0),
        Some(Fault::Panic) => panic!("in the middle of a chunk"),
        Some(Fault::Hang) => {}
        Some(Fault::Stop) => signal(Signal::STOP),
        Some(Fault::OutOfMemory) => drop(std::hint::black_box(vec![1u8; TOO_MUCH])),
        None => unreachable!("{fault} is a fault"),
    }
    loop {
        thread::sleep(Duration::from_secs(60));
    }
}

/// Adds up both halves of the items, and goes wrong between them.
fn add_up(items: &[u64], goes_wrong: bool, part: &Part) -> u64 {
    let (one, other) = items.split_at(items.len() / 2);
    let sum: u64 = one.iter().sum();
    if goes_wrong {
        go_wrong(part);
    }
    sum + other.iter().sum::<u64>()
}

#[task]
fn read_source(chunk: Slice<u64>, part: &Part) -> u64 {
    add_up(&chunk, chunk[0] == item(WRONG * CHUNK), part)
}

#[task]
fn read_capture(chunk: Range<usize>, array: &Shared<u64>, part: &Part) -> u64 {
    let goes_wrong = chunk.start == WRONG * CHUNK;
    add_up(&array[chunk], goes_wrong, part)
}

/// Half of its piece has other numbers when it goes wrong.
#[task]
fn fill_piece(chunk: Range<usize>, piece: &mut [u64], part: &Part) {
    if chunk.start == WRONG * CHUNK {
        piece[..CHUNK / 2].fill(u64::MAX);
        go_wrong(part);
        piece[..CHUNK / 2].fill(0);
    }
    for (out, i) in piece.iter_mut().zip(chunk) {
        *out += item(i);
    }
}

/// The item with that index.
fn item(index: usize) -> u64 {
    (index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32
}

fn items() -> impl Iterator<Item = u64> {
    (0..CHUNKS * CHUNK).map(item)
}

/// The array of a case, or the buffer that it fills.
enum Memory {
    Sealed(Shared<u64>),
    Open(SharedMut<u64>),
}

impl Use {
    fn memory(self) -> Memory {
        let mut memory = SharedMut::zeroed(CHUNKS * CHUNK).unwrap();
        if self == Self::Piece {
            // As if an earlier fold had filled it with something else.
            memory.fill(7);
            return Memory::Open(memory);
        }
        memory.iter_mut().zip(items()).for_each(|(to, item)| *to = item);
        Memory::Sealed(memory.seal().unwrap())
    }
}

impl Memory {
    /// What comes of a fold. A wrong answer is a panic.
    fn fold(&mut self, on: &Executor, which: Use, part: &Part) -> &'static str {
        let numbers = (0..CHUNKS * CHUNK).split_into(CHUNKS);
        let result = match self {
            Self::Open(buffer) => on.map_into(buffer, numbers, fill_piece.with(part.clone())).inspect(|()| {
                assert!(buffer.iter().copied().eq(items()), "a wrong piece");
            }),
            Self::Sealed(array) => {
                let sum = |sum, part| sum + part;
                let total = if which == Use::Source {
                    on.fold((&*array).split_into(CHUNKS), read_source.with(part.clone()), 0, sum)
                } else {
                    on.fold(numbers, read_capture.with(array.clone(), part.clone()), 0, sum)
                };
                total.map(|total| assert_eq!(total, items().sum(), "a wrong total"))
            }
        };
        match result {
            Ok(()) => "right",
            Err(error) => {
                println!("{error:#}");
                assert_eq!(error.chunk(), Some(WRONG as u64), "{error}");
                match error {
                    error if error.is_timeout() => "timeout",
                    error if error.is_out_of_memory() => "out of memory",
                    error if error.is_worker_lost() => "lost",
                    error if error.is_panic() => "panic",
                    error => panic!("{error}"),
                }
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Case {
    which: Use,
    fault: Fault,
    workers: usize,
    retries: u32,
}

fn cases() -> impl Iterator<Item = Case> {
    USES.into_iter().flat_map(|which| {
        FAULTS.into_iter().flat_map(move |fault| {
            [(1, 0), (1, 2), (2, 0), (2, 2)].map(|(workers, retries)| Case { which, fault, workers, retries })
        })
    })
}

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials: Vec<_> = cases().map(Case::trial).collect();
    trials.push(Trial::test("arrays::nothing_is_left_of_the_memory_of_a_parent_that_is_killed", || {
        the_parent_is_killed();
        Ok(())
    }));
    trials
}

impl Case {
    fn trial(self) -> Trial {
        let Self { which, fault, workers, retries } = self;
        Trial::test(format!("arrays::{which:?}::{fault:?}::{workers}_workers_{retries}_retries"), move || {
            let folder = tempfile::tempdir().unwrap();
            let mark = folder.path().join("mark");
            let printed = self.run_process(&mark);
            let (result, expected) = (printed.lines().last().unwrap_or_default(), self.expected());
            if !mark.exists() {
                return Err("the fault did not happen".into());
            }
            if expected.contains(&result) { Ok(()) } else { Err(format!("not one of {expected:?}: {printed}").into()) }
        })
    }

    fn expected(self) -> &'static [&'static str] {
        match self.fault {
            _ if self.retries > 0 => &["right"],
            Fault::Panic => &["panic"],
            Fault::Hang | Fault::Stop => &["timeout"],
            // A process closes its channel some time before it is gone. If that takes more than 100 ms on a busy machine,
            // the worker is lost for the closed channel.
            Fault::OutOfMemory => &["out of memory", "lost"],
            Fault::Kill | Fault::Segfault | Fault::Abort | Fault::Exit0 => &["lost"],
        }
    }

    /// Runs the case in a process of its own. What it prints; what came of the case is the last line.
    fn run_process(self, mark: &Path) -> String {
        let words = format!("{:?} {:?} {} {}", self.which, self.fault, self.workers, self.retries);
        let mut program = Command::new(std::env::current_exe().unwrap());
        program.arg(MARK).args(words.split(' ')).arg(mark);
        let mut program = program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let began = Instant::now();
        while program.try_wait().unwrap().is_none() {
            if began.elapsed() > BOUND {
                program.kill().unwrap();
                panic!("{words}: it did not end");
            }
            thread::sleep(Duration::from_millis(5));
        }
        let output = program.wait_with_output().unwrap();
        assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

/// In the process of a case, runs it, and prints what came of it. In a parent that will be killed, folds until then.
pub(crate) fn run() -> Option<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.first().is_none_or(|first| first != MARK) {
        return None;
    }
    let [_, which, fault, workers, retries, mark] = &words[..] else { folds_for_ever() };
    let which = USES.into_iter().find(|known| format!("{known:?}") == *which).unwrap();
    let part = (fault.clone(), mark.clone());
    let builder = Executor::builder(Model::Processes).workers(workers.parse().unwrap());
    let builder = builder.retries(retries.parse().unwrap()).retry_panics(retries != "0");
    let builder = match fault.as_str() {
        "Hang" | "Stop" => builder.timeout(TIMEOUT),
        "OutOfMemory" => builder.memory_limit(LIMIT),
        _ => builder,
    };
    let on = builder.build().unwrap();
    let mut memory = which.memory();
    assert_eq!(mappings().len(), 1, "the memory of the case");
    let result = memory.fold(&on, which, &part);
    assert_eq!(memory.fold(&on, which, &part), "right", "the next fold works");
    // While the workers live: none of them may keep the memory of a buffer, or it could not be sealed.
    match memory {
        Memory::Sealed(array) => drop(array),
        Memory::Open(buffer) => assert!(buffer.seal().unwrap().iter().copied().eq(items())),
    }
    drop(on);
    let left: Vec<_> = children().into_iter().map(|pid| (pid, stat(pid))).collect();
    assert_eq!(left, [], "no worker is left; these are, with their states and parents");
    assert_eq!(mappings(), HashSet::new(), "no memory is left");
    println!("\n{result}");
    Some(ExitCode::SUCCESS)
}

/// Folds with all uses of an array until it is killed.
fn folds_for_ever() -> ! {
    let nothing = (String::new(), "/".to_string());
    let on = Executor::builder(Model::Processes).workers(2).build().unwrap();
    let mut memory = USES.map(|which| (which, which.memory()));
    for round in 0_u64.. {
        for (which, memory) in &mut memory {
            assert_eq!(memory.fold(&on, *which, &nothing), "right");
        }
        if round == 0 {
            // Not before: while the first workers start, none of them has any memory.
            println!("{BEGINS}");
        }
    }
    unreachable!("it was killed long ago")
}

fn the_parent_is_killed() {
    let mut random = SmallRng::seed_from_u64(11);
    let mut in_workers = 0;
    for round in 0..ROUNDS {
        let name = format!("{}-array-{round}", std::process::id());
        let mut parent = Command::new(std::env::current_exe().unwrap());
        let mut parent = parent.arg(MARK).env(FAMILY, &name).stdout(Stdio::piped()).spawn().unwrap();
        // It stays open, for the parent may print more than this line.
        let mut lines = BufReader::new(parent.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap() == BEGINS), "round {round}: the parent ended, {:?}", parent.wait());
        thread::sleep(Duration::from_micros(random.random_range(0..60_000)));
        let pid = rustix::process::Pid::from_raw(parent.id() as i32).unwrap();
        let began = Instant::now();
        let memory = loop {
            // While it is stopped, nobody makes more memory or drops any.
            kill_process(pid, Signal::STOP).unwrap();
            let memory = memory_of(parent.id());
            let workers = family(&name).into_iter().filter(|&pid| pid != parent.id());
            let is_in_workers = workers.flat_map(memory_of).any(|inode| memory.contains(&inode));
            in_workers += u64::from(is_in_workers);
            // Every second parent is killed when a worker has its memory for certain.
            if is_in_workers || round % 2 == 0 {
                break memory;
            }
            assert!(began.elapsed() < BOUND, "round {round}: no worker ever has memory of the parent");
            kill_process(pid, Signal::CONT).unwrap();
            thread::sleep(Duration::from_micros(random.random_range(0..2_000)));
        };
        parent.kill().unwrap();
        parent.wait().unwrap();
        let is_gone = (0..2000).any(|_| family(&name).is_empty() || (thread::sleep(Duration::from_millis(5)), false).1);
        assert!(is_gone, "round {round}: {:?} are left", family(&name));
        let holders: Vec<_> = processes().filter(|&pid| !memory.is_disjoint(&memory_of(pid))).collect();
        assert_eq!(holders, [0; 0], "round {round}: they have memory of a parent that is gone");
    }
    println!("in {in_workers} rounds a worker had memory of its parent");
    assert!(in_workers >= ROUNDS / 2, "too little was put to the test");
}

fn processes() -> impl Iterator<Item = u32> {
    fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The inodes of the memory of this process that is as large as that of a case.
fn mappings() -> HashSet<u64> {
    memory_of(std::process::id())
}

/// The inodes of memory of that size, which a process has mapped.
fn memory_of(pid: u32) -> HashSet<u64> {
    let length = (CHUNKS * CHUNK * size_of::<u64>()).next_multiple_of(4096) as u64;
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
    let inode = |line: &str| {
        let mut fields = line.split_whitespace();
        let (start, end) = fields.next()?.split_once('-')?;
        let address = |text| u64::from_str_radix(text, 16).ok();
        let is_ours = line.contains("/memfd:threefold") && address(end)? - address(start)? == length;
        fields.nth(3).filter(|_| is_ours)?.parse().ok()
    };
    maps.lines().filter_map(inode).collect()
}
