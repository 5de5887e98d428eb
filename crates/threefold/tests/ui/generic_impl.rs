use threefold::prelude::*;

struct Above<T>(T);

#[task]
impl<T> Task for Above<T> {
    type Chunk = u64;
    type Output = u64;

    fn map(&self, chunk: u64) -> u64 {
        chunk
    }
}

fn main() {}
