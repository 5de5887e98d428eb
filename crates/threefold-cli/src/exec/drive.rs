//! Waits for a child: on a thread of its own, or with others in an async runtime.

use std::io;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::child::{Child, Ended, Stopped};

/// How often a thread that waits asks whether the output is still wanted. A cancelled run then ends its children soon
/// enough, and a wait costs nothing that could be measured.
const PATIENCE: Duration = Duration::from_millis(50);

/// Waits for the child on this thread.
///
/// # Errors
///
/// The system's, for which there is no known reason.
pub(super) fn wait(mut child: Child) -> io::Result<Ended> {
    loop {
        let now = Instant::now();
        if threefold::is_cancelled() {
            child.stop(Stopped::Cancelled);
        }
        child.look_at(now);
        let patience = child.due().map_or(PATIENCE, |due| due.saturating_duration_since(now).min(PATIENCE));
        let [stdout, stderr, ended] = poll_once(&child, patience)?;
        if ended {
            return child.finish();
        }
        if stdout {
            child.read_stdout();
        }
        if stderr {
            child.read_stderr();
        }
    }
}

/// Whether stdout and stderr can be read, and whether the process has ended. Waits for one of them.
fn poll_once(child: &Child, patience: Duration) -> io::Result<[bool; 3]> {
    let watched = [child.stdout.as_ref(), child.stderr.as_ref(), Some(&child.ended)];
    let mut places = [None; 3];
    let mut polled = Vec::with_capacity(3);
    for (place, descriptor) in places.iter_mut().zip(watched) {
        if let Some(descriptor) = descriptor {
            *place = Some(polled.len());
            polled.push(PollFd::new(descriptor, PollFlags::IN));
        }
    }
    let patience = Timespec::try_from(patience).map_err(io::Error::other)?;
    match poll(&mut polled, Some(&patience)) {
        Ok(_) | Err(Errno::INTR) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(places.map(|place| place.is_some_and(|at| !polled[at].revents().is_empty())))
}

#[cfg(feature = "async")]
pub(super) use in_runtime::wait_in_runtime;

#[cfg(feature = "async")]
mod in_runtime {
    use std::future::poll_fn;
    use std::io;
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll};
    use std::time::{Duration, Instant};

    use tokio::io::{AsyncRead, ReadBuf};
    use tokio::net::unix::pipe::Receiver;
    use tokio::time::sleep_until;

    use super::super::child::PIECE;
    use super::{Child, Ended};

    /// Far enough for a timer that is never to ring.
    const NEVER: Duration = Duration::from_secs(86_400 * 365);

    /// Reads what there is in a pipe, piece by piece. A pipe that is closed becomes `None`.
    fn read(pipe: &mut Option<Receiver>, cx: &mut Context<'_>, mut take: impl FnMut(&[u8])) {
        let mut piece = [0; PIECE];
        // The runtime ends the loop of a pipe that is filled as fast as it is read.
        while let Some(open) = pipe {
            let mut read = ReadBuf::new(&mut piece);
            match Pin::new(open).poll_read(cx, &mut read) {
                Poll::Pending => return,
                Poll::Ready(Ok(())) if !read.filled().is_empty() => take(read.filled()),
                Poll::Ready(_) => *pipe = None,
            }
        }
    }

    /// Waits for the child in an async runtime. If the future is dropped, the child is killed.
    ///
    /// # Errors
    ///
    /// The runtime has no room for the descriptors.
    pub(in crate::exec) async fn wait_in_runtime(mut child: Child) -> io::Result<Ended> {
        let mut stdout = child.stdout.take().map(Receiver::from_owned_fd).transpose()?;
        let mut stderr = child.stderr.take().map(Receiver::from_owned_fd).transpose()?;
        // It is no pipe, and nothing is read from it. It only becomes readable.
        let ended = Receiver::from_owned_fd_unchecked(child.ended.try_clone()?)?;
        let mut ended = pin!(ended.readable());
        let due = |child: &Child| child.due().unwrap_or_else(|| Instant::now() + NEVER).into();
        let mut timer = pin!(sleep_until(due(&child)));
        poll_fn(|cx| {
            loop {
                read(&mut stdout, cx, |piece| child.print(piece));
                read(&mut stderr, cx, |piece| child.relay(piece));
                if let Poll::Ready(readable) = ended.as_mut().poll(cx) {
                    return Poll::Ready(readable);
                }
                // The time may have changed when it was told to end.
                timer.as_mut().reset(due(&child));
                if timer.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                child.look_at(Instant::now());
            }
        })
        .await?;
        // What is left is read without the runtime, which may not know of it yet.
        child.stdout = stdout.map(Receiver::into_nonblocking_fd).transpose()?;
        child.stderr = stderr.map(Receiver::into_nonblocking_fd).transpose()?;
        child.finish()
    }
}
