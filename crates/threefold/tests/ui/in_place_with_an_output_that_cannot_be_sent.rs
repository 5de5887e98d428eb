use std::rc::Rc;
use threefold::prelude::*;

fn main() {
    let _task = task_fn!(|n: u64| -> Rc<u64> { Rc::new(n) });
}
