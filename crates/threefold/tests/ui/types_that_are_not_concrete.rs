use threefold::prelude::*;

#[task]
fn chunks_of_some_type(chunk: Vec<impl Copy + Send>) -> usize {
    chunk.len()
}

#[task]
fn output_of_some_type(chunk: u64) -> Option<impl Copy> {
    Some(chunk)
}

#[task]
fn inferred(chunk: Vec<_>) -> usize {
    chunk.len()
}

#[task]
fn capture_of_some_type(chunk: u64, shown: &Vec<impl std::fmt::Display>) -> usize {
    shown.len()
}

#[task]
fn items_of_some_type(chunk: u64, piece: &mut [Option<impl Copy>]) {}

fn main() {
    let _ = task_fn!(|chunk: (u64, impl Copy)| -> u64 { chunk.0 });
}
