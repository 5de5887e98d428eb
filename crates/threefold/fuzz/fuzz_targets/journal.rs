//! Calls `threefold::Journal::fuzz` with random bytes. Its module says what must hold.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| threefold::Journal::fuzz(data));
