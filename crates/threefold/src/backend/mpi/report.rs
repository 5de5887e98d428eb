//! What rank 0 says of ranks that were killed, in the moment before it is killed itself.
//!
//! # Step by step
//!
//! 1. The launcher has sent SIGTERM, and a thread of rank 0 calls [`killed_ranks`]. The process has some 0.3 s left.
//! 2. Ranks of this host are looked up in `/proc`. A process that is missing there, or that is a zombie, is gone.
//! 3. If none of this host is gone, those of other hosts are asked. Those that do not answer within 0.1 s count as
//!    gone.
//! 4. If no rank is gone, nothing is printed: somebody has ended the whole job.
//! 5. The ranks that are gone are lost. Each caller that waits in a fold wakes up.
//! 6. A fold that had chunks there prints its error at once. It cannot leave this to `main`, since `main` has no time
//!    left. The error names the chunks that are lost.
//! 7. If no fold has told of the loss after 0.15 s, one line is printed for each of these ranks.
//! 8. The process ends by the signal, unless the program has a handler of its own.
//!
//! Under MPICH none of this happens, since its launcher sends SIGKILL. Then only the launcher prints something.

use std::fs;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use super::letter;
use super::world::World;
use crate::error::End;

/// So long ranks of other hosts are given to answer. Open MPI leaves 0.3 s in all.
const ANSWER: Duration = Duration::from_millis(100);

/// So long a fold is given to say which chunks are lost.
const FOLD: Duration = Duration::from_millis(150);

/// Finds the ranks that are gone, and says what was lost with them.
pub(super) fn killed_ranks(world: &World) {
    let gone = gone(world);
    if gone.is_empty() {
        return;
    }
    world.is_ending.store(true, Ordering::Relaxed);
    for &rank in &gone {
        world.lose(rank, End::RankGone);
    }
    // The fold that has chunks there prints its error.
    let until = Instant::now() + FOLD;
    while !world.is_told.load(Ordering::Relaxed) && Instant::now() < until {
        thread::sleep(FOLD / 50);
    }
    if !world.is_told.load(Ordering::Relaxed) {
        for rank in gone.into_iter().filter_map(|rank| world.rank(rank)) {
            eprintln!("threefold: {rank} {}; no chunk of a fold is known to be lost with it", End::RankGone);
        }
    }
}

/// The ranks that are gone. On this host the system says so; those of other hosts are asked.
fn gone(world: &World) -> Vec<usize> {
    let ranks: Vec<_> = (1..world.size).filter_map(|rank| world.rank(rank)).collect();
    let (here, elsewhere): (Vec<_>, Vec<_>) = ranks.into_iter().partition(|rank| *rank.host == *world.own.host);
    let gone: Vec<_> = here.iter().filter(|rank| !is_alive(rank.pid)).map(|rank| rank.number).collect();
    if !gone.is_empty() || elsewhere.is_empty() {
        return gone;
    }
    let mut silent: Vec<_> = elsewhere.iter().map(|rank| rank.number).collect();
    world.office.desk().route.alive.fill(false);
    for &rank in &silent {
        world.office.send(rank, letter::ASK, &mut Vec::new(), None);
    }
    let until = Instant::now() + ANSWER;
    while !silent.is_empty() && Instant::now() < until {
        world.office.poll();
        let desk = world.office.desk();
        silent.retain(|&rank| !desk.route.alive[rank]);
        drop(desk);
        thread::sleep(Duration::from_millis(1));
    }
    silent
}

/// Whether a process of this host runs; a zombie does not.
fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name before may hold anything, brackets included.
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}
