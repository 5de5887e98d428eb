use threefold::prelude::*;

#[task]
fn length(chunk: &str) -> usize {
    chunk.len()
}

fn main() {}
