//! The program whose instructions `.ci/instructions` counts: `instructions CASE COUNT` repeats an operation COUNT
//! times. So the difference between two counts gives the cost of one repetition, without the start of the program.

use std::hint::black_box;
use std::ops::Range;

use threefold::prelude::*;

/// A chunk of one integer is that integer.
#[task]
fn number(chunk: Range<u64>) -> u64 {
    black_box(chunk.start)
}

fn main() {
    threefold::init();
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [case, count] = &words[..] else { panic!("expected CASE COUNT") };
    let count: u64 = count.parse().expect("COUNT is a whole number");
    match case.split_once(' ') {
        // Warm folds of 4 empty chunks.
        Some(("fold", model)) => {
            let on = executor(model, if matches!(model, "threads" | "processes") { 2 } else { 1 });
            (0..count).for_each(|_| fold(&on, 4));
        }
        // One fold of so many chunks, by the caller alone: with helpers each run would share the chunks out
        // differently.
        Some(("chunk", model)) => fold(&executor(model, 1), count),
        // A value as bytes, and the bytes as a value.
        Some(("codec", _)) => (0..count).for_each(there_and_back),
        _ => panic!("unknown case `{case}`; expected fold MODEL, chunk MODEL or codec block"),
    }
}

fn executor(model: &str, workers: usize) -> Executor {
    let model: Model = model.parse().expect("a model");
    Executor::builder(model).workers(workers).build().expect("the executor can be made")
}

fn fold(on: &Executor, chunks: u64) {
    let sum = on.fold((0..chunks).split_into(chunks as usize), number, 0, u64::wrapping_add).expect("no chunk fails");
    assert_eq!(sum, chunks * (chunks - 1) / 2);
}

/// Numbers of all sizes, text and options, as outputs of a block may be.
fn there_and_back(count: u64) {
    let block: Vec<(u64, Option<String>)> =
        (0..16).map(|place| (count << place, (place % 2 == 0).then(|| "text".to_string()))).collect();
    let mut bytes = Vec::new();
    threefold_codec::encode(black_box(&block), &mut bytes).expect("it can be serialized");
    let back: Vec<(u64, Option<String>)> = threefold_codec::decode(&bytes).expect("it can be restored");
    assert_eq!(back, block);
}
