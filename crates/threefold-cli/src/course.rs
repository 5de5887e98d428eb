//! `Course`: what is known of a fold while it runs, and when it has failed: when its first chunk began, how many chunks are
//! finished, and whether one has begun and not ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use threefold::Event;

/// No chunk has begun.
const NEVER: u64 = u64::MAX;

/// Shared by a run and the observer of its fold.
#[derive(Clone, Debug)]
pub(crate) struct Course(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    /// Before the executor was made.
    began: Instant,
    /// From then to the start of the first attempt at a chunk, in nanoseconds.
    startup: AtomicU64,
    started: AtomicU64,
    ended: AtomicU64,
    finished: AtomicU64,
}

impl Course {
    /// That of a run that begins now.
    pub(crate) fn new() -> Self {
        let (began, none) = (Instant::now(), AtomicU64::default);
        let startup = AtomicU64::new(NEVER);
        Self(Arc::new(Counts { began, startup, started: none(), ended: none(), finished: none() }))
    }

    /// The observer of the fold. Each number is one of its own, and none of them publishes data, so all are relaxed.
    pub(crate) fn observer(&self) -> impl Fn(&Event<'_>) + Send + Sync + 'static {
        let course = self.clone();
        move |event| {
            let counts = &course.0;
            match event {
                Event::Started(start) => {
                    counts.started.fetch_add(1, Ordering::Relaxed);
                    course.note_start(start.started.saturating_duration_since(counts.began));
                }
                Event::Finished(_) => {
                    counts.ended.fetch_add(1, Ordering::Relaxed);
                    counts.finished.fetch_add(1, Ordering::Relaxed);
                }
                Event::Failed(error) | Event::Retried(error) => {
                    counts.ended.fetch_add(1, Ordering::Relaxed);
                    // A chunk that is lost soon after its start fails without a `Started`.
                    if let Some(ran_for) = error.ran_for() {
                        course.note_start(counts.began.elapsed().saturating_sub(ran_for));
                    }
                }
                _ => {}
            }
        }
    }

    fn note_start(&self, since: Duration) {
        let nanoseconds = u64::try_from(since.as_nanos()).unwrap_or(NEVER);
        self.0.startup.fetch_min(nanoseconds, Ordering::Relaxed);
    }

    /// Before the executor was made.
    pub(crate) fn began(&self) -> Instant {
        self.0.began
    }

    /// The time until the first attempt at a chunk began, if one has begun.
    pub(crate) fn startup(&self) -> Option<Duration> {
        match self.0.startup.load(Ordering::Relaxed) {
            NEVER => None,
            nanoseconds => Some(Duration::from_nanos(nanoseconds)),
        }
    }

    /// How many chunks are finished.
    pub(crate) fn finished(&self) -> u64 {
        self.0.finished.load(Ordering::Relaxed)
    }

    /// Whether a chunk has begun whose end is not known. After a cancel, chunks end without an event.
    pub(crate) fn is_in_chunk(&self) -> bool {
        let ended = self.0.ended.load(Ordering::Relaxed);
        self.0.started.load(Ordering::Relaxed) > ended
    }
}

#[cfg(test)]
mod tests {
    use threefold::prelude::*;

    use super::Course;

    #[task]
    fn reciprocal(n: u32) -> u32 {
        100 / n
    }

    #[test]
    fn chunks_are_counted_on_every_model() {
        threefold::init();
        for &model in Model::available() {
            let course = Course::new();
            assert_eq!((course.startup(), course.finished(), course.is_in_chunk()), (None, 0, false));
            let on = Executor::new(model).unwrap().observe(course.observer());
            on.for_each(Items(vec![5, 4, 2]), reciprocal).unwrap();
            assert_eq!((course.finished(), course.is_in_chunk()), (3, false), "{model}");
            assert!(course.startup().is_some_and(|startup| startup <= course.began().elapsed()), "{model}");
        }
    }

    #[test]
    fn a_chunk_that_fails_has_begun_and_ended_and_is_not_finished() {
        let course = Course::new();
        let on = Executor::new(Model::Sequential).unwrap().observe(course.observer());
        assert!(on.for_each(Items(vec![0]), reciprocal).is_err());
        assert_eq!((course.finished(), course.is_in_chunk()), (0, false));
        assert!(course.startup().is_some());
    }

    #[test]
    fn a_chunk_is_running_until_it_ends() {
        let course = Course::new();
        let (seen, watch) = (course.clone(), course.observer());
        let on = Executor::new(Model::Sequential).unwrap().observe(move |event| {
            watch(event);
            if let threefold::Event::Started(_) = event {
                assert!(seen.is_in_chunk());
            }
        });
        on.for_each(Items(vec![5, 4]), reciprocal).unwrap();
        assert_eq!((course.finished(), course.is_in_chunk()), (2, false));
    }
}
