//! `Finished`: the chunks of a fold that its journal has, so that nobody runs them.
//!
//! They are ranges of chunk numbers. All chunks of the fold that are not among them are *open*. A run that was interrupted
//! leaves one long range and some short ones, since chunks are claimed in ascending order. So every question is answered
//! by a binary search in a short list, and only in a fold that has finished chunks.
//!
//! Whoever gives chunks to workers keeps one rule: the next chunk to give is always an open one, or one past the last chunk.
//! A block ends where the next finished range begins, and what follows it begins where that range ends. The rule makes all
//! other questions simple. For example, a fold is over when the next chunk has reached the limit, with finished chunks or
//! without them.
//!
//! # An example
//!
//! Of ten chunks, 0 to 3 and 6 are finished. The open ones are 4, 5, 7, 8 and 9.
//!
//! | step | block | next chunk |
//! |---|---|---|
//! | at the beginning | | 4 |
//! | a worker asks for eight chunks | 4 and 5 | 7 |
//! | a worker asks for one chunk | 7 | 8 |
//! | a worker asks for eight chunks | 8 and 9 | 10, so nothing is left |
//!
//! A block never has a finished chunk inside. So a worker runs all chunks of its block, and needs no list of its own. If
//! every other chunk is finished, each block has one chunk, which costs more messages. Interrupted runs do not leave such
//! sets.

use std::ops::Range;

/// Ranges of finished chunks.
#[derive(Debug)]
pub(crate) struct Finished(Vec<Part>);

/// Consecutive finished chunks, with an open chunk before them and behind them.
#[derive(Clone, Debug)]
struct Part {
    chunks: Range<u64>,
    /// How many finished chunks are below these.
    below: u64,
}

impl Finished {
    /// These chunks, in ascending order. `None` if there are none.
    pub(crate) fn new(ranges: &[Range<u64>]) -> Option<Self> {
        let mut parts: Vec<Part> = Vec::new();
        for range in ranges.iter().filter(|range| !range.is_empty()) {
            let below = parts.last().map_or(0, |last| last.below + (last.chunks.end - last.chunks.start));
            match parts.last_mut().filter(|last| last.chunks.end >= range.start) {
                Some(last) => last.chunks.end = range.end.max(last.chunks.end),
                None => parts.push(Part { chunks: range.clone(), below }),
            }
        }
        (!parts.is_empty()).then_some(Self(parts))
    }

    /// How many chunks are finished.
    pub(crate) fn count(&self) -> u64 {
        self.below(u64::MAX)
    }

    /// Whether `chunk` is finished.
    pub(crate) fn has(&self, chunk: u64) -> bool {
        self.at_or_before(chunk).is_some_and(|part| part.chunks.contains(&chunk))
    }

    /// The lowest open chunk from `chunk` on. It may be one past the last chunk of the fold.
    pub(crate) fn open_from(&self, chunk: u64) -> u64 {
        self.at_or_before(chunk).map_or(chunk, |part| part.chunks.end.max(chunk))
    }

    /// Where the open chunks end of which `chunk` is one: at the next finished chunk.
    pub(crate) fn open_until(&self, chunk: u64) -> u64 {
        let next = self.0.partition_point(|part| part.chunks.start <= chunk);
        self.0.get(next).map_or(u64::MAX, |part| part.chunks.start)
    }

    /// How many chunks below `chunk` are finished.
    pub(crate) fn below(&self, chunk: u64) -> u64 {
        let Some(part) = chunk.checked_sub(1).and_then(|last| self.at_or_before(last)) else { return 0 };
        part.below + (part.chunks.end.min(chunk) - part.chunks.start)
    }

    /// How many chunks are open from `start` to below `end`.
    pub(crate) fn open_between(&self, start: u64, end: u64) -> u64 {
        if start >= end { 0 } else { end - start - (self.below(end) - self.below(start)) }
    }

    /// The open chunk with `count` open ones below it.
    pub(crate) fn nth_open(&self, count: u64) -> u64 {
        // All parts whose first chunk has at most so many open ones below it lie below the chunk.
        let after = self.0.partition_point(|part| part.chunks.start - part.below <= count);
        after.checked_sub(1).map_or(count, |last| {
            let Part { chunks, below } = &self.0[last];
            count + below + (chunks.end - chunks.start)
        })
    }

    /// The finished chunk with `count` finished ones below it, if there is one.
    pub(crate) fn nth(&self, count: u64) -> Option<u64> {
        let after = self.0.partition_point(|part| part.below <= count);
        let Part { chunks, below } = self.0.get(after.checked_sub(1)?)?;
        Some(chunks.start + (count - below)).filter(|chunk| *chunk < chunks.end)
    }

    /// The last part that begins at `chunk` or before.
    fn at_or_before(&self, chunk: u64) -> Option<&Part> {
        let after = self.0.partition_point(|part| part.chunks.start <= chunk);
        self.0.get(after.checked_sub(1)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_question_is_answered_as_a_list_of_all_chunks_answers_it() {
        const CHUNKS: u64 = if cfg!(miri) { 4 } else { 9 };
        for bits in 1u64..1 << CHUNKS {
            let has = |chunk: u64| chunk < CHUNKS && bits >> chunk & 1 == 1;
            // Ranges of one chunk each: those that meet become one.
            let ranges: Vec<_> = (0..CHUNKS).filter(|&chunk| has(chunk)).map(|chunk| chunk..chunk + 1).collect();
            let it = Finished::new(&ranges).unwrap();
            let open: Vec<_> = (0..3 * CHUNKS).filter(|&chunk| !has(chunk)).collect();
            let finished: Vec<_> = (0..CHUNKS).filter(|&chunk| has(chunk)).collect();
            assert_eq!(it.count(), finished.len() as u64);
            for chunk in 0..CHUNKS + 3 {
                assert_eq!(it.has(chunk), has(chunk));
                assert_eq!(it.open_from(chunk), *open.iter().find(|&&other| other >= chunk).unwrap());
                assert_eq!(it.below(chunk), finished.iter().filter(|&&other| other < chunk).count() as u64);
                assert_eq!(it.nth_open(chunk), open[chunk as usize]);
                assert_eq!(it.nth(chunk), finished.get(chunk as usize).copied());
                if !has(chunk) {
                    let end = finished.iter().find(|&&other| other > chunk).copied().unwrap_or(u64::MAX);
                    assert_eq!(it.open_until(chunk), end);
                }
                for end in 0..CHUNKS + 3 {
                    let between = open.iter().filter(|&&other| chunk <= other && other < end).count() as u64;
                    assert_eq!(it.open_between(chunk, end), between);
                }
            }
        }
    }

    #[test]
    fn no_chunks_are_nothing() {
        assert!(Finished::new(&[]).is_none() && Finished::new(std::slice::from_ref(&(3..3))).is_none());
    }

    #[test]
    fn the_largest_numbers_overflow_nothing() {
        let it = Finished::new(&[0..1, 5..u64::MAX]).unwrap();
        assert_eq!((it.count(), it.nth_open(4), it.open_from(7)), (u64::MAX - 4, u64::MAX, u64::MAX));
    }
}
