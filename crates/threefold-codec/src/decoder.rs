//! `Decoder`: reads MessagePack as the types that serde asks for.

use rmp::Marker;
use rmp::decode::RmpRead;
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use crate::bytes::Bytes;
use crate::error::Kind;
use crate::{BYTES, Error, I128, MAX_DEPTH, U128};

type Result<T> = std::result::Result<T, Error>;

pub(crate) struct Decoder<'de> {
    /// The bytes that have not been read.
    left: &'de [u8],
    /// How many more levels are allowed.
    depth: u16,
    /// The least number of bytes that must still come: one for each unread value of the lists and maps that are open.
    owed: usize,
}

impl<'de> Decoder<'de> {
    pub(crate) fn new(bytes: &'de [u8]) -> Self {
        Self { left: bytes, depth: MAX_DEPTH, owed: 0 }
    }

    /// How many bytes have not been read.
    pub(crate) fn left(&self) -> usize {
        self.left.len()
    }

    /// Checks that all bytes have been read.
    pub(crate) fn end(&self) -> Result<()> {
        if self.left.is_empty() { Ok(()) } else { Err(Kind::BytesLeft.into()) }
    }

    /// The marker of the next value, which is not consumed.
    fn peek(&self) -> Result<Marker> {
        self.left.first().map(|&byte| Marker::from_u8(byte)).ok_or_else(too_short)
    }

    /// Consumes one byte.
    fn skip(&mut self) {
        self.left = &self.left[1..];
    }

    /// Consumes `len` bytes, if the other bytes suffice for the open lists and maps.
    fn take(&mut self, len: usize) -> Result<&'de [u8]> {
        self.owing(len)?;
        let (taken, left) = self.left.split_at(len);
        self.left = left;
        Ok(taken)
    }

    /// The number of owed bytes plus `more`, if that many bytes are left.
    fn owing(&self, more: usize) -> Result<usize> {
        self.owed.checked_add(more).filter(|&bytes| bytes <= self.left.len()).ok_or_else(too_short)
    }

    fn u8(&mut self) -> Result<u8> {
        self.left.read_data_u8().map_err(|_| too_short())
    }

    fn u16(&mut self) -> Result<u16> {
        self.left.read_data_u16().map_err(|_| too_short())
    }

    fn u32(&mut self) -> Result<u32> {
        self.left.read_data_u32().map_err(|_| too_short())
    }

    /// Calls `read` one level deeper.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.depth = self.depth.checked_sub(1).ok_or(Kind::BytesTooDeep)?;
        let value = read(self)?;
        self.depth += 1;
        Ok(value)
    }

    fn text<V: Visitor<'de>>(&mut self, len: usize, visitor: V) -> Result<V::Value> {
        let text = std::str::from_utf8(self.take(len)?).map_err(|error| Kind::Other(error.to_string()))?;
        visitor.visit_borrowed_str(text)
    }

    fn blob<V: Visitor<'de>>(&mut self, len: usize, visitor: V) -> Result<V::Value> {
        visitor.visit_borrowed_bytes(self.take(len)?)
    }

    fn list<V: Visitor<'de>>(&mut self, len: usize, visitor: V) -> Result<V::Value> {
        self.items(len, 1, |items| visitor.visit_seq(items))
    }

    fn map<V: Visitor<'de>>(&mut self, len: usize, visitor: V) -> Result<V::Value> {
        self.items(len, 2, |items| visitor.visit_map(items))
    }

    /// Calls `read` with `len` items of `parts` values each. Returns an error if `read` does not consume all of them.
    fn items<T>(&mut self, len: usize, parts: usize, read: impl FnOnce(&mut Items<'_, 'de>) -> Result<T>) -> Result<T> {
        // A `Deserialize` allocates the memory for a list before it reads the items. So lists that announce more items
        // than there are bytes, alone or together with the lists around them, are refused here.
        self.owed = self.owing(len.saturating_mul(parts))?;
        self.nested(|from| {
            let mut items = Items { from, len, open: false };
            let value = read(&mut items)?;
            if items.len == 0 && !items.open {
                Ok(value)
            } else {
                // An entry whose value was not read counts as well.
                Err(Kind::ItemsLeft(items.len + usize::from(items.open)).into())
            }
        })
    }

    fn extension<V: Visitor<'de>>(&mut self, len: usize, visitor: V) -> Result<V::Value> {
        let kind = self.u8()? as i8;
        let bytes = self.take(len)?;
        let wide = <[u8; 16]>::try_from(bytes);
        match (kind, wide) {
            (BYTES, _) => self.byte_list(bytes, visitor),
            (I128, Ok(wide)) => visitor.visit_i128(i128::from_be_bytes(wide)),
            (U128, Ok(wide)) => visitor.visit_u128(u128::from_be_bytes(wide)),
            _ => Err(Kind::UnknownExtension { kind, len }.into()),
        }
    }

    /// The items of a list of `u8`. It is one level, like any other list, because a short list of `u8` is written as one.
    fn byte_list<V: Visitor<'de>>(&mut self, bytes: &'de [u8], visitor: V) -> Result<V::Value> {
        self.nested(|_| {
            let mut items = Bytes(bytes.iter());
            let value = visitor.visit_seq(&mut items)?;
            match items.0.len() {
                0 => Ok(value),
                left => Err(Kind::ItemsLeft(left).into()),
            }
        })
    }

    /// A list. A byte string is read as a list of `u8`.
    fn any_list<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        let len = match self.peek()? {
            Marker::Bin8 => self.skip_and(Self::u8)?.into(),
            Marker::Bin16 => self.skip_and(Self::u16)?.into(),
            Marker::Bin32 => self.skip_and(Self::u32)? as usize,
            _ => return self.deserialize_any(visitor),
        };
        let bytes = self.take(len)?;
        self.byte_list(bytes, visitor)
    }

    /// Consumes one byte, then calls `read`.
    fn skip_and<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.skip();
        read(self)
    }
}

fn too_short() -> Error {
    Kind::TooShort.into()
}

impl<'de> Deserializer<'de> for &mut Decoder<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let marker = self.peek()?;
        self.skip();
        match marker {
            Marker::Null => visitor.visit_unit(),
            Marker::Reserved => self.nested(|from| visitor.visit_some(from)),
            Marker::False => visitor.visit_bool(false),
            Marker::True => visitor.visit_bool(true),
            Marker::FixPos(value) => visitor.visit_u8(value),
            Marker::FixNeg(value) => visitor.visit_i8(value),
            Marker::U8 => visitor.visit_u8(self.u8()?),
            Marker::U16 => visitor.visit_u16(self.u16()?),
            Marker::U32 => visitor.visit_u32(self.u32()?),
            Marker::U64 => visitor.visit_u64(self.left.read_data_u64().map_err(|_| too_short())?),
            Marker::I8 => visitor.visit_i8(self.u8()? as i8),
            Marker::I16 => visitor.visit_i16(self.u16()? as i16),
            Marker::I32 => visitor.visit_i32(self.u32()? as i32),
            Marker::I64 => visitor.visit_i64(self.left.read_data_i64().map_err(|_| too_short())?),
            Marker::F32 => visitor.visit_f32(self.left.read_data_f32().map_err(|_| too_short())?),
            Marker::F64 => visitor.visit_f64(self.left.read_data_f64().map_err(|_| too_short())?),
            Marker::FixStr(len) => self.text(len.into(), visitor),
            Marker::Str8 => self.u8().and_then(|len| self.text(len.into(), visitor)),
            Marker::Str16 => self.u16().and_then(|len| self.text(len.into(), visitor)),
            Marker::Str32 => self.u32().and_then(|len| self.text(len as usize, visitor)),
            Marker::Bin8 => self.u8().and_then(|len| self.blob(len.into(), visitor)),
            Marker::Bin16 => self.u16().and_then(|len| self.blob(len.into(), visitor)),
            Marker::Bin32 => self.u32().and_then(|len| self.blob(len as usize, visitor)),
            Marker::FixArray(len) => self.list(len.into(), visitor),
            Marker::Array16 => self.u16().and_then(|len| self.list(len.into(), visitor)),
            Marker::Array32 => self.u32().and_then(|len| self.list(len as usize, visitor)),
            Marker::FixMap(len) => self.map(len.into(), visitor),
            Marker::Map16 => self.u16().and_then(|len| self.map(len.into(), visitor)),
            Marker::Map32 => self.u32().and_then(|len| self.map(len as usize, visitor)),
            Marker::FixExt1 => self.extension(1, visitor),
            Marker::FixExt2 => self.extension(2, visitor),
            Marker::FixExt4 => self.extension(4, visitor),
            Marker::FixExt8 => self.extension(8, visitor),
            Marker::FixExt16 => self.extension(16, visitor),
            Marker::Ext8 => self.u8().and_then(|len| self.extension(len.into(), visitor)),
            Marker::Ext16 => self.u16().and_then(|len| self.extension(len.into(), visitor)),
            Marker::Ext32 => self.u32().and_then(|len| self.extension(len as usize, visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.peek()? {
            Marker::Null => self.skip_and(|_| visitor.visit_none()),
            Marker::Reserved => self.skip_and(|from| from.nested(|from| visitor.visit_some(from))),
            _ => self.nested(|from| visitor.visit_some(from)),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value> {
        self.nested(|from| visitor.visit_newtype_struct(from))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match self.peek()? {
            Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => visitor.visit_enum(Name(self)),
            Marker::FixMap(1) => {
                self.skip();
                self.nested(|from| visitor.visit_enum(Content(from)))
            }
            other => Err(Kind::Other(format!("expected an enum, found the MessagePack marker {other:?}")).into()),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.any_list(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value> {
        self.any_list(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        tuple_struct map struct identifier ignored_any
    }
}

/// The items of a list, or the entries of a map.
struct Items<'d, 'de> {
    from: &'d mut Decoder<'de>,
    len: usize,
    /// Whether a key has been read without its value.
    open: bool,
}

impl<'de> Items<'_, 'de> {
    #[inline]
    fn next<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        let Some(len) = self.len.checked_sub(1) else { return Ok(None) };
        self.len = len;
        self.part(seed).map(Some)
    }

    /// Reads an item, a key or a value.
    #[inline]
    fn part<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        // This saturates because a `Deserialize` may ask for a value without a key.
        self.from.owed = self.from.owed.saturating_sub(1);
        seed.deserialize(&mut *self.from)
    }
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        self.next(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.len)
    }
}

impl<'de> MapAccess<'de> for Items<'_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let key = self.next(seed)?;
        self.open = key.is_some();
        Ok(key)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value> {
        self.open = false;
        self.part(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.len)
    }
}

/// A variant without fields: a string.
struct Name<'d, 'de>(&'d mut Decoder<'de>);

impl<'de> de::EnumAccess<'de> for Name<'_, 'de> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self)> {
        Ok((seed.deserialize(&mut *self.0)?, self))
    }
}

impl<'de> de::VariantAccess<'de> for Name<'_, 'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<()> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _seed: T) -> Result<T::Value> {
        Err(de::Error::invalid_type(Unexpected::UnitVariant, &"newtype variant"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, _visitor: V) -> Result<V::Value> {
        Err(de::Error::invalid_type(Unexpected::UnitVariant, &"tuple variant"))
    }

    fn struct_variant<V: Visitor<'de>>(self, _fields: &'static [&'static str], _visitor: V) -> Result<V::Value> {
        Err(de::Error::invalid_type(Unexpected::UnitVariant, &"struct variant"))
    }
}

/// A variant with fields: a map with one entry.
struct Content<'d, 'de>(&'d mut Decoder<'de>);

impl<'de> de::EnumAccess<'de> for Content<'_, 'de> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self)> {
        Ok((seed.deserialize(&mut *self.0)?, self))
    }
}

impl<'de> de::VariantAccess<'de> for Content<'_, 'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<()> {
        Deserialize::deserialize(self.0)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        self.0.deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _fields: &'static [&'static str], visitor: V) -> Result<V::Value> {
        self.0.deserialize_map(visitor)
    }
}
