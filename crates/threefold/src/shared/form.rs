//! The serialized form of an array: the number of its memory, the fingerprint of its bytes, or all its bytes.
//!
//! The number means something only to the workers of this process, so it is written only where they will read it. Its
//! form has the length as well: a number that belongs to memory of another length is refused. The fingerprint is for a
//! journal, which compares arrays and never restores one.

use std::fmt;

use bytemuck::Pod;
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use super::Shared;
#[cfg(feature = "processes")]
use super::known;
#[cfg(feature = "journal")]
use super::printed;

/// What is written. `Bytes` has a type of its own for the two directions.
#[derive(serde::Serialize, serde::Deserialize)]
enum Form<B> {
    /// Memory that the reader knows by its number.
    Numbered {
        number: u64,
        length: u64,
    },
    Copied(B),
    /// Memory that the reader has just serialized itself.
    Printed {
        print: u64,
        length: u64,
    },
}

impl<T: Pod> Serialize for Shared<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[cfg(feature = "processes")]
        if let Some(number) = known::gather(self.view.memory()) {
            return Form::<Bytes<'_>>::Numbered { number, length: self.bytes().len() as u64 }.serialize(serializer);
        }
        #[cfg(feature = "journal")]
        if let Some(print) = printed::print(self.view.memory()) {
            return Form::<Bytes<'_>>::Printed { print, length: self.bytes().len() as u64 }.serialize(serializer);
        }
        Form::Copied(Bytes(self.bytes())).serialize(serializer)
    }
}

impl<'de, T: Pod> Deserialize<'de> for Shared<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Form::<Copy<T>>::deserialize(deserializer)? {
            Form::Copied(Copy(array)) => Ok(array),
            Form::Numbered { number, length } => Shared::numbered(number, length).ok_or_else(|| {
                de::Error::custom(format_args!("this process has no array {number} of {length} bytes with such items"))
            }),
            Form::Printed { print, length } => Shared::printed(print, length).ok_or_else(|| {
                de::Error::custom(format_args!(
                    "no array of {length} bytes with such items was serialized as {print:#x}"
                ))
            }),
        }
    }
}

/// Only a process with worker processes, or such a process, knows arrays by their numbers.
#[cfg(not(feature = "processes"))]
impl<T: Pod> Shared<T> {
    fn numbered(_number: u64, _length: u64) -> Option<Self> {
        None
    }
}

/// Only a journal knows arrays by their fingerprints.
#[cfg(not(feature = "journal"))]
impl<T: Pod> Shared<T> {
    fn printed(_print: u64, _length: u64) -> Option<Self> {
        None
    }
}

/// The bytes of an array, to write.
struct Bytes<'a>(&'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// An array that was restored from its bytes.
struct Copy<T>(Shared<T>);

impl<'de, T: Pod> Deserialize<'de> for Copy<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(BytesVisitor(std::marker::PhantomData)).map(Self)
    }
}

/// Takes bytes in whatever form the format has them: as one string, or as a sequence of numbers.
struct BytesVisitor<T>(std::marker::PhantomData<T>);

impl<'de, T: Pod> Visitor<'de> for BytesVisitor<T> {
    type Value = Shared<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the bytes of items of {} bytes each", size_of::<T>())
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Shared<T>, E> {
        if !bytes.len().is_multiple_of(size_of::<T>()) {
            return Err(E::invalid_length(bytes.len(), &self));
        }
        let fill = |items: &mut [T]| bytemuck::cast_slice_mut(items).copy_from_slice(bytes);
        Shared::filled_by(bytes.len() / size_of::<T>(), fill).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Shared<T>, A::Error> {
        let mut bytes: Vec<u8> = Vec::new();
        while let Some(byte) = sequence.next_element()? {
            bytes.push(byte);
        }
        self.visit_bytes(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use crate::shared::Shared;

    #[test]
    fn an_array_is_restored_from_all_its_bytes() {
        let array = Shared::copy_of(&[1.5f64, f64::NAN, -0.0]).unwrap();
        let json = serde_json::to_string(&array).unwrap();
        assert_eq!(serde_json::from_str::<Shared<f64>>(&json).unwrap(), array);
    }

    #[test]
    fn bytes_that_are_no_whole_number_of_items_are_refused() {
        let json = serde_json::to_string(&Shared::copy_of(&[1u8, 2, 3]).unwrap()).unwrap();
        let error = serde_json::from_str::<Shared<u16>>(&json).unwrap_err().to_string();
        assert!(error.starts_with("invalid length 3, expected the bytes of items of 2 bytes each"), "{error}");
    }

    #[cfg(feature = "journal")]
    mod printed {
        use std::cell::Cell;
        use std::sync::Arc;

        use crate::shared::Shared;
        use crate::shared::printed::printing;

        thread_local! {
            static PRINTS: Cell<u32> = const { Cell::new(0) };
        }

        /// Anything that depends on the bytes.
        fn print(bytes: &[u8]) -> u64 {
            PRINTS.set(PRINTS.get() + 1);
            bytes.iter().fold(7, |print, &byte| print * 3 + u64::from(byte))
        }

        fn json(array: &Shared<u8>) -> String {
            printing(print, || serde_json::to_string(array).unwrap())
        }

        #[test]
        fn for_a_journal_an_array_is_its_fingerprint_and_no_copy() {
            let array = Shared::copy_of(&[1u8; 20]).unwrap();
            printing(print, || {
                let json = serde_json::to_string(&(&array, &array)).unwrap();
                assert!(json.contains("\"length\":20") && !json.contains("1,1,1"), "{json}");
                let (one, other) = serde_json::from_str::<(Shared<u8>, Shared<u8>)>(&json).unwrap();
                for restored in [one, other] {
                    assert!(Arc::ptr_eq(restored.view.memory(), array.view.memory()));
                }
            });
            assert_eq!(PRINTS.get(), 1, "it is computed once for an array");
            assert!(serde_json::to_string(&array).unwrap().contains("Copied"), "it has ended");
        }

        #[test]
        fn arrays_with_the_same_items_are_the_same_and_others_are_not() {
            let array = |items: &[u8]| json(&Shared::copy_of(items).unwrap());
            assert_eq!(array(&[1, 2, 3]), array(&[1, 2, 3]));
            assert_ne!(array(&[1, 2, 3]), array(&[1, 2, 4]));
            assert_ne!(array(&[1, 2, 3]), array(&[1, 2]));
        }

        #[test]
        fn a_fingerprint_that_was_not_serialized_restores_nothing() {
            let array = Shared::copy_of(&[1u8, 2, 3]).unwrap();
            let json = json(&array);
            let read = || serde_json::from_str::<Shared<u8>>(&json).is_ok();
            assert!(!read() && !printing(print, read));
            // Three bytes are no whole number of these items.
            let wider = || {
                serde_json::to_string(&array).unwrap();
                serde_json::from_str::<Shared<u16>>(&json).is_ok()
            };
            assert!(!printing(print, wider));
        }

        #[test]
        fn it_ends_when_the_users_code_panics() {
            let array = Shared::copy_of(&[1u8]).unwrap();
            let _ = std::panic::catch_unwind(|| printing(print, || panic!("a `Serialize` of the user's")));
            assert!(serde_json::to_string(&array).unwrap().contains("Copied"));
        }
    }

    #[cfg(feature = "processes")]
    mod numbered {
        use std::sync::Arc;

        use crate::shared::{Shared, known};

        fn numbered(array: &Shared<u32>) -> String {
            let (json, gathered) = known::gathering(|| serde_json::to_string(&(array, array)).unwrap());
            assert!(gathered.len() == 1 && Arc::ptr_eq(&gathered[0], array.view.memory()));
            json
        }

        #[test]
        fn inside_of_a_gathering_an_array_is_its_number_and_no_copy() {
            let array = Shared::copy_of(&[1u32, 2, 3]).unwrap();
            let json = numbered(&array);
            let read = || serde_json::from_str::<(Shared<u32>, Shared<u32>)>(&json);
            let (one, _) = known::gathering(read).0.unwrap();
            assert!(Arc::ptr_eq(one.view.memory(), array.view.memory()));
            assert!(serde_json::to_string(&array).unwrap().contains("Copied"), "the gathering has ended");
            assert!(read().is_err(), "anybody could name the array of anybody else");
        }

        #[test]
        fn a_number_that_is_unknown_or_of_another_length_is_refused() {
            let array = Shared::copy_of(&[1u32, 2, 3]).unwrap();
            let json = numbered(&array);
            fn read<T: bytemuck::Pod>(json: &str) -> serde_json::Result<()> {
                known::gathering(|| serde_json::from_str::<(Shared<T>, Shared<T>)>(json).map(drop)).0
            }
            assert!(read::<u32>(&json.replace("\"length\":12", "\"length\":8")).is_err());
            assert!(read::<u64>(&json).is_err(), "12 bytes are no `u64`s");
            assert!(read::<u32>(&json).is_ok());
            drop(array);
            assert!(read::<u32>(&json).is_err());
        }

        #[test]
        fn a_gathering_ends_when_the_users_code_panics() {
            let array = Shared::copy_of(&[1u8]).unwrap();
            let _ = std::panic::catch_unwind(|| known::gathering(|| panic!("a `Serialize` of the user's")));
            assert!(known::gather(array.view.memory()).is_none());
        }
    }
}
