//! The actor: a worker process that speaks the protocol by itself, until it does what its part says.
//!
//! It runs the task `echo`, whose output is its chunk, so that it need not know how values are written. The case and its
//! actor share a folder: the case puts the part there, and the actor leaves a mark there at the moment it goes wrong.

use std::fs::{self, File};
use std::io::{self, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process;
use std::thread;
use std::time::Duration;

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use rustix::process::{Signal, getpid, kill_process};

/// Where in the conversation the actor goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    BeforeHello,
    /// Reached only if the parent requests copies of the first worker.
    CopyWanted,
    InHello,
    AfterHello,
    ChunkReceived,
    ChunkStarted,
    InAnswer,
    AfterAnswer,
    AtGoodbye,
    /// Is not reached: what a case would be whose fault does not happen.
    Never,
}

impl Step {
    /// Those that are reached.
    pub(crate) const ALL: [Self; 9] = [
        Self::BeforeHello,
        Self::CopyWanted,
        Self::InHello,
        Self::AfterHello,
        Self::ChunkReceived,
        Self::ChunkStarted,
        Self::InAnswer,
        Self::AfterAnswer,
        Self::AtGoodbye,
    ];
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Kill,
    Segfault,
    Abort,
    Exit0,
    Exit3,
    Hang,
    Stop,
    CloseChannel,
    Garbage,
    Truncated,
    AbsurdLength,
    Flood,
    Slow,
}

impl Fault {
    pub(crate) const ALL: [Self; 13] = [
        Self::Kill,
        Self::Segfault,
        Self::Abort,
        Self::Exit0,
        Self::Exit3,
        Self::Hang,
        Self::Stop,
        Self::CloseChannel,
        Self::Garbage,
        Self::Truncated,
        Self::AbsurdLength,
        Self::Flood,
        Self::Slow,
    ];
}

/// The variable that names the folder of a case, for its program and for the workers of that.
pub(crate) const FOLDER: &str = "THREEFOLD_FAULTS_FOLDER";

/// The file with the part, until a worker takes it.
pub(crate) fn part(folder: &Path) -> PathBuf {
    folder.join("part")
}

/// The file that the actor writes at the moment it goes wrong. It holds the words of its part.
pub(crate) fn mark(folder: &Path) -> PathBuf {
    folder.join("mark")
}

/// In the first worker of a case, plays the part, and does not come back.
pub(crate) fn play() {
    if std::env::args_os().nth(1).is_none_or(|argument| argument != "--threefold-worker") {
        return;
    }
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    // Of several workers one renames the file.
    let taken = folder.join("taken");
    if fs::rename(part(&folder), &taken).is_err() {
        return;
    }
    let words = fs::read_to_string(&taken).unwrap();
    let (step, fault) = words.split_once(' ').unwrap();
    let step = Step::ALL.into_iter().chain([Step::Never]).find(|known| format!("{known:?}") == step).unwrap();
    let fault = Fault::ALL.into_iter().find(|known| format!("{known:?}") == fault).unwrap();
    // The parent may be gone by the time something is written; then there is nothing left to play.
    let _ = Actor::enter(step, fault, folder).and_then(|mut actor| actor.act());
    process::exit(0);
}

struct Actor {
    step: Step,
    fault: Fault,
    folder: PathBuf,
    /// Whether it has gone wrong already. Once is enough.
    marked: bool,
    channel: UnixStream,
    page: Option<File>,
    incoming: Vec<u8>,
    /// Chunks so far.
    chunks: u64,
}

impl Actor {
    fn enter(step: Step, fault: Fault, folder: PathBuf) -> io::Result<Self> {
        let channel = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
        rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
        let channel = channel.into();
        Ok(Self { step, fault, folder, marked: false, channel, page: None, incoming: Vec::new(), chunks: 0 })
    }

    fn act(&mut self) -> io::Result<()> {
        self.reach(Step::BeforeHello, &[])?;
        let hello = self.receive_hello()?;
        // It answers with the build that it was told, which is the first five words.
        let answer = frame(0, &[&hello[1..41]]);
        self.reach(Step::InHello, &answer)?;
        self.channel.write_all(&answer)?;
        self.reach(Step::AfterHello, &[])?;
        loop {
            let body = self.receive()?;
            match body[0] {
                3 => self.run(&body)?,
                4 => return self.reach(Step::AtGoodbye, &[]),
                _ => {}
            }
        }
    }

    /// Runs the chunks of a block: the number of the first, the attempt, and each chunk behind its length.
    fn run(&mut self, body: &[u8]) -> io::Result<()> {
        let word = |at: usize| u64::from_le_bytes(body[at..at + 8].try_into().unwrap());
        let (mut chunk, attempt, mut at) = (word(1), word(9), 17);
        while at < body.len() {
            let length = word(at) as usize;
            self.run_chunk(chunk, attempt, &body[at + 8..at + 8 + length])?;
            chunk += 1;
            at += 8 + length;
        }
        Ok(())
    }

    fn run_chunk(&mut self, chunk: u64, attempt: u64, bytes: &[u8]) -> io::Result<()> {
        self.reach(Step::ChunkReceived, &[])?;
        self.chunks += 1;
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        self.note(3, now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64)?;
        self.note(4, chunk)?;
        self.note(5, attempt)?;
        self.note(1, self.chunks)?;
        self.reach(Step::ChunkStarted, &[])?;
        self.note(2, self.chunks)?;
        // Its number, when it began, how long it took, and the output behind its length: the bytes of the chunk.
        let answer = frame(2, &[&chunk.to_le_bytes(), &[0; 16], &(bytes.len() as u64).to_le_bytes(), bytes]);
        self.reach(Step::InAnswer, &answer)?;
        self.channel.write_all(&answer)?;
        self.reach(Step::AfterAnswer, &[])
    }

    /// Notes `value` in a word of the status page: 1 is the chunk that was started, 2 the one that is done, both counted
    /// over the worker's life, 3 since when, 4 its number, 5 the attempt.
    fn note(&self, word: u64, value: u64) -> io::Result<()> {
        let page = self.page.as_ref().ok_or(io::ErrorKind::NotFound)?;
        rustix::io::pwrite(page, &value.to_ne_bytes(), word * 8)?;
        Ok(())
    }

    /// Receives the parent's handshake. If the parent requests copies before, the actor makes none, and drops the
    /// descriptors that came with the requests.
    fn receive_hello(&mut self) -> io::Result<Vec<u8>> {
        loop {
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
            let mut ancillary = RecvAncillaryBuffer::new(&mut space);
            let mut bytes = [0; 4096];
            let mut buffers = [IoSliceMut::new(&mut bytes)];
            let received = recvmsg(&self.channel, &mut buffers, &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
            let mut descriptors: Vec<OwnedFd> = Vec::new();
            for message in ancillary.drain() {
                if let RecvAncillaryMessage::ScmRights(more) = message {
                    descriptors.extend(more);
                }
            }
            match descriptors.len() {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                1 => {
                    self.incoming.extend_from_slice(&bytes[..received.bytes]);
                    self.page = descriptors.pop().map(File::from);
                    return self.receive();
                }
                _ => self.reach(Step::CopyWanted, &[])?,
            }
        }
    }

    fn receive(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some((length, rest)) = self.incoming.split_first_chunk::<8>() {
                let length = u64::from_le_bytes(*length) as usize;
                // The checksum comes first; that of a parent is not doubted.
                if rest.len() >= 4 + length {
                    let body = rest[4..4 + length].to_vec();
                    self.incoming.drain(..12 + length);
                    return Ok(body);
                }
            }
            let mut bytes = [0; 4096];
            match (&self.channel).read(&mut bytes)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                received => self.incoming.extend_from_slice(&bytes[..received]),
            }
        }
    }

    /// The conversation has come to `step`, where `next` would be said: goes wrong if this is where.
    fn reach(&mut self, step: Step, next: &[u8]) -> io::Result<()> {
        if step != self.step || self.marked {
            return Ok(());
        }
        if !matches!(self.fault, Fault::Flood | Fault::Slow) {
            self.channel.write_all(&next[..next.len() / 2])?;
        }
        self.leave_mark()?;
        match self.fault {
            Fault::Kill => signal(Signal::KILL),
            Fault::Segfault => signal(Signal::SEGV),
            Fault::Abort => process::abort(),
            Fault::Exit0 => process::exit(0),
            Fault::Exit3 => process::exit(3),
            Fault::Hang => wait_for_the_end(),
            Fault::Stop => {
                kill_process(getpid(), Signal::STOP)?;
                wait_for_the_end()
            }
            Fault::CloseChannel => {
                self.channel.shutdown(std::net::Shutdown::Both)?;
                wait_for_the_end()
            }
            Fault::Garbage => {
                let garbage: Vec<u8> =
                    (0..100u64).flat_map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15)).to_le_bytes()).collect();
                self.channel.write_all(&garbage)?;
                wait_for_the_end()
            }
            Fault::Truncated => {
                self.channel.write_all(&1000u64.to_le_bytes())?;
                self.channel.write_all(&[2; 10])?;
                process::exit(3)
            }
            Fault::AbsurdLength => {
                self.channel.write_all(&[0xff; 64])?;
                wait_for_the_end()
            }
            Fault::Flood => {
                let line = [b'x'; 127];
                for _ in 0..20_000 {
                    io::stdout().write_all(&line)?;
                    io::stdout().write_all(b"\n")?;
                    io::stderr().write_all(b"and here\n")?;
                }
            }
            // Ten times as long as all else takes.
            Fault::Slow => thread::sleep(Duration::from_millis(200)),
        }
        Ok(())
    }

    /// Whole or not at all: the case may look at any time.
    fn leave_mark(&mut self) -> io::Result<()> {
        self.marked = true;
        let unfinished = self.folder.join("mark.unfinished");
        fs::write(&unfinished, format!("{:?} {:?}", self.step, self.fault))?;
        fs::rename(unfinished, mark(&self.folder))
    }
}

/// Until the parent, or a deadline, puts an end to it.
fn wait_for_the_end() -> ! {
    loop {
        thread::sleep(Duration::from_secs(60));
    }
}

fn signal(signal: Signal) -> ! {
    loop {
        // More than once: a handler may have been installed that lets the first pass.
        let _ = kill_process(getpid(), signal);
    }
}

fn frame(kind: u8, fields: &[&[u8]]) -> Vec<u8> {
    let length = 1 + fields.iter().map(|field| field.len()).sum::<usize>();
    let mut body = vec![kind];
    fields.iter().for_each(|field| body.extend_from_slice(field));
    let mut frame = (length as u64).to_le_bytes().to_vec();
    frame.extend(crc32fast::hash(&body).to_le_bytes());
    frame.extend(body);
    frame
}
