//! Counts the words in the lines of a file, which each worker reads in place: only ranges are sent.
use threefold::prelude::*;
use threefold::{LineChunk, Lines};

#[task]
fn count_words(chunk: LineChunk) -> usize {
    chunk.lines().map(|line| line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).count()).sum()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    threefold::init();
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(&file, "one line of five words\n".repeat(100_000))?;
    for &model in Model::available() {
        let on = Executor::new(model)?;
        let words = on.fold(Lines::of(&file)?, count_words, 0, |sum, part| sum + part)?;
        println!("{model:<10} {words} words");
    }
    Ok(())
}
