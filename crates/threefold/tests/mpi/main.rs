//! What happens in an MPI job when a rank, or `main`, ends in a way that it should not. Each row starts jobs of this same
//! program with the launcher that `THREEFOLD_MPIRUN` names, and looks at them from outside.
//!
//! `THREEFOLD_MPIRUN='mpirun --oversubscribe' cargo test -p threefold --features mpi --test mpi`

#![allow(clippy::unwrap_used, reason = "a test says with it what must be so")]

mod actors;

use std::env;
use std::process::{Command, ExitCode, Output};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Trial};

/// The first argument of a process that plays a part.
const MARK: &str = "--actor";

/// No job may take longer. The launcher gets a signal then, and the row fails.
const LONGEST: &str = "30";

fn main() -> ExitCode {
    threefold::init();
    let mut words = env::args().skip(1);
    if words.next().as_deref() == Some(MARK) {
        return actors::play(&words.next().expect("an actor has a name"));
    }
    let rows: [(&str, fn()); 8] = [
        ("a_rank_that_is_killed_ends_the_job", a_rank_that_is_killed_ends_the_job),
        ("a_rank_that_exits_ends_the_job", a_rank_that_exits_ends_the_job),
        ("a_rank_that_is_stopped_is_an_error_that_names_it", a_rank_that_is_stopped_is_an_error_that_names_it),
        ("a_panic_names_its_rank_and_the_next_fold_works", a_panic_names_its_rank_and_the_next_fold_works),
        ("a_panic_of_main_ends_the_job", a_panic_of_main_ends_the_job),
        ("an_exit_of_main_is_the_exit_of_the_job", an_exit_of_main_is_the_exit_of_the_job),
        ("an_exit_in_another_thread_ends_the_job", an_exit_in_another_thread_ends_the_job),
        ("a_job_that_never_folds_ends", a_job_that_never_folds_ends),
    ];
    let trials = rows.into_iter().map(|(name, check)| {
        Trial::test(name, move || {
            check();
            Ok(())
        })
    });
    // One job at a time: there are more ranks than cores in each.
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// A job that has ended.
struct Job {
    output: Output,
    took: Duration,
}

/// Runs a job of three ranks, in which each plays `actor`, to its end.
fn job(actor: &str) -> Job {
    let launcher = env::var("THREEFOLD_MPIRUN").expect("THREEFOLD_MPIRUN is the launcher, for example mpirun");
    let mut command = Command::new("timeout");
    command.args(["-k", "5", LONGEST]).args(launcher.split_whitespace()).args(["-n", "3"]);
    command.arg(env::current_exe().unwrap()).args([MARK, actor]).env("THREEFOLD_RANK_SILENCE", "1");
    command.env("RUST_BACKTRACE", "0");
    let began = Instant::now();
    let output = command.output().unwrap();
    let job = Job { output, took: began.elapsed() };
    println!("{actor}: {} after {:?}\n{}{}", job.output.status, job.took, job.out(), job.err());
    assert_ne!(job.output.status.code(), Some(124), "the job hangs");
    job
}

impl Job {
    fn out(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    fn err(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }
}

/// Whether the launcher is that of Open MPI, which leaves rank 0 time to speak. By which name Open MPI's calls itself depends
/// on the name that it is called by, so MPICH's is recognized.
fn leaves_time() -> bool {
    let launcher = env::var("THREEFOLD_MPIRUN").unwrap_or_default();
    let mut words = launcher.split_whitespace();
    let version = Command::new(words.next().unwrap_or("mpirun")).args(words).arg("--version").output();
    version.is_ok_and(|output| !String::from_utf8_lossy(&output.stdout).contains("HYDRA"))
}

fn a_rank_that_is_killed_ends_the_job() {
    let job = job("killed");
    assert!(!job.output.status.success());
    assert!(!job.out().contains("total"), "no total is printed");
    if leaves_time() {
        let text = job.err();
        assert!(text.contains("threefold: dies_on_seven: chunk 7 (item 7) was lost on mpi: rank "), "{text}");
        assert!(text.contains(" has ended"), "{text}");
    }
}

fn a_rank_that_exits_ends_the_job() {
    let job = job("exits");
    assert!(!job.output.status.success());
    assert!(!job.out().contains("total"), "no total is printed");
    assert!(job.err().contains("cannot go on: a task has exited; the job is aborted"), "{}", job.err());
}

fn a_rank_that_is_stopped_is_an_error_that_names_it() {
    let job = job("stopped");
    assert!(!job.output.status.success());
    let text = job.out();
    assert!(text.contains("error: stops_on_seven: chunk 7 (item 7) was lost on mpi: rank "), "{text}");
    assert!(text.contains(" has answered nothing for 1 s, attempt 1 of 1"), "{text}");
    assert!(job.err().contains("the job is aborted"), "{}", job.err());
}

fn a_panic_names_its_rank_and_the_next_fold_works() {
    let job = job("panics");
    assert!(job.output.status.success());
    let text = job.out();
    assert!(text.contains("error: panics_on_seven: chunk 7 (item 7) panicked on mpi: rank "), "{text}");
    assert!(text.contains("): seven is not welcome\ntotal 45\n"), "{text}");
}

fn a_panic_of_main_ends_the_job() {
    let job = job("main-panics");
    assert!(!job.output.status.success());
    assert!(job.err().contains("main has had enough"));
}

fn an_exit_of_main_is_the_exit_of_the_job() {
    let job = job("main-exits");
    assert_eq!((job.output.status.code(), job.out().as_str()), (Some(3), "total 45\n"));
}

fn an_exit_in_another_thread_ends_the_job() {
    let job = job("thread-exits");
    assert!(job.out().contains("total 45\n"));
    assert!(job.err().contains("rank 0 exits on another thread than that of `main`"), "{}", job.err());
}

fn a_job_that_never_folds_ends() {
    let job = job("rests");
    assert!(job.output.status.success());
    assert_eq!(job.out(), "rested\n");
}
