//! The contests, each with the name that chooses it.

mod arrays;
mod awaited;
mod chunk;
mod cold;
mod combined;
mod crew;
mod filled;
mod fresh;
mod lines;
mod list;
mod memory;
mod message;
mod program;
mod simd;
mod small;
mod streamed;
mod stress;
mod sweep;
mod uneven;
pub(crate) mod waits;

use threefold_contest::Entry;

/// All contests, in the order in which they run and are shown.
pub(crate) const ALL: &[Entry] = &[
    ("warm", small::warm),
    ("idle", small::idle),
    ("ten", small::ten),
    ("ten-idle", small::ten_idle),
    ("over", small::over),
    ("over-idle", small::over_idle),
    ("sweep", sweep::hot),
    ("sweep-idle", sweep::idle),
    ("cold", cold::cold),
    ("waits", waits::waits),
    ("processes", small::processes),
    ("processes-idle", small::processes_idle),
    ("crew", crew::crew),
    ("crew-heavy", crew::heavy),
    ("fresh", fresh::fresh),
    ("fresh-crash", fresh::crash),
    ("uneven-20", uneven::ascending_20),
    ("uneven-20-down", uneven::descending_20),
    ("uneven-190", uneven::ascending_190),
    ("uneven-190-down", uneven::descending_190),
    ("chunk", chunk::chunk),
    ("list", list::list),
    ("message-vec", message::vec),
    ("message-bytes", message::byte_buf),
    ("memory", memory::memory),
    ("memory-program", program::memory),
    ("startup", program::startup),
    ("simd-xor", simd::xor),
    ("simd-remainder", simd::remainder),
    ("simd-polynomial", simd::polynomial),
    ("simd-inverse", simd::inverse),
    ("simd-chunk", simd::chunk),
    ("await", awaited::empty),
    ("await-long", awaited::long),
    ("stream", streamed::computing),
    ("stream-waits", streamed::waiting),
    ("combine", combined::sort),
    ("shared-second", arrays::second),
    ("captures", arrays::captures),
    ("fill", filled::threads),
    ("fill-processes", filled::processes),
    ("lines", lines::table),
    ("stress-loops", stress::loops),
    ("stress-pinned", stress::pinned),
    ("stress-many", stress::many),
];
