use threefold::prelude::*;

struct Double;

#[task(simd)]
impl Task for Double {
    type Chunk = u64;
    type Output = u64;

    async fn map(&self, chunk: u64) -> u64 {
        2 * chunk
    }
}

fn main() {}
