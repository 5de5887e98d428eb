use threefold::prelude::*;

#[task]
fn nothing() -> u64 {
    7
}

fn main() {}
