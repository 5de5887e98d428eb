use std::sync::Mutex;
use threefold::prelude::*;

struct Connection(Mutex<u8>);

#[task]
fn fetched(chunk: u64, from: &Connection) -> bool {
    chunk > 0 && from.0.is_poisoned()
}

fn main() {}
