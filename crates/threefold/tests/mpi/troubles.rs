//! What programs and tasks do that gives their rank trouble: they fork, start programs, stop while they send, and have
//! destructors that panic.

use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, getpid, kill_process};
use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use threefold::prelude::*;

use crate::MARK;
use crate::actors::{add, numbers, same, show, stops_on_seven};
use crate::copies::{at_exit, copy_that_exits, copy_that_gets_signal};

#[task]
fn forks(chunk: u64) -> u64 {
    assert_eq!(copy_that_exits(), 0);
    chunk
}

#[task]
fn starts_a_program(_chunk: u64) -> String {
    starts_program()
}

/// What this program says when it is started as any other program is.
fn starts_program() -> String {
    let output = Command::new(std::env::current_exe().unwrap()).args([MARK, "says-ranks"]).output().unwrap();
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A capture whose destructor panics, but not on rank 0.
#[derive(Clone, Serialize, Deserialize)]
struct Balloon(u64);

impl Drop for Balloon {
    fn drop(&mut self) {
        let variables = ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"];
        let is_rank_0 = variables.iter().any(|name| std::env::var(name).is_ok_and(|rank| rank == "0"));
        assert!(is_rank_0 || thread::panicking(), "this capture bursts");
    }
}

#[task]
fn adds(chunk: u64, balloon: &Balloon) -> u64 {
    chunk + balloon.0
}

/// Bytes that stop their rank, so many milliseconds after they were serialized: while they are being sent.
struct Heavy {
    bytes: Vec<u8>,
    stops_after: Option<u64>,
}

impl Serialize for Heavy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.bytes)
    }
}

impl<'de> Deserialize<'de> for Heavy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Heavy;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Heavy, E> {
                Ok(Heavy { bytes: bytes.to_vec(), stops_after: None })
            }
        }
        deserializer.deserialize_bytes(Bytes).map_err(D::Error::custom)
    }
}

impl Drop for Heavy {
    fn drop(&mut self) {
        if let Some(delay) = self.stops_after {
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(delay));
                kill_process(getpid(), Signal::STOP)
            });
        }
    }
}

#[task]
fn is_heavy(chunk: u64, delay: &u64) -> Heavy {
    Heavy { bytes: vec![1; 100 << 20], stops_after: (chunk == 1).then_some(*delay) }
}

/// An executor that folds once more in its destructor.
struct Kept(Executor);

impl Drop for Kept {
    fn drop(&mut self) {
        show(self.0.fold(numbers(), same, 0, add));
    }
}

#[task]
fn pid(_chunk: u64) -> u32 {
    std::process::id()
}

#[task]
fn waits(chunk: u64) -> u64 {
    thread::sleep(Duration::from_secs(10));
    chunk
}

#[task]
fn prints_slowly(chunk: u64) -> u64 {
    print!("<{chunk} ");
    thread::sleep(Duration::from_millis(30));
    println!("{chunk}>");
    chunk
}

/// Chunk 0 is done at once. The rank of chunk 1 dies while the output of chunk 0 is reduced: that makes the file.
#[task]
fn waits_then_dies(chunk: u64, file: &PathBuf) -> u64 {
    if chunk == 1 {
        while !file.exists() {
            thread::sleep(Duration::from_millis(1));
        }
        let _ = kill_process(getpid(), Signal::KILL);
        thread::sleep(Duration::from_secs(60));
    }
    chunk
}

/// Folds on an executor that is made now.
extern "C" fn folds() {
    match Executor::new(Model::Mpi) {
        Ok(on) => show(on.fold(numbers(), same, 0, add)),
        Err(error) => println!("error: {error}"),
    }
}

/// What rank 0 does. Returns whether there is such an actor.
pub(crate) fn play(actor: &str) -> bool {
    let fold = |on: &Executor| show(on.fold(numbers(), same, 0, add));
    match actor {
        "forgets-init" | "asks-for-executor" => match Executor::new(Model::Mpi) {
            Ok(on) => fold(&on),
            Err(error) => println!("error: {error}"),
        },
        "says-ranks" => {
            print!("{} rank, ", threefold::ranks());
            fold(&on());
        }
        "forks" => {
            let on = on();
            show(on.fold(numbers(), forks, 0, add));
            assert_eq!(copy_that_exits(), 0);
            fold(&on);
        }
        "copy-gets-signal" => {
            let on = on();
            println!("the copy ended by signal {}", copy_that_gets_signal());
            fold(&on);
        }
        "starts-programs" => {
            on().map(Items(vec![0, 1]), starts_a_program).unwrap().iter().for_each(|said| print!("{said}"));
            print!("{}", starts_program());
        }
        "capture-bursts" => {
            let on = on();
            for _ in 0..2 {
                show(on.fold(numbers(), adds.with(Balloon(0)), 0, add));
                fold(&on);
            }
        }
        "folds-at-exit" => {
            // One that has folded before, and one that has not.
            thread_local! {
                static KEPT: Kept = Kept(on());
            }
            at_exit(folds);
            KEPT.with(|kept| fold(&kept.0));
        }
        "makes-its-first-executor-at-exit" => at_exit(folds),
        "isolated-stopped" => {
            let isolated = Executor::builder(Model::Mpi).isolate(true).build().unwrap();
            fold(&isolated);
            let pids = on().map(numbers(), pid).unwrap();
            let rank = Pid::from_raw(pids[0].cast_signed()).unwrap();
            kill_process(rank, Signal::STOP).unwrap();
            fold(&isolated);
        }
        "stopped-beside" => {
            let on = on();
            thread::scope(|scope| {
                scope.spawn(|| show(on.fold(Items(vec![0]), waits, 0, add)));
                show(on.fold(Items(vec![1, 7]), stops_on_seven, 0, add));
            });
        }
        "stopped-with-silence" => {
            let on = Executor::builder(Model::Mpi).silence(Duration::from_millis(1500)).build().unwrap();
            show(on.fold(numbers(), stops_on_seven, 0, add));
        }
        "prints-slowly" => {
            let on = on();
            let inner = |sum, part| {
                on.fold(Items(vec![0, 1]), same, 0, add).unwrap();
                sum + part
            };
            on.fold(Items((0..8).collect()), prints_slowly, 0, inner).unwrap();
        }
        "killed-during-reduction" => {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("reduces");
            let reduce = |sum, part| {
                fs::write(&file, "").unwrap();
                thread::sleep(Duration::from_secs(60));
                sum + part
            };
            show(on().fold(Items(vec![0, 1]), waits_then_dies.with(file.clone()), 0, reduce));
        }
        _ => match actor.strip_prefix("stops-sending-") {
            Some(delay) => {
                let delay: u64 = delay.parse().unwrap();
                let length = |sum, heavy: Heavy| sum + heavy.bytes.len() as u64;
                let on = on();
                show(on.fold(Items(vec![0, 1]), is_heavy.with(delay), 0, length));
                // On a fast machine the bytes are sent before the rank stops. A later fold notices it then.
                for _ in 0..ENOUGH {
                    if let Err(error) = on.fold(numbers(), same, 0, add) {
                        println!("error: {error}");
                        break;
                    }
                    thread::sleep(Duration::from_millis(1));
                }
            }
            None => return false,
        },
    }
    true
}

/// So many folds take far longer than a rank takes to stop.
const ENOUGH: u32 = 10_000;

fn on() -> Executor {
    Executor::new(Model::Mpi).unwrap()
}
