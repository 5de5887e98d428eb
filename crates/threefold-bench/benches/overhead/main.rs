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
mod helper;
mod holdings;
mod pace;
mod rivals;
mod work;

use std::env;
use std::process::ExitCode;

use contests::{ALL, waits};

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
    threefold_contest::run(ALL, rivals::native::prepare).unwrap_or_else(|problem| {
        eprintln!("{problem}");
        ExitCode::from(2)
    })
}
