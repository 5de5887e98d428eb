use threefold::prelude::*;

#[task]
fn double<T: std::ops::Add<Output = T> + Copy>(chunk: T) -> T {
    chunk + chunk
}

fn main() {}
