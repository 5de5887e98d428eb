//! The life of a worker process: shake hands, run chunks in the order in which they come, answer each, exit.
//!
//! The main thread reads, runs and writes, so that an answer passes through no other thread. A second thread does
//! nothing but wait for the end of the channel or of the parent: then the whole process group ends, whatever the main
//! thread is doing. The channel alone would not tell: a process that the parent forked holds its end too.
//!
//! Whatever happens, a panic of ours or in a user's `Deserialize` included, the process ends here: it must not go on to
//! run the program.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::getpid;
use rustix::thread::gettid;

use super::channel::Channel;
use super::parent::Parent;
use super::{copying, guard};

use crate::backend::current::{self, Context};
use crate::backend::processes::status_page::StatusPage;
use crate::model::Model;
use crate::panics;
use crate::remote::clock;
use crate::remote::serve::Server;
use crate::shared::loan;

/// While another block has arrived, answers may wait for its answers, but not longer than this, in nanoseconds. The
/// parent sends the block after the next when it has the answers.
const HOLD: u64 = 100_000;

/// The parent has not sent another block yet if this one was as short as this, in nanoseconds, and no other came with it.
/// So it is not worth a system call to look.
const SHORT: u64 = 20_000;

/// Whether this process serves.
static SERVING: AtomicBool = AtomicBool::new(false);

/// The model of the parent's folds.
static MODEL: OnceLock<Model> = OnceLock::new();

/// The model of the folds of this worker's parent. It may be an MPI rank.
pub(crate) fn model() -> Model {
    MODEL.get().copied().unwrap_or(Model::Processes)
}

/// The parent has named its model.
pub(super) fn note_model(model: Model) {
    let _ = MODEL.set(model);
}

/// Whether this process is a worker.
pub(crate) fn is_serving() -> bool {
    // Relaxed: set before any task runs.
    SERVING.load(Ordering::Relaxed)
}

/// Whether this is the thread that `main` runs on.
pub(crate) fn is_main_thread() -> bool {
    gettid() == getpid()
}

/// Serves until the parent closes the channel or ends, and exits.
pub(super) fn serve(parent: Parent) -> ! {
    SERVING.store(true, Ordering::Relaxed);
    panics::watch();
    let run = || match Process::start(parent)? {
        Some(mut process) => process.serve(),
        None => Ok(()),
    };
    let reason = match panics::catch(run) {
        Ok(Ok(())) => process::exit(0),
        Ok(Err(error)) => error.to_string(),
        Err(panic) => format!("it panicked: {}", panic.message),
    };
    // The parent quotes this for a worker that could not be started. Where nobody reads, nobody misses it.
    let _ = writeln!(io::stderr(), "threefold: a worker cannot serve: {reason}");
    process::exit(1)
}

struct Process {
    channel: Channel,
    page: StatusPage,
    server: Server,
}

impl Process {
    /// Returns in this process, or in a copy of it that serves the parent through its own channel. `None` if the parent
    /// has closed the channel.
    fn start(parent: Parent) -> io::Result<Option<Self>> {
        let Some((channel, page)) = copying::make_copies(Channel::take_over()?, &parent)? else { return Ok(None) };
        // Here and no earlier: a copy is a process of its own.
        loan::serve();
        guard::start(parent, channel.watch()?)?;
        let page = StatusPage::open(page)?;
        Ok(Some(Self { channel, page, server: Server::default() }))
    }

    fn serve(&mut self) -> io::Result<()> {
        // Folds that a task asks for run right here: workers start no workers.
        let _here = current::enter(Some(Context::Parent));
        while self.channel.wait()? {
            if self.answer()?.is_break() {
                return Ok(());
            }
            if !self.holds_back()? {
                self.channel.send(&self.page)?;
            }
        }
        // The parent is gone.
        guard::end_group()
    }

    /// Whether the answers so far may wait for the next.
    fn holds_back(&mut self) -> io::Result<bool> {
        let held = clock::now().saturating_sub(self.server.held_since());
        Ok(held <= HOLD && (self.channel.has_frame() || held > SHORT && self.channel.finds_frame()?))
    }

    fn answer(&mut self) -> io::Result<ControlFlow<()>> {
        let (message, mut answers) = self.channel.next(&self.page)?;
        self.server.obey(message, &mut answers)
    }
}
