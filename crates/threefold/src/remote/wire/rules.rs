//! `Rules`: what a worker decides by itself during a fold.

use super::fields::Fields;
use crate::trace::levels::Levels;

/// What a worker does by itself, before the parent tells it to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    /// Whether it starts nothing above a chunk whose output is `Err`.
    pub(crate) stop_on_err: bool,
    /// Whether it starts nothing above a chunk that panicked, or whose output cannot be serialized.
    pub(crate) stop_on_panic: bool,
    /// Whether it sends each answer before it starts the next chunk. Then finished chunks cannot be lost with the
    /// worker.
    pub(crate) answer_each: bool,
    /// Whether it reports for each chunk when the chunk ran, for an observer or a deadline. Otherwise the clock is not
    /// read for each chunk, since a reading would take longer than a cheap chunk.
    pub(crate) time_each: bool,
    /// What it sends of the events of its tasks.
    pub(crate) levels: Levels,
}

impl Rules {
    pub(super) fn put(self, out: &mut Vec<u8>) {
        let Self { stop_on_err, stop_on_panic, answer_each, time_each, levels } = self;
        out.extend([stop_on_err, stop_on_panic, answer_each, time_each].map(u8::from));
        out.extend([levels.events, levels.logs]);
    }

    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            stop_on_err: fields.flag()?,
            stop_on_panic: fields.flag()?,
            answer_each: fields.flag()?,
            time_each: fields.flag()?,
            levels: Levels::new(fields.byte()?, fields.byte()?)?,
        })
    }
}
