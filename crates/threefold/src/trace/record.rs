//! `Record`: what happened in a worker, as it is sent to the parent: an event, a span, or a line of the crate `log`.
//!
//! A worker writes one record after another, each after its length, into a list of bytes. So a record costs nothing
//! until somebody wants it, and the list is as long as its bytes.
//!
//! What is the same each time, a *site*, is sent once for each fold: the target, the level, the names of the fields.
//! Sites are numbered from 0 in the order in which they are sent. Spans have numbers too, which no other span of the
//! worker's life has.
//!
//! # An example
//!
//! A task makes an event, and then another one in a span. It does so in chunks 3 and 4, which are the first two that its
//! worker runs in this fold.
//!
//! | record | chunk 3 | chunk 4 |
//! |---|---|---|
//! | 1 | site 0: the first event | event of site 0 |
//! | 2 | event of site 0 | span 2 of site 1 begins |
//! | 3 | site 1: the span | span 2 is entered |
//! | 4 | span 1 of site 1 begins | event of site 2, within span 2 |
//! | 5 | span 1 is entered | span 2 is left |
//! | 6 | site 2: the second event | span 2 is closed |
//! | 7 | event of site 2, within span 1 | |
//! | 8 | span 1 is left | |
//! | 9 | span 1 is closed | |
//!
//! If the worker is replaced, the new one begins with site 0 again, and so does the parent.

use std::error::Error;
use std::fmt;

use serde::{Deserialize, Serialize};
use tracing::field::{Field, Visit};

/// The bytes of the length before each record.
const LENGTH: usize = 4;

/// Something that happened in a worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Record {
    /// The next site. It is sent before the first event or span of it.
    Site(Site),
    Event {
        site: u32,
        /// The span that it belongs to.
        parent: Option<u64>,
        fields: Fields,
    },
    /// A span begins.
    Span {
        number: u64,
        site: u32,
        parent: Option<u64>,
        fields: Fields,
    },
    /// Fields of a span that were not known at its beginning.
    Fields {
        span: u64,
        fields: Fields,
    },
    Follows {
        span: u64,
        from: u64,
    },
    Enter {
        span: u64,
    },
    Exit {
        span: u64,
    },
    Close {
        span: u64,
    },
    /// A record of the crate `log`, within this span.
    Line {
        parent: Option<u64>,
        line: Line,
    },
    /// So many records of the chunk are missing, since there were too many.
    Missing {
        count: u64,
    },
}

/// A place in the program that makes events or spans.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Site {
    pub(super) is_span: bool,
    /// See [`levels`](super::levels).
    pub(super) level: u8,
    pub(super) name: String,
    pub(super) target: String,
    pub(super) module: Option<String>,
    pub(super) file: Option<String>,
    pub(super) line: Option<u32>,
    /// The names of its fields.
    pub(super) fields: Vec<String>,
}

impl Site {
    /// The bytes of its texts.
    pub(super) fn text(&self) -> usize {
        let Self { name, target, module, file, fields, .. } = self;
        let optional = [module, file].into_iter().flatten();
        [name, target].into_iter().chain(optional).chain(fields).map(String::len).sum()
    }
}

/// A record of the crate `log`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) level: u8,
    pub(super) target: String,
    pub(super) module: Option<String>,
    pub(super) file: Option<String>,
    pub(super) line: Option<u32>,
    pub(super) message: String,
}

/// The values of some fields of a site, each with the place of its field.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Fields(pub(super) Vec<(u32, Value)>);

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Value {
    Float(f64),
    Signed(i64),
    Unsigned(u64),
    LongSigned(i128),
    LongUnsigned(u128),
    Bool(bool),
    Bytes(Vec<u8>),
    Text(String),
    /// As its `Debug` writes it.
    Debug(Written),
    Error(Failure),
}

/// What `Debug` wrote of a value.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Written(pub(super) String);

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text of an error and of its sources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Failure {
    text: String,
    source: Option<Box<Failure>>,
}

/// Errors have fewer sources than this, unless they are in a circle.
const MOST_SOURCES: usize = 32;

impl Failure {
    fn of(error: &(dyn Error + 'static), left: usize) -> Self {
        let source = error.source().filter(|_| left > 0).map(|source| Box::new(Self::of(source, left - 1)));
        Self { text: error.to_string(), source }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl Fields {
    fn add(&mut self, field: &Field, value: Value) {
        self.0.push((field.index() as u32, value));
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, Value::Float(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, Value::Signed(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, Value::Unsigned(value));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.add(field, Value::LongSigned(value));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.add(field, Value::LongUnsigned(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, Value::Bool(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, Value::Text(value.to_string()));
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        self.add(field, Value::Bytes(value.to_vec()));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.add(field, Value::Error(Failure::of(value, MOST_SOURCES)));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, Value::Debug(Written(format!("{value:?}"))));
    }
}

/// Appends `record` to the list. A record that is too long for its length is not appended.
pub(super) fn append(record: &Record, list: &mut Vec<u8>) -> bool {
    let start = list.len();
    list.extend([0; LENGTH]);
    let written = threefold_codec::encode(record, list).is_ok();
    match u32::try_from(list.len() - start - LENGTH) {
        Ok(length) if written => list[start..start + LENGTH].copy_from_slice(&length.to_le_bytes()),
        _ => list.truncate(start),
    }
    list.len() > start
}

/// The same, if the list then has at most so many bytes.
#[cfg(target_os = "linux")]
pub(super) fn append_within(record: &Record, list: &mut Vec<u8>, most: usize) -> bool {
    let start = list.len();
    // Nothing is written if even an empty record has no room: a chunk may tell millions.
    let fits = start + LENGTH < most && append(record, list) && list.len() <= most;
    if !fits {
        list.truncate(start);
    }
    fits
}

/// The records of a list. Bytes that are not a record give an error, and end the list.
pub(super) fn records(mut list: &[u8]) -> impl Iterator<Item = Result<Record, ()>> {
    std::iter::from_fn(move || {
        if list.is_empty() {
            return None;
        }
        let read = || {
            let (length, rest) = list.split_first_chunk::<LENGTH>()?;
            let (record, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
            Some((threefold_codec::decode(record).ok()?, rest))
        };
        let (record, rest) = read().map_or((Err(()), &[][..]), |(record, rest)| (Ok(record), rest));
        list = rest;
        Some(record)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> Vec<Record> {
        let fields = Fields(vec![
            (0, Value::Float(-0.0)),
            (1, Value::LongUnsigned(u128::MAX)),
            (2, Value::Bytes(vec![0, 255])),
            (3, Value::Debug(Written("[1, 2]".to_string()))),
        ]);
        vec![
            Record::Event { site: 3, parent: Some(u64::MAX), fields },
            Record::Close { span: 1 },
            Record::Missing { count: 7 },
        ]
    }

    fn list() -> Vec<u8> {
        let mut list = Vec::new();
        assert!(some().iter().all(|record| append(record, &mut list)));
        list
    }

    #[test]
    fn records_are_read_as_they_were_written() {
        assert_eq!(records(&list()).collect::<Result<Vec<_>, _>>(), Ok(some()));
        assert_eq!(records(&[]).count(), 0);
    }

    #[test]
    fn a_list_that_is_cut_within_a_record_ends_with_an_error() {
        let list = list();
        for cut in 1..list.len() {
            let read: Vec<_> = records(&list[..cut]).collect();
            let whole = read.iter().filter(|record| record.is_ok()).count();
            assert!(whole < 3 && read[..whole].iter().cloned().map(Result::unwrap).eq(some().into_iter().take(whole)));
            let mut end = Vec::new();
            some().iter().take(whole).for_each(|record| assert!(append(record, &mut end)));
            assert_eq!(read.len() > whole, end.len() < cut, "cut at {cut}");
        }
    }

    #[test]
    fn a_value_is_written_as_its_debug_wrote_it() {
        let value = vec![Some("a"), None];
        assert_eq!(format!("{:?}", Written(format!("{value:?}"))), format!("{value:?}"));
    }

    #[test]
    fn an_error_keeps_its_sources() {
        let source = Failure { text: "no such file".to_string(), source: None };
        let error = Failure { text: "it cannot be read".to_string(), source: Some(Box::new(source.clone())) };
        let copy = Failure::of(&error, MOST_SOURCES);
        assert_eq!(copy, error);
        assert_eq!(copy.source().unwrap().to_string(), "no such file");
        assert_eq!(Failure::of(&error, 0).source, None);
    }
}
