//! What a worker process does before the handshake: it makes the copies of itself that the parent asks for, with
//! `clone3`.
//!
//! A process at its entrance has run no part of any task, and usually has a single thread. So a copy of it serves as
//! well as another start of the executable, and takes a tenth of the time. A copy is a worker like any other: it has
//! the same parent and its own group, and it begins here too. The request brings its channel and the pipes for what it
//! prints.
//!
//! The first message of a copy holds its process id and a pidfd. Until then the parent knows the copy only as a member
//! of the original's group, which the copy leaves afterwards. If no copy can be made, the original says so on the
//! copy's channel, or closes that channel.
//!
//! Before the handshake no guard thread watches the parent. So this process waits for the parent's end as well as for
//! messages.
//!
//! # What a copy has of its original
//!
//! A copy has the memory of the original, and the descriptors that the original has at that moment:
//!
//! - Descriptors that the program opened before its entrance. A started worker would have opened them by itself.
//! - The pidfd of the parent, which both processes need.
//! - The original's own channel. The copy closes it at once.
//! - The descriptors that came with the request for this copy.
//!
//! A request that waits in the channel holds no descriptor in the original. So no copy can have the descriptors of
//! another copy.
//!
//! Everything that belongs to one worker alone is made after the copy: the guard, the status page, the memory limit and
//! the task. The standard library draws random keys later than this, in each worker separately.
//!
//! # Moments at which a process may be killed
//!
//! - The original, before it has received a request: the kernel closes the descriptors of the request with its channel,
//!   so the copy's channel closes.
//! - The original, after it has received the request and before it has made the copy: the same.
//! - The copy, before it has sent its process id: its channel closes. It is a dead child of the parent, in the group of
//!   the original. The parent looks for it there.
//! - The copy, after that: its parent has its pidfd, as of any worker.
//! - The parent: the copy has the pidfd of the parent, and polls it before it does anything else.

use std::io;
use std::os::fd::OwnedFd;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::retry_on_intr;
use rustix::process::setpgid;

use super::channel::{Channel, First};
use super::copy::{self, Side};
use super::guard;
use super::parent::Parent;
use crate::backend::processes::{birth, build};
use crate::remote::clock;
use crate::remote::wire::FromWorker;

/// Makes copies until the parent sends the handshake. This function returns in the original and in each copy, with the
/// channel and the status page of that process. Returns `None` if the parent has closed the channel.
pub(super) fn make_copies(mut channel: Channel, parent: &Parent) -> io::Result<Option<(Channel, OwnedFd)>> {
    let mut is_ready = false;
    loop {
        wait(&channel, parent)?;
        match channel.receive_first()? {
            First::Hello { page } => return Ok(Some((channel, page))),
            First::Copy { channel: stream, out, err } => {
                // Another thread may hold the lock of a stream, and flushing would wait for it.
                if !is_ready && copy::is_single_threaded() {
                    is_ready = true;
                    prepare();
                }
                match copy::make() {
                    Ok(Side::Original) => {}
                    Ok(Side::Copy) => {
                        rustix::stdio::dup2_stdout(&out)?;
                        rustix::stdio::dup2_stderr(&err)?;
                        // This closes the copy's descriptor of the original's channel, which it must not keep open.
                        channel = Channel::of(stream);
                        birth::announce(channel.stream())?;
                        setpgid(None, None)?;
                    }
                    Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                        let _ = birth::refuse(&stream.into());
                    }
                    // The system may have room for another process later.
                    Err(_) => {}
                }
            }
            First::End => return Ok(None),
        }
    }
}

/// Does once what each copy would otherwise do itself. The copies inherit the results with the memory.
fn prepare() {
    copy::flush_streams();
    // The checksum of frames asks which instructions the processor has. In a virtual machine this takes tens of
    // microseconds.
    FromWorker::Refused { reason: b"" }.write(&mut Vec::new());
    // The first reading finds out where the kernel keeps the clock.
    clock::now();
    // An error is met again by each process that needs the answer.
    let _ = build::own();
}

/// Waits for a message. If the parent ends first, kills this process.
///
/// The channel alone is not enough: a process that the parent forked holds its end of the channel too.
fn wait(channel: &Channel, parent: &Parent) -> io::Result<()> {
    let mut waited =
        [PollFd::new(channel.stream(), PollFlags::IN), PollFd::from_borrowed_fd(parent.death(), PollFlags::IN)];
    retry_on_intr(|| poll(&mut waited, None))?;
    if !waited[1].revents().is_empty() {
        guard::end_group();
    }
    Ok(())
}
