//! `Watch`: what a run waits for, registered with the kernel once per worker, so that a wait costs the same for any
//! number of workers. It is kept from fold to fold, with the workers that are registered in it.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::task::{Wake, Waker};
use std::time::Duration;

use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::event::{EventfdFlags, Timespec, eventfd};
use rustix::io::Errno;

use crate::backend::processes::child::Worker;
use crate::backend::processes::mark::Mark;

/// How many events one wait takes.
const BATCH: usize = 64;

/// The mark of a wake-up.
const WAKE_UP: u64 = u64::MAX;

/// What is watched of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Death,
    Channel,
    Out,
    Err,
}

/// What has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ready {
    pub(super) mark: Mark,
    pub(super) source: Source,
    /// Whether something can be written.
    pub(super) writable: bool,
    /// Whether anything else has happened.
    pub(super) readable: bool,
}

/// An event descriptor that ends a wait.
#[derive(Debug)]
struct WakeUp(OwnedFd);

impl Wake for WakeUp {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // The write fails only if the counter is full. Then the reader is woken anyway.
        let _ = rustix::io::write(&self.0, &1u64.to_ne_bytes());
    }
}

/// What a run waits for.
pub(in crate::backend::processes) struct Watch {
    epoll: OwnedFd,
    wake_up: Arc<WakeUp>,
    /// How many workers there have been.
    lives: u32,
    /// What the last wait has found, as mark and flags.
    ready: Vec<(u64, EventFlags)>,
}

impl Watch {
    pub(super) fn new() -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let wake_up = Arc::new(WakeUp(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?));
        epoll::add(&epoll, &wake_up.0, EventData::new_u64(WAKE_UP), EventFlags::IN)?;
        Ok(Self { epoll, wake_up, lives: 0, ready: Vec::with_capacity(BATCH) })
    }

    /// Wakes a wait, from any thread.
    pub(super) fn waker(&self) -> Waker {
        Waker::from(Arc::clone(&self.wake_up))
    }

    /// Watches `worker` from now on, by that number, until it is [forgotten](Self::forget). The kernel forgets what is
    /// closed, but others may have the same pidfd.
    pub(super) fn add(&mut self, worker: &mut Worker, number: usize) -> io::Result<Mark> {
        if let Some(mark) = worker.mark {
            if mark.number() == number {
                return Ok(mark);
            }
            self.forget(worker);
        }
        self.lives = self.lives.wrapping_add(1);
        let mark = Mark { number: number as u32, life: self.lives };
        let [out, err] = worker.prints();
        let all = [
            (worker.death(), Source::Death),
            (Some(worker.channel()), Source::Channel),
            (out, Source::Out),
            (err, Source::Err),
        ];
        for (descriptor, source) in all {
            if let Some(descriptor) = descriptor {
                epoll::add(&self.epoll, descriptor, data(mark, source), EventFlags::IN)?;
            }
        }
        worker.mark = Some(mark);
        Ok(mark)
    }

    /// Watches for the death of a worker that is watched already and whose process is known now. A worker that never
    /// started has no process, and its channel has closed.
    pub(super) fn add_death(&self, worker: &Worker, mark: Mark) -> io::Result<()> {
        let Some(death) = worker.death() else { return Ok(()) };
        Ok(epoll::add(&self.epoll, death, data(mark, Source::Death), EventFlags::IN)?)
    }

    /// Watches `worker` no more.
    pub(in crate::backend::processes) fn forget(&self, worker: &mut Worker) {
        worker.mark = None;
        let [out, err] = worker.prints();
        for descriptor in [worker.death(), Some(worker.channel()), out, err].into_iter().flatten() {
            let _ = epoll::delete(&self.epoll, descriptor);
        }
    }

    /// Whether it is watched if something can be written to `worker`, too.
    pub(super) fn wants_to_write(&self, worker: &Worker, mark: Mark, wants: bool) {
        let flags = if wants { EventFlags::IN | EventFlags::OUT } else { EventFlags::IN };
        // Only a descriptor that is not watched could be refused.
        let _ = epoll::modify(&self.epoll, worker.channel(), data(mark, Source::Channel), flags);
    }

    /// Waits for as long as `patience`, or until something happens, or a signal comes.
    pub(super) fn wait(&mut self, patience: Duration) -> io::Result<()> {
        let patience = Timespec { tv_sec: patience.as_secs() as _, tv_nsec: patience.subsec_nanos().into() };
        self.ready.clear();
        let mut events = [MaybeUninit::uninit(); BATCH];
        match epoll::wait(&self.epoll, &mut events, Some(&patience)) {
            Ok((events, _)) => self.ready.extend(events.iter().map(|event| (event.data.u64(), event.flags))),
            // A signal interrupted the wait. The caller knows its deadline, and calls `wait` again.
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// What the last wait has found.
    pub(super) fn next(&mut self) -> Option<Ready> {
        loop {
            let (data, flags) = self.ready.pop()?;
            if data == WAKE_UP {
                let _ = rustix::io::read(&self.wake_up.0, &mut [0u8; 8]);
                continue;
            }
            return Some(Ready {
                mark: Mark { number: (data >> 34) as u32, life: (data >> 2) as u32 },
                source: [Source::Death, Source::Channel, Source::Out, Source::Err][(data & 3) as usize],
                writable: flags.contains(EventFlags::OUT),
                readable: flags.intersects(!EventFlags::OUT),
            });
        }
    }
}

/// What the kernel is given for a source of a worker, and gives back.
fn data(mark: Mark, source: Source) -> EventData {
    EventData::new_u64(u64::from(mark.number) << 34 | u64::from(mark.life) << 2 | source as u64)
}
