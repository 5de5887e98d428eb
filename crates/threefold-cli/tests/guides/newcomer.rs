//! A newcomer who follows the pages to the letter: every command runs as it stands there, in the order of the page, and
//! prints what the page shows. One test for each page.
//!
//! With `RECORD=1` the comparisons are recorded again, for `guides`: on a quiet machine, with a release build.
#![allow(clippy::unwrap_used, reason = "a test says with it what must be so")]

mod page;
mod printed;

use std::error::Error;
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::{env, fs};

use libtest_mimic::{Arguments, Failed, Trial};

use crate::page::{Page, pages, root};
use crate::printed::{difference, difference_of_comparisons};

/// Commands that are not run, by their beginnings, and why.
const NOT_RUN: &[(&str, &str)] = &[
    ("cargo test --workspace", "it is the first step of .ci/run"),
    ("cargo run --release -p threefold-bench --bin scale", "it takes minutes; .ci/run has its simulations as tests"),
    ("RUSTFLAGS=\"-C target-feature=+crt-static\"", ".ci/linking does it"),
    ("ldd target/x86_64-unknown-linux-gnu", ".ci/linking does it"),
    ("apt-get install", "it needs root; .ci/mpi does it"),
    ("mpirun --host node1", "it needs two hosts; .ci/mpi_hosts makes two out of network namespaces"),
    ("mpirun -hosts node1", "it needs two hosts; .ci/mpi_hosts makes two out of network namespaces"),
    (".ci/mpi_", "it needs root; .ci/mpi does it"),
    ("cargo build --release --package threefold-cli --features mpi", "it shows what happens without MPI"),
    ("ls /dev/shm", "it shows what a killed launcher leaves"),
];

/// The pages of commands that need an MPI library.
const OF_MPI: &str = "docs/cluster";

fn main() -> ExitCode {
    let is_shown = |page: &Page| page.name == "README.md" || page.name.starts_with("docs/");
    let trial = |page: Page| {
        let (name, kind) = (page.name.clone(), if page.name.starts_with(OF_MPI) { "mpi" } else { "" });
        Trial::test(name, move || follow(&page)).with_kind(kind)
    };
    let mut arguments = Arguments::from_args();
    // Two comparisons at once would disturb each other.
    arguments.test_threads = Some(1);
    libtest_mimic::run(&arguments, pages().into_iter().filter(is_shown).map(trial).collect()).exit_code()
}

/// Runs every command of the page.
fn follow(page: &Page) -> Result<(), Failed> {
    let mut wrong = Vec::new();
    for block in &page.blocks {
        // What a command does to the shell that it runs in holds for the next ones.
        let mut before = String::new();
        for command in &block.commands {
            wrong.extend(check(command, &before, block.recorded.as_deref()).err());
            if command.words.starts_with("export ") {
                before += &format!("{}\n", command.words);
            }
        }
    }
    wrong.extend(page.inline.iter().filter_map(|command| check(command, "", None).err()));
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// Runs the command, after those of the same shell, and holds what it prints against the page.
fn check(command: &page::Command, before: &str, recorded: Option<&Path>) -> Result<(), String> {
    let (place, words) = (&command.place, &command.words);
    if let Some((_, reason)) = NOT_RUN.iter().find(|(beginning, _)| words.starts_with(beginning)) {
        println!("{place}: NOT RUN: {words}: {reason}");
        return Ok(());
    }
    println!("{place}: {words}");
    let recording = recorded.filter(|_| env::var_os("RECORD").is_some());
    let recording = recording.map(|path| format!(" --export-json {}", path.display())).unwrap_or_default();
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("exec 2>&1\n{before}{words}{recording}")).current_dir(root());
    // A newcomer has none of the variables that Cargo sets for its tests.
    for (name, _) in env::vars_os().filter(|(name, _)| is_of_cargo(name)) {
        shell.env_remove(name);
    }
    let output = shell.env_remove("RUST_BACKTRACE").stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if let Some(path) = recorded.filter(|_| !recording.is_empty()) {
        shorten(&root().join(path)).map_err(|error| format!("{place}: {}: {error}", path.display()))?;
    }
    let printed = String::from_utf8_lossy(&output.stdout);
    let tells_of_failure = |line: &str| {
        let message = line.strip_prefix("threefold: ");
        message.is_some_and(|message| !message.starts_with("note:") && !message.starts_with("warning:"))
    };
    if output.status.success() == command.shown.lines().any(tells_of_failure) {
        return Err(format!("{place}: {words}\nends with {}, and has printed\n{printed}", output.status));
    }
    let difference = match recorded {
        _ if command.shown.is_empty() => None,
        Some(_) => difference_of_comparisons(&command.shown, &printed),
        None => difference(&command.shown, &printed),
    };
    difference.map_or(Ok(()), |difference| Err(format!("{place}: {words}\n{difference}")))
}

/// Leaves out the chunks of a recorded comparison that has thousands of them. Only its race would show them.
fn shorten(path: &Path) -> Result<(), Box<dyn Error>> {
    let mut comparison: serde_json::Value = serde_json::from_str(&fs::read_to_string(path)?)?;
    if comparison["chunks"].as_u64().is_some_and(|chunks| chunks > 1000) {
        for row in comparison["rows"].as_array_mut().into_iter().flatten() {
            row["profile"]["spans"] = serde_json::json!([]);
        }
        fs::write(path, serde_json::to_string_pretty(&comparison)? + "\n")?;
    }
    Ok(())
}

/// Whether Cargo sets this variable for the tests that it runs, and not the user.
fn is_of_cargo(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let is_users = ["CARGO_HOME", "CARGO_INSTALL_ROOT", "CARGO_TARGET_DIR"].contains(&&*name)
        || name.starts_with("CARGO_NET_")
        || name.starts_with("CARGO_PROFILE_");
    (name.starts_with("CARGO") && !is_users) || name == "LD_LIBRARY_PATH"
}
