use threefold::prelude::*;

#[task]
fn double(chunk: u64) -> u64 {
    2 * chunk
}

fn main() {
    let on = Executor::new(Model::Threads).unwrap();
    on.map_into(&mut [0u64; 2], Items(vec![1, 2]), double).unwrap();
}
