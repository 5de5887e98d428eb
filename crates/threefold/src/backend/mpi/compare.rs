//! Compares the other ranks with rank 0: all must run the same build, and should have processors that do the same.

use std::thread;
use std::time::Instant;

use super::letter;
use super::peer::Peer;
use super::world::World;

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
