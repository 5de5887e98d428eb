//! `Levels`: the most verbose events and log records that somebody in the parent may want. A worker is told them with
//! each fold, so that an event that nobody wants costs the worker one comparison.
//!
//! A level is a number, the same for `tracing` and `log`:
//!
//! | number | what is sent |
//! |---|---|
//! | 0 | nothing |
//! | 1 | errors |
//! | 2 | and warnings |
//! | 3 | and information |
//! | 4 | and what helps to find defects |
//! | 5 | everything |
//!
//! The level of events is that of the most verbose subscriber of the process, whoever has it, since `tracing` tells no
//! other. It is 0 if the caller of the fold has no subscriber. The level of records is that of the crate `log`.

/// What a worker sends of the events and the log records of its tasks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Levels {
    /// The level of events and spans.
    pub(crate) events: u8,
    /// The level of records of the crate `log`.
    pub(crate) logs: u8,
}

/// The level at which everything is sent.
pub(super) const ALL: u8 = 5;

/// The level of errors and warnings.
#[cfg(all(feature = "tracing", target_os = "linux"))]
pub(super) const WARNINGS: u8 = 2;

impl Levels {
    /// Nothing is sent.
    pub(crate) const OFF: Self = Self { events: 0, logs: 0 };

    /// The levels with these numbers; `None` if there is no such level.
    pub(crate) fn new(events: u8, logs: u8) -> Option<Self> {
        (events <= ALL && logs <= ALL).then_some(Self { events, logs })
    }

    /// Whether nothing is sent.
    pub(crate) fn are_off(self) -> bool {
        self == Self::OFF
    }
}

/// The number of this level.
#[cfg(feature = "tracing")]
pub(super) fn number(level: tracing::Level) -> u8 {
    BY_NUMBER.iter().position(|&known| known == level).map_or(ALL, |place| place as u8 + 1)
}

/// The number of the most verbose level that passes this filter.
#[cfg(feature = "tracing")]
pub(super) fn number_of(filter: tracing::level_filters::LevelFilter) -> u8 {
    filter.into_level().map_or(0, number)
}

/// The level with this number, if there is one.
#[cfg(feature = "tracing")]
pub(super) fn level(number: u8) -> Option<tracing::Level> {
    BY_NUMBER.get(usize::from(number.checked_sub(1)?)).copied()
}

/// The levels, from number 1 on.
#[cfg(feature = "tracing")]
const BY_NUMBER: [tracing::Level; ALL as usize] =
    [tracing::Level::ERROR, tracing::Level::WARN, tracing::Level::INFO, tracing::Level::DEBUG, tracing::Level::TRACE];
