//! The two lines of plain output.

use std::io;

use crate::{answer, every_name, threefold};

/// The total, after checking that it comes as it should.
pub(crate) fn total(arguments: &str) -> String {
    let answer = answer(arguments);
    assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""), "{arguments}");
    let (time, total) = answer.stdout.split_once('\n').expect("the time has its line");
    let seconds = time.strip_prefix("time: ").expect("the first line is the time");
    let (whole, decimals) = seconds.split_once('.').expect("seconds have decimals");
    assert!(whole.parse::<u64>().is_ok() && decimals.len() == 6 && decimals.parse::<u32>().is_ok(), "{seconds}");
    total.strip_suffix('\n').expect("the line of the total ends").to_string()
}

#[test]
fn the_bare_word_adds_up_the_first_million_on_every_model() {
    for name in every_name() {
        assert_eq!(total(name), "500000500000", "{name}");
    }
}

#[test]
fn overlaps_are_counted_as_often_as_they_are_named_on_every_model() {
    for name in every_name() {
        let ranges = "0..=250000 250000..=500000 500000..=750000 750000..=1000000";
        assert_eq!(total(&format!("{name} {ranges}")), "500002000000", "{name}");
    }
}

#[test]
fn every_cut_gives_the_same_total_on_every_model() {
    for name in every_name() {
        for cut in ["--chunks 1", "--chunks 7", "--chunks 100_000", "--chunk-size 999", "--chunk-size 5000000"] {
            assert_eq!(total(&format!("{name} 1..=100_000 {cut}")), "5000050000", "{name} {cut}");
        }
    }
}

#[test]
fn negative_ranges_are_read_on_every_model() {
    for name in every_name() {
        assert_eq!(total(&format!("{name} -5..5")), "-5");
        assert_eq!(total(&format!("{name} -5..=-1 -j 1 -3..0")), "-21");
        assert_eq!(total(&format!("{name} -- -5..5")), "-5");
    }
}

#[test]
fn empty_ranges_count_0_on_every_model() {
    for name in every_name() {
        assert_eq!(total(&format!("{name} 5..-5")), "0");
        assert_eq!(total(&format!("{name} 5..=-5 1..=3 7..7")), "6");
    }
}

#[test]
fn the_ends_of_64_bits_are_added_exactly_on_every_model() {
    for name in every_name() {
        assert_eq!(total(&format!("{name} 9223372036854775000..=9223372036854775807")), "7452484605778658526028");
        assert_eq!(total(&format!("{name} i64::MIN..-9223372036854775806")), "-18446744073709551615");
    }
}

#[test]
fn any_number_of_workers_gives_the_same_total() {
    for name in every_name().filter(|&name| name != "sequential") {
        for workers in ["-j 1", "-j3", "--workers 8"] {
            assert_eq!(total(&format!("{name} {workers}")), "500000500000", "{name} {workers}");
        }
    }
}

#[test]
fn a_reader_who_has_left_is_no_error_on_every_model() {
    for name in every_name() {
        for rest in ["", "--format json", "--help"] {
            let (reader, writer) = io::pipe().expect("there is a pipe");
            drop(reader);
            let mut program = threefold([name].into_iter().chain(rest.split_whitespace()));
            let child = program.stdout(writer).spawn().expect("the program starts");
            let output = child.wait_with_output().expect("the program ends");
            assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()), "{name} {rest}");
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_result_that_cannot_be_written_is_an_error() {
    let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has it");
    let output = threefold(["sequential"]).stdout(full).output().expect("the program starts");
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(String::from_utf8_lossy(&output.stderr));
}

#[test]
#[cfg(target_os = "linux")]
fn a_text_that_cannot_be_written_is_an_error() {
    for arguments in ["--help", "--version", "help", "man", "workloads", "completions bash"] {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has it");
        let output = threefold(arguments.split(' ')).stdout(full).output().expect("the program starts");
        assert_eq!(output.status.code(), Some(1), "{arguments}");
        let expected = "threefold: error: the text cannot be written: No space left on device (os error 28)\n";
        assert_eq!(String::from_utf8_lossy(&output.stderr), expected, "{arguments}");
    }
}
