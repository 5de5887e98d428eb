//! What models with workers elsewhere share: the messages between a parent and its workers.

#[allow(dead_code, reason = "the simulator alone drives it so far")]
pub(crate) mod dispatch;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub(crate) mod wire;
