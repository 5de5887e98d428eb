//! Feeds `threefold::fuzzing::frames`, which says what must hold.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| threefold::fuzzing::frames(data));
