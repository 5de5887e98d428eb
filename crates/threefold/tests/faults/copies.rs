//! Faults while workers make copies of themselves with `clone3`. The tests kill or stop the fork server, and kill the
//! parent, at any moment. Totals must stay right, and no process may be left.

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rand::{RngExt, SeedableRng, rngs::SmallRng};
use rustix::process::{Pid, Signal, kill_process};
use threefold::prelude::*;

use crate::cases::echo;
use crate::holdings::{Holdings, children, stat};

/// How often the fork server, or the parent, is killed.
const ROUNDS: u64 = 60;

/// The environment variable by which a parent and all processes that it starts are found.
pub(crate) const FAMILY: &str = "THREEFOLD_FAULTS_FAMILY";

/// An executor that uses a new worker for each chunk.
fn fresh() -> Executor {
    Executor::builder(Model::Processes).workers(2).chunks_per_worker(1).retries(2).build().unwrap()
}

fn total(on: &Executor) -> u64 {
    on.fold(Items((0..30).collect()), echo, 0, |sum, part| sum + part).unwrap()
}

/// The fork server. It was started before the copies, so it has the lowest process id.
fn server() -> Option<Pid> {
    Pid::from_raw(children().into_iter().min()?.try_into().unwrap())
}

pub(crate) fn the_fork_server_is_killed() {
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    println!("seed {seed}");
    let mut random = SmallRng::seed_from_u64(seed);
    let before = Holdings::now();
    let mut killed = 0;
    for round in 0..ROUNDS {
        let on = fresh();
        let moment = Duration::from_micros(random.random_range(0..8000));
        killed += thread::scope(|scope| {
            let killer = scope.spawn(move || {
                // Until the first worker has been started, there is nothing to kill.
                let since = Instant::now();
                while server().is_none() && since.elapsed() < Duration::from_secs(1) {
                    thread::yield_now();
                }
                thread::sleep(moment);
                server().is_some_and(|server| kill_process(server, Signal::KILL).is_ok())
            });
            assert_eq!((0..3).map(|_| total(&on)).collect::<Vec<_>>(), [29 * 15; 3], "round {round}");
            u64::from(killer.join().unwrap())
        });
        assert_eq!(total(&on), 29 * 15);
        drop(on);
        let is_as_before = (0..100_000).any(|_| Holdings::now() == before || (thread::yield_now(), false).1);
        assert!(is_as_before, "after round {round}: {:?}, not {before:?}", Holdings::now());
    }
    println!("killed {killed} times");
    assert!(killed > ROUNDS / 2, "too little was put to the test");
}

pub(crate) fn the_fork_server_is_stopped() {
    let before = Holdings::now();
    let on = fresh();
    assert_eq!(total(&on), 29 * 15);
    let server = server().unwrap();
    kill_process(server, Signal::STOP).unwrap();
    assert_eq!(total(&on), 29 * 15);
    assert!(stat(server.as_raw_pid().unsigned_abs()).is_none(), "it was given up");
    assert_eq!(total(&on), 29 * 15);
    drop(on);
    assert_eq!(Holdings::now(), before);
}

/// Folds until it is killed, on copies of the first worker and on a new worker for each chunk.
pub(crate) fn folds_for_ever() {
    println!("it begins");
    loop {
        let on = Executor::builder(Model::Processes).workers(4).build().unwrap();
        assert_eq!(total(&on), 29 * 15);
        assert_eq!(total(&fresh()), 29 * 15);
    }
}

pub(crate) fn the_parent_is_killed() {
    let mut random = SmallRng::seed_from_u64(7);
    let mut workers = 0;
    for round in 0..ROUNDS {
        let name = format!("{}-{round}", std::process::id());
        let mut parent = Command::new(std::env::current_exe().unwrap());
        parent.args([crate::surroundings::MARK, "folds_for_ever"]).env(FAMILY, &name).stdout(Stdio::piped());
        let mut parent = parent.spawn().unwrap();
        // The parent prints a line when it begins.
        parent.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        thread::sleep(Duration::from_micros(random.random_range(0..20_000)));
        workers += family(&name).len() - 1;
        parent.kill().unwrap();
        parent.wait().unwrap();
        let is_gone = (0..2000).any(|_| family(&name).is_empty() || (thread::sleep(Duration::from_millis(5)), false).1);
        assert!(is_gone, "round {round}: {:?} are left", family(&name));
    }
    println!("{workers} workers lost their parent");
    assert!(workers as u64 > ROUNDS, "too little was put to the test");
}

/// The living processes that have this variable in their environment.
pub(crate) fn family(name: &str) -> Vec<u32> {
    let variable = format!("{FAMILY}={name}\0");
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let is_member = |pid: &u32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.windows(variable.len()).any(|window| window == variable.as_bytes())
    };
    pids.filter(is_member).collect()
}
