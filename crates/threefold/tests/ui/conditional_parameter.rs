use threefold::prelude::*;

#[task]
fn times(chunk: u64, #[cfg(true)] factor: &u64) -> u64 {
    chunk * factor
}

#[task]
fn double(#[cfg(false)] chunk: u32, #[cfg(true)] chunk: u64) -> u64 {
    2 * chunk
}

#[task]
fn plus(chunk: u64, #[cfg_attr(true, cfg(true))] summand: &u64) -> u64 {
    chunk + summand
}

fn main() {}
