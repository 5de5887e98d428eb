//! The guard: a process that ends the children of this one if this one ends first, however it does.
//!
//! A process that is killed by SIGKILL can end nobody, and the kernel ends the children of a dead parent only if each of
//! them asks for that between fork and exec. That would need a fork of this process for each child, which takes many
//! times as long as `posix_spawn`. So each process that starts children starts a guard first: this program once more, which
//! holds the reading end of a pipe. The process writes there which groups begin and end. When the pipe is closed, the
//! guard ends the groups that have not ended, SIGTERM first as everywhere, and ends itself.
//!
//! The process may be killed after a child has begun and before its number is written, and a child may have moved to
//! another group. So the guard also looks for processes whose environment names this run. It misses none that has begun:
//! until a child has its own program and environment, it holds a copy of the writing end, so the pipe is not closed
//! before. What has left for a session of its own (`setsid`) goes on. So does what has both moved and another environment.
//!
//! The start of the guard takes milliseconds, which is why it comes before the first child. A group is told to have ended
//! before its leader is waited for, so that no number is signalled that belongs to somebody else.

use std::collections::HashSet;
use std::env;
use std::ffi::OsStr;
use std::io::{self, PipeWriter, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::{self, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{fs, thread};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, ioctl_fionbio, read};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::group::{every_process, standing};
use super::launch;
use super::times::{GRACE, LOOK};

/// The first argument of a guard, before the name of the run. No command has this name.
const MARK: &str = "threefold-guard";

/// The variable in which every child has the name of its run.
pub(super) const RUN: &str = "THREEFOLD_RUN";

/// How often the guard kills what is left: a process may start another one just before it is killed.
const KILLS: usize = 5;

/// How long messages wait before the guard reads them, so that it does not wake up for each. The pipe has room for 16,384
/// of them.
const PAUSE: Duration = Duration::from_millis(20);

/// A message is the number of a group, or that number below 0 when the group has ended; 0 if no child is left or will
/// begin.
type Message = [u8; 4];

/// The writing end; `None` if there is no guard.
static GUARD: OnceLock<Option<PipeWriter>> = OnceLock::new();

/// The name of this run: no other process, of the past or the future, has the same.
pub(super) fn run() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        format!("{}-{}", process::id(), now.as_nanos())
    })
}

/// Starts the guard of this process, if there is none yet.
pub(super) fn ready() {
    GUARD.get_or_init(|| start().ok());
}

/// A group has begun. The guard must be [`ready`].
pub(super) fn begin(group: Pid) {
    tell(group.as_raw_pid());
}

/// A group has ended.
pub(super) fn end(group: Pid) {
    tell(-group.as_raw_pid());
}

/// No child is left, and none will begin.
pub(super) fn no_more() {
    tell(0);
}

fn tell(message: i32) {
    // Without a guard the children end as usual. Only if this process is killed, they go on.
    if let Some(mut guard) = GUARD.get().and_then(Option::as_ref) {
        // A message is so short that it is written whole or not at all.
        let _ = guard.write_all(&message.to_ne_bytes());
    }
}

fn start() -> io::Result<PipeWriter> {
    let (theirs, ours) = io::pipe()?;
    Command::new("/proc/self/exe")
        .arg0("threefold")
        .args([MARK, run()])
        .env_clear()
        // What ends this process or its group must not end the guard.
        .process_group(0)
        .stdin(theirs)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    Ok(ours)
}

/// Serves as the guard or the launcher, and does not return, if this process was started as one.
pub(crate) fn serve_if_asked() {
    launch::serve_if_asked();
    let mut arguments = env::args_os().skip(1);
    if arguments.next().as_deref() == Some(OsStr::new(MARK)) {
        if let (Some(run), None) = (arguments.next(), arguments.next()) {
            serve(&run);
        }
        process::exit(0);
    }
}

fn serve(run: &OsStr) {
    let stdin = io::stdin();
    if ioctl_fionbio(&stdin, true).is_err() {
        return;
    }
    let pause = Timespec::try_from(PAUSE).unwrap_or_default();
    let (mut groups, mut has_more) = (HashSet::new(), true);
    loop {
        let _ = poll(&mut [PollFd::new(&stdin, PollFlags::IN)], None);
        // Only the end of the process ends the pause.
        let _ = poll(&mut [PollFd::new(&stdin, PollFlags::empty())], Some(&pause));
        let is_open = drain(|message| match message {
            1.. => drop(groups.insert(message)),
            0 => has_more = false,
            _ => drop(groups.remove(&-message)),
        });
        if !is_open {
            break;
        }
    }
    if has_more || !groups.is_empty() {
        Left { groups, environment: environment_of(run) }.end();
    }
}

/// What a run has left.
struct Left {
    groups: HashSet<i32>,
    /// What is in the environment of its processes.
    environment: Vec<u8>,
}

impl Left {
    /// Tells all of them to end, and kills those that have not done so in time.
    fn end(&self) {
        let told = Instant::now();
        self.signal(Signal::TERM);
        while self.is_any_alive() && told.elapsed() < GRACE {
            thread::sleep(LOOK);
        }
        for _ in 0..KILLS {
            self.signal(Signal::KILL);
            if !self.is_any_alive() {
                break;
            }
        }
    }

    fn signal(&self, signal: Signal) {
        for group in self.groups.iter().copied().filter_map(Pid::from_raw) {
            let _ = kill_process_group(group, signal);
        }
        for (pid, _) in self.marked().filter(|(_, group)| !self.groups.contains(group)) {
            let _ = kill_process(pid, signal);
        }
    }

    fn is_any_alive(&self) -> bool {
        let in_groups = |pid| standing(pid).is_some_and(|it| !it.is_over && self.groups.contains(&it.group));
        every_process().any(in_groups) || self.marked().next().is_some()
    }

    /// The processes whose environment names the run, and their groups.
    fn marked(&self) -> impl Iterator<Item = (Pid, i32)> {
        let session = standing(std::process::id() as i32).map(|own| own.session);
        every_process().filter_map(move |number| {
            let (pid, it) = (Pid::from_raw(number)?, standing(number)?);
            let environment = fs::read(format!("/proc/{number}/environ")).ok()?;
            let is_marked = environment.split(|&byte| byte == 0).any(|variable| variable == self.environment);
            (!it.is_over && is_marked && Some(it.session) == session).then_some((pid, it.group))
        })
    }
}

/// The variable of this run, as it is in the environment of its processes.
fn environment_of(run: &OsStr) -> Vec<u8> {
    [RUN.as_bytes(), b"=", run.as_bytes()].concat()
}

/// Reads all messages that there are. Whether others may come.
fn drain(mut take: impl FnMut(i32)) -> bool {
    let (stdin, mut bytes) = (io::stdin(), [0; 4096]);
    loop {
        match read(&stdin, &mut bytes) {
            Ok(0) => return false,
            // The pipe holds whole messages only, and the room is a multiple of their size.
            Ok(count) => {
                let (messages, _) = bytes[..count].as_chunks::<{ size_of::<Message>() }>();
                messages.iter().for_each(|&message| take(i32::from_ne_bytes(message)));
            }
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return true,
            Err(_) => return false,
        }
    }
}
