//! Lists of `u8`. Serde shows them as lists of integers like any other; here each item takes exactly one byte.

use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde::ser::{Impossible, Serialize, Serializer};

use crate::Error;

/// The `u8` that `item` is serialized as, if it is one.
pub(crate) fn byte<T: Serialize + ?Sized>(item: &T) -> Option<u8> {
    item.serialize(OnlyByte).ok()
}

/// Accepts a `u8`, or a newtype of one, and nothing else.
struct OnlyByte;

/// The item is not a `u8`. This error is made for the first item of most lists, so it must cost nothing.
#[derive(Debug)]
struct Other;

impl std::fmt::Display for Other {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not a u8")
    }
}

impl std::error::Error for Other {}

impl serde::ser::Error for Other {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self
    }
}

type Answer = Result<u8, Other>;
type No = Result<Impossible<u8, Other>, Other>;

macro_rules! others {
    ($($method:ident($($type:ty),*) -> $result:ty,)*) => {
        $(fn $method(self, $(_: $type),*) -> $result {
            Err(Other)
        })*
    };
}

impl Serializer for OnlyByte {
    type Ok = u8;
    type Error = Other;
    type SerializeSeq = Impossible<u8, Other>;
    type SerializeTuple = Impossible<u8, Other>;
    type SerializeTupleStruct = Impossible<u8, Other>;
    type SerializeTupleVariant = Impossible<u8, Other>;
    type SerializeMap = Impossible<u8, Other>;
    type SerializeStruct = Impossible<u8, Other>;
    type SerializeStructVariant = Impossible<u8, Other>;

    fn serialize_u8(self, value: u8) -> Answer {
        Ok(value)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, value: &T) -> Answer {
        value.serialize(self)
    }

    others! {
        serialize_bool(bool) -> Answer,
        serialize_i8(i8) -> Answer,
        serialize_i16(i16) -> Answer,
        serialize_i32(i32) -> Answer,
        serialize_i64(i64) -> Answer,
        serialize_i128(i128) -> Answer,
        serialize_u16(u16) -> Answer,
        serialize_u32(u32) -> Answer,
        serialize_u64(u64) -> Answer,
        serialize_u128(u128) -> Answer,
        serialize_f32(f32) -> Answer,
        serialize_f64(f64) -> Answer,
        serialize_char(char) -> Answer,
        serialize_str(&str) -> Answer,
        serialize_bytes(&[u8]) -> Answer,
        serialize_none() -> Answer,
        serialize_unit() -> Answer,
        serialize_unit_struct(&'static str) -> Answer,
        serialize_unit_variant(&'static str, u32, &'static str) -> Answer,
        serialize_seq(Option<usize>) -> No,
        serialize_tuple(usize) -> No,
        serialize_tuple_struct(&'static str, usize) -> No,
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> No,
        serialize_map(Option<usize>) -> No,
        serialize_struct(&'static str, usize) -> No,
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> No,
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _value: &T) -> Answer {
        Err(Other)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Answer {
        Err(Other)
    }

    fn collect_str<T: std::fmt::Display + ?Sized>(self, _value: &T) -> Answer {
        Err(Other)
    }
}

/// The items of a list of `u8`.
pub(crate) struct Bytes<'de>(pub(crate) std::slice::Iter<'de, u8>);

impl<'de> SeqAccess<'de> for Bytes<'de> {
    type Error = Error;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        self.0.next().map(|&byte| seed.deserialize(Byte(byte))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// One item of a list of `u8`. It behaves like a `Decoder` whose next value is this integer.
struct Byte(u8);

impl<'de> Deserializer<'de> for Byte {
    type Error = Error;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_u8(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq
        tuple tuple_struct map struct enum identifier ignored_any
    }
}
