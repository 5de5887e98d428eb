use std::path::PathBuf;
use threefold::prelude::*;

#[task]
fn read(file: PathBuf) -> std::io::Result<String> {
    std::fs::read_to_string(file)
}

fn main() {}
