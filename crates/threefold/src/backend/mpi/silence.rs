//! How long a rank may be silent before it is lost: an option of the executor, or a variable, or 10 s.

use std::env;
use std::time::Duration;

use crate::backend::options::Options;
use crate::error::{Error, Result};
use crate::model::Model;

/// The limit if neither the option nor the variable sets one.
const DEFAULT: Duration = Duration::from_secs(10);

/// The variable that sets the limit of executors that have no option, in seconds.
const VARIABLE: &str = "THREEFOLD_RANK_SILENCE";

/// The limit of an executor with these options.
pub(super) fn limit(options: &Options) -> Result<Duration> {
    match options.silence {
        Some(limit) => Ok(limit),
        None => of_text(env::var_os(VARIABLE).map(|text| text.to_string_lossy().into_owned()).as_deref()),
    }
}

/// The limit that the variable says.
fn of_text(text: Option<&str>) -> Result<Duration> {
    let Some(text) = text else { return Ok(DEFAULT) };
    let refuse = || {
        let reason = format!("{VARIABLE} must be a number of seconds above 0, not `{text}`");
        Err(Error::setup(Some(Model::Mpi), reason))
    };
    match text.trim().parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
        Some(limit) if !limit.is_zero() => Ok(limit),
        _ => refuse(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_is_a_number_of_seconds() {
        assert_eq!(of_text(None).unwrap(), DEFAULT);
        assert_eq!(of_text(Some("0.5")).unwrap(), Duration::from_millis(500));
        assert_eq!(of_text(Some("1e12")).unwrap(), Duration::from_secs(1_000_000_000_000));
        for text in ["", "0", "-1", "soon", "1e300", "NaN", "inf", "1e-12"] {
            assert!(of_text(Some(text)).unwrap_err().to_string().contains(&format!("not `{text}`")), "{text}");
        }
    }

    #[test]
    fn the_option_comes_before_the_variable() {
        let options = Options { silence: Some(Duration::from_secs(3)), ..Options::default() };
        assert_eq!(limit(&options).unwrap(), Duration::from_secs(3));
    }
}
