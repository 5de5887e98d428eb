//! `Progress`: how far long work has come and how long it will take, on stderr.
//!
//! Nothing is shown in the first half second, nor, unless it is asked for, where stderr is not a terminal; then nothing
//! is observed either. On a terminal it is a bar that disappears at the end, elsewhere a line a second. There are no
//! colours.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use clap::ValueEnum;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use threefold::Event;

use crate::plan::Plan;

/// Work that takes less has no need of it.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often a bar is drawn: smooth enough for the eye.
const FRAME: Duration = Duration::from_millis(100);

/// How often a line is written.
const LINE: Duration = Duration::from_secs(1);

/// The bar takes what the words beside it leave of the terminal's width, in characters that every terminal has.
const TEMPLATE: &str = "[{wide_bar}] {percent}%, {eta} left";

/// When progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Show {
    /// Where stderr is a terminal
    Auto,
    /// Also where it is not, as lines
    Always,
    /// Not at all
    Never,
}

/// The progress of one fold.
pub(crate) struct Progress {
    /// How much each chunk counts; 1 each where they are alike.
    weights: Option<Arc<[u64]>>,
    shown: Shown,
}

impl Progress {
    /// Shows how `plan` is coming along. `None` where nothing will be shown.
    pub(crate) fn start(show: Show, plan: &Plan) -> Option<Self> {
        let weights: Option<Arc<[u64]>> = plan.weights().map(Into::into);
        let total = match &weights {
            Some(weights) => weights.iter().fold(0, |sum: u64, &weight| sum.saturating_add(weight)),
            None => plan.chunks,
        };
        Some(Self { weights, shown: Shown::start(show, total)? })
    }

    /// What tells it of chunks that are done.
    pub(crate) fn observer(&self) -> impl Fn(&Event<'_>) + Send + Sync + 'static {
        let (weights, bar) = (self.weights.clone(), self.shown.bar.clone());
        move |event| {
            if let Event::Finished(span) = event {
                bar.inc(weights.as_ref().map_or(1, |weights| weights[span.chunk as usize]));
            }
        }
    }
}

/// The progress of something that knows which share of it is done.
pub(crate) struct Share(Shown);

impl Share {
    /// As fine as a bar can show it.
    const STEPS: u64 = 1000;

    /// `None` where nothing will be shown.
    pub(crate) fn start(show: Show) -> Option<Self> {
        Shown::start(show, Self::STEPS).map(Self)
    }

    /// What tells it of the share.
    pub(crate) fn observer(&self) -> impl Fn(&threefold_compare::Progress) + Send + Sync + 'static {
        let bar = self.0.bar.clone();
        move |progress| bar.set_position((progress.share * Self::STEPS as f64) as u64)
    }
}

/// A bar, or lines; ends, and takes its bar away, when it is dropped.
struct Shown {
    bar: ProgressBar,
    /// Closed at the end.
    open: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Shown {
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
        // Without a thread to show it the work goes on all the same.
        let thread = thread.ok()?;
        Some(Self { bar, open: Some(open), thread: Some(thread) })
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.open = None;
        if let Some(thread) = self.thread.take() {
            // A bar that could not be drawn is no reason to fail.
            let _ = thread.join();
        }
    }
}

fn draw(bar: &ProgressBar, closed: &Receiver<()>) {
    if ended(closed, PATIENCE) {
        return;
    }
    let style = ProgressStyle::with_template(TEMPLATE).expect("the template is one");
    bar.set_style(style.progress_chars("=> "));
    bar.set_draw_target(ProgressDrawTarget::stderr());
    while !ended(closed, FRAME) {
        bar.tick();
    }
    bar.finish_and_clear();
}

fn write_lines(bar: &ProgressBar, closed: &Receiver<()>) {
    let mut wait = PATIENCE;
    while !ended(closed, wait) {
        let percent = 100.0 * bar.position() as f64 / bar.length().unwrap_or(1).max(1) as f64;
        let line = format!("threefold: {percent:.0}%, {} left\n", HumanDuration(bar.eta()));
        // In one piece; where nobody listens there is nobody to tell.
        let _ = io::stderr().write_all(line.as_bytes());
        wait = LINE;
    }
}

/// Waits for the end of the work, `at_most` so long; whether it has come.
fn ended(closed: &Receiver<()>, at_most: Duration) -> bool {
    closed.recv_timeout(at_most) != Err(RecvTimeoutError::Timeout)
}
