//! Sites of workers as `tracing` wants them: with metadata that live as long as the program.
//!
//! A subscriber is asked once for each site whether it wants its events, and remembers the answer by the address of the
//! site. So a site must be `'static`, and must be the same one each time. The sites of a worker are made when the parent
//! first hears of them, and are never freed. A worker runs the same executable as its parent, so all its sites are places
//! in the code of the program, and there are as many of them as the code has. A task that has written over the memory of
//! its worker may send others. So at most [`MOST`] are made.
//!
//! # When subscribers are asked
//!
//! 1. A site that is new is registered, which asks each subscriber of the process. `tracing` gives the site the answer of
//!    all of them together: never, always, or sometimes.
//! 2. When a subscriber comes or goes, `tracing` asks again, for these sites as for those of the program.
//! 3. Before an event is replayed, the level is compared, and then this answer is looked at. Only if it is "sometimes",
//!    the subscriber of the fold is asked.
//!
//! So an event that reaches the parent, and that a filter by target refuses, costs no call of the subscriber.
//!
//! A site of the parent itself is not found here, though it has the same target and the same line: `tracing` does not say
//! which sites a program has before they are first used.

use std::collections::HashMap;
use std::error::Error;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use tracing::Dispatch;
use tracing::callsite::{self, Callsite, Identifier};
use tracing::field::{self, DebugValue, FieldSet};
use tracing::level_filters::LevelFilter;
use tracing::metadata::{Kind, Metadata};
use tracing::subscriber::Interest;
use tracing_core::field::ValueSet;

use super::levels;
use super::record::{Fields, Site, Value, Written};

/// No more sites than this are made. A program of a million lines has some thousand.
pub(super) const MOST: usize = 1 << 14;

/// A site with more fields than this, or with more bytes of text, is none of a program.
const MOST_FIELDS: usize = 1 << 10;
const MOST_TEXT: usize = 1 << 16;

/// What is known of the interest of all subscribers.
const NEVER: u8 = 0;
const SOMETIMES: u8 = 1;
const ALWAYS: u8 = 2;

/// A site that was heard of.
#[derive(Debug)]
pub(super) struct Known {
    /// Set right after the site is made: the metadata name the site.
    metadata: OnceLock<Metadata<'static>>,
    interest: AtomicU8,
}

impl Callsite for Known {
    fn set_interest(&self, interest: Interest) {
        let known = match interest {
            interest if interest.is_never() => NEVER,
            interest if interest.is_always() => ALWAYS,
            _ => SOMETIMES,
        };
        // Relaxed: the interest stands by itself. Whoever sees the one before asks a subscriber in vain, or not at all,
        // as with the sites of the program.
        self.interest.store(known, Ordering::Relaxed);
    }

    fn metadata(&self) -> &Metadata<'static> {
        self.metadata.get().expect("they are set right after the site is made")
    }
}

impl Known {
    /// The site with these properties, which is made if it is new. `None` if there are too many, or if it is no site of a
    /// program.
    pub(super) fn of(site: &Site) -> Option<&'static Self> {
        static ALL: Mutex<Option<HashMap<Site, &'static Known>>> = Mutex::new(None);
        let all = || ALL.lock().unwrap_or_else(PoisonError::into_inner);
        let (found, count) = match &*all() {
            Some(all) => (all.get(site).copied(), all.len()),
            None => (None, 0),
        };
        if found.is_some() || count >= MOST || site.fields.len() > MOST_FIELDS || site.text() > MOST_TEXT {
            return found;
        }
        let known = Self::make(site)?;
        // Without the lock, since it asks all subscribers. Another thread may make the same site meanwhile. Then the one
        // that is kept first is used from now on.
        callsite::register(known);
        Some(all().get_or_insert_default().entry(site.clone()).or_insert(known))
    }

    fn make(site: &Site) -> Option<&'static Self> {
        let level = levels::level(site.level)?;
        let text = |text: &str| -> &'static str { text.to_string().leak() };
        let known: &'static Self =
            Box::leak(Box::new(Self { metadata: OnceLock::new(), interest: AtomicU8::new(SOMETIMES) }));
        let names: Vec<&'static str> = site.fields.iter().map(|name| text(name)).collect();
        let fields = FieldSet::new(names.leak(), Identifier(known));
        let kind = if site.is_span { Kind::SPAN } else { Kind::EVENT };
        let (file, module) = (site.file.as_deref().map(text), site.module.as_deref().map(text));
        let (name, target) = (text(&site.name), text(&site.target));
        known.metadata.get_or_init(|| Metadata::new(name, target, level, file, site.line, module, fields, kind));
        Some(known)
    }

    pub(super) fn metadata(&'static self) -> &'static Metadata<'static> {
        Callsite::metadata(self)
    }

    /// Whether `dispatch` wants what comes from this site now.
    pub(super) fn is_enabled(&'static self, dispatch: &Dispatch) -> bool {
        let metadata = self.metadata();
        *metadata.level() <= LevelFilter::current()
            && match self.interest.load(Ordering::Relaxed) {
                NEVER => false,
                ALWAYS => true,
                _ => dispatch.enabled(metadata),
            }
    }

    /// Calls `work` with the values of the fields.
    pub(super) fn with_values<R>(&'static self, fields: &Fields, work: impl FnOnce(&ValueSet<'_>) -> R) -> R {
        let set = self.metadata().fields();
        let ready: Vec<(u32, Ready<'_>)> = fields.0.iter().map(|(place, value)| (*place, Ready::of(value))).collect();
        let mut values: Vec<Option<&dyn field::Value>> = vec![None; set.len()];
        for (place, value) in &ready {
            if let Some(slot) = values.get_mut(*place as usize) {
                *slot = Some(value.as_value());
            }
        }
        work(&set.value_set_all(&values))
    }
}

/// A value as `tracing` takes it. What has no size, or is written by `Debug`, needs a place of its own.
enum Ready<'a> {
    Plain(&'a dyn field::Value),
    Bytes(&'a [u8]),
    Debug(DebugValue<&'a Written>),
    Error(&'a (dyn Error + 'static)),
}

impl<'a> Ready<'a> {
    fn of(value: &'a Value) -> Self {
        match value {
            Value::Float(value) => Self::Plain(value),
            Value::Signed(value) => Self::Plain(value),
            Value::Unsigned(value) => Self::Plain(value),
            Value::LongSigned(value) => Self::Plain(value),
            Value::LongUnsigned(value) => Self::Plain(value),
            Value::Bool(value) => Self::Plain(value),
            Value::Text(value) => Self::Plain(value),
            Value::Bytes(value) => Self::Bytes(value),
            Value::Debug(value) => Self::Debug(field::debug(value)),
            Value::Error(value) => Self::Error(value),
        }
    }

    fn as_value(&self) -> &dyn field::Value {
        match self {
            Self::Plain(value) => *value,
            Self::Bytes(value) => value,
            Self::Debug(value) => value,
            Self::Error(value) => value,
        }
    }
}
