//! The guard: a process that ends the children of this one if this one ends first, however it does.
//!
//! A process that is killed by SIGKILL can end nobody, and the kernel ends the children of a dead parent only if each of
//! them asks for that between fork and exec. That would need a fork of this process for each child, which takes many
//! times as long as `posix_spawn`. So each process that starts children starts a guard first: this program once more, which
//! holds the reading end of a pipe. The process writes there which groups begin and end. When the pipe is closed, the
//! guard kills the groups that have not ended, and ends itself.
//!
//! A child whose parent is killed between its start and the writing of its number is missed. That takes microseconds, or as
//! long as the parent gets no core on a machine that has too much to do. The start of the guard itself takes milliseconds,
//! which is why it comes before the first child. A group is told to have ended before its leader is
//! waited for, so that no number is killed that belongs to somebody else.

use std::collections::HashSet;
use std::env;
use std::ffi::OsStr;
use std::io::{self, PipeWriter, Write};
use std::os::unix::process::CommandExt;
use std::process::{self, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, ioctl_fionbio, read};
use rustix::process::{Pid, Signal, kill_process_group};

/// The only argument of a guard. No command has this name.
const MARK: &str = "threefold-guard";

/// How long messages wait before the guard reads them, so that it does not wake up for each. The pipe has room for 16,384
/// of them.
const PAUSE: Duration = Duration::from_millis(20);

/// A message is the number of a group, or that number below 0 when the group has ended.
type Message = [u8; 4];

/// The writing end; `None` if there is no guard.
static GUARD: OnceLock<Option<PipeWriter>> = OnceLock::new();

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
        .arg(MARK)
        .env_clear()
        // What ends this process or its group must not end the guard.
        .process_group(0)
        .stdin(theirs)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    Ok(ours)
}

/// Serves as the guard, and does not return, if this process was started as one.
pub(crate) fn serve_if_asked() {
    let mut arguments = env::args_os().skip(1);
    if arguments.next().as_deref() == Some(OsStr::new(MARK)) && arguments.next().is_none() {
        serve();
        process::exit(0);
    }
}

fn serve() {
    let stdin = io::stdin();
    if ioctl_fionbio(&stdin, true).is_err() {
        return;
    }
    let pause = Timespec::try_from(PAUSE).unwrap_or_default();
    let mut groups = HashSet::new();
    loop {
        let _ = poll(&mut [PollFd::new(&stdin, PollFlags::IN)], None);
        // Only the end of the process ends the pause.
        let _ = poll(&mut [PollFd::new(&stdin, PollFlags::empty())], Some(&pause));
        let is_open = drain(|message| match message {
            1.. => drop(groups.insert(message)),
            _ => drop(groups.remove(&-message)),
        });
        if !is_open {
            break;
        }
    }
    for group in groups.into_iter().filter_map(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::KILL);
    }
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
