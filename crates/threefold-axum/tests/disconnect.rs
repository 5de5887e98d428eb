//! Real clients of the server: some wait, and some go away.

#![allow(clippy::unwrap_used, reason = "a test says with it what must be so")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than anything here takes, on a machine with much else to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// More numbers than can be looked at while the test runs.
const ENDLESS: u64 = 1_000_000_000_000_000;

/// A server of this test alone. It is killed at the end.
struct Server {
    process: Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    fn start() -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_serve")).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("http://").unwrap().to_string();
        Self { process, address }
    }

    /// Sends a request. The answer has not come yet.
    fn ask(&self, path: &str) -> TcpStream {
        let mut client = TcpStream::connect(&self.address).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(client, "GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").unwrap();
        client
    }

    /// The body of the answer.
    fn get(&self, path: &str) -> String {
        let mut answer = String::new();
        self.ask(path).read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_string()
    }

    /// How many threads run an awaited fold or wait for the next one. At most one of them waits.
    fn threads_of_folds(&self) -> usize {
        let threads = fs::read_dir(format!("/proc/{}/task", self.process.id())).unwrap().flatten();
        let names = threads.filter_map(|thread| fs::read_to_string(thread.path().join("comm")).ok());
        names.filter(|name| name.trim() == "threefold-0").count()
    }

    /// The processor time, in nanoseconds, of the thread that polls, and of all others that work for the server.
    fn times(&self) -> (u64, u64) {
        let own = self.process.id();
        let polls = ran(&format!("/proc/{own}/task/{own}/schedstat"));
        let threads = fs::read_dir(format!("/proc/{own}/task")).unwrap().flatten();
        let threads: u64 = threads.map(|thread| ran(thread.path().join("schedstat").to_str().unwrap())).sum();
        let workers: u64 = children(own).iter().map(|worker| ran(&format!("/proc/{worker}/schedstat"))).sum();
        (polls, threads - polls + workers)
    }
}

/// The processor time in a file of the kernel's, in nanoseconds; 0 if the thread is gone.
fn ran(file: &str) -> u64 {
    fs::read_to_string(file).ok().and_then(|text| text.split(' ').next()?.parse().ok()).unwrap_or(0)
}

fn children(parent: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let is_child = |process: &u32| {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        let fields = stat.rsplit_once(')').map(|(_, fields)| fields.split_whitespace().nth(1));
        fields.flatten() == Some(parent.to_string().as_str())
    };
    all.filter(is_child).collect()
}

fn wait_until(what: &str, mut has_come: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !has_come() {
        assert!(Instant::now() < until, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

fn a_client_goes_away(model: &str) {
    let server = Server::start();
    assert_eq!(server.get(&format!("/primes/{model}/100000")), "9592\n");

    // While one client waits for a fold, others are served. The thread that serves them runs none of the chunks.
    let before = server.times();
    let waits = server.ask(&format!("/primes/{model}/{ENDLESS}"));
    let mut served = 0;
    wait_until("the workers have used half a second", || {
        assert_eq!(server.get("/hello"), "hello\n");
        served += 1;
        // The requests are few beside the work, so that the thread that serves them has little else to do than to poll.
        thread::sleep(Duration::from_millis(5));
        server.times().1.saturating_sub(before.1) > 500_000_000
    });
    let after = server.times();
    let (polls, works) = (after.0 - before.0, after.1 - before.1);
    println!("{model}: {served} requests were served meanwhile; polls {polls} ns, work {works} ns");
    assert!(polls < works, "the thread that polls takes no part in the work");

    // The client goes away, and the chunks of its fold end.
    drop(waits);
    wait_until("nobody computes", || {
        let before = server.times();
        thread::sleep(Duration::from_millis(20));
        // It becomes less where a worker ends.
        server.times().1.abs_diff(before.1) < 10_000_000
    });
    assert_eq!(server.get(&format!("/primes/{model}/100000")), "9592\n", "the server goes on");
    // A fold that had not ended would keep its thread, and this one would have another.
    wait_until("the fold has ended", || server.threads_of_folds() == 1);
    assert_eq!(server.get("/primes/quantum/1"), "no model quantum\n");
}

#[test]
fn a_fold_on_threads_ends_when_its_client_goes_away() {
    a_client_goes_away("threads");
}

#[test]
fn a_fold_in_worker_processes_ends_when_its_client_goes_away() {
    a_client_goes_away("processes");
}
