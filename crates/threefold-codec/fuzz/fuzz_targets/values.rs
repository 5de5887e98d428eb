//! Calls `threefold_codec::fuzzing::values` with random bytes. Its module says what must hold.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| threefold_codec::fuzzing::values(data));
