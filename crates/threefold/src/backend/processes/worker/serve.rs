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
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::{Resource, Rlimit, getpid, getrlimit, setrlimit};
use rustix::thread::gettid;

use super::channel::{Answers, Channel};
use super::parent::Parent;
use super::{guard, nursery};

use crate::backend::current::{self, Context};
use crate::backend::processes::status_page::{Running, StatusPage};
use crate::backend::processes::{build, clock, memory};
use crate::backend::sequential;
use crate::fold::policy::Policy;
use crate::model::Model;
use crate::panics::{self, Panic};
use crate::remote::wire::{self, Build, FromWorker, Ran, Rules, ToWorker};
use crate::task::received::{self, Received};
use crate::task::registry;

/// While more chunks lie ready answers are held back, to be sent together: but not longer than this, in nanoseconds,
/// since a result that is not sent dies with its worker ..
const HOLD: u64 = 100_000;

/// .. and not more bytes than this.
const HELD_BYTES: usize = 64 << 10;

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
    task: Option<Current>,
    /// Chunks that it was sent so far.
    chunks: u64,
    /// When the oldest answer that is held back was written.
    held_since: u64,
}

/// The task that chunks are for.
struct Current {
    /// The task, or the panic in which reading it ended: that of every chunk.
    task: Result<Box<dyn Received>, Panic>,
    rules: Rules,
    /// One past the last chunk that may start, as far as this worker knows by itself.
    limit: u64,
}

impl Server {
    /// Comes back in this process or in a copy of it, which serves its parent by a channel of its own. `None` where the parent
    /// has no use for this process any more.
    fn start(parent: Parent) -> io::Result<Option<Self>> {
        let Some((channel, page)) = nursery::stay(Channel::take_over()?, &parent)? else { return Ok(None) };
        guard::start(parent, channel.watch()?)?;
        let page = StatusPage::open(page)?;
        Ok(Some(Self { channel, page, task: None, chunks: 0, held_since: 0 }))
    }

    fn serve(&mut self) -> io::Result<()> {
        // Folds that a task asks for run right here: workers start no workers.
        let inline = sequential::inline();
        let context = Context {
            model: Model::Processes,
            policy: Policy::default(),
            backend: Arc::downgrade(&inline),
            fold: None,
        };
        let _here = current::enter(Some(context));
        while self.channel.wait()? {
            if self.answer()?.is_break() {
                return Ok(());
            }
            if !self.holds_back() {
                self.channel.send()?;
            }
        }
        // The parent is gone.
        guard::end_group()
    }

    /// Whether the answers so far may wait for the next.
    fn holds_back(&self) -> bool {
        let each = self.task.as_ref().is_some_and(|task| task.rules.answer_each);
        !each && self.channel.has_frame() && may_wait(&self.channel.outgoing, self.held_since, clock::now())
    }

    fn answer(&mut self) -> io::Result<ControlFlow<()>> {
        let Self { channel, page, task, chunks, held_since } = self;
        let (body, mut answers) = channel.next()?;
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
                    Ok(found) => *task = Some(Current::new(found)),
                    Err(reason) => return self.refuse(&reason),
                }
            }
            Some(ToWorker::Fold { rules }) => {
                let Some(task) = task else { return invalid("the parent sent a fold before its task") };
                task.begin(rules);
            }
            Some(ToWorker::Run(block)) => {
                let Some(task) = task else { return invalid("the parent sent chunks before their task") };
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
        self.channel.send()?;
        Ok(ControlFlow::Break(()))
    }
}

/// What a worker keeps note of while it runs chunks.
struct Notes<'a> {
    page: &'a StatusPage,
    chunks: &'a mut u64,
    held_since: &'a mut u64,
}

/// Whether answers may wait for the next, at that time.
fn may_wait(answers: &[u8], held_since: u64, now: u64) -> bool {
    answers.len() <= HELD_BYTES && now.saturating_sub(held_since) <= HOLD
}

impl Current {
    fn new(task: Result<Box<dyn Received>, Panic>) -> Self {
        let rules = Rules { stop_on_err: true, stop_on_panic: true, answer_each: true };
        Self { task, rules, limit: u64::MAX }
    }

    /// A new fold begins.
    fn begin(&mut self, rules: Rules) {
        self.rules = rules;
        self.limit = u64::MAX;
    }

    /// Runs the chunks of a block, as long as they may start, and answers each.
    fn run(&mut self, block: wire::Run<'_>, answers: &mut Answers<'_>, notes: Notes<'_>) -> io::Result<()> {
        let mut now = clock::now();
        if answers.outgoing.is_empty() {
            *notes.held_since = now;
        }
        let mut chunk = block.first;
        let mut chunks = block.chunks();
        while let Some(bytes) = chunks.next() {
            if chunk >= self.limit || !notes.page.may_start(chunk) {
                let count = 1 + chunks.count() as u64;
                *notes.chunks += count;
                FromWorker::Skipped { first: chunk, count }.write(answers.outgoing);
                return Ok(());
            }
            *notes.chunks += 1;
            // Each begins when the one before it ended: the clock is read once for both.
            let running = Running { serial: *notes.chunks, chunk, attempt: block.attempt, since: now };
            notes.page.note_start(running);
            now = self.run_chunk(running, bytes, answers.outgoing);
            notes.page.note_done(running.serial);
            if self.rules.answer_each || !may_wait(answers.outgoing, *notes.held_since, now) {
                answers.send()?;
                now = clock::now();
                *notes.held_since = now;
            }
            chunk += 1;
        }
        Ok(())
    }

    /// Runs a chunk and writes the answer; returns when it ended.
    fn run_chunk(&mut self, running: Running, bytes: &[u8], out: &mut Vec<u8>) -> u64 {
        let Running { chunk, since, .. } = running;
        let start = out.len();
        // The output is written where it will be sent from; its frame is closed when all is known.
        let open = FromWorker::open_done(out);
        let result = match &self.task {
            Ok(task) => task.run(bytes, out),
            Err(panic) => received::Ran::Panicked(panic.clone()),
        };
        flush_prints();
        let now = clock::now();
        let ran = Ran { chunk, started: since, duration: now.saturating_sub(since) };
        match result {
            received::Ran::Done { is_err } => {
                open.close(out, ran);
                if is_err && self.rules.stop_on_err {
                    self.limit = self.limit.min(chunk + 1);
                }
            }
            received::Ran::Panicked(panic) => {
                out.truncate(start);
                let at = panic.at.unwrap_or_default();
                FromWorker::Panicked { ran, at: at.as_bytes(), message: panic.message.as_bytes() }.write(out);
                self.stop_at(chunk);
            }
            received::Ran::Unportable { what, reason } => {
                out.truncate(start);
                FromWorker::Unportable { ran, what, reason: reason.as_bytes() }.write(out);
                self.stop_at(chunk);
            }
        }
        now
    }

    fn stop_at(&mut self, chunk: u64) {
        if self.rules.stop_on_panic {
            self.limit = self.limit.min(chunk);
        }
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

/// What the chunk printed is in the pipe before its output is: the parent counts on that.
fn flush_prints() {
    let _ = io::stdout().flush();
    let _ = io::stderr().flush();
}
