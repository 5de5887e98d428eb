//! What happens in an MPI job when a rank, or `main`, ends in a way that it should not. Each row starts jobs of this same
//! program with the launcher that `THREEFOLD_MPIRUN` names, and looks at them from outside.
//!
//! `THREEFOLD_MPIRUN='mpirun --oversubscribe' cargo test -p threefold --features mpi --test mpi`

#![allow(clippy::unwrap_used, reason = "a test says with it what must be so")]

mod actors;
mod copies;
mod troubles;

use std::env;
use std::process::{Command, ExitCode, Output};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Trial};

/// The first argument of a process that plays a part.
const MARK: &str = "--actor";

/// No job may take longer. The launcher gets a signal then, and the row fails.
const LONGEST: &str = "60";

/// How long Open MPI leaves the other ranks, in seconds, when one was killed. On a busy machine its own second may be
/// over before rank 0 can say which rank it was.
const TIME_TO_SPEAK: (&str, &str) = ("OMPI_MCA_odls_base_sigkill_timeout", "5");

fn main() -> ExitCode {
    let words: Vec<_> = env::args().skip(1).collect();
    let actor = words.iter().skip_while(|word| *word != MARK).nth(1).map(String::as_str);
    if actor != Some("forgets-init") {
        threefold::init();
    }
    if let Some(actor) = actor {
        return if troubles::play(actor) { ExitCode::SUCCESS } else { actors::play(actor) };
    }
    let rows: [(&str, fn()); 21] = [
        ("a_rank_that_is_killed_ends_the_job", a_rank_that_is_killed_ends_the_job),
        ("a_rank_that_exits_ends_the_job", a_rank_that_exits_ends_the_job),
        ("a_rank_that_is_stopped_is_an_error_that_names_it", a_rank_that_is_stopped_is_an_error_that_names_it),
        ("a_panic_names_its_rank_and_the_next_fold_works", a_panic_names_its_rank_and_the_next_fold_works),
        ("a_panic_of_main_ends_the_job", a_panic_of_main_ends_the_job),
        ("an_exit_of_main_is_the_exit_of_the_job", an_exit_of_main_is_the_exit_of_the_job),
        ("an_exit_in_another_thread_ends_the_job", an_exit_in_another_thread_ends_the_job),
        ("a_fold_after_main_is_refused", a_fold_after_main_is_refused),
        ("a_job_that_never_folds_ends", a_job_that_never_folds_ends),
        ("without_init_no_rank_runs_a_fold_alone", without_init_no_rank_runs_a_fold_alone),
        ("a_task_and_main_may_fork", a_task_and_main_may_fork),
        ("a_signal_to_a_copy_of_main_is_not_for_main", a_signal_to_a_copy_of_main_is_not_for_main),
        ("a_program_that_a_rank_starts_is_no_rank", a_program_that_a_rank_starts_is_no_rank),
        ("the_destructor_of_a_capture_may_panic", the_destructor_of_a_capture_may_panic),
        ("a_rank_that_stops_while_it_sends_is_noticed", a_rank_that_stops_while_it_sends_is_noticed),
        ("an_isolated_fold_notices_a_rank_that_is_stopped", an_isolated_fold_notices_a_rank_that_is_stopped),
        ("a_fold_beside_does_not_hide_a_rank_that_is_stopped", a_fold_beside_does_not_hide_a_rank_that_is_stopped),
        ("the_builder_says_how_long_a_rank_may_be_silent", the_builder_says_how_long_a_rank_may_be_silent),
        ("a_silence_that_is_no_time_is_refused", a_silence_that_is_no_time_is_refused),
        ("the_end_of_a_fold_breaks_no_line_of_another", the_end_of_a_fold_breaks_no_line_of_another),
        (
            "a_killed_rank_has_its_chunks_named_during_a_reduction",
            a_killed_rank_has_its_chunks_named_during_a_reduction,
        ),
    ];
    let trials = rows.into_iter().map(|(name, check)| {
        Trial::test(name, move || {
            check();
            Ok(())
        })
    });
    // Most of the time of a job is spent waiting. But each has more ranks than there may be cores.
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(2);
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// A job that has ended.
struct Job {
    output: Output,
    took: Duration,
}

/// Runs a job of three ranks, in which each plays `actor`, to its end.
fn job(actor: &str) -> Job {
    // No rank is silent for so long, however busy the machine is.
    job_with(actor, "20")
}

/// The same, with that limit of silence in the environment.
fn job_with(actor: &str, silence: &str) -> Job {
    let launcher = env::var("THREEFOLD_MPIRUN").expect("THREEFOLD_MPIRUN is the launcher, for example mpirun");
    let mut command = Command::new("timeout");
    command.args(["-k", "5", LONGEST]).args(launcher.split_whitespace()).args(["-n", "3"]);
    command.arg(env::current_exe().unwrap()).args([MARK, actor]).env("THREEFOLD_RANK_SILENCE", silence);
    command.env("RUST_BACKTRACE", "0");
    if actor.starts_with("killed") {
        command.env(TIME_TO_SPEAK.0, TIME_TO_SPEAK.1);
    }
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
    let job = job_with("stopped", "1");
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

fn a_fold_after_main_is_refused() {
    let error = "error: `main` has ended and this process has left its MPI job: fold before `main` ends, or use another \
                 model\n";
    // The destructor of a thread-local value that was made later than the job was joined runs before the job is left.
    for (actor, before) in [("folds-at-exit", "total 45\ntotal 45\n"), ("makes-its-first-executor-at-exit", "")] {
        let job = job(actor);
        assert!(job.output.status.success());
        assert_eq!(job.out(), format!("{before}{error}"));
    }
}

fn a_job_that_never_folds_ends() {
    let job = job("rests");
    assert!(job.output.status.success());
    assert_eq!(job.out(), "rested\n");
}

fn without_init_no_rank_runs_a_fold_alone() {
    let job = job("forgets-init");
    let text = job.out();
    assert!(!text.contains("total"), "{text}");
    assert!(text.contains("call `threefold::init()` at the beginning of `main`"), "{text}");
}

fn a_task_and_main_may_fork() {
    let job = job("forks");
    assert!(job.output.status.success());
    assert_eq!(job.out(), "total 45\ntotal 45\n");
}

fn a_signal_to_a_copy_of_main_is_not_for_main() {
    let job = job("copy-gets-signal");
    assert!(job.output.status.success());
    assert_eq!(job.out(), "the copy ended by signal 15\ntotal 45\n");
}

fn a_program_that_a_rank_starts_is_no_rank() {
    let job = job("starts-programs");
    assert!(job.output.status.success());
    assert_eq!(job.out(), "1 rank, total 45\n".repeat(3));
}

fn the_destructor_of_a_capture_may_panic() {
    let job = job("capture-bursts");
    assert!(job.output.status.success());
    assert_eq!(job.out(), "total 45\n".repeat(4));
    assert!(job.err().contains("this capture bursts"), "{}", job.err());
}

/// At whichever moment the rank stops, it is named.
fn a_rank_that_stops_while_it_sends_is_noticed() {
    for delay in ["1", "10", "25", "50"] {
        let job = job_with(&format!("stops-sending-{delay}"), "1");
        assert!(!job.output.status.success());
        let text = job.out() + &job.err();
        assert!(text.contains(" has answered nothing for 1 s"), "{text}");
    }
}

fn an_isolated_fold_notices_a_rank_that_is_stopped() {
    let job = job_with("isolated-stopped", "1");
    assert!(!job.output.status.success());
    assert!(job.out().contains(" has answered nothing for 1 s"), "{}", job.out());
    assert!(job.err().contains("the job is aborted"), "{}", job.err());
}

fn a_fold_beside_does_not_hide_a_rank_that_is_stopped() {
    let job = job_with("stopped-beside", "1");
    assert!(!job.output.status.success());
    assert!(job.out().starts_with("error: stops_on_seven: chunk 1 (item 1) was lost"), "{}", job.out());
}

fn the_builder_says_how_long_a_rank_may_be_silent() {
    let job = job_with("stopped-with-silence", "3600");
    assert!(!job.output.status.success());
    assert!(job.out().contains(" has answered nothing for 1.5 s"), "{}", job.out());
}

fn a_silence_that_is_no_time_is_refused() {
    for silence in ["0", "-1", "soon", "1e300", "NaN", ""] {
        let job = job_with("asks-for-executor", silence);
        let text = job.out();
        let wanted = format!("THREEFOLD_RANK_SILENCE must be a number of seconds above 0, not `{silence}`");
        assert!(text.contains(&wanted), "{silence}: {text}");
    }
    assert_eq!(job_with("asks-for-executor", "1e12").out(), "total 45\n", "a long time is a time");
}

fn the_end_of_a_fold_breaks_no_line_of_another() {
    let job = job("prints-slowly");
    assert!(job.output.status.success());
    let mut lines: Vec<_> = job.out().lines().map(str::to_string).collect();
    lines.sort_unstable();
    assert_eq!(lines, (0..8).map(|chunk| format!("<{chunk} {chunk}>")).collect::<Vec<_>>());
}

fn a_killed_rank_has_its_chunks_named_during_a_reduction() {
    let job = job("killed-during-reduction");
    assert!(!job.output.status.success());
    if leaves_time() {
        let text = job.err();
        let wanted = "threefold: waits_then_dies: chunk 1 (item 1) was lost on mpi: rank 2 ";
        assert!(text.contains(wanted), "{text}");
        assert!(text.contains(" has ended"), "{text}");
    }
}
