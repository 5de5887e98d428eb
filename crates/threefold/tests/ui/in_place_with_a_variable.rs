use std::ops::Range;
use threefold::prelude::*;

fn main() -> threefold::Result<()> {
    let limit = 7;
    let on = Executor::new(Model::Threads)?;
    let total = on.fold(0..100u64, task_fn!(|c: Range<u64>| -> u64 { c.end + limit }), 0, |total, part| total + part)?;
    println!("{total}");
    Ok(())
}
