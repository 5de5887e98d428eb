use threefold::prelude::*;

#[task]
fn scaled(chunk: u64, factor: u64) -> u64 {
    chunk * factor
}

fn main() {}
