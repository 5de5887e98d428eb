use threefold::prelude::*;

fn main() {
    let _task = task_fn!(move |n: u64| -> u64 { n + 1 });
}
