//! What must hold for the frames that are read from a worker, whatever the bytes are. It is compiled for tests and for
//! the fuzzer only.
//!
//! The program in `fuzz/` calls [`frames`] with random bytes. The inputs that are worth keeping are in `fuzz/corpus/`,
//! and every `cargo test` replays them. The bytes of values are fuzzed in `threefold-codec`.

pub use super::wire::fuzzing::frames;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    #[test]
    fn the_corpus_of_frames_holds() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/frames");
        let mut files: Vec<_> = fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(!files.is_empty());
        for file in files {
            // The output is shown if the test fails; the last file is the one that failed.
            println!("{}", file.display());
            super::frames(&fs::read(file).unwrap());
        }
    }
}
