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
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::{Resource, Rlimit, getpid, getrlimit, setrlimit};
use rustix::thread::gettid;

use super::channel::Channel;
use super::parent::Parent;
use super::told::{Notes, Told};
use super::{guard, nursery, seat};

use crate::backend::current::{self, Context};
use crate::backend::processes::status_page::StatusPage;
use crate::backend::processes::{build, clock, memory};
use crate::panics::{self, Panic};
use crate::remote::wire::{Build, FromWorker, ToWorker};
use crate::task::received::Received;
use crate::task::registry;

/// While another block has arrived, answers may wait for its answers, but not longer than this, in nanoseconds. The
/// parent sends the block after the next when it has the answers.
const HOLD: u64 = 100_000;

/// Whether this process serves.
static SERVING: AtomicBool = AtomicBool::new(false);

/// Whether this process is a worker.
pub(crate) fn is_serving() -> bool {
    // Relaxed: set before any task runs.
    SERVING.load(Ordering::Relaxed)
}

/// Whether this is the thread that `main` runs on.
pub(super) fn is_main_thread() -> bool {
    gettid() == getpid()
}

/// Serves until the parent says goodbye, and exits.
pub(super) fn serve(parent: Parent) -> ! {
    SERVING.store(true, Ordering::Relaxed);
    panics::watch();
    let run = || match Server::start(parent)? {
        Some(mut server) => server.serve(),
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

struct Server {
    channel: Channel,
    page: StatusPage,
    task: Option<Told>,
    /// Chunks that it was sent so far.
    chunks: u64,
    /// When the chunk of the oldest answer that is held back began.
    held_since: u64,
}

impl Server {
    /// Returns in this process, or in a copy of it that serves the parent through its own channel. `None` if the parent
    /// has closed the channel.
    fn start(parent: Parent) -> io::Result<Option<Self>> {
        let Some((channel, page)) = nursery::stay(Channel::take_over()?, &parent)? else { return Ok(None) };
        guard::start(parent, channel.watch()?)?;
        let page = StatusPage::open(page)?;
        Ok(Some(Self { channel, page, task: None, chunks: 0, held_since: 0 }))
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
        Ok(clock::now().saturating_sub(self.held_since) <= HOLD && self.channel.finds_frame()?)
    }

    fn answer(&mut self) -> io::Result<ControlFlow<()>> {
        let Self { channel, page, task, chunks, held_since } = self;
        let (body, mut answers) = channel.next(page)?;
        let invalid = |what| Err(io::Error::new(io::ErrorKind::InvalidData, what));
        match ToWorker::read(body) {
            Some(ToWorker::Hello { build, memory_limit }) => match prepare(build, memory_limit)? {
                Ok(()) => FromWorker::Hello { build }.write(answers.outgoing),
                Err(reason) => return self.refuse(&reason),
            },
            Some(ToWorker::Task { address, captures }) => {
                page.note_reading(true);
                let found = find(address, captures);
                page.note_reading(false);
                match found {
                    Ok(found) => *task = Some(Told::new(found)),
                    Err(reason) => return self.refuse(&reason),
                }
            }
            Some(ToWorker::Fold { rules, source }) => {
                let Some(task) = task else { return invalid("the parent sent a fold before its task") };
                task.begin(rules, source)?;
            }
            Some(ToWorker::Run(block)) => {
                let Some(task) = task else { return invalid("the parent sent chunks before their task") };
                if let Some(core) = page.take_core() {
                    seat::move_to(core)?;
                }
                task.run(block, &mut answers, Notes { page, chunks, held_since })?;
            }
            Some(ToWorker::Bye) => return Ok(ControlFlow::Break(())),
            None => return invalid("the parent sent an invalid message"),
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Tells the parent why this process does not serve.
    fn refuse(&mut self, reason: &str) -> io::Result<ControlFlow<()>> {
        FromWorker::Refused { reason: reason.as_bytes() }.write(&mut self.channel.outgoing);
        self.channel.send(&self.page)?;
        Ok(ControlFlow::Break(()))
    }
}

/// Makes this process ready for a parent of that build; or tells why it cannot serve it.
fn prepare(build: Build, memory_limit: u64) -> io::Result<Result<(), String>> {
    if build != build::own()? {
        return Ok(Err(
            "it was started from another build: the program's file was replaced while the program ran".to_string()
        ));
    }
    if memory_limit > 0 {
        if let Some(least) = memory::least_here().filter(|&least| memory_limit < least) {
            return Ok(Err(format!(
                "a memory_limit of {memory_limit} bytes is too low for this program: it must be at least {least}"
            )));
        }
        limit_memory(memory_limit)?;
    }
    Ok(Ok(()))
}

/// Bounds the private memory of this process: what the task asks for beyond is refused by the system.
fn limit_memory(bytes: u64) -> io::Result<()> {
    // The data segment, the heap and private mappings. The address space as a whole would count shared arrays too.
    // A lower limit that is there already stays: it was meant, and it may not be allowed to be raised.
    let there = getrlimit(Resource::Data);
    let limit = [there.current, there.maximum, Some(bytes)].into_iter().flatten().min();
    Ok(setrlimit(Resource::Data, Rlimit { current: limit, maximum: limit })?)
}

/// The registered task with that address, with these captures; or the panic of the user's code that read them.
fn find(address: &[u8], captures: &[u8]) -> Result<Result<Box<dyn Received>, Panic>, String> {
    let entry = registry::find(address)?;
    match panics::catch(|| (entry.receive)(captures)) {
        Ok(task) => task.map(Ok).map_err(|reason| format!("the task cannot be read: {reason}")),
        Err(panic) => Ok(Err(panic)),
    }
}
