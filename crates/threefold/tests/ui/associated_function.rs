use threefold::prelude::*;

struct Numbers;

impl Numbers {
    #[task]
    fn double(chunk: u64) -> u64 {
        2 * chunk
    }
}

fn main() {}
