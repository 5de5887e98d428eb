//! Parents in difficult surroundings: many threads, a tiny stack limit, closed streams, many descriptors, much memory, no
//! descriptors left, two of them at once.

use std::fs::File;
use std::process::{Command, ExitCode};
use std::sync::{Arc, Barrier};
use std::thread;

use libtest_mimic::{Failed, Trial};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use threefold::prelude::*;

use crate::cases::echo;
use crate::copies::{folds_for_ever, the_fork_server_is_killed, the_fork_server_is_stopped, the_parent_is_killed};
use crate::holdings::Holdings;
use crate::soak::soak;

pub(crate) const MARK: &str = "--surroundings";

const ALL: [(&str, fn()); 11] = [
    ("two_hundred_threads", two_hundred_threads),
    ("a_tiny_stack_limit", a_tiny_stack_limit),
    ("a_thousand_descriptors", a_thousand_descriptors),
    ("a_gibibyte_of_memory", a_gibibyte_of_memory),
    ("no_descriptors_left_is_an_error_that_names_the_limit", no_descriptors_left),
    ("a_thousand_folds_leave_what_they_found", a_thousand_folds),
    ("soak_totals_stay_right_and_nothing_piles_up", soak),
    ("a_fork_server_that_is_killed_costs_no_fold", the_fork_server_is_killed),
    ("a_fork_server_that_is_stopped_costs_no_fold", the_fork_server_is_stopped),
    ("a_parent_that_is_killed_while_workers_are_copied_leaves_nothing", the_parent_is_killed),
    ("nothing_special", works),
];

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials: Vec<_> = ALL.iter().map(|&(name, _)| surroundings(name)).collect();
    trials.push(Trial::test("surroundings::a_closed_standard_input", || {
        // The shell closes it, and becomes the program.
        let mut shell = Command::new("sh");
        shell.args(["-c", "exec \"$0\" \"$@\" <&-"]).arg(std::env::current_exe().unwrap());
        succeeds(shell.args([MARK, "nothing_special"]))
    }));
    trials.push(Trial::test("surroundings::two_parents_at_once", || {
        let parents: Vec<_> = (0..2).map(|_| program("nothing_special").spawn().unwrap()).collect();
        for mut parent in parents {
            assert!(parent.wait().unwrap().success());
        }
        Ok(())
    }));
    trials
}

fn program(name: &str) -> Command {
    let mut program = Command::new(std::env::current_exe().unwrap());
    program.args([MARK, name]);
    program
}

fn surroundings(name: &'static str) -> Trial {
    Trial::test(format!("surroundings::{name}"), move || succeeds(&mut program(name)))
}

fn succeeds(program: &mut Command) -> Result<(), Failed> {
    let output = program.output().unwrap();
    // Seeds among it.
    print!("{}", String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

pub(crate) fn run() -> Option<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [mark, name] = &words[..] else { return None };
    if mark != MARK {
        return None;
    }
    if name == "folds_for_ever" {
        folds_for_ever();
    }
    ALL.iter().find(|(known, _)| known == name).unwrap().1();
    Some(ExitCode::SUCCESS)
}

fn works() {
    works_on(&Executor::builder(Model::Processes).workers(2).build().unwrap());
}

fn works_on(on: &Executor) {
    assert_eq!(on.fold(Items((0..50).collect()), echo, 0, |sum, part| sum + part).unwrap(), 49 * 25);
}

fn two_hundred_threads() {
    let barrier = Arc::new(Barrier::new(201));
    let threads: Vec<_> = (0..200)
        .map(|_| {
            let barrier = Arc::clone(&barrier);
            thread::Builder::new().stack_size(64 << 10).spawn(move || barrier.wait()).unwrap()
        })
        .collect();
    works();
    barrier.wait();
    threads.into_iter().for_each(|thread| {
        thread.join().unwrap();
    });
}

fn a_tiny_stack_limit() {
    // What its workers inherit; this process has its stack already.
    setrlimit(Resource::Stack, Rlimit { current: Some(256 << 10), maximum: getrlimit(Resource::Stack).maximum })
        .unwrap();
    works();
}

fn a_thousand_descriptors() {
    let open: Vec<_> = (0..1000).map(|_| File::open("/dev/null").unwrap()).collect();
    works();
    drop(open);
}

fn a_gibibyte_of_memory() {
    let memory = vec![1u8; 1 << 30];
    works();
    assert_eq!(memory.iter().step_by(4096).map(|&byte| u64::from(byte)).sum::<u64>(), 1 << 18);
}

fn no_descriptors_left() {
    let limit = getrlimit(Resource::Nofile);
    let few = Rlimit { current: Some(64), maximum: limit.maximum };
    setrlimit(Resource::Nofile, few).unwrap();
    let on = Executor::builder(Model::Processes).workers(2).build().unwrap();
    let mut open = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        open.push(file);
    }
    let mut refused = 0;
    for spare in 0..12 {
        let error = on.fold(Items((0..50).collect()), echo, 0, |sum, part| sum + part);
        match error {
            Err(error) => {
                refused += 1;
                assert!(error.is_setup(), "{error}");
                assert!(error.to_string().contains("open files is reached (ulimit -n)"), "{error}");
            }
            Ok(total) => assert_eq!(total, 49 * 25),
        }
        assert!(spare < 11 || open.len() > 12);
        open.pop();
    }
    assert!(refused > 0, "there were descriptors left");
    open.clear();
    works_on(&on);
}

fn a_thousand_folds() {
    #[task]
    fn moody(chunk: u64) -> u64 {
        assert_ne!(chunk, 3, "three");
        chunk
    }
    #[task]
    fn fatal(chunk: u64) -> u64 {
        if chunk == 3 {
            std::process::abort();
        }
        chunk
    }
    let before = Holdings::now();
    let on = Executor::builder(Model::Processes).workers(2).build().unwrap();
    for fold in 0..1000 {
        match fold % 3 {
            0 => works_on(&on),
            1 => assert!(on.for_each(Items((0..6).collect()), moody).unwrap_err().is_panic()),
            _ => assert!(on.for_each(Items((0..6).collect()), fatal).unwrap_err().is_worker_lost()),
        }
    }
    drop(on);
    assert_eq!(Holdings::now(), before);
}
