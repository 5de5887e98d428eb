//! How far a long run has come, and how long it will take, on stderr.
//!
//! Nothing is shown in the first half second. Unless it is asked for, nothing is shown where stderr is not a terminal,
//! and then nothing is observed either. On a terminal a bar is drawn, and removed at the end; elsewhere one line is
//! written per second. There are no colours.

use std::io::{self, IsTerminal};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use clap::ValueEnum;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use threefold::Event;

use crate::messages;
use crate::plan::Plan;

/// Shorter runs need no progress.
const DELAY: Duration = Duration::from_millis(500);

/// How often a bar is drawn: it then moves smoothly.
const FRAME: Duration = Duration::from_millis(100);

/// How often a line is written.
const LINE: Duration = Duration::from_secs(1);

/// The bar fills what the words beside it leave of the terminal's width. Every terminal has these characters.
const TEMPLATE: &str = "[{wide_bar}] {percent}%, {eta} left";

/// The same before the first step, when nothing is known of the time.
const TEMPLATE_AT_FIRST: &str = "[{wide_bar}] {percent}%";

/// The bar that is drawn, if there is one.
static DRAWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Calls `write`, which writes to the terminal, without a bar in its way.
#[cfg(target_os = "linux")]
pub(crate) fn aside<R>(write: impl FnOnce() -> R) -> R {
    let drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match drawn {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// When progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Show {
    /// If stderr is a terminal
    #[default]
    Auto,
    /// As a bar on a terminal, as lines elsewhere
    Always,
    /// Never
    Never,
}

/// The progress of one fold.
pub(crate) struct FoldProgress {
    /// How much each chunk counts; `None` if all chunks count the same.
    weights: Option<Arc<[u64]>>,
    display: Display,
}

impl FoldProgress {
    /// Shows the progress of the fold over `plan`. `None` if nothing will be shown.
    pub(crate) fn start(show: Show, plan: &Plan) -> Option<Self> {
        let weights: Option<Arc<[u64]>> = plan.weights().map(Into::into);
        let total = match &weights {
            Some(weights) => weights.iter().fold(0, |sum: u64, &weight| sum.saturating_add(weight)),
            None => plan.chunks,
        };
        Some(Self { weights, display: Display::start(show, total)? })
    }

    /// The observer of the fold.
    pub(crate) fn observer(&self) -> impl Fn(&Event<'_>) + Send + Sync + 'static {
        let (weights, bar) = (self.weights.clone(), self.display.bar.clone());
        move |event| {
            let weight = |chunk: u64| weights.as_ref().map_or(1, |weights| weights[chunk as usize]);
            match event {
                Event::Finished(span) => bar.inc(weight(span.chunk)),
                Event::Resumed { chunks } => {
                    bar.inc(chunks.iter().cloned().flatten().fold(0, |sum, chunk| sum.saturating_add(weight(chunk))));
                    // What an earlier run has done says nothing of how fast this one is.
                    bar.reset_eta();
                }
                _ => {}
            }
        }
    }
}

/// The progress of a comparison, which knows the share of it that is done.
pub(crate) struct ComparisonProgress(Display);

impl ComparisonProgress {
    /// As fine as a bar can show it.
    const STEPS: u64 = 1000;

    /// `None` if nothing will be shown.
    pub(crate) fn start(show: Show) -> Option<Self> {
        Display::start(show, Self::STEPS).map(Self)
    }

    /// The observer of the comparison.
    pub(crate) fn observer(&self) -> impl Fn(&threefold_compare::Progress) + Send + Sync + 'static {
        let bar = self.0.bar.clone();
        move |progress| bar.set_position((progress.share * Self::STEPS as f64) as u64)
    }
}

/// A bar, or lines. When it is dropped it ends, and a bar is removed.
struct Display {
    bar: ProgressBar,
    /// Closed at the end.
    open: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Display {
    fn start(show: Show, total: u64) -> Option<Self> {
        let terminal = io::stderr().is_terminal();
        if show == Show::Never || (show == Show::Auto && !terminal) {
            return None;
        }
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
        let (open, closed) = mpsc::channel();
        let shown = bar.clone();
        let thread = thread::Builder::new()
            .name("threefold-progress".to_string())
            .spawn(move || if terminal { draw(&shown, &closed) } else { write_lines(&shown, &closed) });
        // Without a thread the run goes on and shows no progress.
        let thread = thread.ok()?;
        Some(Self { bar, open: Some(open), thread: Some(thread) })
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.open = None;
        if let Some(thread) = self.thread.take() {
            // A bar that could not be drawn is no reason to fail.
            let _ = thread.join();
        }
    }
}

fn draw(bar: &ProgressBar, closed: &Receiver<()>) {
    if ended(closed, DELAY) {
        return;
    }
    bar.set_style(style(TEMPLATE_AT_FIRST));
    bar.set_draw_target(ProgressDrawTarget::stderr());
    *DRAWN.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
    let mut knows_time = false;
    while !ended(closed, FRAME) {
        if !knows_time && bar.position() > 0 {
            bar.set_style(style(TEMPLATE));
            knows_time = true;
        }
        bar.tick();
    }
    *DRAWN.lock().unwrap_or_else(PoisonError::into_inner) = None;
    bar.finish_and_clear();
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the template is valid").progress_chars("=> ")
}

fn write_lines(bar: &ProgressBar, closed: &Receiver<()>) {
    let mut wait = DELAY;
    while !ended(closed, wait) {
        let percent = 100.0 * bar.position() as f64 / bar.length().unwrap_or(1).max(1) as f64;
        // Before there is any progress nothing can be estimated.
        let line = match bar.position() {
            0 => "threefold: 0%\n".to_string(),
            _ => format!("threefold: {percent:.0}%, {} left\n", HumanDuration(bar.eta())),
        };
        messages::write(&line);
        wait = LINE;
    }
}

/// Waits `at_most` that long for the end of the run. Whether it has ended.
fn ended(closed: &Receiver<()>, at_most: Duration) -> bool {
    closed.recv_timeout(at_most) != Err(RecvTimeoutError::Timeout)
}
