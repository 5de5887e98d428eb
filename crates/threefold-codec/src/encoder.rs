//! `Encoder`: writes the values that serde describes as MessagePack.

use rmp::encode as write;
use serde::ser::{self, Serialize, Serializer};

use crate::error::Kind;
use crate::{BYTES, Error, I128, MAX_DEPTH, SOME, U128, bytes};

type Result<T> = std::result::Result<T, Error>;

pub(crate) struct Encoder<'a> {
    out: &'a mut Vec<u8>,
    /// How many more levels are allowed.
    depth: u16,
    /// How long `out` may become.
    most: usize,
}

impl<'a> Encoder<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>, most: usize) -> Self {
        Self { out, depth: MAX_DEPTH, most }
    }

    /// Refuses `more` bytes beyond what is written, where the bound does not allow them.
    fn reserve(&self, more: usize) -> Result<()> {
        if self.out.len().saturating_add(more) > self.most { Err(Kind::Full.into()) } else { Ok(()) }
    }

    /// Goes `levels` deeper. The caller must add the same number to `depth` when the value is written.
    fn enter(&mut self, levels: u16) -> Result<()> {
        self.depth = self.depth.checked_sub(levels).ok_or(Kind::ValueTooDeep)?;
        Ok(())
    }

    /// Writes `value` one level deeper.
    fn nested<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.enter(1)?;
        self.reserve(1)?;
        value.serialize(&mut *self)?;
        self.depth += 1;
        Ok(())
    }

    /// Opens the map that holds a variant's fields: its one key is the variant's name.
    fn variant(&mut self, variant: &str) -> Result<()> {
        write::write_map_len(self.out, 1).map_err(wrote)?;
        self.serialize_str(variant)
    }

    /// Opens a list of `declared` items, or a map of `declared` entries. If the number is not known yet, `close` fills it
    /// in.
    fn open(&mut self, shape: Shape, declared: Option<usize>, levels: u16) -> Result<Compound<'_, 'a>> {
        self.enter(levels)?;
        let len = declared.map_or(Ok(u32::MAX), length)?;
        match shape {
            Shape::List => write::write_array_len(self.out, len),
            Shape::Map => write::write_map_len(self.out, len),
        }
        .map_err(wrote)?;
        Ok(Compound { head: self.out.len(), to: self, shape, declared, parts: 0, levels })
    }

    /// Writes a list whose first item is the `u8` `first`: with one byte per item if all items are `u8`, otherwise as an
    /// ordinary list.
    fn byte_list<T: Serialize>(&mut self, first: u8, len: usize, mut items: impl Iterator<Item = T>) -> Result<()> {
        length(len)?;
        self.reserve(len)?;
        self.enter(1)?;
        let head = self.out.len();
        let reserved = self.out.try_reserve(len.saturating_add(6));
        reserved.map_err(|_| Kind::NoMemory(len))?;
        write::write_ext_meta(self.out, len as u32, BYTES).map_err(wrote)?;
        let start = self.out.len();
        self.out.resize(start + len, first);
        let mut filled = start + 1;
        let mut other = None;
        for slot in &mut self.out[start + 1..] {
            let Some(item) = items.next() else { break };
            let Some(byte) = bytes::byte(&item) else {
                other = Some(item);
                break;
            };
            *slot = byte;
            filled += 1;
        }
        // An item beyond the announced number must not be dropped silently.
        let other = other.or_else(|| items.next());
        self.depth += 1;
        if other.is_none() && filled == self.out.len() {
            return Ok(());
        }
        // The items are not all `u8`, or there are more or fewer than announced. `close` reports the second.
        let so_far = self.out[start..filled].to_vec();
        self.out.truncate(head);
        let mut list = self.open(Shape::List, Some(len), 1)?;
        so_far.iter().try_for_each(|byte| list.part(byte))?;
        other.into_iter().chain(items).try_for_each(|item| list.part(&item))?;
        list.close()
    }
}

/// The least number of items at which a list is checked for being a list of `u8`.
const FEW: usize = 16;

/// `len` as MessagePack stores it. `u32::MAX` is reserved for "not known yet".
fn length(len: usize) -> Result<u32> {
    let fits = u32::try_from(len).ok().filter(|&len| len < u32::MAX);
    fits.ok_or_else(|| Kind::TooLong(len).into())
}

fn wrote(error: impl std::fmt::Display) -> Error {
    Kind::Other(error.to_string()).into()
}

macro_rules! scalars {
    ($($method:ident($type:ty) => $write:ident as $wide:ty,)*) => {
        $(#[inline]
        fn $method(self, value: $type) -> Result<()> {
            write::$write(self.out, <$wide>::from(value)).map(drop).map_err(wrote)
        })*
    };
}

impl<'s, 'a> Serializer for &'s mut Encoder<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Compound<'s, 'a>;
    type SerializeTuple = Compound<'s, 'a>;
    type SerializeTupleStruct = Compound<'s, 'a>;
    type SerializeTupleVariant = Compound<'s, 'a>;
    type SerializeMap = Compound<'s, 'a>;
    type SerializeStruct = Compound<'s, 'a>;
    type SerializeStructVariant = Compound<'s, 'a>;

    scalars! {
        serialize_bool(bool) => write_bool as bool,
        serialize_i8(i8) => write_sint as i64,
        serialize_i16(i16) => write_sint as i64,
        serialize_i32(i32) => write_sint as i64,
        serialize_i64(i64) => write_sint as i64,
        serialize_u8(u8) => write_uint as u64,
        serialize_u16(u16) => write_uint as u64,
        serialize_u32(u32) => write_uint as u64,
        serialize_u64(u64) => write_uint as u64,
        serialize_f32(f32) => write_f32 as f32,
        serialize_f64(f64) => write_f64 as f64,
    }

    fn serialize_i128(self, value: i128) -> Result<()> {
        write::write_ext_meta(self.out, 16, I128).map_err(wrote)?;
        self.out.extend_from_slice(&value.to_be_bytes());
        Ok(())
    }

    fn serialize_u128(self, value: u128) -> Result<()> {
        write::write_ext_meta(self.out, 16, U128).map_err(wrote)?;
        self.out.extend_from_slice(&value.to_be_bytes());
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<()> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<()> {
        length(value.len())?;
        self.reserve(value.len())?;
        write::write_str(self.out, value).map_err(wrote)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<()> {
        length(value.len())?;
        self.reserve(value.len())?;
        write::write_bin(self.out, value).map_err(wrote)
    }

    fn serialize_none(self) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        let start = self.out.len();
        self.nested(value)?;
        // A value that begins like this is a `nil` inside marked `Some`s, and all of it is a few bytes. So `insert` is cheap.
        if matches!(self.out.get(start), Some(&(SOME | 0xc0))) {
            self.out.insert(start, SOME);
        }
        Ok(())
    }

    fn serialize_unit(self) -> Result<()> {
        write::write_nil(self.out).map_err(wrote)
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Result<()> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, value: &T) -> Result<()> {
        self.nested(value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        self.variant(variant)?;
        self.nested(value)
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Compound<'s, 'a>> {
        self.open(Shape::List, len, 1)
    }

    fn serialize_tuple(self, len: usize) -> Result<Compound<'s, 'a>> {
        self.open(Shape::List, Some(len), 1)
    }

    fn serialize_tuple_struct(self, _name: &'static str, len: usize) -> Result<Compound<'s, 'a>> {
        self.open(Shape::List, Some(len), 1)
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Compound<'s, 'a>> {
        self.variant(variant)?;
        self.open(Shape::List, Some(len), 2)
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Compound<'s, 'a>> {
        self.open(Shape::Map, len, 1)
    }

    fn serialize_struct(self, _name: &'static str, len: usize) -> Result<Compound<'s, 'a>> {
        self.open(Shape::Map, Some(len), 1)
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Compound<'s, 'a>> {
        self.variant(variant)?;
        self.open(Shape::Map, Some(len), 2)
    }

    fn collect_seq<I>(self, items: I) -> Result<()>
    where
        I: IntoIterator,
        I::Item: Serialize,
    {
        let mut items = items.into_iter();
        let (least, most) = items.size_hint();
        let len = Some(least).filter(|_| most == Some(least));
        let first = items.next();
        match (len, first.as_ref().and_then(bytes::byte)) {
            (Some(len @ FEW..), Some(byte)) => self.byte_list(byte, len, items),
            _ => {
                let mut list = self.open(Shape::List, len, 1)?;
                first.into_iter().chain(items).try_for_each(|item| list.part(&item))?;
                list.close()
            }
        }
    }
}

enum Shape {
    List,
    Map,
}

/// A list or map that is being written.
pub(crate) struct Compound<'s, 'a> {
    to: &'s mut Encoder<'a>,
    shape: Shape,
    /// Where the marker and the length end.
    head: usize,
    /// The announced number of items or entries.
    declared: Option<usize>,
    /// The number of parts written: items, or keys and values together.
    parts: usize,
    levels: u16,
}

impl Compound<'_, '_> {
    #[inline]
    fn part<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.parts += 1;
        value.serialize(&mut *self.to)
    }

    fn field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<()> {
        self.part(key)?;
        self.part(value)
    }

    fn close(self) -> Result<()> {
        let (given, odd) = match self.shape {
            Shape::List => (self.parts, false),
            Shape::Map => (self.parts / 2, self.parts % 2 == 1),
        };
        if odd {
            return Err(Kind::KeyWithoutValue.into());
        }
        match self.declared {
            None => self.to.out[self.head - 4..self.head].copy_from_slice(&length(given)?.to_be_bytes()),
            Some(declared) if declared == given => {}
            Some(declared) => {
                return Err(Kind::WrongLength { announced: declared, written: given }.into());
            }
        }
        self.to.depth += self.levels;
        Ok(())
    }
}

macro_rules! compound {
    ($($trait:ident: $part:ident($($key:ident)?) => $write:ident,)*) => {
        $(impl ser::$trait for Compound<'_, '_> {
            type Ok = ();
            type Error = Error;

            fn $part<T: Serialize + ?Sized>(&mut self, $($key: &'static str,)? value: &T) -> Result<()> {
                self.$write($($key,)? value)
            }

            fn end(self) -> Result<()> {
                self.close()
            }
        })*
    };
}

compound! {
    SerializeSeq: serialize_element() => part,
    SerializeTuple: serialize_element() => part,
    SerializeTupleStruct: serialize_field() => part,
    SerializeTupleVariant: serialize_field() => part,
    SerializeStruct: serialize_field(key) => field,
    SerializeStructVariant: serialize_field(key) => field,
}

impl ser::SerializeMap for Compound<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.part(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.part(value)
    }

    fn end(self) -> Result<()> {
        self.close()
    }
}
