//! What models with workers elsewhere share: the messages between a parent and its workers.

#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub(crate) mod wire;
