//! What must hold for any bytes that are decoded, whoever wrote them. It is compiled for tests and for the fuzzer only.
//!
//! The bytes are read or refused. No list announces more items than there are bytes. A value that was read can be
//! written, and it comes back the same, to the bit.
//!
//! The program in `fuzz/` calls [`values`] with random bytes. The inputs that are worth keeping are in `fuzz/corpus/`,
//! and every `cargo test` replays them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::CString;
use std::fmt::{self, Debug};
use std::net::IpAddr;
use std::ops::Range;
use std::time::Duration;

use serde::de::{DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::{decode, encode};

/// Reads `data` as values of types that together use everything that serde can describe.
///
/// # Panics
///
/// Something in the module's list does not hold.
pub fn values(data: &[u8]) {
    announces_at_most_the_bytes(data);
    comes_back::<Any>(data);
    comes_back::<Option<Option<Option<bool>>>>(data);
    comes_back::<(u8, i64, Double, String)>(data);
    comes_back::<Vec<u8>>(data);
    comes_back::<Vec<Option<u8>>>(data);
    comes_back::<Vec<Vec<u64>>>(data);
    comes_back::<[Single; 3]>(data);
    comes_back::<Result<i128, String>>(data);
    comes_back::<BTreeMap<Option<u32>, char>>(data);
    comes_back::<BTreeSet<(i16, ())>>(data);
    comes_back::<Vec<IpAddr>>(data);
    comes_back::<Adjacent>(data);
    comes_back_unless_too_deep::<Tagged>(data);
    comes_back_unless_too_deep::<Loose>(data);
    comes_back_unless_too_deep::<Flat>(data);
}

fn comes_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(data: &[u8]) {
    let Ok(value) = decode::<T>(data) else { return };
    let mut bytes = Vec::new();
    encode(&value, &mut bytes).expect("what was read can be written");
    holds(&bytes, &value);
}

/// The same for types that serde reads through its buffer. The buffer does not count the levels of a `Some` or a newtype,
/// so such a value can be too deep to be written.
fn comes_back_unless_too_deep<T: Serialize + DeserializeOwned + PartialEq + Debug>(data: &[u8]) {
    let Ok(value) = decode::<T>(data) else { return };
    let mut bytes = Vec::new();
    match encode(&value, &mut bytes) {
        Ok(()) => holds(&bytes, &value),
        Err(error) => assert!(error.is_value_too_deep(), "{error}"),
    }
}

fn holds<T: Serialize + DeserializeOwned + PartialEq + Debug>(bytes: &[u8], value: &T) {
    let back = decode::<T>(bytes).expect("what was written can be read");
    assert!(back == *value, "{back:?} of {value:?}");
    let mut again = Vec::new();
    encode(&back, &mut again).expect("what came back can be written");
    assert_eq!(again, bytes, "{value:?}");
}

/// An `f64` that is compared by its bits.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct Double(f64);

impl PartialEq for Double {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

/// An `f32` that is compared by its bits.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct Single(f32);

impl PartialEq for Single {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct New<T>(T);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Nothing;

/// Types that are read directly from the bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Any {
    Unit,
    Empty(),
    Nothing(Nothing),
    New(New<Box<Any>>),
    Option(Option<Box<Any>>),
    Options(Option<Option<Option<New<()>>>>),
    List(Vec<Any>),
    Map(BTreeMap<String, Any>),
    Wide(i128, u128),
    Integers(i8, u16, i32, u64),
    Floats(Double, Single),
    Bytes(Vec<u8>),
    // A byte string.
    Blob(CString),
    Struct { letter: char, text: Option<String>, next: Option<Box<Any>> },
    Standard(Range<i8>, Duration, Option<IpAddr>),
    Adjacent(Adjacent),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    Unit,
    New(Option<bool>),
    Struct { list: Vec<Adjacent> },
}

/// A type that serde reads through its buffer: the variant is chosen by a tag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    End,
    Link { value: Option<Option<u8>>, bytes: Vec<u8>, next: Option<Box<Tagged>> },
}

/// A type that serde reads through its buffer: the variant is the first that fits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Loose {
    Integer(i64),
    Float(Double),
    Text(String),
    List(Vec<Loose>),
    Map(BTreeMap<String, Loose>),
    Nil,
}

/// A type that serde reads through its buffer: the map takes the entries that are not fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Flat {
    first: Option<Single>,
    #[serde(flatten)]
    rest: BTreeMap<String, Loose>,
}

thread_local! {
    /// How many items and parts of entries the lists and maps announce that are being read on this thread.
    static ANNOUNCED: RefCell<Announced> = RefCell::default();
}

#[derive(Debug, Default)]
struct Announced {
    now: usize,
    most: usize,
}

/// A `Deserialize` allocates the memory for a list before it reads the items, and lists can be nested. So the lengths of
/// all lists that are open at the same time must fit into the bytes.
fn announces_at_most_the_bytes(data: &[u8]) {
    ANNOUNCED.take();
    let _ = decode::<Trusting>(data);
    let most = ANNOUNCED.take().most;
    assert!(most <= data.len(), "{most} items are announced in {} bytes", data.len());
}

/// Reads any value, and records the lengths that are announced.
struct Trusting;

/// The announced parts of one list or map while it is being read.
struct Open(usize);

impl Open {
    fn new(parts: usize) -> Self {
        ANNOUNCED.with_borrow_mut(|announced| {
            announced.now += parts;
            announced.most = announced.most.max(announced.now);
        });
        Self(parts)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        ANNOUNCED.with_borrow_mut(|announced| announced.now -= self.0);
    }
}

impl<'de> Deserialize<'de> for Trusting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

macro_rules! leaves {
    ($($method:ident($type:ty),)*) => {
        $(fn $method<E>(self, _: $type) -> Result<Self, E> {
            Ok(self)
        })*
    };
}

impl<'de> Visitor<'de> for Trusting {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    leaves! {
        visit_bool(bool),
        visit_i64(i64),
        visit_i128(i128),
        visit_u64(u64),
        visit_u128(u128),
        visit_f64(f64),
        visit_str(&str),
        visit_bytes(&[u8]),
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        let _open = Open::new(items.size_hint().unwrap_or_default());
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self, A::Error> {
        let _open = Open::new(2 * entries.size_hint().unwrap_or_default());
        while entries.next_entry::<Self, Self>()?.is_some() {}
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    #[test]
    fn the_corpus_of_values_holds() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/values");
        let mut files: Vec<_> = fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(!files.is_empty());
        for file in files {
            // The output is shown if the test fails; the last file is the one that failed.
            println!("{}", file.display());
            super::values(&fs::read(file).unwrap());
        }
    }
}
