use threefold::prelude::*;

#[task]
#[target_feature(enable = "avx2")]
fn double(chunk: u64) -> u64 {
    2 * chunk
}

#[target_feature(enable = "avx2")]
#[task(simd)]
fn triple(chunk: u64) -> u64 {
    3 * chunk
}

#[task(simd)]
#[cfg_attr(target_arch = "x86_64", inline, target_feature(enable = "avx2"))]
fn quadruple(chunk: u64) -> u64 {
    4 * chunk
}

struct Quintuple;

#[task(simd)]
impl Task for Quintuple {
    type Chunk = u64;
    type Output = u64;

    #[target_feature(enable = "avx2")]
    fn map(&self, chunk: u64) -> u64 {
        5 * chunk
    }
}

fn main() {}
