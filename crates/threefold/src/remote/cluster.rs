//! `Cluster`: the real dispatcher with thousands of simulated ranks, and the time that each message takes. It is compiled
//! for tests, and by the program `scale` of `threefold-bench`, which prints the tables of `docs/cluster/scale.md`.
//!
//! The simulator in `dispatch/` looks for wrong answers, so a message costs its dispatcher nothing. This one asks how
//! many ranks a dispatching rank can keep busy. So no rank fails here, and three things take time:
//!
//! - *The dispatching rank does one thing at a time.* It sends a block, or receives a message, or handles an output.
//!   While it does, other messages wait in its inbox. Its turns are those of `Run` in `remote/run.rs`: it receives all
//!   that has come, and then sends all blocks that the dispatcher wants sent.
//! - *A rank does one thing at a time too.* For each block it receives a message, runs the chunks, and sends a message.
//!   It sends the outputs as a worker process does: at the end of a block, after [`HOLD`] at the latest, and together
//!   with those of the next block if that block is there and both are short.
//! - *Whoever waits finds a message late.* It polls for a while, and then sleeps between polls ([`costs::noticed`]).
//!
//! Time is a number of nanoseconds. The simulator holds no clock, so the same [`Plan`] gives the same [`Outcome`] on
//! every machine.
//!
//! # What happens when
//!
//! A turn of the dispatching rank depends only on the messages that arrived before it began. What a rank does depends
//! only on the blocks that arrived there before. So a turn is simulated as a whole, and the events of the ranks up to
//! its end afterwards. No event ever looks at something that happens later.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use serde::{Deserialize, Serialize};

use super::dispatch::{Activity, Block, Command, Dispatch, Terms};

mod costs;
#[cfg(test)]
mod laws;
mod rank;

pub(crate) use costs::Costs;
use rank::{Batch, Rank};

/// A rank sends outputs that it has held back for longer than this, in nanoseconds. Real workers hold outputs back for
/// longer, 4 to 20 ms, and so send fewer messages.
const HOLD: u64 = 2_000_000;

/// A rank that has another block holds outputs back for at most this long after the end of a block, in nanoseconds.
/// Worker processes use the same time.
const GATHER: u64 = 100_000;

/// What becomes of the outputs of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Outputs {
    /// All of them are sent to the dispatching rank, which reduces them in chunk order. This is `fold`. No chunk is sent
    /// that lies this far above the lowest chunk without an output.
    Each { window: u64 },
    /// At the end of a block, a rank combines its outputs as far as the balanced tree over the chunk numbers allows, and
    /// sends what is left. This is a model of `combine`, which is not built. It needs no window, since few outputs are
    /// left, and it sends nothing before the end of a block.
    Combined,
}

/// What is simulated.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// How many ranks run chunks. The dispatching rank is one more.
    pub(crate) ranks: usize,
    /// The number of chunks.
    pub(crate) chunks: u64,
    /// The mean time of a chunk, in nanoseconds. Chunks take between a half and one and a half of it.
    pub(crate) chunk: u64,
    /// What becomes of their outputs.
    pub(crate) outputs: Outputs,
    /// What messages take.
    pub(crate) costs: Costs,
}

/// What came out. Times are nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// The time from the beginning of the fold to its last output.
    pub(crate) makespan: u64,
    /// The time of all chunks together.
    pub(crate) work: u64,
    /// The time that the dispatching rank spent on messages and outputs.
    pub(crate) busy: u64,
    /// How many blocks were sent.
    pub(crate) blocks: u64,
    /// How many messages were sent and received by the dispatching rank.
    pub(crate) messages: u64,
}

/// What happens on a rank, or arrives at the dispatching rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// The next block arrives at the rank.
    Arrives,
    /// The rank ends its block.
    Ends,
    /// A message of the rank arrives at the dispatching rank, with so many batches of outputs.
    Answers { batches: usize },
}

/// A fold on a cluster.
#[derive(Debug)]
pub(crate) struct Cluster {
    plan: Plan,
    dispatch: Dispatch,
    ranks: Vec<Rank>,
    /// When, in which order of those at once, on which rank, and what.
    events: BinaryHeap<Reverse<(u64, u64, usize, Event)>>,
    serial: u64,
    /// Messages that wait for the dispatching rank: from whom, and how many batches of outputs.
    inbox: VecDeque<(usize, usize)>,
    /// Until when the dispatching rank is simulated.
    now: u64,
    /// Which chunks have an output.
    counted: Vec<bool>,
    /// The lowest chunk without an output.
    taken: u64,
    outcome: Outcome,
}

impl Cluster {
    /// Simulates a fold from its beginning to its end.
    pub(crate) fn run(plan: Plan) -> Outcome {
        let window = match plan.outputs {
            Outputs::Each { window } => window,
            Outputs::Combined => u64::MAX / 2,
        };
        let terms = Terms {
            chunks: plan.chunks,
            workers: plan.ranks,
            attempts: 1,
            attempts_at_panics: 1,
            keeps_going: false,
            chunks_per_worker: None,
            timeout: None,
            window,
        };
        let mut it = Self {
            plan,
            dispatch: Dispatch::new(terms, 0),
            ranks: (0..plan.ranks).map(|_| Rank::default()).collect(),
            events: BinaryHeap::new(),
            serial: 0,
            inbox: VecDeque::new(),
            now: 0,
            counted: vec![false; plan.chunks as usize],
            taken: 0,
            outcome: Outcome::default(),
        };
        for rank in 0..plan.ranks {
            it.dispatch.admit(rank, 0).expect("there is room for every rank");
        }
        it.finish(window);
        it.outcome
    }

    /// The loop of the dispatching rank.
    fn finish(&mut self, window: u64) {
        loop {
            self.dispatch.window_reaches(self.taken.saturating_add(window));
            self.dispatch.time(self.now);
            while let Some(command) = self.dispatch.next() {
                self.obey(command);
            }
            if self.dispatch.is_settled() {
                break;
            }
            self.wait();
            while let Some((rank, batches)) = self.inbox.pop_front() {
                self.receive(rank, batches);
            }
        }
        assert_eq!(self.taken, self.plan.chunks, "a chunk has no output");
        self.outcome.makespan = self.now;
    }

    /// The dispatching rank spends this time.
    fn spend(&mut self, time: u64) {
        self.now += time;
        self.outcome.busy += time;
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Send { worker: rank, block } => {
                self.spend(self.plan.costs.send + self.plan.costs.dispatch);
                self.outcome.blocks += 1;
                self.outcome.messages += 1;
                self.ranks[rank].coming.push_back(block);
                self.schedule(self.now + self.plan.costs.latency, rank, Event::Arrives);
                self.dispatch.drained(rank);
            }
            // Ranks tell that they are alive by themselves.
            Command::Look => (0..self.plan.ranks).for_each(|rank| self.dispatch.saw(rank, Activity::Moves)),
            // A recall may be ignored. What it would gain is not simulated here.
            Command::Recall { .. } => {}
            other => unreachable!("no rank fails, and none is started: {other:?}"),
        }
    }

    /// Waits until there is a message, or until the dispatcher is due.
    fn wait(&mut self) {
        let (since, due) = (self.now, self.dispatch.due());
        self.pass_until(since);
        if !self.inbox.is_empty() {
            return;
        }
        let mut at = since;
        while self.inbox.is_empty() && self.next_event().is_some_and(|next| next <= due) {
            at = self.occur();
        }
        assert!(!self.inbox.is_empty() || !self.events.is_empty(), "nothing happens any more: {:?}", self.dispatch);
        self.now = if self.inbox.is_empty() { due } else { costs::noticed(since, at).min(due) };
        // What has come while the dispatching rank slept is received together.
        self.pass_until(self.now);
    }

    /// Everything that happens until then happens.
    fn pass_until(&mut self, then: u64) {
        while self.next_event().is_some_and(|next| next <= then) {
            self.occur();
        }
    }

    fn next_event(&self) -> Option<u64> {
        self.events.peek().map(|&Reverse((at, ..))| at)
    }

    /// The dispatching rank receives a message.
    fn receive(&mut self, rank: usize, batches: usize) {
        self.outcome.messages += 1;
        self.spend(self.plan.costs.receive);
        for _ in 0..batches {
            let Batch { first, count, took } = self.ranks[rank].going.pop_front().expect("it is on its way");
            let due = self.dispatch.due_from(rank).map(|sent| sent.chunk);
            assert_eq!(due, Some(first), "another chunk was due");
            let outputs = match self.plan.outputs {
                Outputs::Each { .. } => count,
                Outputs::Combined => costs::subtrees(first, first + count),
            };
            self.spend(outputs * self.plan.costs.output);
            self.dispatch.done(rank, count, took / count);
            self.outcome.work += took;
            for counted in &mut self.counted[first as usize..(first + count) as usize] {
                assert!(!std::mem::replace(counted, true), "a chunk was counted twice");
            }
        }
        while self.counted.get(self.taken as usize).is_some_and(|&counted| counted) {
            self.taken += 1;
        }
    }

    fn schedule(&mut self, at: u64, rank: usize, event: Event) {
        self.serial += 1;
        self.events.push(Reverse((at, self.serial, rank, event)));
    }

    /// The next event occurs; when.
    fn occur(&mut self) -> u64 {
        let Reverse((at, _, rank, event)) = self.events.pop().expect("there is one");
        match event {
            Event::Arrives => {
                let it = &mut self.ranks[rank];
                let block = it.coming.pop_front().expect("it was sent");
                it.blocks.push_back(block);
                if !it.runs {
                    let start = costs::noticed(it.idle_since, at);
                    self.begin(rank, start);
                }
            }
            Event::Ends => self.end(rank, at),
            Event::Answers { batches } => self.inbox.push_back((rank, batches)),
        }
        at
    }

    /// The rank runs its next block from then on, if it has one.
    fn begin(&mut self, rank: usize, at: u64) {
        let it = &mut self.ranks[rank];
        let next = it.blocks.pop_front();
        it.runs = next.is_some();
        it.idle_since = at;
        let Some(Block { first, end, .. }) = next else { return };
        let mut at = at + self.plan.costs.receive;
        it.holds_from(at);
        let longest = if self.plan.outputs == Outputs::Combined { u64::MAX } else { HOLD };
        let mut batch = Batch { first, count: 0, took: 0 };
        for chunk in first..end {
            let took = costs::time_of(chunk, self.plan.chunk);
            at += took;
            batch = Batch { count: batch.count + 1, took: batch.took + took, ..batch };
            if self.ranks[rank].held_for(at) > longest && chunk + 1 < end {
                self.ranks[rank].held.push_back(batch);
                at = self.answer(rank, at);
                self.ranks[rank].holds_from(at);
                batch = Batch { first: chunk + 1, count: 0, took: 0 };
            }
        }
        self.ranks[rank].held.push_back(batch);
        self.schedule(at, rank, Event::Ends);
    }

    /// The rank has run all chunks of its block.
    fn end(&mut self, rank: usize, at: u64) {
        let it = &self.ranks[rank];
        let gathers = !it.blocks.is_empty() && it.held_for(at) <= GATHER;
        let at = if gathers { at } else { self.answer(rank, at) };
        self.begin(rank, at);
    }

    /// The rank sends what it holds back; until when that takes.
    fn answer(&mut self, rank: usize, at: u64) -> u64 {
        let it = &mut self.ranks[rank];
        let batches = it.held.len();
        it.going.append(&mut it.held);
        let sent = at + self.plan.costs.send;
        self.schedule(sent + self.plan.costs.latency, rank, Event::Answers { batches });
        sent
    }
}
