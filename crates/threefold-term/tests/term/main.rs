//! Terms are held against a naive evaluator, against PARI, and against what their documentation says.

mod exact;
mod floats;
mod oracle;
mod pari;
mod refusals;
mod trees;
mod unbounded;
