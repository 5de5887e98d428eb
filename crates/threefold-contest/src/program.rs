//! A program of contests: what it does with its arguments.

use std::env;
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use crate::{Arguments, Contest, Dice, Set, compare, contest_as_markdown, describe, markdown};

/// The name of a contest, and how it is made. It is made when its turn comes, so that the threads and processes of one
/// contest are gone before the next begins.
pub type Entry = (&'static str, fn(&'static str) -> Contest);

/// Runs the contests of `all` that the arguments and the environment ask for, shows and saves their results, and compares
/// them with earlier ones. `prepare` builds the helper programs of the contests.
///
/// # Errors
///
/// A sentence, if an argument is wrong or a file cannot be read or written.
pub fn run(all: &[Entry], prepare: impl FnOnce()) -> Result<ExitCode, String> {
    let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
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
        prepare();
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
    for (name, make) in all.iter().filter(|(name, _)| chosen.contains(name)) {
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
