//! Waits for a child: on a thread of its own, or with others in an async runtime.

use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::child::{Child, Ended, Stopped};
use super::living;
use super::times::{LOOK, PATIENCE};

/// Waits for the child on this thread.
///
/// # Errors
///
/// The system's, for which there is no known reason.
pub(super) fn wait(mut child: Child) -> io::Result<Ended> {
    let mut has_ended = false;
    loop {
        let now = Instant::now();
        if !has_ended && (threefold::is_cancelled() || living::are_to_end()) {
            child.stop(Stopped::Cancelled);
        }
        child.look_at(now);
        if has_ended && !child.has_rest(now) {
            return child.finish();
        }
        let is_unheard = child.is_unheard();
        let patience = child.due().map_or(PATIENCE, |due| due.saturating_duration_since(now).min(PATIENCE));
        let watched = [
            child.stdout.as_ref(),
            child.stderr.as_ref().filter(|_| !is_unheard),
            Some(&child.ended).filter(|_| !has_ended),
        ];
        let [stdout, stderr, ended] = poll_once(watched, if has_ended { LOOK } else { patience })?;
        if ended && !child.has_rest(now) {
            return child.finish();
        }
        has_ended |= ended;
        if stdout {
            child.read_stdout();
        }
        if stderr {
            child.read_stderr();
        }
        if !(stdout || stderr || ended) {
            child.look_for_terminal();
        }
    }
}

/// Which of these can be read: stdout, stderr, and the end of the process. Waits for one of them.
fn poll_once(watched: [Option<&OwnedFd>; 3], patience: Duration) -> io::Result<[bool; 3]> {
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
    use std::thread;
    use std::time::{Duration, Instant};

    use tokio::io::{AsyncRead, ReadBuf};
    use tokio::net::unix::pipe::Receiver;
    use tokio::time::sleep_until;

    use super::super::child::PIECE;
    use super::{Child, Ended, LOOK, PATIENCE, Stopped, wait};

    /// How often is looked for what does not tell of itself: a child that waits for the terminal.
    const SELDOM: Duration = Duration::from_millis(250);

    /// The stack of a thread that ends a child, in bytes. It reads pieces, and holds little else.
    const STACK: usize = 256 << 10;

    /// A child whose pipes are read in a runtime.
    struct Running {
        /// `None` when it is over.
        child: Option<Child>,
        stdout: Option<Receiver>,
        stderr: Option<Receiver>,
    }

    impl Running {
        fn new(mut child: Child) -> io::Result<Self> {
            let stdout = child.stdout.take().map(Receiver::from_owned_fd).transpose()?;
            let stderr = child.stderr.take().map(Receiver::from_owned_fd).transpose()?;
            Ok(Self { child: Some(child), stdout, stderr })
        }

        /// Takes the child, whose pipes are no longer read in the runtime, unless it was taken before.
        fn take(&mut self) -> io::Result<Option<Child>> {
            let Some(mut child) = self.child.take() else { return Ok(None) };
            child.stdout = self.stdout.take().map(Receiver::into_nonblocking_fd).transpose()?;
            child.stderr = self.stderr.take().map(Receiver::into_nonblocking_fd).transpose()?;
            Ok(Some(child))
        }
    }

    /// A child that nobody waits for any more is told to end, and given time to, on a thread of its own: the runtime has
    /// other things to do. Where there is no thread left, it is killed at once.
    impl Drop for Running {
        fn drop(&mut self) {
            if let Ok(Some(mut child)) = self.take() {
                child.stop(Stopped::Cancelled);
                let ending = thread::Builder::new().name("threefold-ending".to_string()).stack_size(STACK);
                let _ = ending.spawn(move || drop(wait(child)));
            }
        }
    }

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

    /// Waits for the child in an async runtime. If the future is dropped, the child is told to end.
    ///
    /// # Errors
    ///
    /// The runtime has no room for the descriptors, or the child has none of its own that can be waited for.
    pub(in crate::exec) async fn wait_in_runtime(child: Child) -> io::Result<Ended> {
        // It is no pipe, and nothing is read from it. It only becomes readable.
        let ended = Receiver::from_owned_fd_unchecked(child.ended.try_clone()?)?;
        let mut ended = pin!(ended.readable());
        let mut look_at = Instant::now() + SELDOM;
        let mut timer = pin!(sleep_until(look_at.into()));
        let (mut running, mut has_ended) = (Running::new(child)?, false);
        poll_fn(|cx| {
            let Running { child: Some(child), stdout, stderr } = &mut running else {
                return Poll::Ready(io::Result::Ok(()));
            };
            loop {
                read(stdout, cx, |piece| child.print(piece));
                let is_unheard = child.is_unheard();
                if !is_unheard {
                    read(stderr, cx, |piece| child.relay(piece));
                }
                let now = Instant::now();
                if !has_ended && let Poll::Ready(readable) = ended.as_mut().poll(cx) {
                    readable?;
                    has_ended = true;
                }
                // The runtime may know only that the time is over, and not yet that the process has ended: see `look_at`.
                has_ended |= child.due().is_some_and(|due| due <= now) && child.has_ended();
                if has_ended && !child.has_rest(now) {
                    return Poll::Ready(Ok(()));
                }
                let patience = match (has_ended, is_unheard) {
                    (true, _) => LOOK,
                    (false, true) => PATIENCE,
                    (false, false) => SELDOM,
                };
                look_at = look_at.min(now + patience);
                if look_at <= now {
                    look_at = now + patience;
                    child.look_for_terminal();
                }
                child.look_at(now);
                timer.as_mut().reset(child.due().map_or(look_at, |due| due.min(look_at)).into());
                if timer.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
            }
        })
        .await?;
        // What is left is read without the runtime, which may not know of it yet.
        match running.take()? {
            Some(child) => child.finish(),
            None => unreachable!("it is taken once"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::job::Job;
    use super::super::program::{Keep, Limits, Means, Program};
    use super::super::template::{Over, Template};
    use super::*;

    /// A process whose time is over, and that has ended before anybody has looked.
    fn ended() -> Child {
        let template = Template::new("echo done", Over::Range, false).unwrap();
        let limits = Limits { timeout: Some(Duration::from_nanos(1)), ..Limits::default() };
        let means = Means { template, limits, ..Means::default() };
        let program = Program::new("echo done".to_string(), false, Keep::Everything, means);
        let child = Child::start(&program, &Job::of_range(0, &(1..=1)), 1, Keep::Everything).unwrap();
        poll(&mut [PollFd::new(&child.ended, PollFlags::IN)], None).unwrap();
        assert!(child.due().is_some_and(|due| due <= Instant::now()));
        child
    }

    fn assert_is_in_time(ended: &Ended) {
        assert_eq!((ended.stopped, ended.printed.bytes.as_slice()), (None, &b"done\n"[..]));
        assert!(ended.status.success());
    }

    #[test]
    fn a_process_that_has_ended_is_not_late_for_who_was_stopped_meanwhile() {
        assert_is_in_time(&wait(ended()).unwrap());
    }

    #[test]
    #[cfg(feature = "async")]
    fn neither_is_it_in_a_runtime_that_knows_only_of_the_time() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        assert_is_in_time(&runtime.block_on(async { wait_in_runtime(ended()).await }).unwrap());
    }
}
