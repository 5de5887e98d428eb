use threefold::prelude::*;

#[task]
struct CountAbove {
    limit: f64,
}

fn main() {}
