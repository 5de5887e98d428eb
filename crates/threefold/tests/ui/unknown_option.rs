use threefold::prelude::*;

#[task(parallel)]
fn double(chunk: u64) -> u64 {
    2 * chunk
}

fn main() {}
