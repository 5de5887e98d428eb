use threefold::prelude::*;

#[task]
extern "C" fn double(chunk: u64) -> u64 {
    2 * chunk
}

fn main() {}
