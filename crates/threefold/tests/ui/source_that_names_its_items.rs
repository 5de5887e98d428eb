use std::ops::Range;
use threefold::__private::Pieces;
use threefold::prelude::*;

/// Two chunks that have the same items: tasks that fill pieces of a buffer would have the same memory.
struct Twice;

impl Source for Twice {
    type Chunk = u64;
    type Pieces = Self;

    fn into_pieces(self) -> Self {
        self
    }

    fn item_count(&self) -> u128 {
        2
    }
}

impl Pieces for Twice {
    type Chunk = u64;

    fn count(&self) -> Result<u64, String> {
        Ok(2)
    }

    fn piece(&self, index: u64) -> u64 {
        index
    }

    fn describe(&self, index: u64) -> String {
        index.to_string()
    }

    fn items(&self, _index: u64) -> Option<Range<u128>> {
        Some(0..2)
    }
}

#[task]
fn fill(chunk: u64, piece: &mut [u64]) {
    piece.fill(chunk);
}

fn main() -> threefold::Result<()> {
    Executor::new(Model::Threads)?.map_into(&mut [0; 2], Twice, fill)
}
