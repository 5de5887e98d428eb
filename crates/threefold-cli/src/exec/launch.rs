//! `Launch`: how a process is started. With a memory limit it is first this program once more, which limits itself and
//! then becomes the program: so the limit holds from the program's first instruction, and for all that it starts.
//!
//! A limit that is set from outside comes too late: what the process has by then it keeps, and a process that it has
//! started by then never has the limit. The code that sets it from within cannot stand between fork and exec, which would
//! take a copy of this process.
//!
//! If the program cannot be started after all, the launcher says why through a pipe. It is the stdin of the launcher,
//! since it is given no other descriptor, and the program never has it.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, PipeReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{self, Command, Stdio};

use rustix::io::{Errno, fcntl_dupfd_cloexec};
use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::stdio::dup2_stdin;

use super::execute::execute;

/// The first argument of a launcher. No command has this name.
const MARK: &str = "threefold-launcher";

/// The program of a launcher: this one.
pub(super) const LAUNCHER: &str = "/proc/self/exe";

/// A process that is about to be started.
pub(super) struct Launch {
    /// It has its words and its stdin.
    pub(super) command: Command,
    /// Where the launcher says why the program could not be started.
    failure: Option<PipeReader>,
}

impl Launch {
    /// For a program with these words, the first of which is its name. It may have so many bytes of private `memory`.
    ///
    /// # Errors
    ///
    /// The system has no descriptor left.
    pub(super) fn new(program: &Path, words: &[OsString], memory: Option<u64>) -> io::Result<Self> {
        let Some(bytes) = memory else {
            let mut command = Command::new(program);
            if let [name, arguments @ ..] = words {
                command.arg0(name).args(arguments);
            }
            command.stdin(Stdio::null());
            return Ok(Self { command, failure: None });
        };
        let (ours, theirs) = io::pipe()?;
        let mut command = Command::new(LAUNCHER);
        command.arg0("threefold").arg(MARK).arg(bytes.to_string()).arg(program).args(words).stdin(theirs);
        Ok(Self { command, failure: Some(ours) })
    }

    /// Waits until the program itself has begun.
    ///
    /// # Errors
    ///
    /// Why it has not.
    pub(super) fn finish(self) -> io::Result<()> {
        // It holds the writing end, which must be closed here.
        drop(self.command);
        let mut code = Vec::new();
        if let Some(mut failure) = self.failure {
            failure.read_to_end(&mut code)?;
        }
        match code.as_slice().try_into() {
            Ok(code) => Err(io::Error::from_raw_os_error(i32::from_ne_bytes(code))),
            Err(_) => Ok(()),
        }
    }
}

/// Becomes the program, and does not return, if this process was started as a launcher.
pub(super) fn serve_if_asked() {
    let mut arguments = env::args_os().skip(1);
    if arguments.next().as_deref() == Some(OsStr::new(MARK)) {
        let _ = become_program(arguments);
        process::exit(1);
    }
}

fn become_program(mut arguments: impl Iterator<Item = OsString>) -> io::Result<()> {
    let mut report = File::from(fcntl_dupfd_cloexec(io::stdin(), 3)?);
    let mut launch = || {
        let bytes = arguments.next().and_then(|bytes| bytes.to_str()?.parse().ok());
        let (bytes, program) = bytes.zip(arguments.next()).ok_or(io::ErrorKind::InvalidInput)?;
        dup2_stdin(File::open("/dev/null")?)?;
        let words: Vec<OsString> = arguments.by_ref().collect();
        setrlimit(Resource::Data, Rlimit { current: Some(bytes), maximum: Some(bytes) })?;
        Err(execute(Path::new(&program), &words))
    };
    let launched: io::Result<()> = launch();
    let code = launched.err().and_then(|error| error.raw_os_error()).unwrap_or(Errno::INVAL.raw_os_error());
    report.write_all(&code.to_ne_bytes())
}
