use threefold::prelude::*;

struct Limit(u64);

impl Limit {
    #[task]
    fn below(&self, chunk: u64) -> bool {
        chunk < self.0
    }
}

fn main() {}
