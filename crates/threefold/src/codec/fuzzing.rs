//! What holds for any bytes that are read as a value, whoever wrote them.
//!
//! They are read or refused, nobody makes room for more than came, and a value that was read is one that can be sent:
//! it comes back the same, to the bit.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::CString;
use std::fmt::{self, Debug};
use std::net::IpAddr;
use std::ops::Range;
use std::time::Duration;

use serde::de::{DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::{decode, encode};

/// Reads `data` as values of types that together ask for all that serde can describe.
pub fn values(data: &[u8]) {
    promise_no_more_than_came(data);
    come_back::<Any>(data);
    come_back::<Option<Option<Option<bool>>>>(data);
    come_back::<(u8, i64, Double, String)>(data);
    come_back::<Vec<u8>>(data);
    come_back::<Vec<Option<u8>>>(data);
    come_back::<Vec<Vec<u64>>>(data);
    come_back::<[Single; 3]>(data);
    come_back::<Result<i128, String>>(data);
    come_back::<BTreeMap<Option<u32>, char>>(data);
    come_back::<BTreeSet<(i16, ())>>(data);
    come_back::<Vec<IpAddr>>(data);
    come_back::<Adjacent>(data);
    come_back_unless_too_deep::<Tagged>(data);
    come_back_unless_too_deep::<Loose>(data);
    come_back_unless_too_deep::<Flat>(data);
}

fn come_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(data: &[u8]) {
    let Ok(value) = decode::<T>(data) else { return };
    let mut bytes = Vec::new();
    encode(&value, &mut bytes).expect("what was read can be written");
    is_in(&bytes, &value);
}

/// The same for types that are read through serde's buffer, which does not count the levels of a `Some` or a newtype.
fn come_back_unless_too_deep<T: Serialize + DeserializeOwned + PartialEq + Debug>(data: &[u8]) {
    let Ok(value) = decode::<T>(data) else { return };
    let mut bytes = Vec::new();
    match encode(&value, &mut bytes) {
        Ok(()) => is_in(&bytes, &value),
        Err(error) => assert!(error.contains("levels within each other"), "{error}"),
    }
}

fn is_in<T: Serialize + DeserializeOwned + PartialEq + Debug>(bytes: &[u8], value: &T) {
    let back = decode::<T>(bytes).expect("what was written can be read");
    assert!(back == *value, "{back:?} of {value:?}");
    let mut again = Vec::new();
    encode(&back, &mut again).expect("what came back can be written");
    assert_eq!(again, bytes, "{value:?}");
}

/// An `f64` by its bits.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct Double(f64);

impl PartialEq for Double {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

/// An `f32` by its bits.
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

/// What is read straight from the bytes.
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
    // Bytes that say so.
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

/// What serde reads through a buffer, to find out what it is: by a tag ..
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    End,
    Link { value: Option<Option<u8>>, bytes: Vec<u8>, next: Option<Box<Tagged>> },
}

/// .. by what fits ..
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

/// .. or by what nobody else wants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Flat {
    first: Option<Single>,
    #[serde(flatten)]
    rest: BTreeMap<String, Loose>,
}

thread_local! {
    /// What is still promised on this thread.
    static PROMISED: RefCell<Promises> = RefCell::default();
}

#[derive(Debug, Default)]
struct Promises {
    now: usize,
    most: usize,
}

/// Who makes room for a list does so before its items come, and lists are within each other: all that they say of
/// their lengths must lie within the bytes.
fn promise_no_more_than_came(data: &[u8]) {
    PROMISED.take();
    let _ = decode::<Trusting>(data);
    let most = PROMISED.take().most;
    assert!(most <= data.len(), "{most} items are promised in {} bytes", data.len());
}

/// Reads whatever comes, and believes what is said of its length.
struct Trusting;

/// The parts of one list or map, believed in until it ends.
struct Promise(usize);

impl Promise {
    fn new(parts: usize) -> Self {
        PROMISED.with_borrow_mut(|promised| {
            promised.now += parts;
            promised.most = promised.most.max(promised.now);
        });
        Self(parts)
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        PROMISED.with_borrow_mut(|promised| promised.now -= self.0);
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
        let _promise = Promise::new(items.size_hint().unwrap_or_default());
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self, A::Error> {
        let _promise = Promise::new(2 * entries.size_hint().unwrap_or_default());
        while entries.next_entry::<Self, Self>()?.is_some() {}
        Ok(self)
    }
}
