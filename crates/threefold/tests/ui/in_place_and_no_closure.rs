use threefold::prelude::*;

fn double(n: u64) -> u64 {
    2 * n
}

fn main() {
    let _function = task_fn!(double);
    let _nothing = task_fn!();
    let _waits = task_fn!(async |n: u64| -> u64 { n });
}
