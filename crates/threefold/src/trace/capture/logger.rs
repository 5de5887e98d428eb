//! The logger of a worker, for records of the crate `log`.
//!
//! A process has one logger, and a rank has several workers. So a record goes to the first of these that there is:
//!
//! 1. the worker that runs chunks on this thread;
//! 2. the subscriber of this thread, if it is that of a worker: a fold that a task nests gives it to its helper threads;
//! 3. the only worker of this process, for threads that a task has started.

use std::cell::RefCell;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use log::{LevelFilter, Log};
use tracing::dispatcher;

use super::{Capture, innermost};
use crate::trace::record::{Line, Record};

/// What the worker hears that is alone in its process.
static ALONE: OnceLock<Arc<Capture>> = OnceLock::new();

thread_local! {
    /// What the worker hears that runs chunks on this thread.
    static HERE: RefCell<Option<Arc<Capture>>> = const { RefCell::new(None) };
}

/// This thread has a worker until this is dropped.
pub(super) struct Here;

impl Here {
    pub(super) fn enter(capture: &Arc<Capture>) -> Self {
        let _ = HERE.try_with(|here| here.replace(Some(Arc::clone(capture))));
        Self
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        let _ = HERE.try_with(RefCell::take);
    }
}

/// This is what the only worker of this process hears.
pub(super) fn is_alone(capture: &Arc<Capture>) {
    let _ = ALONE.set(Arc::clone(capture));
}

/// A fold begins that wants records up to this level. The worker may be `alone` in its process.
pub(super) fn begin(level: u8, alone: bool) {
    if level > 0 {
        // The program may have set one before `init`. Then the records go there.
        let _ = log::set_logger(&Logger);
    }
    if level > 0 || alone {
        let level = LevelFilter::iter().nth(level.into()).unwrap_or(LevelFilter::Trace);
        // Another worker of this process may want more.
        log::set_max_level(if alone { level } else { level.max(log::max_level()) });
    }
}

/// The logger.
struct Logger;

/// Calls `work` with what hears the records of this thread.
fn with_capture<R>(work: impl FnOnce(&Capture) -> R) -> Option<R> {
    let here = HERE.try_with(|here| here.borrow().clone()).ok().flatten();
    let default = || dispatcher::get_default(|dispatch| dispatch.downcast_ref::<Arc<Capture>>().cloned());
    here.or_else(default).or_else(|| ALONE.get().cloned()).map(|capture| work(&capture))
}

impl Log for Logger {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        with_capture(|capture| metadata.level() as u8 <= capture.logs.load(Ordering::Relaxed)) == Some(true)
    }

    fn log(&self, record: &log::Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let line = Line {
            level: record.level() as u8,
            target: record.target().to_string(),
            module: record.module_path().map(str::to_string),
            file: record.file().map(str::to_string),
            line: record.line(),
            message: record.args().to_string(),
        };
        let level = line.level;
        with_capture(|capture| capture.lock().keep(&Record::Line { parent: innermost(), line }, level));
    }

    fn flush(&self) {}
}
