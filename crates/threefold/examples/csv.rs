//! Adds up a CSV file by city: each worker reads its lines in place and gives a map of sums, and the maps are merged.
use std::collections::BTreeMap;
use std::fmt::Write;

use threefold::prelude::*;
use threefold::{LineChunk, Lines};

/// The fields of this file have no quotes. The crate csv reads those that do: give its reader `&chunk[..]`.
#[task]
fn sales(chunk: LineChunk) -> Result<BTreeMap<String, i64>, String> {
    let mut sums = BTreeMap::new();
    for line in chunk.lines() {
        let line = str::from_utf8(line).map_err(|error| error.to_string())?;
        let mut fields = line.split(',');
        let (city, _day, cents) = (fields.next(), fields.next(), fields.next());
        match (city, cents.map(str::parse::<i64>)) {
            (Some("city"), _) => {} // the line with the names
            (Some(city), Some(Ok(cents))) => *sums.entry(city.to_string()).or_default() += cents,
            _ => return Err(format!("not a sale: {line}")),
        }
    }
    Ok(sums)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    threefold::init();
    let mut text = "city,day,cents\n".to_string();
    for sale in 0..300_000 {
        writeln!(text, "{},{},{sale}", ["Bern", "Oslo", "Rome"][sale % 3], sale % 365)?;
    }
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(&file, text)?;
    for &model in Model::available() {
        let merge = |mut sums: BTreeMap<String, i64>, part: BTreeMap<String, i64>| {
            part.into_iter().for_each(|(city, cents)| *sums.entry(city).or_default() += cents);
            sums
        };
        let sums = Executor::new(model)?.try_fold(Lines::of(&file)?, sales, BTreeMap::new(), merge)?;
        println!("{model:<10} {sums:?}");
    }
    Ok(())
}
