//! `Value`: the value of a term, or of its reduction; `Integer`: an integer of any size.

use std::fmt;
use std::str::FromStr;

use dashu_int::IBig;

use crate::number::Number;

/// The value of a term for one item, or of a reduction.
///
/// An integer prints all its digits. An f64 prints the shortest text that reads back as the same bits; it always has a
/// `.` or an `e`.
///
/// ```
/// use threefold_term::Term;
///
/// let exact = Term::parse("2^100")?;
/// assert_eq!(exact.value(1).unwrap().to_string(), "1267650600228229401496703205376");
/// let float = Term::parse("i / 4")?;
/// assert_eq!(float.value(1).unwrap().to_string(), "0.25");
/// assert_eq!(float.value(8).unwrap().to_string(), "2.0");
/// # Ok::<(), threefold_term::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Value {
    /// Exact.
    Integer(Integer),
    /// Finite.
    Float(f64),
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        match number {
            Number::Integer(integer) => Self::Integer(Integer(integer)),
            Number::Float(float) => Self::Float(float),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(integer) => integer.fmt(f),
            Self::Float(float) => write!(f, "{float:?}"),
        }
    }
}

/// An integer of any size.
///
/// ```
/// use threefold_term::Integer;
///
/// let integer: Integer = "1267650600228229401496703205376".parse().unwrap();
/// assert_eq!(integer, Integer::from(1 << 100));
/// assert_eq!(i128::try_from(&integer), Ok(1 << 100));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(into = "Words", try_from = "Words"))]
pub struct Integer(pub(crate) IBig);

impl From<i128> for Integer {
    fn from(value: i128) -> Self {
        Self(value.into())
    }
}

/// An [`Integer`] that does not fit in 128 bits, or a text that is none.
///
/// ```
/// use threefold_term::Integer;
///
/// let error = "1.5".parse::<Integer>().unwrap_err();
/// assert_eq!(error.to_string(), "not an integer");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntegerError(&'static str);

impl fmt::Display for IntegerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for IntegerError {}

impl TryFrom<&Integer> for i128 {
    type Error = IntegerError;

    fn try_from(integer: &Integer) -> Result<Self, IntegerError> {
        Self::try_from(&integer.0).map_err(|_| IntegerError("the integer does not fit in 128 bits"))
    }
}

impl FromStr for Integer {
    type Err = IntegerError;

    /// # Errors
    ///
    /// The text is not an integer in decimal digits.
    fn from_str(text: &str) -> Result<Self, IntegerError> {
        text.parse().map(Self).map_err(|_| IntegerError("not an integer"))
    }
}

impl fmt::Display for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// How an integer is serialized.
#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
enum Words {
    Small(i128),
    /// The absolute value, the lowest 64 bits first.
    Large {
        is_negative: bool,
        words: Vec<u64>,
    },
}

#[cfg(feature = "serde")]
impl From<Integer> for Words {
    fn from(Integer(integer): Integer) -> Self {
        use dashu_int::ops::UnsignedAbs;
        match i128::try_from(&integer) {
            Ok(small) => Self::Small(small),
            Err(_) => {
                let is_negative = integer < IBig::ZERO;
                let bytes = integer.unsigned_abs().to_le_bytes();
                let word = |bytes: &[u8]| bytes.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
                Self::Large { is_negative, words: bytes.chunks(8).map(word).collect() }
            }
        }
    }
}

#[cfg(feature = "serde")]
impl TryFrom<Words> for Integer {
    type Error = IntegerError;

    fn try_from(words: Words) -> Result<Self, IntegerError> {
        use dashu_int::UBig;
        match words {
            Words::Small(small) => Ok(small.into()),
            // The sum of 2^64 integers has 64 bits more than they have.
            Words::Large { words, .. } if words.len() > crate::number::MOST_BITS / 64 + 2 => {
                Err(IntegerError("the integer is too large"))
            }
            Words::Large { is_negative, words } => {
                let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
                let size = IBig::from(UBig::from_le_bytes(&bytes));
                Ok(Self(if is_negative { -size } else { size }))
            }
        }
    }
}
