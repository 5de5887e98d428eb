//! Values and bytes with wrong lengths or without an end, in both directions.

use std::collections::HashMap;
use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

use super::encoded;
use crate::{MAX_DEPTH, decode, encode};

/// A list or map that announces another number of items than it writes.
struct Liar {
    announced: Option<usize>,
    items: usize,
    map: bool,
    unpaired: bool,
}

impl Serialize for Liar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.map {
            let mut map = serializer.serialize_map(self.announced)?;
            (0..self.items).try_for_each(|item| map.serialize_entry(&item, &item))?;
            if self.unpaired {
                map.serialize_key("key")?;
            }
            map.end()
        } else {
            let mut list = serializer.serialize_seq(self.announced)?;
            (0..self.items).try_for_each(|item| list.serialize_element(&item))?;
            list.end()
        }
    }
}

#[test]
fn a_value_that_writes_another_length_than_it_announced_is_refused() {
    let liar = |announced, map, unpaired| encode(&Liar { announced, items: 2, map, unpaired }, &mut Vec::new());
    for map in [false, true] {
        assert_eq!(liar(None, map, false), Ok(()));
        assert_eq!(liar(Some(2), map, false), Ok(()));
        for announced in [0, 1, 3, u32::MAX as usize, usize::MAX] {
            liar(Some(announced), map, false).unwrap_err();
        }
    }
    let error = liar(Some(2), true, true).unwrap_err();
    assert_eq!(error.to_string(), "a map has a key without a value; its `Serialize` is wrong");
    let error = liar(Some(3), false, false).unwrap_err();
    assert_eq!(error.to_string(), "a list, map or struct announced 3 items and wrote 2; its `Serialize` is wrong");
}

/// Bytes from an iterator whose size hint is wrong.
struct Hinted(usize, usize);

impl Iterator for Hinted {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        self.1 = self.1.checked_sub(1)?;
        Some(self.1 as u8)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0, Some(self.0))
    }
}

impl Serialize for Hinted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(Hinted(self.0, self.1))
    }
}

#[test]
fn a_wrong_hint_is_refused_for_bytes_too() {
    assert_eq!(decode(&encoded(&Hinted(300, 300))), Ok((0..300).rev().map(|item| item as u8).collect::<Vec<_>>()));
    for hint in [0, 1, 299, 301, u32::MAX as usize, usize::MAX] {
        let mut bytes = vec![1, 2];
        encode(&Hinted(hint, 300), &mut bytes).unwrap_err();
        assert_eq!(bytes, [1, 2], "a failed call appends nothing");
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Chain {
    End,
    Link(Box<Chain>),
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Options(Option<Box<Options>>);
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Lists(Vec<Lists>);
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct List {
    value: u64,
    next: Option<Box<List>>,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    End,
    Link { next: Box<Tagged> },
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Tree {
    Leaf(i64),
    Node(Vec<Tree>),
}

/// Nests `T` one step deeper at a time until it is refused. The refusal must be for the depth; all values before come back.
fn deep<T: Serialize + DeserializeOwned + PartialEq + Debug>(end: T, link: impl Fn(T) -> T, step: usize) {
    let mut value = end;
    for levels in 0.. {
        let mut bytes = Vec::new();
        match encode(&value, &mut bytes) {
            Ok(()) if levels % step == 0 => assert!(decode::<T>(&bytes).unwrap() == value, "{levels} levels"),
            Ok(()) => {}
            Err(error) => {
                assert!(error.is_value_too_deep(), "{error}");
                assert!(levels > usize::from(MAX_DEPTH) / 4 && levels <= usize::from(MAX_DEPTH) + 1, "{levels}");
                break;
            }
        }
        value = link(value);
    }
}

#[test]
fn what_can_be_written_can_be_read_however_deep() {
    deep(Chain::End, |next| Chain::Link(Box::new(next)), 1);
    deep(Options(None), |next| Options(Some(Box::new(next))), 1);
    deep(Lists(vec![]), |next| Lists(vec![next]), 1);
    deep(List { value: 1, next: None }, |next| List { value: 2, next: Some(Box::new(next)) }, 1);
    deep(json!(null), |next| json!([next]), 1);
    deep(json!(null), |next| json!({"next": next}), 1);
    deep(Tagged::End, |next| Tagged::Link { next: Box::new(next) }, 50);
    deep(Tree::Leaf(1), |next| Tree::Node(vec![next]), 50);
}

#[test]
fn hostile_bytes_are_refused_without_depth_or_memory() {
    fn refused<T: DeserializeOwned + Debug>(bytes: &[u8]) {
        decode::<T>(bytes).unwrap_err();
    }
    let many = 1_000_000;
    let chain: Vec<u8> = [0x81, 0xa4, b'L', b'i', b'n', b'k'].repeat(many);
    let unit: Vec<u8> = [0x81, 0xa4, b'k', b'i', b'n', b'd'].repeat(many);
    refused::<Chain>(&chain);
    for byte in 0..=255 {
        let bytes = vec![byte; many];
        refused::<Chain>(&bytes);
        refused::<Options>(&bytes);
        refused::<Lists>(&bytes);
        refused::<Tagged>(&bytes);
        refused::<Tree>(&bytes);
        refused::<Value>(&bytes);
        refused::<serde::de::IgnoredAny>(&bytes);
        refused::<Vec<u64>>(&bytes);
    }
    refused::<Value>(&unit);
    refused::<Options>(&[5]);
    // Lengths of 4 GiB with hardly any bytes after them.
    for marker in [0xc6, 0xc9, 0xdb, 0xdd, 0xdf] {
        let bytes = [marker, 0xff, 0xff, 0xff, 0xff, 1, 0];
        refused::<Vec<[u64; 32]>>(&bytes);
        refused::<HashMap<u64, [u64; 32]>>(&bytes);
        refused::<String>(&bytes);
        refused::<serde_bytes::ByteBuf>(&bytes);
        refused::<Value>(&bytes);
    }
}

#[test]
fn nested_lists_cannot_announce_the_same_bytes() {
    // Each list announces all bytes after it as its items, so that memory would be allocated for them many times.
    let len = 200u16;
    let bytes: Vec<u8> =
        (1..=len).rev().flat_map(|left| [&[0xdc][..], &(3 * (left - 1)).to_be_bytes()].concat()).collect();
    let error = decode::<Value>(&bytes).unwrap_err();
    assert_eq!(error.to_string(), "the bytes end before the value does, at byte 6 of 600");
}
