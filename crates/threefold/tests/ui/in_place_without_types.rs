use threefold::prelude::*;

fn main() {
    let _untyped = task_fn!(|n| -> u64 { n + 1 });
    let _without_output = task_fn!(|n: u64| n + 1);
    let _without_chunk = task_fn!(|| -> u64 { 1 });
    let _borrowed = task_fn!(|words: &[String]| -> usize { words.len() });
}
