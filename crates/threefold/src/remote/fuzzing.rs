//! What holds for all that is read from a worker, whatever the bytes are: the entrances of the fuzzer.
//!
//! The programs in `fuzz/` feed them with bytes that they make up; what turned out to be worth keeping lies in
//! `fuzz/corpus/`, and is read here with every `cargo test`. Compiled for these two only.

pub use super::wire::fuzzing::frames;
pub use crate::codec::fuzzing::values;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// Feeds `target` with every file of its corpus.
    fn replay(name: &str, target: fn(&[u8])) {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
        let mut files: Vec<_> = fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(!files.is_empty());
        for file in files {
            // Shown when the test fails: the last is the one.
            println!("{}", file.display());
            target(&fs::read(file).unwrap());
        }
    }

    #[test]
    fn the_corpus_of_frames_holds() {
        replay("frames", super::frames);
    }

    #[test]
    fn the_corpus_of_values_holds() {
        replay("values", super::values);
    }
}
