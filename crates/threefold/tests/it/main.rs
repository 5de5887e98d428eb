//! What the library promises beside the laws: what must not compile and what must, and the house's own rules.

#![allow(clippy::unwrap_used, reason = "a test says with it what must be so")]

mod arrows;
mod captures;
mod cost;
mod documentation;
mod fragments;
mod links;
mod macros;
mod names;
mod prelude;
#[cfg(feature = "simd")]
mod simd;
mod tidy;
mod ui;
