use serde::{Deserialize, Serialize};
use threefold::prelude::*;

#[derive(PartialEq, Serialize, Deserialize)]
struct Counts;

#[task]
impl Task for Counts {
    type Chunk = u64;
    type Output = u64;
    type State = u64;

    fn state(&self) -> u64 {
        0
    }

    fn map(&self, chunk: u64) -> u64 {
        chunk
    }
}

fn main() {}
