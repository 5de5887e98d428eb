use serde::{Deserialize, Serialize};
use threefold::prelude::*;

#[derive(PartialEq, Serialize, Deserialize)]
struct Counts;

#[task]
impl Task for Counts {
    type Chunk = u64;
    type Output = u64;
    type State = u64;

    fn map(&self, count: &mut u64, chunk: u64) -> u64 {
        *count += chunk;
        *count
    }
}

fn main() {}
