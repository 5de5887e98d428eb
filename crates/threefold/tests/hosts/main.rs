//! Hosts: programs in which a fold must hold although the program around it does something unusual. It waits for all
//! children, ignores their death, forks, runs with the rights of another user, or starts its workers before `main`.
//!
//! Each host is a copy of this program that does one thing; the rows watch it from outside.

#![allow(clippy::unwrap_used, reason = "a test says with it what must be so")]

mod children;
mod copies;
mod entrances;
mod fork;
mod forks;
#[path = "../holdings/mod.rs"]
mod holdings;
#[path = "../holdings/interval_timer.rs"]
mod interval_timer;
mod journals;
mod limits;
mod rights;
mod streams;
mod tasks;

use std::ffi::OsString;
use std::process::{Command, ExitCode, Output, Stdio};
use std::thread;
use std::time::Duration;
use std::{env, iter};

use libtest_mimic::{Arguments, Trial};
use threefold::prelude::*;

/// The first argument of a host whose workers stop in `init()`, at the top of `main`.
const HOST: &str = "--host";

/// The first argument of a host that is like a test harness: `init()` is called on a thread that is not the main one,
/// and workers stop before `main`.
const EARLY_HOST: &str = "--early-host";

/// What hosts do, by name.
type Hosts = &'static [(&'static str, fn())];

/// The rows, by name.
type Rows = &'static [(&'static str, fn())];

/// The rows and hosts of each module.
const MODULES: [(&str, Rows, Hosts); 8] = [
    ("children", children::ROWS, children::HOSTS),
    ("copies", copies::ROWS, copies::HOSTS),
    ("entrances", entrances::ROWS, entrances::HOSTS),
    ("forks", forks::ROWS, forks::HOSTS),
    ("journals", journals::ROWS, journals::HOSTS),
    ("limits", limits::ROWS, limits::HOSTS),
    ("rights", rights::ROWS, rights::HOSTS),
    ("streams", streams::ROWS, streams::HOSTS),
];

fn main() -> ExitCode {
    copies::before_init();
    limits::before_init();
    entrances::before_init();
    let words: Vec<OsString> = env::args_os().skip(1).collect();
    if let [mark, name] = &words[..]
        && mark == EARLY_HOST
    {
        let host = find(name.to_str().unwrap());
        thread::spawn(move || {
            threefold::init();
            host();
        })
        .join()
        .unwrap();
        return ExitCode::SUCCESS;
    }
    threefold::init();
    match &words[..] {
        [mark, name] if mark == HOST => {
            find(name.to_str().unwrap())();
            return ExitCode::SUCCESS;
        }
        [mark, ..] if mark.to_string_lossy().starts_with("--threefold-") => {
            println!("main goes on with {mark:?}");
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    let rows = MODULES.iter().flat_map(|&(module, rows, _)| iter::repeat(module).zip(rows));
    let trials = rows.map(|(module, &(name, check))| {
        let trial = Trial::test(format!("{module}::{name}"), move || {
            check();
            Ok(())
        });
        // What this machine does not let us set up is listed as ignored.
        trial.with_ignored_flag(!rights::suffice_for(name))
    });
    let trials = trials.collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn find(name: &str) -> fn() {
    let mut hosts = MODULES.iter().flat_map(|(.., hosts)| *hosts);
    hosts.find(|(known, _)| *known == name).unwrap_or_else(|| panic!("no host {name}")).1
}

/// A copy of this program that is the host `name`.
fn host(name: &str) -> Command {
    copy(&[HOST, name])
}

/// The same, like a test harness.
fn early_host(name: &str) -> Command {
    copy(&[EARLY_HOST, name])
}

fn copy(arguments: &[&str]) -> Command {
    let mut copy = Command::new(env::current_exe().unwrap());
    copy.args(arguments).stdin(Stdio::null());
    copy
}

/// Runs a host to its end, which must be a good one; gives what it printed.
fn printed(host: &mut Command) -> String {
    let Output { status, stdout, stderr } = host.output().unwrap();
    let stdout = String::from_utf8(stdout).unwrap();
    assert!(status.success(), "{status}: {stdout}{}", String::from_utf8_lossy(&stderr));
    stdout
}

/// An executor on worker processes.
fn workers(count: usize) -> Executor {
    Executor::builder(Model::Processes).workers(count).build().unwrap()
}

/// Waits until something is so. It is an error if it is not after a minute.
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let patience = Duration::from_millis(5);
    assert!((0..12_000).any(|_| is_so() || (thread::sleep(patience), false).1), "{what}");
}
