//! What rank 0 says of ranks that were killed, in the moment before it is killed itself.
//!
//! SIGTERM does not tell who was killed, and MPI does not either. But a process that was killed is gone, or is a zombie,
//! by the time at which the launcher knows of it. Ranks of this host are looked up by their process ids. Ranks of other
//! hosts are asked, and those that do not answer within [`ANSWER`] are taken for gone.
//!
//! If no rank is gone, somebody has sent SIGTERM to rank 0, or to the launcher, which passes it on. Then nothing is
//! said.
//!
//! The fold that had chunks on such a rank prints its error itself, from the thread that waits for it: only the fold
//! knows all of the chunks. A caller that is in the middle of a long reduction does not come to that in time. Then
//! the report names the chunks that the rank was running, which are in the fold's [ledger](super::ledger).

use std::fs;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use super::letter;
use super::world::World;
use crate::error::End;

/// How long ranks of other hosts have to answer. Open MPI leaves 0.3 s in all.
const ANSWER: Duration = Duration::from_millis(100);

/// How long a fold has to say which chunks are lost.
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
            let losses = world.losses(&rank);
            for loss in &losses {
                eprintln!("threefold: {loss}");
            }
            if losses.is_empty() {
                eprintln!("threefold: {rank} {}; no chunk of a fold is known to be lost with it", End::RankGone);
            }
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
