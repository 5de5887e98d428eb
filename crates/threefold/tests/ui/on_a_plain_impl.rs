use threefold::prelude::*;

struct CountAbove {
    limit: f64,
}

#[task]
impl CountAbove {
    fn map(&self, chunk: u64) -> bool {
        chunk as f64 > self.limit
    }
}

fn main() {}
