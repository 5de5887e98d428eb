//! `Peer`: who another rank is, as it introduces itself.
//!
//! The introduction is cheap: it reads no large file. Two ranks that were started from one file, on one host or from a
//! shared file system, have the same numbers of it. Only ranks that differ are asked for a checksum of the whole file.
//! The features of the processor are compared by a checksum of the line in which the kernel lists them.

use std::fs;
use std::io;

use crate::backend::processes::build;
use crate::remote::wire::Build;

/// A rank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Peer {
    pub(super) host: String,
    pub(super) pid: u32,
    build: Build,
    /// A checksum of what the processor can do.
    processor: u64,
}

impl Peer {
    /// This process, on that host.
    pub(super) fn own(host: String) -> io::Result<Self> {
        let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let flags = text.lines().find(|line| line.starts_with("flags") || line.starts_with("Features"));
        let processor = crc32fast::hash(flags.unwrap_or_default().as_bytes()).into();
        Ok(Self { host, pid: std::process::id(), build: build::own()?, processor })
    }

    /// As bytes.
    pub(super) fn write(&self) -> Vec<u8> {
        let Self { host, pid, build: Build(words), processor } = self;
        let numbers = words.iter().copied().chain([u64::from(*pid), *processor]);
        let mut bytes: Vec<u8> = numbers.flat_map(|word| word.to_le_bytes()).collect();
        bytes.extend_from_slice(host.as_bytes());
        bytes
    }

    /// From bytes; `None` if they are no introduction.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (words, host) = bytes.split_at_checked(7 * 8)?;
        let mut words = words.chunks_exact(8).map(|word| u64::from_le_bytes(*word.first_chunk().unwrap_or(&[0; 8])));
        let mut next = || words.next().unwrap_or_default();
        let build = Build([next(), next(), next(), next(), next()]);
        let pid = u32::try_from(next()).ok()?;
        Some(Self { build, pid, processor: next(), host: String::from_utf8_lossy(host).into_owned() })
    }

    /// A checksum of the file that this process was started from.
    pub(super) fn checksum() -> io::Result<u64> {
        let file = fs::read("/proc/self/exe")?;
        Ok((file.len() as u64) << 32 | u64::from(crc32fast::hash(&file)))
    }

    /// Whether both were certainly started from one file. Two hosts number their file systems differently, so that the
    /// first word, the device, is not compared.
    pub(super) fn has_file_of(&self, other: &Self) -> bool {
        self.build.0[1..] == other.build.0[1..]
    }

    /// Whether both have processors with the same features.
    pub(super) fn has_processor_of(&self, other: &Self) -> bool {
        self.processor == other.processor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_introduction_is_read_as_it_was_written() {
        let peer = Peer { host: "node7".to_string(), pid: 4242, build: Build([1, 2, 3, 4, u64::MAX]), processor: 9 };
        assert_eq!(Peer::read(&peer.write()), Some(peer));
        assert_eq!(Peer::read(b"short"), None);
    }
}
