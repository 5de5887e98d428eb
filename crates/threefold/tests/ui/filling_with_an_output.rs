use threefold::prelude::*;

#[task]
fn squares(chunk: u64, piece: &mut [u64]) -> u64 {
    piece[0] = chunk * chunk;
    chunk
}

fn main() {}
