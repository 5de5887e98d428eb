//! Copies of this program that do one thing each, and are watched from outside.

use std::borrow::BorrowMut;
use std::cell::RefCell;
use std::env;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Output, Stdio};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;
use threefold::prelude::*;
use threefold::{Executor, Items, Model};

use crate::holdings::{Holdings, children, stat};
use crate::tasks::{Endless, PanicsOn, add_up, nap, wait_until};
use crate::{executor, from_env, hostile, isolated, law9_awaiting, law9_streaming, ranked, share};

/// The first argument of a copy.
const MARK: &str = "--fixture";

/// How many lines each chunk of `prints-much` prints: together more than any pipe holds.
pub(crate) const LINES: usize = 2000;

/// A folder that goes with its owner.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().expect("there is room for a folder")
}

/// The seed of this run's random numbers, from the environment where one is to be repeated.
pub(crate) fn seed() -> u64 {
    let given = env::var("THREEFOLD_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed =
        given.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_nanos() as u64));
    println!("THREEFOLD_SEED={seed}");
    seed
}

/// What a copy wrote.
pub(crate) struct Written {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs the fixture `name` to its end.
pub(crate) fn fixture(name: &str, model: Model) -> Written {
    run_to_end(name, copy(name, model))
}

/// The same with these variables in its environment, and no others that a user may set for threads.
pub(crate) fn fixture_with(name: &str, model: Model, variables: &[(&str, &str)]) -> Written {
    let mut copy = copy(name, model);
    for (name, _) in env::vars().filter(|(name, _)| name.starts_with("THREEFOLD_") || name.contains("_THREADS")) {
        copy.env_remove(name);
    }
    run_to_end(name, copy.envs(variables.iter().copied()))
}

fn run_to_end(name: &str, mut copy: impl BorrowMut<Command>) -> Written {
    let Output { status, stdout, stderr } = copy.borrow_mut().output().expect("this program can be run");
    let text = |bytes| String::from_utf8(bytes).expect("fixtures write text");
    let written = Written { stdout: text(stdout), stderr: text(stderr) };
    assert!(status.success(), "{name}: {status}\n{}{}", written.stdout, written.stderr);
    written
}

/// Starts the fixture `name`, which works in `folder` until it is killed.
pub(crate) fn fixture_to_kill(name: &str, model: Model, folder: &Path) -> Child {
    copy(name, model).arg(folder).stdin(Stdio::null()).spawn().expect("this program can be run")
}

/// A copy of this program, which an MPI launcher starts where the model needs one.
fn copy(name: &str, model: Model) -> Command {
    let own = env::current_exe().expect("this program has a file");
    let mut copy = if ranked(model) {
        let words = env::var("THREEFOLD_MPIRUN").expect("THREEFOLD_MPIRUN is the launcher of jobs within this job");
        let mut words = words.split_whitespace();
        let mut launcher = Command::new(words.next().expect("the launcher is a program"));
        launcher.args(words).args(["-n", &threefold::ranks().to_string()]).arg(own);
        launcher
    } else {
        Command::new(own)
    };
    // It is not a rank of this job.
    for (name, _) in env::vars().filter(|(name, _)| is_of_a_launcher(name)) {
        copy.env_remove(name);
    }
    // What is asked for on the standard input must not reach a worker.
    copy.args([MARK, name, model.name()]).stdin(Stdio::null());
    copy
}

/// Whether an MPI launcher has set the variable for its ranks.
fn is_of_a_launcher(variable: &str) -> bool {
    let starts = ["OMPI_", "PMI_", "PMIX_", "PRTE_", "ORTE_", "SLURM_", "HYDI_", "MPIR_", "MPI_"];
    starts.iter().any(|start| variable.starts_with(start)) && !variable.starts_with("OMPI_ALLOW_")
}

/// In a copy, does what it is for.
pub(crate) fn run() -> Option<ExitCode> {
    let mut words = env::args().skip(1);
    if words.next()? != MARK {
        return None;
    }
    let name = words.next().expect("a fixture has a name");
    let model = words.next().expect("and a model").parse().expect("which is one");
    match name.as_str() {
        "counts-mains" => counts_mains(model),
        "leaves-nothing" => leaves_nothing(model),
        "drops-futures" => drops(model, law9_awaiting::drop_futures),
        "drops-streams" => drops(model, law9_streaming::drop_streams),
        "streams-long" => law9_streaming::stream_long(model),
        "rests" => rests(model),
        "works-forever" => works_forever(model, words.next().expect("and a folder")),
        "works-forever-isolated" => works_forever_isolated(model, words.next().expect("and a folder")),
        #[cfg(feature = "journal")]
        "fills-a-journal" => crate::law10_resuming::fill_a_journal(model),
        "from-env" => from_env::print_choice(),
        "share" => share::print_share(model),
        "variables" => share::print_variables(model),
        "prints" => prints(model),
        "prints-much" => executor(model, 3).for_each(Items((0..8).collect()), print_lines).expect("it prints"),
        "mines" => hostile::reduce_beside_mines(model),
        "ends-late" => ends_late(model),
        "made-while-unwinding" => made_while_unwinding(model),
        "folds-at-the-end-of-a-thread" => folds_at_the_end_of_a_thread(model),
        #[cfg(feature = "tracing")]
        "logs" => crate::logs::log(model),
        #[cfg(feature = "tracing")]
        "logs-alone" => crate::logs::log_alone(model),
        #[cfg(feature = "tracing")]
        "logs-little" => crate::logs::log_little(model),
        "reads" => println!("{:?}", executor(model, 2).map(Items(vec![0, 1]), read).expect("it reads")),
        _ => panic!("no fixture {name}"),
    }
    Some(ExitCode::SUCCESS)
}

/// In a copy that is not to call `init()`, does that: called before.
pub(crate) fn run_without_init() -> Option<ExitCode> {
    let words: Vec<_> = env::args().collect();
    if words.get(1).map(String::as_str) != Some(MARK) || words.get(2).map(String::as_str) != Some("no-init") {
        return None;
    }
    println!("{}", Executor::new(Model::Processes).expect_err("it is refused"));
    println!("{} children", children().len());
    Some(ExitCode::SUCCESS)
}

fn counts_mains(model: Model) {
    println!("main");
    let total = executor(model, 2).fold((1..=1_000_000).split_into(4), add_up, 0, |total, part| total + part);
    println!("{}", total.expect("it is added up"));
}

fn leaves_nothing(model: Model) {
    let before = Holdings::now();
    for workers in [1, 3] {
        let on = executor(model, workers);
        on.map(Items(vec![0, 1, 2]), nap).expect("it naps");
        on.clone().fold((1..=1000).split_into(50), add_up, 0, |total, part| total + part).expect("it adds up");
        for _ in 0..3 {
            pollster::block_on(on.for_each_async((1..=1000).split_into(50), add_up)).expect("it adds up");
        }
    }
    wait_until("all is as before", || Holdings::now() == before);
    println!("nothing left");
}

fn drops(model: Model, drop_all: fn(&Executor)) {
    let before = Holdings::now();
    for workers in [1, 3] {
        let on = executor(model, workers);
        drop_all(&on);
    }
    // Dropping the last executor waits for nothing that a dropped future or stream has begun.
    wait_until("all is as before", || Holdings::now() == before);
    println!("nothing left");
}

/// Uses an executor in all ways that keep its threads awake for a while, and waits until they do nothing any more.
fn rests(model: Model) {
    let on = executor(model, 4);
    for chunks in [1, 4, 1000] {
        for _ in 0..100 {
            on.for_each((0..=999).split_into(chunks), add_up).expect("it adds up");
        }
    }
    on.for_each(Items(vec![0; 8]), nap).expect("it naps");
    wait_until("no thread does anything for as long as 50 ticks", || {
        let before = switches();
        thread::sleep(Duration::from_millis(50));
        switches() == before
    });
    println!("it rests");
}

/// How often the threads of an executor of this process have gone to sleep.
fn switches() -> u64 {
    let threads = fs::read_dir("/proc/self/task").expect("a process has threads");
    let texts = threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("status")).ok());
    let theirs = texts.filter(|text| text.starts_with("Name:\tthreefold-"));
    let line =
        |text: String| text.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")?.trim().parse().ok());
    theirs.map(|text| line(text).unwrap_or(0)).sum()
}

fn works_forever(model: Model, folder: String) {
    let _ = executor(model, 2).for_each(Items(vec![0, 1]), Endless { folder: folder.into() });
}

/// Notes its process and the parent of that in the name of a file, and never ends.
#[task]
fn notes_itself(folder: std::path::PathBuf) {
    let name = format!("{}-{}", std::process::id(), std::os::unix::process::parent_id());
    fs::write(folder.join(name), "").expect("the folder is there");
    wait_until("its rank is killed", || false);
}

fn works_forever_isolated(model: Model, folder: String) {
    let _ = isolated(model, 2).for_each(Items(vec![folder.into(); 2]), notes_itself);
}

/// Stops the parent of its worker until long after it has ended itself, later than its deadline.
#[task]
fn ends_while_its_parent_is_stopped(_chunk: u64) {
    let parent = std::os::unix::process::parent_id();
    let script = format!("(kill -STOP {parent}; sleep 0.4; kill -CONT {parent}) >/dev/null 2>&1 &");
    assert!(Command::new("sh").args(["-c", &script]).status().expect("there is a shell").success());
    std::thread::sleep(std::time::Duration::from_millis(200));
}

fn ends_late(model: Model) {
    let timeout = std::time::Duration::from_millis(50);
    let on = Executor::builder(model).workers(1).timeout(timeout).build().expect("it is available");
    let error = on.for_each(Items(vec![0]), ends_while_its_parent_is_stopped).expect_err("it is late");
    println!("{}", error.is_timeout());
}

/// Folds for the first time in a destructor that runs while its thread unwinds, and once more after that.
fn made_while_unwinding(model: Model) {
    struct Folds(Model);
    impl Drop for Folds {
        fn drop(&mut self) {
            let total = executor(self.0, 1).fold((1..=3).split_into(2), add_up, 0, |total, part| total + part);
            println!("{}", total.expect("it is added up"));
        }
    }
    let unwound = std::panic::catch_unwind(|| {
        let _folds = Folds(model);
        panic!("on the way out something is folded");
    });
    assert!(unwound.is_err());
    drop(Folds(model));
}

/// Folds in a thread, and once more in a destructor that runs after those of all that folds and async tasks need.
fn folds_at_the_end_of_a_thread(model: Model) {
    fn total(model: Model) -> u64 {
        let add = |total, part| total + part;
        let on = executor(model, 2);
        let plain: u64 = on.fold(Items(vec![1, 2, 3]), same, 0, add).expect("it is added up");
        let waited = on.fold(Items(vec![1, 2, 3]), nap, 0, add).expect("it is added up");
        assert_eq!(plain, waited);
        assert!(on.map(Items(vec![1]), PanicsOn(vec![1])).is_err());
        waited
    }
    struct AtTheEnd(Model);
    impl Drop for AtTheEnd {
        fn drop(&mut self) {
            println!("{}", total(self.0));
        }
    }
    thread_local! {
        static AT_THE_END: RefCell<Option<AtTheEnd>> = const { RefCell::new(None) };
    }
    let thread = std::thread::spawn(move || {
        AT_THE_END.set(Some(AtTheEnd(model)));
        print!("{} ", total(model));
    });
    thread.join().expect("it ends");
}

#[task]
fn same(chunk: u64) -> u64 {
    chunk
}

#[task]
fn print(chunk: u64) {
    println!("out {chunk}");
    eprintln!("err {chunk}");
    if chunk == 2 {
        print!("unfinished");
    }
}

fn prints(model: Model) {
    executor(model, 1).for_each(Items(vec![0, 1, 2]), print).expect("it prints");
    // Past whatever the standard library's buffer still holds.
    std::io::stdout().write_all(b"|after the fold\n").expect("somebody reads");
}

#[task]
fn print_lines(chunk: u64) {
    for line in 0..LINES {
        println!("{chunk} {line:0>100}");
    }
}

#[task]
fn read(_chunk: u64) -> String {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).expect("it can be read");
    text
}

/// Whether a process runs; a zombie does not.
pub(crate) fn is_alive(pid: u32) -> bool {
    stat(pid).is_some_and(|(state, _)| state != 'Z')
}
