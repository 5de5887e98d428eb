use threefold::prelude::*;

#[task(simd)]
async fn double(chunk: u64) -> u64 {
    2 * chunk
}

fn main() {}
