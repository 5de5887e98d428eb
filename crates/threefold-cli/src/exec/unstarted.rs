//! `Unstarted`: why a program could not be started, in words.
//!
//! The system says "No such file or directory" whichever file it misses: the program, the interpreter that it names, or
//! a file that every process is given. So this looks which of them is missing.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

use super::launch::LAUNCHER;
use crate::escape;

/// The stdin of every process.
const EMPTY: &str = "/dev/null";

/// The system reads at most this many bytes of a first line.
const FIRST_LINE: u64 = 256;

/// Why a program could not be started.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unstarted {
    pub(super) why: String,
    /// Whether another attempt would not start it either.
    pub(super) is_final: bool,
}

impl Unstarted {
    /// Why the program at `path` cannot be started, which may have so many bytes of `memory`.
    pub(super) fn of(error: &io::Error, path: &Path, memory: Option<u64>) -> Self {
        let launcher = memory.map(|_| (LAUNCHER, "--memory-limit needs"));
        let needed = [(EMPTY, "is the stdin of every program")].into_iter().chain(launcher);
        match Errno::from_io_error(error) {
            Some(Errno::NOENT) => Self::missing(error, path, needed),
            Some(Errno::NOEXEC) => Self::finally(
                "it is neither a program nor a script whose first line names an interpreter (`#!/bin/sh`); \
                    add that line, or use --shell",
            ),
            Some(Errno::TOOBIG) => {
                Self::finally("its arguments are together longer than the system allows; give a smaller --chunk-size")
            }
            Some(Errno::PERM) => match memory.zip(getrlimit(Resource::Data).maximum) {
                Some((memory, most)) if memory > most => Self::finally(above(memory, most)),
                _ => Self::perhaps(error.to_string()),
            },
            _ => Self::perhaps(error.to_string()),
        }
    }

    /// A file is missing: the program, one of those that are `needed` and for what, or one that the program names.
    fn missing(error: &io::Error, path: &Path, mut needed: impl Iterator<Item = (&'static str, &'static str)>) -> Self {
        if !path.exists() {
            return Self::finally("it does not exist any more");
        }
        if let Some((file, purpose)) = needed.find(|(file, _)| !Path::new(file).exists()) {
            return Self::perhaps(format!("there is no {file}, which {purpose}"));
        }
        match interpreter(path) {
            Some(interpreter) if !interpreter.exists() => {
                let shown = escape::path(&interpreter);
                Self::finally(format!("the interpreter that its first line names, {shown}, does not exist"))
            }
            _ => Self::perhaps(format!("{error}: perhaps the loader or an interpreter that it needs does not exist")),
        }
    }

    fn finally(why: impl Into<String>) -> Self {
        Self { why: why.into(), is_final: true }
    }

    fn perhaps(why: String) -> Self {
        Self { why, is_final: false }
    }
}

/// The interpreter that the first line of a script names.
fn interpreter(script: &Path) -> Option<PathBuf> {
    let mut bytes = Vec::new();
    File::open(script).ok()?.take(FIRST_LINE).read_to_end(&mut bytes).ok()?;
    let line = bytes.strip_prefix(b"#!")?.split(|&byte| byte == b'\n').next()?;
    let name = line.trim_ascii().split(u8::is_ascii_whitespace).next()?;
    Some(PathBuf::from(String::from_utf8_lossy(name).into_owned()))
}

fn above(memory: u64, most: u64) -> String {
    format!(
        "--memory-limit {} KiB is more than the hard limit of this process, {} KiB (`ulimit -Hd`): give a smaller one",
        memory >> 10,
        most >> 10
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn missing(path: &Path, needed: &[(&'static str, &'static str)]) -> Unstarted {
        Unstarted::missing(&Errno::NOENT.into(), path, needed.iter().copied())
    }

    #[test]
    fn the_file_that_is_missing_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("script");
        fs::write(&script, "#! /no/such/interpreter -x\n").unwrap();
        assert_eq!(
            missing(&script, &[]),
            Unstarted::finally("the interpreter that its first line names, /no/such/interpreter, does not exist")
        );
        let null = ("/no/such/null", "is the stdin of every program");
        assert_eq!(
            missing(&script, &[("/dev/null", ""), null]),
            Unstarted::perhaps("there is no /no/such/null, which is the stdin of every program".to_string())
        );
        fs::write(&script, "#!/bin/sh\n").unwrap();
        let unknown = missing(&script, &[]);
        assert!(unknown.why.contains("perhaps the loader or an interpreter") && !unknown.is_final, "{unknown:?}");
        fs::remove_file(&script).unwrap();
        assert_eq!(missing(&script, &[null]), Unstarted::finally("it does not exist any more"));
    }

    #[test]
    fn a_limit_above_the_hard_one_says_so() {
        insta::assert_snapshot!(
            above(100 << 20, 50_000 << 10),
            @"--memory-limit 102400 KiB is more than the hard limit of this process, 50000 KiB (`ulimit -Hd`): give a smaller one"
        );
    }
}
