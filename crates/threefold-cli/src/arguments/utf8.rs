//! Which argument must be UTF-8 and is not. The parser does not say it, and a path need not be.

use std::ffi::OsString;

use clap::CommandFactory;
use clap::error::ErrorKind;

use super::Arguments;

/// Says which of these arguments must be UTF-8 and is not: it is refused even if all others are.
pub(super) fn refusal(arguments: &[OsString]) -> String {
    let is_refused = |index: usize| {
        let others = arguments.iter().enumerate().map(|(other, argument)| match other == index {
            true => argument.clone(),
            false => argument.to_string_lossy().into_owned().into(),
        });
        let parsed = Arguments::command().try_get_matches_from(others);
        parsed.is_err_and(|error| error.kind() == ErrorKind::InvalidUtf8)
    };
    let refused = (0..arguments.len()).find(|&index| arguments[index].to_str().is_none() && is_refused(index));
    match refused {
        Some(index) => format!("argument {index}, {:?}, is not UTF-8", arguments[index]),
        None => "an argument is not UTF-8".to_string(),
    }
}
