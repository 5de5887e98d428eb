//! The values of options: whole numbers, seconds, sizes and paths.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser};

use super::negative::unmark;

/// A whole number from `MIN` to `MAX`, with underscores between its digits where they help to read it.
pub(super) fn whole<N: TryFrom<u64>, const MIN: u64, const MAX: u64>(text: &str) -> Result<N, String> {
    let number = text.replace('_', "").parse().ok().filter(|number| (MIN..=MAX).contains(number));
    let number = number.and_then(|number| N::try_from(number).ok());
    number.ok_or_else(|| match MAX {
        u64::MAX => format!("a whole number from {MIN} to 2^64 - 1 is needed"),
        _ => format!("a whole number from {MIN} to {MAX} is needed"),
    })
}

/// A whole number of at least 1 that fits `usize`.
pub(super) fn positive(text: &str) -> Result<usize, String> {
    whole::<usize, 1, { usize::MAX as u64 }>(text)
}

/// The library's largest number of workers.
const MOST_WORKERS: u64 = 4096;

/// A number of workers.
pub(super) fn workers(text: &str) -> Result<usize, String> {
    // More are refused by the library, as all that a model cannot do: then the JSON says so.
    positive(text).map_err(|_| format!("a whole number from 1 to {MOST_WORKERS} is needed"))
}

/// A whole number of at least 0 that fits `u32`.
pub(super) fn count(text: &str) -> Result<u32, String> {
    whole::<u32, 0, { u32::MAX as u64 }>(text)
}

/// Seconds, with a decimal point where they are not whole.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds
        .filter(|seconds| !seconds.is_zero())
        .ok_or_else(|| "a number of seconds above 0 is needed, for example 2 or 0.5".to_string())
}

/// A size of at least `MIN` bytes: a number of bytes, or a number with one of the units that are powers of 1024.
pub(super) fn size<const MIN: u64>(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u32); 9] =
        [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40), ("K", 10), ("M", 20), ("G", 30), ("T", 40), ("B", 0)];
    let unit = UNITS.into_iter().find_map(|(unit, power)| Some((text.strip_suffix(unit)?, power)));
    let (number, power) = unit.unwrap_or((text, 0));
    let number: u64 = whole::<u64, 1, { u64::MAX }>(number.trim())
        .map_err(|_| "a size is needed, for example 512MiB or 2GiB".to_string())?;
    match number.checked_mul(1 << power) {
        Some(size) if size < MIN => {
            Err(format!("a size of at least {}MiB is needed, for example 512MiB", MIN.div_ceil(1 << 20)))
        }
        Some(size) => Ok(size),
        None => Err("the size does not fit in 64 bits".to_string()),
    }
}

/// A path, exactly as it was typed.
pub(super) fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().try_map(|path| match path.to_str().map(unmark) {
        Some(text) if text.is_empty() => Err("a path is needed"),
        Some(text) => Ok(PathBuf::from(text)),
        None => Ok(PathBuf::from(path)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_of_1024() {
        let sizes = ["1", "4096B", "512MiB", "2G", "1_000 KiB"].map(|text| size::<1>(text).unwrap());
        assert_eq!(sizes, [1, 4096, 512 << 20, 2 << 30, 1_024_000]);
        for wrong in ["", "MiB", "0", "-1", "1.5GiB", "1MB", "99999999999TiB"] {
            assert!(size::<1>(wrong).is_err(), "{wrong}");
        }
        assert_eq!(size::<0x10_0000>("1M"), Ok(1 << 20));
        assert!(size::<0x10_0000>("1023K").unwrap_err().contains("at least 1MiB"));
    }

    #[test]
    fn seconds_may_have_a_fraction() {
        assert_eq!(seconds("0.25"), Ok(Duration::from_millis(250)));
        for wrong in ["", "0", "-1", "inf", "NaN", "1s", "1e30"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_number_out_of_range_is_answered_with_the_range() {
        assert_eq!(count("4_294_967_295"), Ok(u32::MAX));
        for wrong in ["", "-1", "1.5", "4294967296", "99999999999", "99999999999999999999999"] {
            assert_eq!(count(wrong), Err("a whole number from 0 to 4294967295 is needed".to_string()), "{wrong}");
        }
        assert!(positive("0").is_err());
    }
}
