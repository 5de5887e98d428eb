//! Compares the other ranks with rank 0: all must run the same build, and should have processors that do the same. Their
//! clocks may differ, and by how much is measured.

use std::thread;
use std::time::Instant;

use super::letter;
use super::peer::Peer;
use super::world::World;
use crate::remote::clock;

/// How often a rank of another host is asked what its clock shows.
const ASKED: usize = 4;

/// Asks the ranks what differs, and waits for their answers until `until`.
///
/// Refuses a rank that runs another build, and warns of a processor with other features.
///
/// Ranks that were started from one file run the same build. The others are asked for a checksum of their file, since
/// each host may have a copy of its own.
pub(super) fn builds(world: &World, until: Instant) -> Result<(), String> {
    let peers: Vec<(usize, Peer)> = world
        .office
        .desk()
        .route
        .peers
        .iter()
        .cloned()
        .enumerate()
        .filter_map(|(rank, peer)| Some((rank, peer?)))
        .collect();
    let asked: Vec<_> = peers.iter().filter(|(_, peer)| !peer.has_file_of(&world.own)).collect();
    if !asked.is_empty() {
        for (rank, _) in &asked {
            world.office.send(*rank, letter::ASK_FILE, &mut Vec::new(), None);
        }
        let own = Peer::checksum().map_err(|error| format!("this program's file cannot be read: {error}"))?;
        for (rank, peer) in asked {
            let file = loop {
                world.office.poll();
                match world.office.desk().route.files[*rank] {
                    Some(file) => break file,
                    None if Instant::now() > until => {
                        return Err(format!("rank {rank} on {} does not answer", peer.host));
                    }
                    None => thread::yield_now(),
                }
            };
            if file != own {
                return Err(format!(
                    "rank {rank} on {} runs another build of this program than rank 0 on {}: copy the same file to all \
                     hosts",
                    peer.host, world.own.host
                ));
            }
        }
    }
    if let Some((rank, peer)) = peers.iter().find(|(_, peer)| !peer.has_processor_of(&world.own)) {
        eprintln!(
            "threefold: warning: the processor of rank {rank} on {} has other features than that of rank 0 on {}: \
             functions of the C library, such as sin and exp, may give other bits there",
            peer.host, world.own.host
        );
    }
    Ok(())
}

/// How far the clocks of the ranks are ahead of this one's, in nanoseconds. Ranks of one host have the same clock.
///
/// A rank of another host is asked several times. The answer that came soonest counts: its clock was read within that
/// time, and is taken for read in the middle.
pub(super) fn clocks(world: &World, until: Instant) -> Vec<i64> {
    let ahead = |rank| {
        let is_elsewhere = world.rank(rank).is_some_and(|peer| *peer.host != *world.own.host);
        let asked = (0..if is_elsewhere { ASKED } else { 0 }).filter_map(|_| ask_clock(world, rank, until));
        asked.min_by_key(|&(took, _)| took).map_or(0, |(_, ahead)| ahead)
    };
    (0..world.size).map(ahead).collect()
}

/// How long the rank took to answer, and how far its clock is ahead.
fn ask_clock(world: &World, rank: usize, until: Instant) -> Option<(u64, i64)> {
    let began = clock::now();
    world.office.desk().route.clocks[rank] = None;
    world.office.send(rank, letter::ASK, &mut Vec::new(), None);
    while Instant::now() < until {
        world.office.poll();
        if let Some(theirs) = world.office.desk().route.clocks[rank] {
            let took = clock::now().saturating_sub(began);
            return Some((took, theirs.wrapping_sub(began + took / 2) as i64));
        }
    }
    None
}
