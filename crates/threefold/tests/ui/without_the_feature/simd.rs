use serde::{Deserialize, Serialize};
use threefold::prelude::*;

#[task(simd)]
fn double(chunk: u64) -> u64 {
    2 * chunk
}

#[derive(PartialEq, Serialize, Deserialize)]
struct Times(u64);

#[task(simd)]
impl Task for Times {
    type Chunk = u64;
    type Output = u64;

    fn map(&self, chunk: u64) -> u64 {
        self.0 * chunk
    }
}

fn main() {}
