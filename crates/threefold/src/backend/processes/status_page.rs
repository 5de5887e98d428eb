//! `StatusPage`: what a worker process is doing right now, in memory that its parent can read after the worker's death.
//!
//! Before a chunk starts the worker notes here which chunk that is, at which attempt, and when; afterwards that it is
//! done. Chunks are counted over the worker's life, so that its parent can tell which of those that it sent were done,
//! which one was running, and which were not started. The parent notes up to which chunk anything may still start. It
//! lowers this limit for one worker alone to recall chunks from it. A note costs a few stores.
//!
//! The page also has a copy of the answers that the worker holds back (see `remote/wire/held.rs`). The worker notes a
//! chunk as done after its answer lies here. So the answer of every finished chunk was sent or is here. If the worker
//! dies between the two notes, the page has the answer of one more chunk: that chunk was done, too.
//!
//! | words | written by | what |
//! |---|---|---|
//! | 0 | parent | one past the last chunk that may start |
//! | 1 to 5 | worker | the chunk that was started last: its serial number, that of the last that is done, since when, which, at which attempt |
//! | 6 | worker | what it does outside of chunks |
//! | 7, 8 | worker | how many bytes were sent before the copy; how many bytes are in the copy, with their checksum |
//! | 9 | parent | the core that the worker should move to |
//! | 10 to the end | worker | the copy |
//!
//! Each word is written by one side only, except word 9, which the parent writes and the worker clears. No word is
//! trusted: a task runs in a process that has this memory, so it may write anything here. An impossible number is taken
//! as the worst that it could mean, and the copy is read as if it had come through the channel. The last frame of the
//! copy may be open, and then it has no checksum of its own. So the copy has one. The checksum is in one word with the
//! length, so both belong to the same moment, wherever the worker dies.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::backend::processes::shared_memory::SharedWords;
use crate::remote::serve::Aside;
use crate::remote::wire::{Held, Running};

/// The number of words before the copy.
const NOTES: usize = 10;

const WORD: usize = size_of::<u64>();

/// The room for the copy, in bytes. The worker sends its answers before they need more.
pub(crate) const HELD_BYTES: usize = 64 << 10;

const WORDS: usize = NOTES + HELD_BYTES / WORD;

/// The half of a word that holds the length. The other half holds the checksum.
const LENGTH: u64 = u32::MAX as u64;

/// How much of the answers lies on the page. Only the worker has this value.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Copied {
    length: usize,
    /// The checksum of the whole words.
    sum: u64,
}

impl Copied {
    /// The bytes from `start` on have changed, so they must be copied again.
    pub(crate) fn cut(&mut self, bytes: &[u8], start: usize) {
        if start < self.length {
            *self = Self { length: start, sum: bytes[..start].chunks_exact(WORD).map(word_of).fold(0, add) };
        }
    }
}

/// The checksum, extended by one word. A change of any single word certainly changes the sum, and almost always its
/// upper half. Two words take a nanosecond, which is a tenth of the time of their CRC-32.
fn add(sum: u64, word: u64) -> u64 {
    (sum.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95)
}

/// At most eight bytes as a word, padded with zeros.
fn word_of(bytes: &[u8]) -> u64 {
    let mut word = [0; WORD];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

/// A length and the checksum of that many bytes, in one word.
fn seal(length: usize, sum: u64) -> u64 {
    // The checksum covers the length too, since a longer copy may end in zeros.
    add(sum, length as u64) & !LENGTH | length as u64
}

/// One worker's status page, as the parent or the worker sees it.
#[derive(Debug)]
pub(crate) struct StatusPage(SharedWords);

impl StatusPage {
    /// A new page, and the descriptor to send to the worker.
    pub(crate) fn create() -> io::Result<(Self, OwnedFd)> {
        let (words, descriptor) = SharedWords::create(WORDS)?;
        Ok((Self(words), descriptor))
    }

    /// The page that a parent sent.
    pub(crate) fn open(descriptor: impl AsFd) -> io::Result<Self> {
        SharedWords::open(descriptor, WORDS).map(Self)
    }

    /// One past the last chunk that may start: set by the parent.
    fn limit_word(&self) -> &AtomicU64 {
        &self.0.words()[0]
    }

    /// The serial number of the last chunk that was started.
    fn started(&self) -> &AtomicU64 {
        &self.0.words()[1]
    }

    /// The serial number of the last chunk that is done.
    fn done(&self) -> &AtomicU64 {
        &self.0.words()[2]
    }

    /// When the last chunk was started.
    fn since(&self) -> &AtomicU64 {
        &self.0.words()[3]
    }

    /// The chunk that was started last.
    fn chunk(&self) -> &AtomicU64 {
        &self.0.words()[4]
    }

    /// Which attempt at it that was.
    fn attempt(&self) -> &AtomicU64 {
        &self.0.words()[5]
    }

    /// What the worker does outside of chunks.
    fn aside_word(&self) -> &AtomicU64 {
        &self.0.words()[6]
    }

    /// How many bytes the worker had sent before the bytes that it holds back.
    fn before(&self) -> &AtomicU64 {
        &self.0.words()[7]
    }

    /// The number of bytes that the worker holds back, in the lower half, and their checksum, in the upper half.
    fn held_length(&self) -> &AtomicU64 {
        &self.0.words()[8]
    }

    /// One more than the number of the core that the worker should move to; 0 for none.
    fn core(&self) -> &AtomicU64 {
        &self.0.words()[9]
    }

    fn held_words(&self) -> &[AtomicU64] {
        &self.0.words()[NOTES..]
    }

    /// The worker: it holds back `bytes`, of which `copied` lies here already. The bytes must fit.
    pub(crate) fn hold(&self, bytes: &[u8], copied: &mut Copied) {
        let first = copied.length / WORD;
        let words = bytes[first * WORD..].chunks(WORD);
        let whole = bytes[first * WORD..].chunks_exact(WORD);
        copied.length = bytes.len();
        copied.sum = whole.clone().map(word_of).fold(copied.sum, add);
        let sum = if whole.remainder().is_empty() { copied.sum } else { add(copied.sum, word_of(whole.remainder())) };
        // In reverse order: if a frame was closed, its head is what has changed, and the checksum should be written
        // directly after the head.
        for (place, word) in self.held_words()[first..].iter().zip(words).rev() {
            place.store(word_of(word), Ordering::Relaxed);
        }
        // Release: a reader of this length also sees the bytes.
        self.held_length().store(seal(bytes.len(), sum), Ordering::Release);
    }

    /// The worker: it holds nothing back, and has sent this many bytes in its life.
    pub(crate) fn sent(&self, before: u64) {
        // This order matters: the copy of an earlier moment must never be combined with the new `before`. Release keeps
        // the order.
        self.held_length().store(0, Ordering::Relaxed);
        self.before().store(before, Ordering::Release);
    }

    /// The parent: the bytes that the dead worker held back. No bytes if the checksum does not match what the worker
    /// had written.
    pub(crate) fn held(&self) -> Held {
        let sealed = self.held_length().load(Ordering::Acquire);
        // A task may have written anything there.
        let length = ((sealed & LENGTH) as usize).min(HELD_BYTES);
        let words = self.held_words()[..length.div_ceil(WORD)].iter();
        let mut bytes: Vec<u8> = words.flat_map(|word| word.load(Ordering::Relaxed).to_le_bytes()).collect();
        bytes.truncate(length);
        if sealed != seal(length, bytes.chunks(WORD).map(word_of).fold(0, add)) {
            bytes.clear();
        }
        Held { before: self.before().load(Ordering::Acquire), bytes }
    }

    /// The parent: nothing from `chunk` on may start.
    pub(crate) fn set_limit(&self, chunk: u64) {
        // Relaxed: advice, like the limit of the claims; it stands by itself.
        self.limit_word().store(chunk, Ordering::Relaxed);
    }

    /// The parent: the worker should move to that core.
    pub(crate) fn tell_core(&self, core: usize) {
        // Relaxed: the next message and its system calls order this store before the worker's read.
        self.core().store(core as u64 + 1, Ordering::Relaxed);
    }

    /// The worker: the core that it should move to. Returns it once.
    pub(crate) fn take_core(&self) -> Option<usize> {
        if self.core().load(Ordering::Relaxed) == 0 {
            return None;
        }
        usize::try_from(self.core().swap(0, Ordering::Relaxed)).ok()?.checked_sub(1)
    }

    /// The worker: one past the last chunk that may start.
    pub(crate) fn limit(&self) -> u64 {
        self.limit_word().load(Ordering::Relaxed)
    }

    /// The worker: this chunk starts now.
    pub(crate) fn note_start(&self, running: Running) {
        self.since().store(running.since, Ordering::Relaxed);
        self.chunk().store(running.chunk, Ordering::Relaxed);
        self.attempt().store(running.attempt.into(), Ordering::Relaxed);
        // Release: who reads this number reads what belongs to it, or to a later chunk.
        self.started().store(running.serial, Ordering::Release);
    }

    /// The worker: chunk `serial` is done.
    pub(crate) fn note_done(&self, serial: u64) {
        // Release: as above.
        self.done().store(serial, Ordering::Release);
    }

    /// The worker: it does this from now on.
    pub(crate) fn note_aside(&self, aside: Aside) {
        self.aside_word().store(aside as u64, Ordering::Relaxed);
    }

    /// The parent: what the worker does outside of chunks.
    pub(crate) fn aside(&self) -> Aside {
        [Aside::Nothing, Aside::Makes, Aside::Drops]
            .into_iter()
            .find(|&aside| aside as u64 == self.aside_word().load(Ordering::Relaxed))
            .unwrap_or(Aside::Nothing)
    }

    /// The parent: the serial number of the last chunk that is done.
    pub(crate) fn last_done(&self) -> u64 {
        self.done().load(Ordering::Acquire)
    }

    /// The parent: the chunk that is running.
    pub(crate) fn running(&self) -> Option<Running> {
        // Acquire: pairs with the stores above. After the worker's death nothing changes any more. While the worker
        // lives, it may start the next chunk between two of these loads. Then `chunk`, `attempt` and `since` belong to
        // a later chunk than `serial`. That is harmless: they are never those of an earlier chunk.
        let done = self.last_done();
        let serial = self.started().load(Ordering::Acquire);
        (serial > done).then(|| Running {
            serial,
            chunk: self.chunk().load(Ordering::Acquire),
            // A value that does not fit in a u32 was written by a task. It becomes attempt 0, which no attempt has, so
            // the chunk that it names is not among those that were sent: see `Progress`.
            attempt: u32::try_from(self.attempt().load(Ordering::Acquire)).unwrap_or(0),
            since: self.since().load(Ordering::Acquire),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_back_is_read_as_it_was_written() {
        let (ours, descriptor) = StatusPage::create().unwrap();
        let theirs = StatusPage::open(&descriptor).unwrap();
        let mut bytes: Vec<u8> = (0..HELD_BYTES).map(|byte| byte as u8).collect();
        theirs.sent(7);
        let mut copied = Copied::default();
        for length in (0..40).chain([1000, HELD_BYTES - 3, HELD_BYTES]) {
            theirs.hold(&bytes[..length], &mut copied);
            assert_eq!(ours.held(), Held { before: 7, bytes: bytes[..length].to_vec() });
        }
        for cut in [HELD_BYTES, 1001, 1000, 3] {
            bytes[cut..].iter_mut().for_each(|byte| *byte ^= 1);
            copied.cut(&bytes, cut);
            theirs.hold(&bytes, &mut copied);
            assert_eq!(ours.held(), Held { before: 7, bytes: bytes.clone() });
        }
        theirs.sent(9);
        assert_eq!(ours.held(), Held { before: 9, bytes: Vec::new() });
    }

    #[test]
    fn what_was_changed_after_it_was_written_is_not_taken() {
        let (page, _descriptor) = StatusPage::create().unwrap();
        let bytes: Vec<u8> = (0..60).collect();
        page.hold(&bytes, &mut Copied::default());
        for word in (8..=8).chain(NOTES..NOTES + bytes.len().div_ceil(WORD)) {
            for bit in 0..64 {
                page.0.words()[word].fetch_xor(1 << bit, Ordering::Relaxed);
                let held = page.held().bytes;
                // The bytes behind the last one do not count.
                assert!(held.is_empty() || held == bytes, "word {word}, bit {bit}");
                assert!(held.is_empty() || word == NOTES + bytes.len() / WORD, "word {word}, bit {bit}");
                page.0.words()[word].fetch_xor(1 << bit, Ordering::Relaxed);
                assert_eq!(page.held().bytes, bytes);
            }
        }
        page.held_length().store(u64::MAX, Ordering::Relaxed);
        assert!(page.held().bytes.is_empty());
    }
}
