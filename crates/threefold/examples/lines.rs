//! Reads lines, works on them in parallel, and writes the results in the order of the lines: `lines [MODEL] < FILE`.
use std::io::{BufRead, BufReader, Write, stdin, stdout};
use threefold::prelude::*;

#[task]
fn letters(line: String) -> String {
    let count = line.chars().filter(|c| c.is_alphabetic()).count();
    format!("{count} {line}")
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    threefold::init(); // a worker process stops here and serves
    let model = std::env::args().nth(1).unwrap_or("threads".to_string()).parse()?;
    let lines = BufReader::new(stdin()).lines().map_while(Result::ok);
    for line in Executor::new(model)?.stream(threefold::from_iter(lines), letters) {
        writeln!(stdout(), "{}", line?)?;
    }
    Ok(())
}
