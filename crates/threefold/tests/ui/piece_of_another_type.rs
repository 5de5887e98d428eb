use threefold::prelude::*;

#[task]
fn array(chunk: u64, piece: &mut [u64; 4]) {
    piece[0] = chunk;
}

#[task]
fn vector(chunk: u64, piece: &mut Vec<u64>) {
    piece[0] = chunk;
}

#[task]
fn with_a_lifetime(chunk: u64, piece: &'static mut [u64]) {
    piece[0] = chunk;
}

#[task]
fn after_a_capture(chunk: u64, factor: &u64, piece: &mut [u64]) {
    piece[0] = chunk * factor;
}

fn main() {}
