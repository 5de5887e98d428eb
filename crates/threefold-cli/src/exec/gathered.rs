//! `Gathered`: what has become of the outputs so far, in chunk order.

use std::io::{self, ErrorKind, Write};

use super::decimal::Decimal;
use super::program::Keep;
use super::task::{Answer, Value};
use crate::computation::Wanted;
use crate::exec_options::Reduce;
use crate::progress;

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
    /// They become one text.
    Text(Vec<u8>),
    /// They become a text that other bytes do not have.
    Compared(Vec<u8>),
    Sum(Decimal),
    /// The smallest or the largest, once there is one.
    Extreme(Reduce, Option<Decimal>),
    Count(u64),
}

/// Why stdout takes no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    /// Its reader has closed it, which is not an error.
    Left,
    Unwritable(String),
}

impl Gathered {
    /// Before the first output.
    pub(super) fn new(reduce: Reduce, wanted: Wanted) -> Self {
        match reduce {
            Reduce::Concat => match wanted {
                Wanted::AtOnce => Self::PassedOn(None),
                Wanted::AsText => Self::Text(Vec::new()),
                Wanted::ToCompare => Self::Compared(Vec::new()),
            },
            Reduce::Sum => Self::Sum(Decimal::default()),
            Reduce::Min | Reduce::Max => Self::Extreme(reduce, None),
            Reduce::Count => Self::Count(0),
        }
    }

    /// With the output of the next chunk.
    pub(super) fn with(self, Answer { value, .. }: Answer) -> Self {
        match (self, value) {
            (Self::PassedOn(None), Value::Bytes(bytes)) => Self::PassedOn(pass_on(&bytes.0)),
            (Self::Text(mut all), Value::Bytes(bytes)) => {
                all.extend_from_slice(&bytes.0);
                Self::Text(all)
            }
            (Self::Compared(mut all), Value::Bytes(bytes)) => {
                all.extend_from_slice(&bytes.0);
                Self::Compared(all)
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
            Self::Text(all) => String::from_utf8(all).map_err(|error| {
                let at = error.utf8_error().valid_up_to();
                format!(
                    "the output is not valid UTF-8 at byte {at} ({:#04x}), and JSON can hold only UTF-8: \
                     use --format plain, or let the programs write UTF-8",
                    error.as_bytes()[at]
                )
            }),
            Self::Compared(all) => Ok(distinct(&all)),
            Self::Sum(sum) => Ok(sum.to_string()),
            Self::Extreme(_, Some(best)) => Ok(best.to_string()),
            Self::Extreme(_, None) => Err("there is no number".to_string()),
            Self::Count(count) => Ok(count.to_string()),
        }
    }

    /// The value of some of the chunks as text, if it can be shown.
    pub(super) fn into_partial(self) -> Option<String> {
        match self {
            Self::PassedOn(_) | Self::Text(_) | Self::Compared(_) => None,
            other => other.into_text().ok(),
        }
    }
}

/// A text for people that only these bytes have: bytes that are no text become `\xff`, and a backslash becomes two.
fn distinct(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for piece in bytes.utf8_chunks() {
        text.push_str(&piece.valid().replace('\\', r"\\"));
        piece.invalid().iter().for_each(|byte| text.push_str(&format!(r"\x{byte:02x}")));
    }
    text
}

/// Writes `bytes` to stdout, at once: whoever reads it may wait for them. Why no more can be written, if that is so.
fn pass_on(bytes: &[u8]) -> Option<Closed> {
    let written = progress::aside(|| {
        let mut out = io::stdout().lock();
        out.write_all(bytes).and_then(|()| out.flush())
    });
    match written {
        Ok(()) => None,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Some(Closed::Left),
        Err(error) => Some(Closed::Unwritable(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::distinct;

    proptest! {
        #[test]
        fn different_bytes_have_different_texts(
            one in prop::collection::vec(prop_oneof![Just(b'\\'), Just(b'x'), Just(b'f'), Just(0xff), Just(0xc3)], 0..6),
            other in prop::collection::vec(prop_oneof![Just(b'\\'), Just(b'x'), Just(b'f'), Just(0xff), Just(0xc3)], 0..6),
        ) {
            prop_assert_eq!(one == other, distinct(&one) == distinct(&other));
        }
    }
}
