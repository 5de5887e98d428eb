//! What a fold costs on MPI ranks, beside a master and its workers written by hand in C and beside mpi4py.futures.
//!
//! ```text
//! MPICC=mpicc MPIRUN=mpirun cargo run --release -p threefold-bench --features mpi --bin ranks      every contest
//! ```
//!
//! `MPICC` and `MPIRUN` name the compiler and the launcher of one MPI library; these are their defaults. `PYTHON` names an
//! interpreter that has mpi4py; its default is `python3`. Arguments and other variables are those of the bench `overhead`.
//! This program is launched without MPI, and launches the competitors.

mod contests;
#[path = "../../../benches/overhead/helper.rs"]
mod helper;
mod large;
mod launch;
mod ours;
#[expect(dead_code, reason = "the bench `overhead` has more paces")]
#[path = "../../../benches/overhead/pace.rs"]
mod pace;
#[expect(dead_code, reason = "the bench `overhead` has more jobs")]
#[path = "../../../benches/overhead/work.rs"]
mod work;

use std::process::ExitCode;

fn main() -> ExitCode {
    threefold::init();
    if ours::is_one_of_them() {
        return ExitCode::SUCCESS;
    }
    threefold_contest::run(contests::ALL, launch::prepare).unwrap_or_else(|problem| {
        eprintln!("{problem}");
        ExitCode::from(2)
    })
}
