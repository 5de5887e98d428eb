//! What must hold for the bytes of a journal, whatever they are. It is compiled for tests and for the fuzzer only.
//!
//! The program in `fuzz/` calls [`Journal::fuzz`] with random bytes. The inputs that are worth keeping are in `fuzz/corpus/`,
//! and every `cargo test` replays them.

use std::collections::BTreeMap;
use std::io;

use super::format::{Head, Kind, PREAMBLE, checksum, preamble, tail};
use super::header::Header;
use super::scan::{Bytes, Scan, output, scan, scan_on};
use super::{Job, Journal, fingerprint::Fingerprint};

impl Bytes for &[u8] {
    fn length(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }

    fn read_exact_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        let from = self.get(at as usize..).and_then(|from| from.get(..bytes.len()));
        bytes.copy_from_slice(from.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

/// Bytes of which none before the `first` may be read.
struct From<'a> {
    bytes: &'a [u8],
    first: u64,
}

impl Bytes for From<'_> {
    fn length(&self) -> io::Result<u64> {
        self.bytes.length()
    }

    fn read_exact_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        assert!(at >= self.first, "byte {at} is read, and was known");
        self.bytes.read_exact_at(bytes, at)
    }
}

/// The outputs of each fold, by chunk.
type Folds = Vec<BTreeMap<u64, Vec<u8>>>;

/// How many chunks the folds have that are made here.
const CHUNKS: u64 = 40;

impl Journal {
    /// Takes `data` as a file, as what follows a preamble, and as a list of outputs, of which a journal is made. That journal
    /// is read whole, cut short and with a changed byte: random bytes hardly ever have a right checksum.
    #[doc(hidden)]
    pub fn fuzz(data: &[u8]) {
        read(data);
        read(&[&preamble(), data].concat());
        let (file, states) = made(data);
        assert_eq!(read(&file).expect("it is a journal"), states.last().expect("one is empty").1);
        let place = (Fingerprint::of(data) % file.len() as u64) as usize;
        let before = states.iter().rev().find(|(length, _)| *length <= place);
        let expected = before.map_or_else(Folds::new, |(_, folds)| folds.clone());
        assert_eq!(read(&file[..place]).expect("its tail is torn"), expected, "cut at byte {place}");
        // A journal that is read on is the same as one that is read whole.
        let known = scan(&&file[..place]).expect("its tail is torn");
        let on = scan_on(&From { bytes: &file, first: known.end }, known).expect("it is a journal");
        assert_eq!(outputs(&file, &on), states.last().expect("one is empty").1, "read on from byte {place}");
        assert_eq!((on.end, on.is_torn), (file.len() as u64, false));
        for bit in 0..8 {
            let mut changed = file.clone();
            changed[place] ^= 1 << bit;
            assert!(read(&changed).is_none(), "bit {bit} of byte {place} is not noticed");
        }
        // Zeros are what a machine leaves that has lost its power.
        let zeros = [&file[..place], &vec![0; file.len() - place]].concat();
        assert_eq!(read(&zeros), Some(expected).filter(|_| place >= PREAMBLE), "zeros from byte {place} on");
    }
}

/// A journal that is made of `data`, and what it records after each frame, with its length.
fn made(data: &[u8]) -> (Vec<u8>, Vec<(usize, Folds)>) {
    let mut file = preamble().to_vec();
    let mut states = vec![(file.len(), Folds::new())];
    let mut roots = Vec::new();
    let (mut rest, mut last) = (data, None);
    while let Some((&first, more)) = rest.split_first() {
        let mut folds = states.last().expect("one is empty").1.clone();
        let number = usize::from(first >> 6).min(folds.len());
        if last != Some(number) {
            let text = format!("fold {number}");
            let job = Job { task: &text, captures: &[], source: "", source_print: 0, chunks: CHUNKS, output: "" };
            let frame = Header::of(&job).frame(number as u64);
            file.extend(&frame.bytes);
            if number == folds.len() {
                folds.push(BTreeMap::new());
                roots.push(frame.root);
            }
            last = Some(number);
            states.push((file.len(), folds.clone()));
        }
        let chunk = u64::from(first & 63) % CHUNKS;
        let (body, more) = more.split_at(more.len().min(usize::from(first) % 11));
        rest = more;
        if !folds[number].contains_key(&chunk) {
            let head = Head::new(Kind::Output, chunk, body.len() as u64, roots[number]);
            file.extend([&head.bytes(), body, &tail(checksum(head.checksum, body))].concat());
            folds[number].insert(chunk, body.to_vec());
            states.push((file.len(), folds));
        }
    }
    (file, states)
}

/// What `file` records, if it is a journal. The whole frames of a journal are a journal that records the same.
fn read(file: &[u8]) -> Option<Folds> {
    let found = scan(&file).ok()?;
    let folds = outputs(file, &found);
    let end = usize::try_from(found.end).expect("it is in memory");
    assert_eq!(found.is_torn, end < file.len());
    let again = scan(&&file[..end]).expect("it was a journal");
    assert_eq!((again.end, again.is_torn, again.last), (found.end, false, found.last));
    assert_eq!(outputs(&file[..end], &again), folds);
    Some(folds)
}

fn outputs(file: &[u8], found: &Scan) -> Folds {
    let folds = found.folds.iter().zip(0..).map(|(fold, number)| {
        let root = fold.header.frame(number).root;
        let chunks = fold.index.ranges().iter().cloned().flatten();
        let outputs = chunks.map(|chunk| {
            let at = fold.index.offset(chunk).expect("it is recorded");
            assert!(chunk < fold.header.chunks);
            (chunk, output(&file, at, found.end, chunk, root).expect("it was whole"))
        });
        let outputs: BTreeMap<_, _> = outputs.collect();
        assert_eq!(outputs.len() as u64, fold.index.len());
        outputs
    });
    folds.collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use proptest::prelude::*;

    #[test]
    fn the_corpus_of_journals_holds() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/journal");
        let mut files: Vec<_> = fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(!files.is_empty());
        for file in files {
            // The output is shown if the test fails; the last file is the one that failed.
            println!("{}", file.display());
            super::Journal::fuzz(&fs::read(file).unwrap());
        }
    }

    proptest! {
        #[test]
        fn every_random_input_holds(data in prop::collection::vec(any::<u8>(), 0..200)) {
            super::Journal::fuzz(&data);
        }
    }
}
