use threefold::prelude::*;

#[task]
fn counted(chunk: u64, count: &mut u64) -> u64 {
    *count += 1;
    chunk
}

fn main() {}
