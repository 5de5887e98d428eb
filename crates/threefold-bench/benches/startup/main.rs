//! What the program costs from its start to its end, on the tutorial's job, beside a program that does nothing.
//!
//! `cargo bench -p threefold-bench --bench startup` builds the program, and takes about 20 seconds. It prints the time of
//! every model, and the memory of the program and of its workers. `ROUNDS=number` sets how often each is run.

mod memory;
mod rounds;

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use memory::Memory;

/// The program that does nothing.
const EMPTY: &str = env!("CARGO_BIN_EXE_empty");

const MODELS: [&str; 4] = ["sequential", "threads", "async", "processes"];

/// A sum that takes years.
const LONG: &str = "-9223372036854775808..=9223372036854775807";

/// After so long a program has started all that it will start.
const STARTED: Duration = Duration::from_millis(300);

fn main() {
    // `cargo test --benches` runs this too, and needs no figures.
    if !env::args().any(|word| word == "--bench") {
        return;
    }
    let program = built();
    let rounds = env::var("ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(1000);
    times(&program, rounds);
    memories(&program);
}

/// The program as its users build it, beside the folder that has this bench.
fn built() -> PathBuf {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo).args(["build", "--quiet", "--release", "--package", "threefold-cli"]).status();
    assert!(status.expect("Cargo runs").success(), "the program cannot be built");
    Path::new(EMPTY).with_file_name("threefold")
}

/// Runs each in turn, and shows the medians.
fn times(program: &Path, rounds: usize) {
    let mut contenders = vec![("an empty `main`".to_string(), Command::new(EMPTY))];
    for model in MODELS {
        let mut command = Command::new(program);
        command.arg(model);
        contenders.push((format!("threefold {model}"), command));
    }
    let (names, mut commands): (Vec<_>, Vec<_>) = contenders.into_iter().unzip();
    for command in &mut commands {
        command.stdin(Stdio::null()).stdout(Stdio::null());
    }
    let times = rounds::of(&mut commands, rounds);
    println!("### From exec to exit, the tutorial's job, {rounds} rounds\n");
    println!("| who | median | quartiles | of the empty `main` |\n|---|---|---|---|");
    for (name, time) in names.iter().zip(&times) {
        let [low, median, high] = time.quartiles().map(|seconds| seconds * 1e3);
        println!("| {name} | {median:.3} ms | {low:.3} to {high:.3} | {:.2} |", time.ratio_to(&times[0]));
    }
}

/// Shows what the program and its workers hold while it works.
fn memories(program: &Path) {
    println!("\n### Memory at work, in MiB\n\n| who | private | in no file | resident |\n|---|---|---|---|");
    for model in MODELS {
        let running = Running::start(program, &[model, LONG]);
        show(&format!("threefold {model}"), Memory::of(running.0.id()));
    }
    // The first chunk is done at once, so that one of the two has nothing to do.
    let running = Running::start(program, &["processes", "--workers", "2", "1..=3", LONG]);
    let mut workers = memory::children_of(running.0.id());
    workers.sort_by_key(|&pid| memory::ticks_of(pid));
    let (_busy, idle) = workers.split_last().expect("it has workers");
    let idle = idle.iter().map(|&pid| Memory::of(pid)).max_by_key(|memory| memory.private);
    show("an idle worker", idle.expect("it has two workers"));
}

fn show(name: &str, memory: Memory) {
    let mib = |kib: u64| kib as f64 / 1024.0;
    let Memory { private, anonymous, resident } = memory;
    println!("| {name} | {:.2} | {:.2} | {:.2} |", mib(private), mib(anonymous), mib(resident));
}

/// A program that works until this is dropped.
struct Running(Child);

impl Running {
    fn start(program: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let running = Self(command.spawn().expect("it starts"));
        std::thread::sleep(STARTED);
        running
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
