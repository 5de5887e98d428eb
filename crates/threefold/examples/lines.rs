//! Reads lines, works on them in parallel, and writes the results in the order of the lines: `lines [MODEL] < FILE`.
use std::io::{BufRead, BufReader, Write, stdin, stdout};
use threefold::prelude::*;

/// A line that cannot be read is an `Err` in its place, and the program ends with that error. It is not the end of the input.
#[task]
fn letters(line: Result<String, String>) -> Result<String, String> {
    let line = line?;
    let count = line.chars().filter(|c| c.is_alphabetic()).count();
    Ok(format!("{count} {line}"))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    threefold::init(); // a worker process stops here and runs chunks
    let model = std::env::args().nth(1).unwrap_or("threads".to_string()).parse()?;
    let lines = BufReader::new(stdin()).lines().map(|line| line.map_err(|error| error.to_string()));
    for line in Executor::new(model)?.stream(threefold::from_iter(lines), letters) {
        writeln!(stdout(), "{}", line??)?;
    }
    Ok(())
}
