use threefold::prelude::*;

#[task]
fn panics(chunk: u64) -> ! {
    panic!("{chunk}")
}

fn main() {
    let _ = task_fn!(|chunk: u64| -> ! { panic!("{chunk}") });
}
