use threefold::prelude::*;

macro_rules! with_chunk {
    ($name:ident, $chunk:ty) => {
        #[task]
        fn $name(chunk: $chunk) -> usize {
            chunk.len()
        }
    };
}

macro_rules! with_capture {
    ($name:ident, $capture:ty) => {
        #[task]
        fn $name(chunk: u64, capture: $capture) -> u64 {
            chunk
        }
    };
}

with_chunk!(of_text, &str);
with_capture!(by_value, u64);
with_capture!(mutable, &mut u64);
with_capture!(of_a_trait_object, &dyn std::fmt::Display);

#[task]
fn of_bounds(chunk: u64, shown: &(dyn std::fmt::Display + Sync)) -> String {
    format!("{chunk} {shown}")
}

#[task]
fn in_parentheses(chunk: (&str)) -> usize {
    chunk.len()
}

fn main() {}
