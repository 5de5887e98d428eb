use std::borrow::Cow;

use threefold::prelude::*;

#[task]
fn chunk_with_a_reference(chunk: Option<&str>) -> usize {
    chunk.map_or(0, str::len)
}

#[task]
fn chunk_with_a_lifetime(chunk: Cow<'_, str>) -> usize {
    chunk.len()
}

#[task]
fn output_with_a_reference(chunk: u64, words: &Vec<String>) -> Option<&str> {
    words.get(chunk as usize).map(String::as_str)
}

#[task]
fn output_with_a_lifetime(chunk: u64, words: &Vec<String>) -> Cow<'_, str> {
    Cow::Borrowed(&words[chunk as usize])
}

#[task]
fn capture_with_a_reference(chunk: u64, words: &[&str]) -> usize {
    words[chunk as usize].len()
}

#[task]
fn capture_with_a_lifetime(chunk: u64, word: &Cow<'_, str>) -> bool {
    word.len() as u64 == chunk
}

#[task]
fn items_with_a_reference(chunk: u64, piece: &mut [&u64]) {}

struct Above;

#[task]
impl Task for Above {
    type Chunk = (u64, &str);
    type Output = Cow<'_, str>;

    fn map(&self, chunk: (u64, &str)) -> Cow<'_, str> {
        chunk.1.into()
    }
}

fn main() {
    let _ = task_fn!(|chunk: Vec<&str>| -> usize { chunk.len() });
}
