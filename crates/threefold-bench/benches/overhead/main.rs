//! The overhead of a fold on every model, beside the rivals that people use for each.
//!
//! ```text
//! cargo bench -p threefold-bench --bench overhead                       every contest
//! ONLY=ten,crew cargo bench -p threefold-bench --bench overhead         some of them
//! cargo bench -p threefold-bench --bench overhead -- --list             their names
//!     -- --prepare         compiles the helpers in C and C++, which a contest otherwise does when it needs them
//!     -- --save FILE       puts the results into FILE, beside those of other contests that it holds
//!     -- --compare FILE    says what got worse since FILE was saved, and then exits with 1
//!     -- --markdown FILE   shows FILE as the tables of BENCHMARKS.md, and measures nothing
//! ```
//!
//! `SEED=number` repeats the random orders of a run.

mod busy;
mod contests;
mod field;
mod holdings;
mod pace;
mod rivals;
mod work;

use std::env;
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use contests::{ALL, waits};
use threefold_contest::{Arguments, Dice, Set, compare, contest_as_markdown, describe, markdown};

fn main() -> ExitCode {
    // Processes of some contests are this program again.
    if waits::is_one_of_them() || busy::is_one_of_them() {
        return ExitCode::SUCCESS;
    }
    threefold::init();
    procspawn::init();
    // `cargo test --benches` runs this too, and needs no figures.
    if !env::args().any(|word| word == "--bench") {
        return ExitCode::SUCCESS;
    }
    run().unwrap_or_else(|problem| {
        eprintln!("{problem}");
        ExitCode::from(2)
    })
}

fn run() -> Result<ExitCode, String> {
    let names: Vec<&str> = ALL.iter().map(|(name, _)| *name).collect();
    let variable = |name| env::var(name).ok();
    let (only, seed) = (variable("ONLY"), variable("SEED"));
    let arguments = Arguments::parse(env::args().skip(1), only.as_deref(), seed.as_deref())?;
    let chosen = arguments.chosen(&names)?;
    let read = |file| Set::read(file).map_err(|error| format!("{}: {error}", file.display()));
    if arguments.list {
        println!("{}", names.join("\n"));
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.prepare {
        rivals::native::prepare();
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(file) = &arguments.markdown {
        print!("{}", markdown(&read(file)?));
        return Ok(ExitCode::SUCCESS);
    }
    // The set to compare with is read first, since it may be the file that the results are saved to.
    let before = arguments.compare.as_deref().map(read).transpose()?;
    let write = |set: &Set, file: &Path| set.write(file).map_err(|error| format!("{}: {error}", file.display()));
    let mut saved = match arguments.save.as_deref() {
        Some(file) if file.exists() => read(file)?,
        _ => Set::default(),
    };
    if let Some(file) = &arguments.save {
        // An error for a file that cannot be written comes before anything is measured.
        write(&saved, file)?;
    }
    let seed = arguments.seed.unwrap_or_else(seed_of_now);
    println!("{}\n\nSeed {seed}.", describe());
    let mut dice = Dice::new(seed);
    let mut now = Set { machine: describe(), contests: Vec::new() };
    for (name, make) in ALL.iter().filter(|(name, _)| chosen.contains(name)) {
        let results = make(name).run(&mut dice);
        println!("\n{}", contest_as_markdown(&results));
        if let Some(file) = &arguments.save {
            // Saved at once: if the user ends the program later, these results are not lost.
            saved.machine.clone_from(&now.machine);
            saved.put(results.clone());
            saved.sort(&names);
            write(&saved, file)?;
        }
        now.put(results);
    }
    if let Some(before) = &before {
        let missing: Vec<_> = now.missing_in(before).collect();
        if !missing.is_empty() {
            println!("not compared, since they were not saved before: {}", missing.join(", "));
        }
    }
    let worse = before.map(|before| compare(&before, &now)).unwrap_or_default();
    worse.iter().for_each(|worse| println!("worse: {worse}"));
    Ok(if worse.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn seed_of_now() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().map_or(1, |elapsed| elapsed.as_nanos() as u64)
}
