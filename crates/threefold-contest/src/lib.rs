//! Competitors measured in turn.
//!
//! A [`Contest`] has several competitors that do the same work. In each round every competitor runs once, in a new
//! random order, so that a slow minute of the machine affects all of them. [`Results`] hold the medians, the quartiles,
//! the ratios to the rivals, and the targets that were reached or missed. A [`Set`] of results can be saved, compared
//! with an earlier set, and shown as Markdown. [`Arguments`] are the command-line arguments that choose all this, and
//! [`run`] does what they say.
//!
//! This crate does not know what is measured. `threefold-bench` defines that.

mod arguments;
mod compare;
mod contest;
mod dice;
mod figure;
mod machine;
mod markdown;
mod program;
mod quartiles;
mod results;
mod sample;
mod saved;

pub use arguments::Arguments;
pub use compare::{Worse, compare};
pub use contest::Contest;
pub use dice::Dice;
pub use figure::Unit;
pub use machine::describe;
pub use markdown::{contest_as_markdown, markdown};
pub use program::{Entry, run};
pub use quartiles::Quartiles;
pub use results::{Competitor, Ratio, Results, Target};
pub use sample::{Measured, Sample, after_idling, batched, once, timed};
pub use saved::Set;
