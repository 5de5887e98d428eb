//! Who may start a worker: the program itself, for the same user.

use std::fs::{self, Permissions};
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use rustix::process::{getegid, geteuid, getuid};
use threefold::prelude::*;

use crate::{Hosts, Rows, children, copies, copy};

pub(crate) const ROWS: Rows = &[
    ("a_program_that_is_given_the_mark_of_a_worker_goes_on_with_it", marks_by_hand),
    ("whoever_is_not_the_parent_of_a_worker_is_refused", not_the_parent),
    (A_SETUID_PROGRAM, setuid),
    (PROCESSES_WITH_OTHER_RIGHTS, setuid_builds),
];

const A_SETUID_PROGRAM: &str = "a_program_with_the_rights_of_another_user_serves_nobody";

const PROCESSES_WITH_OTHER_RIGHTS: &str = "a_program_with_the_rights_of_another_user_is_refused_worker_processes";

/// Whether this process may set up what that row needs.
pub(crate) fn suffice_for(row: &str) -> bool {
    let status = || fs::read_to_string("/proc/self/status").unwrap();
    match row {
        // Root may give a file to root. Where new rights are ruled out for good, a setuid file has no effect.
        A_SETUID_PROGRAM | PROCESSES_WITH_OTHER_RIGHTS => {
            getuid().is_root() && status().lines().any(|line| line == "NoNewPrivs:\t0")
        }
        copies::A_HOST_THAT_GIVES_UP_ROOT => getuid().is_root(),
        children::A_STRANGER => fs::File::options().write(true).open(children::LAST_NUMBER).is_ok(),
        _ => true,
    }
}

pub(crate) const HOSTS: Hosts = &[("attacks", attacks), ("builds-with-other-rights", builds_with_other_rights)];

const MARKS: [&str; 2] = ["--threefold-worker", "--threefold-early-worker"];

/// A user with no rights of its own.
const NOBODY: u32 = 65534;

fn marks_by_hand() {
    for mark in MARKS {
        let Output { status, stdout, stderr } = copy(&[mark]).output().unwrap();
        assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
        assert_eq!(String::from_utf8_lossy(&stdout), format!("main goes on with {mark:?}\n"));
    }
}

fn not_the_parent() {
    for mark in MARKS {
        // The parent is a shell, and the channel is this process's.
        let (_ours, theirs) = UnixStream::pair().unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-c", "\"$0\" \"$1\"; exit $?"]).arg(std::env::current_exe().unwrap()).arg(mark);
        let Output { status, stdout, stderr } = shell.stdin(OwnedFd::from(theirs)).output().unwrap();
        refused(status.code(), &stdout, &stderr, "the process that made the channel is not its parent");
    }
}

fn refused(code: Option<i32>, stdout: &[u8], stderr: &[u8], why: &str) {
    assert_eq!(String::from_utf8_lossy(stdout), "", "main does not run");
    let stderr = String::from_utf8_lossy(stderr);
    assert!(stderr.contains("this process will not serve as a worker") && stderr.contains(why), "{stderr}");
    assert_eq!(code, Some(1));
}

/// Copies this program. Another program does it: a process that another test starts meanwhile would hold the copy open for a
/// moment, and a file that is open for writing cannot be run.
fn copy_this_program(to: &Path) {
    assert!(Command::new("cp").arg(std::env::current_exe().unwrap()).arg(to).status().unwrap().success());
}

/// A copy of this program that runs as root whoever starts it.
fn setuid_copy(folder: &Path) -> std::path::PathBuf {
    let copy = folder.join("setuid");
    copy_this_program(&copy);
    chown(&copy, Some(0), Some(0)).unwrap();
    fs::set_permissions(&copy, Permissions::from_mode(0o4755)).unwrap();
    fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
    copy
}

fn setuid() {
    let folder = tempfile::tempdir().unwrap();
    let program = setuid_copy(folder.path());
    // The attacker is this program too, and has no rights at all; it is copied to where it may be read.
    let attacker = folder.path().join("attacker");
    copy_this_program(&attacker);
    fs::set_permissions(&attacker, Permissions::from_mode(0o755)).unwrap();
    let mut attack = Command::new(attacker);
    attack.args([crate::HOST, "attacks"]).env("PROGRAM", program).current_dir("/").uid(NOBODY).gid(NOBODY);
    let Output { status, stdout, stderr } = attack.stdin(Stdio::null()).output().unwrap();
    assert!(status.success(), "{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
}

fn attacks() {
    assert_eq!((getuid().as_raw(), geteuid().as_raw(), getegid().as_raw()), (NOBODY, NOBODY, NOBODY));
    for mark in MARKS {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        let mut program = Command::new(std::env::var_os("PROGRAM").unwrap());
        program.arg(mark).stdin(OwnedFd::from(theirs)).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = program.spawn().unwrap();
        drop(program);
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        refused(status.code(), &stdout, &stderr, "it has the rights of another user than the one who started it");
        let mut answer = Vec::new();
        let _ = ours.read_to_end(&mut answer);
        assert!(answer.is_empty());
    }
}

fn setuid_builds() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Command::new(setuid_copy(folder.path()));
    program.args([crate::HOST, "builds-with-other-rights"]).current_dir("/").uid(NOBODY).gid(NOBODY);
    let Output { status, stderr, .. } = program.stdin(Stdio::null()).output().unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
}

fn builds_with_other_rights() {
    assert_eq!((getuid().as_raw(), geteuid().as_raw()), (NOBODY, 0));
    let error = Executor::new(Model::Processes).unwrap_err();
    assert!(error.is_setup(), "{error}");
    assert!(error.to_string().contains("runs with other rights than the user who started it"), "{error}");
}
