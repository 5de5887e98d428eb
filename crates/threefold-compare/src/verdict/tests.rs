//! Sentences of the verdict on simulated machines, of which the truth is known.

mod certainty;
mod changes;
mod corrected;
mod models;
mod property;
mod shapes;
mod simulated;
mod sizes;
