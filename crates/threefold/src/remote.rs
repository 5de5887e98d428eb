//! What models with workers elsewhere share. A run of a fold (`run`) joins three things that know nothing of each
//! other: who gets which chunks (`dispatch`), how workers are reached (`carrier`), and what becomes of each chunk
//! (`fold_port`). Parent and workers speak to each other in the messages of `wire`.

pub(crate) mod carrier;
#[cfg(test)]
mod cluster;
pub(crate) mod dispatch;
pub(crate) mod fold_port;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub(crate) mod run;
pub(crate) mod wire;
