//! Law 3: never a silently wrong answer.

use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rand::{RngExt, SeedableRng, rngs::SmallRng};
use rustix::process::{Pid, Signal, kill_process};
use threefold::prelude::*;
use threefold::{Event, Items, Model, Trace};

use crate::fixtures::{folder, is_alive, seed};
use crate::holdings::children;
use crate::tasks::{BriefOrEndless, Death, DiesOn, Forgetful, add_up, files, process_of, wait_until};
use crate::{executor, isolated, ranked, remote};

crate::rows! {
    every:
        every_chunk_is_run_once,
        a_capture_that_serde_skips_is_an_error_in_debug_builds;
    isolating:
        a_lost_worker_is_an_error_that_names_the_chunk,
        cheap_chunks_that_were_finished_outlive_their_worker,
        every_way_to_die_is_told_apart,
        a_worker_that_dies_while_idle_is_replaced,
        killed_at_random_moments_and_never_a_wrong_total;
    isolating_with_one_worker: chunks_that_merely_waited_are_not_blamed;
}

fn every_chunk_is_run_once(model: Model) {
    let on = executor(model, 4);
    let trace = Trace::new();
    on.trace(&trace).for_each((0..=9999).chunks_of(7), add_up).unwrap();
    let mut chunks: Vec<_> = trace.spans().iter().map(|span| span.chunk).collect();
    chunks.sort_unstable();
    assert_eq!(chunks, (0..10_000u64.div_ceil(7)).collect::<Vec<_>>());
    assert!(trace.spans().iter().all(|span| span.worker < on.workers() && span.attempt == 1));
    // An output has 16 bytes at least, and nothing is sent where memory is shared.
    let sent = trace.bytes_moved();
    assert!(if remote(model) { sent > 16 * chunks.len() as u64 } else { sent == 0 }, "{sent}");
}

fn a_capture_that_serde_skips_is_an_error_in_debug_builds(model: Model) {
    let outcome = executor(model, 2).map(Items(vec![1, 2]), Forgetful { limit: 5 });
    if cfg!(debug_assertions) || remote(model) {
        let error = outcome.unwrap_err().to_string();
        assert!(error.starts_with(&format!("Forgetful: the task cannot be serialized on {model}: ")), "{error}");
    } else {
        assert_eq!(outcome.unwrap(), [true, true]);
    }
}

fn a_lost_worker_is_an_error_that_names_the_chunk(model: Model) {
    let on = isolated(model, 2);
    let task = DiesOn { chunk: 600_000, death: Death::Kill };
    let error = on.fold((1..=1_000_000).split_into(4), task, 0, |total, part| total + part).unwrap_err();
    assert!(error.is_worker_lost() && !error.is_panic());
    let (worker, pid) = (error.worker().unwrap(), error.pid().unwrap());
    let rank = error.rank().map(|rank| format!("of rank {rank} ({}) ", error.host().unwrap())).unwrap_or_default();
    assert_eq!(rank.is_empty(), !ranked(model));
    assert_eq!(
        error.to_string(),
        format!(
            "DiesOn: chunk 2 (500001..=750000) was lost on {model}: worker {worker} (pid {pid}) {rank}killed by SIGKILL, \
             attempt 1 of 1"
        )
    );
    assert_eq!((error.chunk(), error.range(), error.signal()), (Some(2), Some("500001..=750000"), Some(9)));
    assert_eq!((error.exit_code(), error.attempt(), error.attempts()), (None, Some(1), Some(1)));
    assert!(error.ran_for().is_some());
    let total = on.fold((1..=1_000_000).split_into(4), add_up, 0, |total, part| total + part).unwrap();
    assert_eq!(total, 500_000_500_000, "the next fold works");
}

fn cheap_chunks_that_were_finished_outlive_their_worker(model: Model) {
    for workers in [1, 2, 1, 2, 1, 2] {
        let mut taken = 0;
        let task = DiesOn { chunk: 1500, death: Death::Kill };
        let outcome = isolated(model, workers).fold((0..=1999).split_into(2000), task, (), |(), _| taken += 1);
        let error = outcome.unwrap_err();
        assert_eq!((error.chunk(), error.also_lost()), (Some(1500), &[][..]), "{error}");
        assert_eq!(taken, 1500, "every output below the chunk that was lost is used");
    }
}

fn every_way_to_die_is_told_apart(model: Model) {
    let on = isolated(model, 2);
    for (death, signal, code, words) in [
        (Death::Kill, Some(9), None, "killed by SIGKILL"),
        (Death::Abort, Some(6), None, "aborted (SIGABRT)"),
        (Death::Exit(0), None, Some(0), "exited with code 0"),
        (Death::Exit(3), None, Some(3), "exited with code 3"),
    ] {
        let error = on.for_each((1..=40).split_into(4), DiesOn { chunk: 5, death }).unwrap_err();
        assert_eq!((error.chunk(), error.signal(), error.exit_code()), (Some(0), signal, code), "{error}");
        assert!(error.is_worker_lost() && error.to_string().contains(words), "{error}");
    }
}

fn chunks_that_merely_waited_are_not_blamed(model: Model) {
    // One worker: when it dies many chunks wait in its queue.
    let on = isolated(model, 1);
    on.for_each((1..=2000).chunks_of(1), add_up).unwrap();
    let task = DiesOn { chunk: 1500, death: Death::Kill };
    let outcomes = on.map_results((1..=2000).chunks_of(1), task).unwrap();
    let failed: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
    let blamed: Vec<_> = failed.iter().filter_map(|error| error.chunk()).collect();
    assert!(blamed.contains(&1499), "{blamed:?}");
    // Those below it were done before, and their outputs may have died with it; none above it had been started.
    assert!(blamed.iter().all(|&chunk| chunk <= 1499), "{blamed:?}");
}

fn a_worker_that_dies_while_idle_is_replaced(model: Model) {
    let on = isolated(model, 1);
    let before = on.map(Items(vec![0]), process_of).unwrap();
    kill_process(Pid::from_raw(before[0] as i32).unwrap(), Signal::KILL).unwrap();
    let after = on.map(Items(vec![0]), process_of).unwrap();
    assert_ne!(before, after);
}

/// When a round of the row below kills a worker.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// While this chunk runs: the chunk waits for the kill. So the fold has lost a worker, however many workers there are
    /// and however fast they are.
    InChunk(usize),
    /// When so many chunks are finished, and a moment later. This may be before the victim's first chunk or after its
    /// last one.
    After(usize),
    /// When the fold is over. So its total is right.
    AtTheEnd,
}

/// How many workers are killed. The rows for mpi run once for each number of ranks, and each run has random moments of its
/// own.
fn rounds(model: Model) -> usize {
    if model == Model::Mpi { 40 } else { 200 }
}

fn killed_at_random_moments_and_never_a_wrong_total(model: Model) {
    let rounds = rounds(model);
    let mut random = SmallRng::seed_from_u64(seed());
    let (mut right, mut lost) = (0, 0);
    let mut on = isolated(model, 2);
    for round in 0..rounds {
        // The other rounds have workers that have seen a kill, and one that has replaced the victim.
        if round % 8 == 0 {
            on = isolated(model, 2);
        }
        // Each worker has several chunks, on however many ranks.
        let chunks = 10 * on.workers();
        let moment = match round % 4 {
            0 => Moment::InChunk(random.random_range(0..chunks)),
            1 => Moment::AtTheEnd,
            _ => Moment::After(random.random_range(0..chunks)),
        };
        let part = Duration::from_micros(random.random_range(0..600));
        match killed_once(&on, chunks, moment, part, &mut random) {
            Ok(()) => {
                assert!(!matches!(moment, Moment::InChunk(_)), "the kill is in the middle of the fold");
                right += 1;
            }
            Err(error) => {
                assert!(!matches!(moment, Moment::AtTheEnd), "{error}");
                lost += 1;
            }
        }
    }
    println!("{right} right totals, {lost} lost workers; {} children", children().len());
    assert!(right >= rounds / 4 && lost >= rounds / 4, "a quarter of the rounds is sure to give each");
}

/// A fold during which a worker is killed at that moment and so much later. Gives the error, if the fold has lost the
/// worker: a total is always right.
fn killed_once(
    on: &Executor,
    chunks: usize,
    moment: Moment,
    part: Duration,
    random: &mut SmallRng,
) -> Result<(), threefold::Error> {
    let mut workers = on.map(Items((0..4 * on.workers() as u64).collect()), process_of).unwrap();
    workers.sort_unstable();
    workers.dedup();
    let victim = workers[random.random_range(0..workers.len())];
    let folder = folder();
    let source = (1..=50 * chunks as i64).split_into(chunks);
    let waits_at = if let Moment::InChunk(chunk) = moment { Some(50 * chunk as i64 + 1) } else { None };
    let task = BriefOrEndless { folder: folder.path().into(), waits_at };
    let (tell, heard) = mpsc::channel();
    let watched = on.observe(move |event| {
        if matches!(event, Event::Finished(_)) {
            let _ = tell.send(());
        }
    });
    let (total, killed) = thread::scope(|scope| {
        let place = folder.path();
        let killer = scope.spawn(move || {
            let victim = match moment {
                Moment::InChunk(_) => noted_process(place),
                Moment::After(finished) => {
                    // Fewer than that many when the fold is over before.
                    heard.iter().take(finished).count();
                    victim
                }
                Moment::AtTheEnd => {
                    heard.iter().count();
                    victim
                }
            };
            thread::sleep(part);
            kill_process(Pid::from_raw(victim as i32).unwrap(), Signal::KILL).map(|()| victim)
        });
        let total = watched.fold(source, task, 0, |total, part| total + part);
        drop(watched);
        (total, killer.join().unwrap())
    });
    let victim = killed.expect("the victim lives as long as its executor");
    wait_until("the victim is gone", || !is_alive(victim));
    let last = 50 * chunks as i128;
    match total {
        Ok(total) => {
            assert_eq!(total, last * (last + 1) / 2, "{moment:?}");
            Ok(())
        }
        Err(error) => {
            assert!(error.is_worker_lost() && error.pid() == Some(victim), "{moment:?}: {error}");
            assert_eq!(error.signal(), Some(9), "{error}");
            Err(error)
        }
    }
}

/// The process that has noted itself in the folder, as soon as one has.
fn noted_process(folder: &Path) -> u32 {
    wait_until("a worker has noted itself", || files(folder) > 0);
    let file = fs::read_dir(folder).unwrap().next().unwrap().unwrap();
    file.file_name().into_string().unwrap().parse().unwrap()
}
