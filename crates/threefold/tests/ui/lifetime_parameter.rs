use threefold::prelude::*;

#[task]
fn double<'a>(chunk: u64) -> u64 {
    2 * chunk
}

#[task]
fn times<'a>(chunk: u64, factor: &'a u64) -> u64 {
    chunk * factor
}

struct Above<'a>(&'a u64);

#[task]
impl<'a> Task for Above<'a> {
    type Chunk = u64;
    type Output = bool;

    fn map(&self, chunk: u64) -> bool {
        chunk > *self.0
    }
}

#[task]
impl Task for Above<'_> {
    type Chunk = u64;
    type Output = bool;

    fn map(&self, chunk: u64) -> bool {
        chunk > *self.0
    }
}

fn main() {}
