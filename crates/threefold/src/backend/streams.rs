//! `Stream`: this process's own standard output or error, on which the lines of workers elsewhere are printed. The standard
//! input of a worker is empty.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, poll};

use crate::error::Error;
use crate::model::Model;

/// A line longer than this, in bytes, is passed on in pieces: it must not fill the memory.
pub(super) const LONGEST: usize = 1 << 20;

thread_local! {
    /// The first error since this was last asked, of what this thread has printed. A fold is printed by one thread. When the
    /// thread ends, a fold in a destructor may come too late for it: then nothing is noted.
    static FAILURE: RefCell<Option<io::Error>> = const { RefCell::new(None) };
}

/// The error of a fold on `model` of which this thread could not print all that its tasks have printed, since this was last
/// asked.
pub(super) fn failure(model: Model) -> Option<Error> {
    let error = FAILURE.try_with(RefCell::take).ok().flatten()?;
    Some(Error::system(model, "what the tasks have printed could not be written", error))
}

/// Where lines go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    Out,
    Err,
}

impl Stream {
    /// Prints on this process's own stream. Where its reader is gone, nobody misses it. Another error is a
    /// [`failure`].
    pub(super) fn print(self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let printed = match self {
            Self::Out => print(&mut io::stdout().lock(), bytes),
            Self::Err => print(&mut io::stderr().lock(), bytes),
        };
        if let Err(error) = printed
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            let _ = FAILURE.try_with(|failure| _ = failure.borrow_mut().get_or_insert(error));
        }
    }
}

/// Makes the standard input of this process empty.
pub(super) fn empty_stdin() -> io::Result<()> {
    Ok(rustix::stdio::dup2_stdin(opened("/dev/null")?)?)
}

/// The file at `path`. The error names it.
fn opened(path: &str) -> io::Result<File> {
    File::open(path).map_err(|error| io::Error::new(error.kind(), format!("{path} cannot be opened: {error}")))
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

#[cfg(test)]
mod tests {
    use super::opened;

    #[test]
    fn a_file_that_cannot_be_opened_is_named() {
        let error = opened("/no/such/null").unwrap_err();
        assert_eq!(error.to_string(), "/no/such/null cannot be opened: No such file or directory (os error 2)");
    }
}
