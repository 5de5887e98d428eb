//! Calls `threefold::journal_fuzzing::journal` with random bytes. Its module says what must hold.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| threefold::journal_fuzzing::journal(data));
