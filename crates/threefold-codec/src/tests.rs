//! Round trips through serde's whole data model.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt::Debug;
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU64;
use std::ops::{Range, RangeInclusive};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{decode, encode};

mod hostile;

fn encoded<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut bytes = vec![7]; // the bytes that were there are kept
    encode(value, &mut bytes).unwrap();
    bytes.split_off(1)
}

fn back<T: Serialize + DeserializeOwned>(value: &T) -> T {
    decode(&encoded(value)).unwrap()
}

#[track_caller]
fn holds<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T) {
    let bytes = encoded(&value);
    match decode::<T>(&bytes) {
        Ok(back) => assert_eq!(back, value, "{bytes:02x?}"),
        Err(error) => panic!("{value:?}: {error}: {bytes:02x?}"),
    }
    // A cut value is refused, and so is a byte after the value.
    for len in 0..bytes.len().min(64) {
        assert!(decode::<T>(&bytes[..len]).is_err(), "{value:?} from {len} bytes of {bytes:02x?}");
    }
    assert!(decode::<T>(&[&bytes[..], &[0]].concat()).is_err(), "{value:?} with a byte more");
}

macro_rules! hold {
    ($($value:expr),* $(,)?) => { $(holds($value);)* };
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Unit;
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct New<T>(T);
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Pair(i8, String);
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Nothing {}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
struct Clear {
    value: Option<()>,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Attributes<T> {
    #[serde(rename = "an other name", alias = "third")]
    renamed: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    sometimes: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    twice: Option<Option<T>>,
    #[serde(with = "serde_bytes")]
    raw: Vec<u8>,
    boxed: Box<T>,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Flat<T> {
    first: T,
    #[serde(flatten)]
    inner: Inner<T>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Inner<T> {
    second: T,
    bytes: Vec<u8>,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum External<T> {
    Unit,
    #[serde(rename = "renamed")]
    New(T),
    Tuple(T, T),
    None(),
    Struct {
        a: T,
        b: Option<T>,
    },
    Deep(Box<External<T>>),
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Internal<T> {
    Unit,
    New(Inner<T>),
    Struct { a: T, b: Option<T> },
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", content = "c")]
enum Adjacent<T> {
    Unit,
    New(T),
    Tuple(T, u8),
    Struct { a: T },
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged<T> {
    Struct { value_of_the_struct: T },
    Address(IpAddr),
    Bytes(Vec<u8>),
    List(Vec<Untagged<T>>),
    Float(f64),
    Text(String),
    Unit,
}

/// A value of every shape around `value`.
fn every_shape<T>(value: T)
where
    T: Clone + Debug + PartialEq + Serialize + DeserializeOwned,
{
    let v = || value.clone();
    hold!(v(), New(v()), (v(), v()), [v(), v(), v()], vec![v(), v()], Vec::<T>::new(), Box::new(v()));
    hold!(Some(v()), None::<T>, Some(Some(v())), Some(None::<T>), None::<Option<T>>, vec![Some(v()), None]);
    hold!(Some(Some(Some(v()))), Some(Some(None::<T>)), Some(None::<Option<T>>), Some(New(Some(New(v())))));
    hold!(Ok::<T, String>(v()), Err::<u8, T>(v()), BTreeMap::from([(1, v()), (2, v())]));
    hold!(External::Unit::<T>, External::New(v()), External::Tuple(v(), v()), External::None::<T>());
    hold!(External::Struct { a: v(), b: None }, External::Struct { a: v(), b: Some(v()) });
    hold!(External::Deep(Box::new(External::Deep(Box::new(External::New(v()))))), Some(External::New(v())));
    hold!(Adjacent::Unit::<T>, Adjacent::New(v()), Adjacent::Tuple(v(), 200), Adjacent::Struct { a: v() });
    for (sometimes, twice) in [(None, None), (Some(v()), Some(None)), (Some(v()), Some(Some(v())))] {
        let raw = vec![1, 200, 3];
        holds(Attributes { renamed: v(), sometimes, twice, raw, boxed: Box::new(v()) });
    }
}

/// A value of every shape that serde itself reads through its buffer, which has no 128-bit integers.
fn every_buffered_shape<T>(value: T)
where
    T: Clone + Debug + PartialEq + Serialize + DeserializeOwned,
{
    let v = || value.clone();
    hold!(Internal::Unit::<T>, Internal::New(Inner { second: v(), bytes: vec![0, 255] }));
    hold!(Internal::Struct { a: v(), b: None }, Internal::Struct { a: v(), b: Some(v()) });
    let flat = Flat {
        first: v(),
        inner: Inner { second: v(), bytes: vec![9; 300] },
        rest: BTreeMap::from([("x".into(), json!(null)), ("y".into(), json!([1, {"z": -1.5}]))]),
    };
    hold!(flat.clone(), Some(flat), Untagged::Struct { value_of_the_struct: v() });
    hold!(Untagged::List(vec![Untagged::Struct { value_of_the_struct: v() }, Untagged::Unit]));
    hold!(Internal::Struct { a: Some(v()), b: Some(None) }, Internal::Struct { a: Some(Some(v())), b: None });
}

#[test]
fn every_kind_of_value_comes_back_in_every_shape() {
    macro_rules! shapes {
        ($($value:expr),* $(,)?) => { $(every_shape($value); every_buffered_shape($value);)* };
    }
    // A kind of each family in every shape, and the rest of the family as it is.
    shapes![u8::MAX, i64::MIN, -0.1f64, "text".to_string(), (), vec![0u8, 127, 128, 255], Clear { value: Some(()) }];
    shapes![Some(Some(())), Some(Value::Null), External::Struct { a: 1u8, b: Some(2) }, Untagged::Bytes::<u8>(vec![1])];
    every_shape(i128::MIN);
    hold!(
        true,
        false,
        -1i8,
        i8::MIN,
        i16::MIN,
        300u16,
        i32::MIN,
        u32::MAX,
        i64::MAX,
        u64::MAX,
        1.5f32,
        u128::MAX,
        -1i128
    );
    hold!(
        'ß',
        '\0',
        String::new(),
        "x".repeat(255),
        "x".repeat(70_000),
        Unit,
        Some(Unit),
        Nothing {},
        Pair(-5, "p".into())
    );
    hold!(vec![9u8; 70_000], vec![1u16, 500], vec![1u64; 70_000], serde_bytes::ByteBuf::from(vec![0, 255]));
    hold!(serde_bytes::ByteBuf::from(vec![7; 300]), serde_bytes::ByteBuf::from(vec![7; 70_000]));
    hold!(New(vec![New(3u8)]), PhantomData::<u8>, Some(PhantomData::<u8>), Adjacent::New(Some(())));
    hold!(Untagged::Float::<u8>(0.5), Untagged::Unit::<u8>, Untagged::Address::<u8>(IpAddr::V6(Ipv6Addr::LOCALHOST)));
    hold!(Internal::Struct { a: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)), b: None }, Duration::new(5, 999_999_999));
    hold!(json!({"a": [null, true, -1, u64::MAX, 1.25, "s", {}], "": []}), Value::Null);
    hold!((0..70_000).map(|key| (key, Some(()))).collect::<BTreeMap<u32, _>>());
}

#[test]
fn the_standard_library_s_types_come_back() {
    hold!(0..5, -5i128..=7, Range { start: 'a', end: 'z' }, RangeInclusive::new(1u8, 2), NonZeroU64::MAX);
    hold!(HashMap::from([(vec![1u8], 1), (vec![], 2)]), HashMap::from([((1, 'x'), "v".to_string())]));
    hold!(BTreeMap::from([(Some(1), 1), (None, 2)]), BTreeMap::from([(Some(()), 'a'), (None, 'b')]));
    hold!(BTreeMap::from([(-1, 'a')]), BTreeMap::from([(true, ())]), BTreeMap::from([(1i128, 1u128)]));
    hold!(HashSet::from([1u8, 200]), BTreeSet::from([Some(None), Some(Some(1)), None]), VecDeque::from([1u8, 2]));
    hold!(PathBuf::from("/a/b"), SystemTime::UNIX_EPOCH, SocketAddr::from(([1, 2, 3, 4], 80)), Cow::Borrowed("c"));
    hold!([0u8; 32], [[1u8; 3]; 2], (1u8, -2i64, "three".to_string(), [4.0f32]), Box::<[u8]>::from([1, 255]));
    hold!(std::cell::Cell::new(3), std::num::Wrapping(4u8), std::ops::Bound::Included(Some(())), Box::<str>::from("s"));
    hold!(vec![(); 1000], vec![None::<()>, Some(())], vec![Vec::<u8>::new(); 3], vec![vec![0u8; 200]; 3]);
}

#[test]
fn the_bits_of_every_float_come_back() {
    let doubles = [0, 1 << 63, 0x7ff0_0000_0000_0001, 0xfff8_dead_beef_cafe, 0x7ff8 << 48, 0x7ff0 << 48, 1, u64::MAX];
    for bits in doubles {
        assert_eq!(back(&f64::from_bits(bits)).to_bits(), bits);
        assert_eq!(back(&vec![Some(f64::from_bits(bits))])[0].unwrap().to_bits(), bits);
        let internal = back(&Internal::Struct { a: f64::from_bits(bits), b: None });
        assert!(matches!(internal, Internal::Struct { a, .. } if a.to_bits() == bits));
    }
    for bits in [0, 1 << 31, 0x7f80_0001, 0xffc0_dead, 0x7fc0_0000, 0x7f80_0000, 1, u32::MAX] {
        assert_eq!(back(&f32::from_bits(bits)).to_bits(), bits);
        let internal = back(&Internal::Struct { a: f32::from_bits(bits), b: None });
        assert!(matches!(internal, Internal::Struct { a, .. } if a.to_bits() == bits));
    }
}

#[test]
fn a_some_costs_a_byte_only_around_nil() {
    assert_eq!(encoded(&Some(5u8)), encoded(&5u8));
    assert_eq!(encoded(&Some(Some("x"))), encoded(&"x"));
    assert_eq!(encoded(&Some(None::<u8>)), [0xc1, 0xc0]);
    assert_eq!(encoded(&Some(New(Some(Clear { value: Some(()) })))), [0xc1, 0xc1, 0xc1, 0xc0]);
    assert_eq!(encoded(&vec![0u8; 1000]).len(), 1000 + 4);
}

#[test]
fn items_that_stop_being_bytes_come_back() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Item {
        Byte(u8),
        Text(String),
    }
    let mut items = vec![Item::Byte(1); 300];
    holds(items.clone());
    items.push(Item::Text("t".into()));
    items.push(Item::Byte(200));
    holds(items);
    hold!(vec![Some(1u8), Some(2)], vec![Some(1u8), None], vec![New(1u8), New(255)], vec![Item::Byte(1)]);
}

#[test]
fn plain_values_are_plain_messagepack() {
    fn agree<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T) {
        assert_eq!(rmp_serde::from_slice::<T>(&encoded(&value)).unwrap(), value);
        assert_eq!(decode::<T>(&rmp_serde::to_vec_named(&value).unwrap()).unwrap(), value);
    }
    agree((1u8, -1i64, 2.5, 'c', "text".to_string(), Some(1), None::<u8>, ()));
    agree([External::Unit, External::New(1), External::Tuple(1, 2), External::Struct { a: 3, b: None }]);
    agree(Internal::Struct { a: vec![500, 70_000], b: Some(vec![]) });
    agree(json!({"a": [null, true, -1, u64::MAX, 1.25, "s", {}], "": []}));
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<u8>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(".{0,8}", inner, 0..8).prop_map(Value::from_iter),
        ]
    })
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Any {
    Unit,
    Nothing(()),
    Option(Option<Box<Any>>),
    Options(Option<Option<Option<Box<Any>>>>),
    Bytes(Vec<u8>),
    Wide(i128, u128),
    Text { text: String, letter: Option<char> },
    Map(Vec<(Any, Any)>),
    Json(Option<Value>),
    Flat(Flat<Option<Option<()>>>),
    New(New<Box<Any>>),
    Internal(Internal<Option<Option<u8>>>),
}

fn anything() -> impl Strategy<Value = Any> {
    let options = || prop::option::of(prop::option::of(any::<u8>()));
    let leaf = prop_oneof![
        Just(Any::Unit),
        Just(Any::Nothing(())),
        any::<Vec<u8>>().prop_map(Any::Bytes),
        any::<(i128, u128)>().prop_map(|(i, u)| Any::Wide(i, u)),
        (".*", any::<Option<char>>()).prop_map(|(text, letter)| Any::Text { text, letter }),
        prop::option::of(value()).prop_map(Any::Json),
        (options(), prop::option::of(options())).prop_map(|(a, b)| Any::Internal(Internal::Struct { a, b })),
        (any::<Option<Option<()>>>(), any::<Option<Option<()>>>(), any::<Vec<u8>>(), value()).prop_map(
            |(first, second, bytes, json)| {
                let rest = BTreeMap::from([("rest".to_string(), json)]);
                Any::Flat(Flat { first, inner: Inner { second, bytes }, rest })
            }
        ),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        prop_oneof![
            prop::option::of(boxed.clone()).prop_map(Any::Option),
            prop::option::of(prop::option::of(prop::option::of(boxed.clone()))).prop_map(Any::Options),
            prop::collection::vec((inner.clone(), inner), 0..4).prop_map(Any::Map),
            boxed.prop_map(|inner| Any::New(New(inner))),
        ]
    })
}

proptest! {
    #[test]
    fn any_value_comes_back(value in anything()) {
        let bytes = encoded(&value);
        prop_assert_eq!(decode::<Any>(&bytes), Ok(value.clone()));
        prop_assert_eq!(decode::<Option<Any>>(&bytes), Ok(Some(value)));
    }

    #[test]
    fn any_json_comes_back(value in prop::option::of(value())) {
        prop_assert_eq!(decode(&encoded(&value)), Ok(value));
    }

    #[test]
    fn arbitrary_bytes_are_read_or_refused(bytes in any::<Vec<u8>>()) {
        let _ = decode::<Any>(&bytes);
        let _ = decode::<Value>(&bytes);
        let _ = decode::<Untagged<u64>>(&bytes);
        let _ = decode::<(Vec<u8>, Option<Option<()>>, i128)>(&bytes);
    }

    #[test]
    fn one_changed_byte_is_read_or_refused(value in anything(), at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = encoded(&value);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(other) = decode::<Any>(&bytes) {
            prop_assert_eq!(back(&other), other);
        }
    }
}
