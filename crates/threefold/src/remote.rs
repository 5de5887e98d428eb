//! What models with workers elsewhere share. A run of a fold (`run`) joins three things that know nothing of each
//! other: who gets which chunks (`dispatch`), how workers are reached (`carrier`), and what becomes of each chunk
//! (`fold_port`). Parent and workers speak to each other in the messages of `wire`. What a worker
//! does with these messages is in `serve`.

pub(crate) mod carrier;
#[cfg(target_os = "linux")]
pub(crate) mod clock;
pub(crate) mod dispatch;
pub(crate) mod fold_port;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub(crate) mod run;
#[cfg(target_os = "linux")]
pub(crate) mod serve;
pub(crate) mod wire;
