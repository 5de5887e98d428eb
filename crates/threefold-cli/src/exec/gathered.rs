//! `Gathered`: what has become of the outputs so far, in chunk order.

use std::io::{self, ErrorKind, Write};

use super::decimal::Decimal;
use super::program::Keep;
use super::task::{Answer, Value};
use crate::exec_options::Reduce;

impl Reduce {
    pub(super) fn keep(self) -> Keep {
        match self {
            Self::Concat => Keep::Everything,
            Self::Sum | Self::Min | Self::Max => Keep::Number,
            Self::Count => Keep::Count,
        }
    }
}

/// The outputs so far.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Gathered {
    /// They were written to stdout, which is closed since this error, if there is one.
    PassedOn(Option<Closed>),
    Kept(Vec<u8>),
    Sum(Decimal),
    /// The smallest or the largest, once there is one.
    Extreme(Reduce, Option<Decimal>),
    Count(u64),
}

/// Why stdout takes no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    /// Its reader has left, which is no error.
    Left,
    Unwritable(String),
}

impl Gathered {
    /// Before the first output.
    pub(super) fn new(reduce: Reduce, passes_on: bool) -> Self {
        match reduce {
            Reduce::Concat if passes_on => Self::PassedOn(None),
            Reduce::Concat => Self::Kept(Vec::new()),
            Reduce::Sum => Self::Sum(Decimal::default()),
            Reduce::Min | Reduce::Max => Self::Extreme(reduce, None),
            Reduce::Count => Self::Count(0),
        }
    }

    /// With the output of the next chunk.
    pub(super) fn with(self, Answer { value, .. }: Answer) -> Self {
        match (self, value) {
            (Self::PassedOn(None), Value::Bytes(bytes)) => Self::PassedOn(pass_on(&bytes.0)),
            (Self::Kept(mut all), Value::Bytes(bytes)) => {
                all.extend_from_slice(&bytes.0);
                Self::Kept(all)
            }
            (Self::Sum(sum), Value::Number(number)) => Self::Sum(sum.plus(&number)),
            (Self::Extreme(reduce, best), Value::Number(number)) => {
                let best = match (best, reduce) {
                    (None, _) => number,
                    (Some(best), Reduce::Max) => best.max(number),
                    (Some(best), _) => best.min(number),
                };
                Self::Extreme(reduce, Some(best))
            }
            (Self::Count(count), Value::Count(lines)) => Self::Count(count + lines),
            // Nobody reads it any more.
            (gathered, _) => gathered,
        }
    }

    /// Whether no further output is wanted.
    pub(super) fn is_closed(&self) -> bool {
        matches!(self, Self::PassedOn(Some(_)))
    }

    /// The value as text; empty if it was passed on.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub(super) fn into_text(self) -> Result<String, String> {
        match self {
            Self::PassedOn(Some(Closed::Unwritable(error))) => Err(format!("the result cannot be written: {error}")),
            Self::PassedOn(_) => Ok(String::new()),
            Self::Kept(all) => Ok(match String::from_utf8(all) {
                Ok(text) => text,
                Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
            }),
            Self::Sum(sum) => Ok(sum.to_string()),
            Self::Extreme(_, Some(best)) => Ok(best.to_string()),
            Self::Extreme(reduce, None) => {
                let name = if reduce == Reduce::Max { "max" } else { "min" };
                Err(format!("--reduce {name} has no value, since there are no chunks"))
            }
            Self::Count(count) => Ok(count.to_string()),
        }
    }

    /// The value of some of the chunks as text, if it can be shown.
    pub(super) fn into_partial(self) -> Option<String> {
        match self {
            Self::PassedOn(_) | Self::Kept(_) => None,
            other => other.into_text().ok(),
        }
    }
}

/// Writes `bytes` to stdout, at once: whoever reads it may wait for them. Why no more can be written, if that is so.
fn pass_on(bytes: &[u8]) -> Option<Closed> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => None,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Some(Closed::Left),
        Err(error) => Some(Closed::Unwritable(error.to_string())),
    }
}
