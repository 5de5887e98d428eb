//! `Error`: why a value could not be written or read.

use std::fmt;

/// The reason why a value could not be written to bytes or read from them.
///
/// Its text is a sentence for people. For an error of [`decode`](crate::decode) it ends with the number of bytes that
/// were read and the number of all bytes. What the value's own `Serialize` or `Deserialize` said is a part of the text.
///
/// # Examples
///
/// ```
/// use threefold_codec::decode;
///
/// let error = decode::<u8>(&[5, 0]).unwrap_err();
/// assert_eq!(error.to_string(), "there are bytes after the value, at byte 1 of 2");
/// ```
// In a box: serde's traits return it from every call, and a small `Result` is cheaper to return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    kind: Kind,
    /// How many bytes had been read, and how many there were.
    position: Option<(usize, usize)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The value that is written has too many levels.
    ValueTooDeep,
    /// The bytes that are read have too many levels.
    BytesTooDeep,
    /// There are fewer bytes than the value needs.
    TooShort,
    /// There are more bytes than the value needs.
    BytesLeft,
    /// A list, map or text has this many items or bytes.
    TooLong(usize),
    /// There is no memory for this many bytes.
    NoMemory(usize),
    /// A list or map has other than the announced number of items.
    WrongLength { announced: usize, written: usize },
    /// A map has a key without a value.
    KeyWithoutValue,
    /// A `Deserialize` left this many items of a list or map.
    ItemsLeft(usize),
    /// There is no extension of this type and length.
    UnknownExtension { kind: i8, len: usize },
    /// The value needs more bytes than it may have.
    Full,
    /// All else, from serde, from MessagePack, or from the value's own code.
    Other(String),
}

impl Error {
    /// The error, found when `read` of `len` bytes had been read.
    pub(crate) fn at(mut self, read: usize, len: usize) -> Self {
        self.0.position = Some((read, len));
        self
    }

    /// Whether the value needs more bytes than it may have.
    pub(crate) fn is_full(&self) -> bool {
        self.0.kind == Kind::Full
    }

    /// Whether the value that is written has too many levels.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn is_value_too_deep(&self) -> bool {
        self.0.kind == Kind::ValueTooDeep
    }
}

impl From<Kind> for Error {
    fn from(kind: Kind) -> Self {
        Self(Box::new(Inner { kind, position: None }))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.kind.fmt(f)?;
        match self.0.position {
            Some((read, len)) => write!(f, ", at byte {read} of {len}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let depth = crate::MAX_DEPTH;
        match self {
            Self::ValueTooDeep => write!(
                f,
                "the value is nested more than {depth} levels; store it flat, for instance as a list of nodes that refer \
                 to each other by index"
            ),
            Self::BytesTooDeep => write!(f, "the bytes are nested more than {depth} levels"),
            Self::TooShort => f.write_str("the bytes end before the value does"),
            Self::BytesLeft => f.write_str("there are bytes after the value"),
            Self::TooLong(len) => {
                write!(f, "a list, map or string has {len} items or bytes; at most 2^32 - 2 can be serialized")
            }
            Self::NoMemory(len) => write!(f, "there is no memory for {len} bytes"),
            Self::WrongLength { announced, written } => write!(
                f,
                "a list, map or struct announced {announced} items and wrote {written}; its `Serialize` is wrong"
            ),
            Self::KeyWithoutValue => f.write_str("a map has a key without a value; its `Serialize` is wrong"),
            Self::ItemsLeft(left) => write!(f, "a list or map has {left} more items than its type reads"),
            Self::UnknownExtension { kind, len } => {
                write!(f, "there is no MessagePack extension of type {kind} with {len} bytes in this format")
            }
            Self::Full => f.write_str("the value needs more bytes than it may have"),
            Self::Other(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for Error {}

impl serde::ser::Error for Error {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Kind::Other(reason.to_string()).into()
    }
}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Kind::Other(reason.to_string()).into()
    }
}
