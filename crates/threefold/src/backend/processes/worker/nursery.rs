//! What a worker process does before its parent greets it: it makes the copies of itself that the parent asks for.
//!
//! A process that has only come as far as its entrance has run nothing of any task, and mostly has a single thread. Then a
//! copy of it is as good as another start of the executable, for a tenth of the time. A copy is a worker as any other: its
//! parent is the same, its group is its own, and it begins here too. With the request come its channel and the pipes for
//! what it prints.
//!
//! The first that a copy says is its number, with a handle of it: before that its parent can name it only as a
//! member of the original's group, in which it stays until then. Where no copy can be made, the original says so on the
//! copy's channel, or lets go of it.
//!
//! Until the greeting nobody watches this process but itself: it waits for the parent's end as well as for messages.
//!
//! # What a copy has of its original
//!
//! Its memory, and the descriptors that the original has at that moment: those that the program opened before its entrance,
//! which a worker that is started would have opened by itself; the handle of the parent, which both need; the original's own
//! channel, which the copy closes at once; and what came with the request. Requests that wait in the channel hold no
//! descriptor in the original, so that no copy can have those of another one.
//!
//! Nothing that belongs to one worker alone is made before the copy: no guard, no status page, no memory limit, no task.
//! Where the standard library draws random keys, it does so later, in each worker for itself.
//!
//! # Moments at which a process may be killed
//!
//! - The original, before it has taken a request: the descriptors of the request go with its channel, and the copy's channel
//!   closes.
//! - The original, between taking and making: the same.
//! - The copy, before it has said its number: its channel closes. It is a child of the parent, dead and nameless, in the
//!   group of the original. The parent looks there.
//! - The copy, after that: its parent has a handle of it, as of any worker.
//! - The parent: the copy has the handle of the parent, and waits for it before it does anything else.

use std::io;
use std::os::fd::OwnedFd;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::retry_on_intr;
use rustix::process::setpgid;

use super::channel::{Channel, First};
use super::copy::{self, Side};
use super::guard;
use super::parent::Parent;
use crate::backend::processes::{birth, clock};
use crate::remote::wire::FromWorker;

/// Makes copies until the parent greets this process, or one of them, which comes back from here as well; gives the channel
/// and the status page. `None` when the parent wants nothing more.
pub(super) fn stay(mut channel: Channel, parent: &Parent) -> io::Result<Option<(Channel, OwnedFd)>> {
    let mut is_ready = false;
    loop {
        wait(&channel, parent)?;
        match channel.receive_first()? {
            First::Hello { page } => return Ok(Some((channel, page))),
            First::Copy { channel: stream, out, err } => {
                // Where another thread holds a stream, to write it out would take as long as that does.
                if copy::is_single_threaded() && !std::mem::replace(&mut is_ready, true) {
                    prepare();
                }
                match copy::make() {
                    Ok(Side::Original) => {}
                    Ok(Side::Copy) => {
                        rustix::stdio::dup2_stdout(&out)?;
                        rustix::stdio::dup2_stderr(&err)?;
                        // The original's goes: it is not this process that would keep it open.
                        channel = Channel::of(stream);
                        birth::announce(channel.stream())?;
                        setpgid(None, None)?;
                    }
                    Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                        let _ = birth::refuse(&stream.into());
                    }
                    // There may be room for another process later.
                    Err(_) => {}
                }
            }
            First::End => return Ok(None),
        }
    }
}

/// Does once what each copy would do by itself, so that all of them have it: their memory is this one's.
fn prepare() {
    copy::flush_streams();
    // Which instructions the processor has, for the checksum of frames: to ask takes tens of microseconds in a virtual machine.
    FromWorker::Refused { reason: b"" }.write(&mut Vec::new());
    // Where the kernel keeps the clock.
    clock::now();
}

/// Waits for a message, and ends this process where the parent ends before.
///
/// The channel alone would not tell: a process that the parent forked holds its end, too.
fn wait(channel: &Channel, parent: &Parent) -> io::Result<()> {
    let mut waited =
        [PollFd::new(channel.stream(), PollFlags::IN), PollFd::from_borrowed_fd(parent.death(), PollFlags::IN)];
    retry_on_intr(|| poll(&mut waited, None))?;
    if !waited[1].revents().is_empty() {
        guard::end_group();
    }
    Ok(())
}
