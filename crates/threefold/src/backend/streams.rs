//! `Stream`: this process's own standard output or error, on which the lines of workers elsewhere are printed.

use std::io::{self, Write};
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, poll};

/// A line longer than this, in bytes, is passed on in pieces: it must not fill the memory.
pub(super) const LONGEST: usize = 1 << 20;

/// Where lines go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    Out,
    Err,
}

impl Stream {
    /// Prints on this process's own stream. Where its reader is gone, nobody misses it.
    pub(super) fn print(self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let _ = match self {
            Self::Out => print(&mut io::stdout().lock(), bytes),
            Self::Err => print(&mut io::stderr().lock(), bytes),
        };
    }
}

/// Writes all of `bytes`, and waits where the stream is one that does not block and is full.
fn print(stream: &mut (impl Write + AsFd), mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match stream.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            // Nothing was taken.
            Err(error) => wait_for_room(stream, error)?,
        }
    }
    while let Err(error) = stream.flush() {
        wait_for_room(stream, error)?;
    }
    Ok(())
}

/// After `error`, waits until `stream` takes more; gives back an error that waiting does not help against.
fn wait_for_room(stream: &impl AsFd, error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::Interrupted => Ok(()),
        io::ErrorKind::WouldBlock => {
            rustix::io::retry_on_intr(|| poll(&mut [PollFd::new(stream, PollFlags::OUT)], None))?;
            Ok(())
        }
        _ => Err(error),
    }
}
