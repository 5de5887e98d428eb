use threefold::prelude::*;

fn main() {
    let _task = task_fn!(|n: u64, limit: &u64| -> u64 { n + limit });
}
