use std::rc::Rc;
use threefold::prelude::*;

#[task]
fn shared(chunk: u64) -> Rc<u64> {
    Rc::new(chunk)
}

fn main() {}
