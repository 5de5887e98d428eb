//! `Progress`: how far long work has come and how long it will take, on stderr.
//!
//! Nothing is shown in the first half second, nor, unless it is asked for, where stderr is not a terminal; then nothing
//! is observed either. On a terminal it is a bar that disappears at the end, elsewhere a line a second. There are no
//! colours.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use threefold::Event;

use crate::plan::Plan;

/// Work that takes less has no need of it.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often a bar is drawn: smooth enough for the eye.
const FRAME: Duration = Duration::from_millis(100);

/// How many characters lie between the ends of the bar: with the text beside it it fits any terminal.
const BAR: usize = 40;

/// What clears a terminal's line from here to its end.
const CLEAR_REST: &str = "\x1b[K";

/// How often a line is written.
const LINE: Duration = Duration::from_secs(1);

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

/// The progress of one fold; ends, and takes its bar away, when it is dropped.
pub(crate) struct Progress {
    /// How much each chunk counts; 1 each where they are alike.
    weights: Option<Arc<[u64]>>,
    done: Arc<AtomicU64>,
    /// Closed at the end.
    open: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Shows how `plan` is coming along. `None` where nothing will be shown.
    pub(crate) fn start(show: Show, plan: &Plan) -> Option<Self> {
        let terminal = io::stderr().is_terminal();
        let shown = match show {
            Show::Auto => terminal,
            Show::Always => true,
            Show::Never => false,
        };
        if !shown {
            return None;
        }
        let weights: Option<Arc<[u64]>> = plan.weights().map(Into::into);
        let total = match &weights {
            Some(weights) => weights.iter().fold(0, |sum: u64, &weight| sum.saturating_add(weight)),
            None => plan.chunks,
        };
        let done = Arc::new(AtomicU64::new(0));
        let (open, closed) = mpsc::channel();
        let watched = Watched { done: Arc::clone(&done), total, since: Instant::now() };
        let thread = thread::Builder::new()
            .name("threefold-progress".to_string())
            .spawn(move || if terminal { draw(&watched, &closed) } else { write_lines(&watched, &closed) });
        // Without a thread to show it the work goes on all the same.
        let thread = thread.ok()?;
        Some(Self { weights, done, open: Some(open), thread: Some(thread) })
    }

    /// What tells it of chunks that are done.
    pub(crate) fn observer(&self) -> impl Fn(&Event<'_>) + Send + Sync + 'static {
        let (weights, done) = (self.weights.clone(), Arc::clone(&self.done));
        move |event| {
            if let Event::Finished(span) = event {
                let weight = weights.as_ref().map_or(1, |weights| weights[span.chunk as usize]);
                // Relaxed: a number to look at, on which nothing else depends.
                done.fetch_add(weight, Ordering::Relaxed);
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.open = None;
        if let Some(thread) = self.thread.take() {
            // A bar that could not be drawn is no reason to fail.
            let _ = thread.join();
        }
    }
}

struct Watched {
    done: Arc<AtomicU64>,
    total: u64,
    since: Instant,
}

fn draw(watched: &Watched, closed: &Receiver<()>) {
    if ended(closed, PATIENCE) {
        return;
    }
    // Whatever cannot be written would have been drawn over anyway.
    while {
        let picture = format!("\r{} {}{CLEAR_REST}", bar(watched.share()), watched.text());
        let _ = io::stderr().write_all(picture.as_bytes());
        !ended(closed, FRAME)
    } {}
    let _ = write!(io::stderr(), "\r{CLEAR_REST}");
}

fn write_lines(watched: &Watched, closed: &Receiver<()>) {
    let mut wait = PATIENCE;
    while !ended(closed, wait) {
        let line = format!("threefold: {}\n", watched.text());
        let _ = io::stderr().write_all(line.as_bytes());
        wait = LINE;
    }
}

/// Waits for the end of the work, `at_most` so long; whether it has come.
fn ended(closed: &Receiver<()>, at_most: Duration) -> bool {
    closed.recv_timeout(at_most) != Err(RecvTimeoutError::Timeout)
}

impl Watched {
    fn share(&self) -> f64 {
        let done = self.done.load(Ordering::Relaxed).min(self.total);
        done as f64 / self.total.max(1) as f64
    }

    fn text(&self) -> String {
        text(self.share(), self.since.elapsed())
    }
}

/// `[===>      ]`
fn bar(share: f64) -> String {
    let done = (share * BAR as f64) as usize;
    format!("[{:<BAR$}]", "=".repeat(done.min(BAR - 1)) + ">")
}

/// `45%, 12 s left`, when this share of the work took so long.
fn text(share: f64, took: Duration) -> String {
    let percent = format!("{:.0}%", (100.0 * share).floor());
    if share == 0.0 {
        return percent;
    }
    let left = took.as_secs_f64() * (1.0 - share) / share;
    format!("{percent}, {} left", time(left))
}

/// So many seconds, as roughly as one wants to know.
fn time(seconds: f64) -> String {
    let seconds = seconds.ceil() as u64;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{minutes} min {} s", seconds % 60),
        3600..86400 => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{bar, text};

    #[test]
    fn the_time_left_is_what_the_rest_takes_at_the_same_pace() {
        let after = |share, seconds| text(share, Duration::from_secs(seconds));
        assert_eq!(after(0.0, 1), "0%");
        assert_eq!(after(1.0, 1), "100%, 0 s left");
        assert_eq!(after(0.5, 7), "50%, 7 s left");
        assert_eq!(after(0.999, 7), "99%, 1 s left");
        assert_eq!(after(0.1, 10), "10%, 1 min 30 s left");
        assert_eq!(after(0.01, 100), "1%, 2 h 45 min left");
        assert_eq!(after(0.001, 1000), "0%, 11 d 13 h left");
    }

    #[test]
    fn the_bar_grows_from_end_to_end_and_keeps_its_length() {
        assert_eq!(bar(0.0), "[>                                       ]");
        assert_eq!(bar(0.5), "[====================>                   ]");
        assert_eq!(bar(1.0), "[=======================================>]");
    }
}
