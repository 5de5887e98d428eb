use threefold::prelude::*;

struct Double;

#[task(simd)]
impl Task for Double {
    type Chunk = u64;
    type Output = u64;
}

fn main() {}
