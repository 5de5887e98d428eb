//! A simulator of workers: the dispatcher is driven by made-up workers, in made-up time, from a seed.
//!
//! Workers take random times, die, stall and answer late; chunks fail, panic and are cancelled. After each run the laws
//! are checked: every chunk is counted exactly once or the fold fails, the lowest failure is the one reported, no chunk
//! starts twice unless retries allow it, no chunk starts that the journal has, and nothing at or above the limit starts
//! once it has fallen.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use rand::{RngExt, SeedableRng, rngs::SmallRng};

use super::{Activity, Block, Command, Dispatch, Finished, PATIENCE, Progress, Sent, Terms};

mod laws;
mod machine;
mod occurrences;
mod plan;

use machine::{Event, Machine, Scheduled};
use plan::{Fate, MS, Plan, Recalls, Shape, US};

struct Simulation {
    plan: Plan,
    random: SmallRng,
    dispatch: Dispatch,
    now: u64,
    events: BinaryHeap<Reverse<Scheduled>>,
    serial: u64,
    machines: Vec<Option<Machine>>,
    fates: Vec<Fate>,
    times: Vec<u64>,
    starts: Vec<u32>,
    /// The moments before which the chunks must not start again.
    not_before: Vec<u64>,
    counted: Vec<u32>,
    finished: Option<Arc<Finished>>,
    failed: BTreeMap<u64, u32>,
    /// One past the highest chunk that was ever sent.
    sent: u64,
    taken: u64,
    /// Failures that are known forbid everything from here on.
    fall: u64,
    losses: u64,
    /// How many messages were sent to workers and by workers.
    messages: u64,
    /// How many recalls there were, and how many chunks they brought back.
    recalls: u64,
    brought_back: u64,
    gave_up: bool,
    cancelled: bool,
}

impl Simulation {
    fn new(plan: Plan, seed: u64) -> Self {
        let mut random = SmallRng::seed_from_u64(seed);
        let chunks = plan.terms.chunks as usize;
        let (least, most) = plan.times;
        let fates = (0..chunks).map(|_| match random.random_range(0..4_000_000u32) {
            roll if roll >= 4 * plan.failing => Fate::Succeeds,
            roll => {
                let fates = [Fate::Panics, Fate::IsErr, Fate::ErrsOnce, Fate::Unreadable, Fate::Unsendable];
                fates[(roll % 5) as usize]
            }
        });
        let finished = Finished::new(&plan.finished).map(Arc::new);
        let mut fates: Vec<_> = fates.collect();
        for chunk in plan.finished.iter().cloned().flatten() {
            fates[chunk as usize] = Fate::Succeeds;
        }
        let times = (0..chunks).map(|_| {
            let dear = random.random_range(0..1_000_000) < plan.dear;
            random.random_range(least..=most) * if dear { 50 } else { 1 }
        });
        let times: Box<dyn Iterator<Item = u64>> = match plan.shape {
            Shape::Random => Box::new(times),
            Shape::Rising => Box::new((0..plan.terms.chunks).map(|chunk| least + chunk * most / plan.terms.chunks)),
            Shape::Falling => {
                Box::new((0..plan.terms.chunks).rev().map(|chunk| least + chunk * most / plan.terms.chunks))
            }
        };
        let times = times.collect();
        let mut it = Self {
            dispatch: Dispatch::new(plan.terms, 0).without(finished.clone()),
            machines: (0..plan.terms.workers).map(|_| None).collect(),
            fates,
            times,
            starts: vec![0; chunks],
            not_before: vec![0; chunks],
            counted: vec![0; chunks],
            failed: BTreeMap::new(),
            sent: finished.as_ref().map_or(0, |finished| finished.open_from(0)),
            finished,
            taken: 0,
            fall: if plan.terms.keeps_going { u64::MAX } else { plan.terms.chunks },
            losses: 0,
            messages: 0,
            recalls: 0,
            brought_back: 0,
            gave_up: false,
            cancelled: false,
            now: 0,
            events: BinaryHeap::new(),
            serial: 0,
            plan,
            random,
        };
        it.plan.expected.into_iter().for_each(|per_chunk| it.dispatch.expect(per_chunk));
        for number in 0..it.plan.admitted {
            let sent = it.random.random_range(0..3);
            if let Some(worker) = it.dispatch.admit(number, sent) {
                it.machines[worker] = Some(Machine::new(number as u64));
            }
        }
        it
    }

    /// Whether the journal has `chunk`.
    fn is_finished(&self, chunk: u64) -> bool {
        self.finished.as_ref().is_some_and(|finished| finished.has(chunk))
    }

    fn happens(&mut self, chance: u32) -> bool {
        chance > 0 && self.random.random_range(0..1_000_000) < chance
    }

    fn schedule(&mut self, after: u64, worker: usize, event: Event) {
        let life = self.machines[worker].as_ref().map_or(0, |machine| machine.life);
        self.schedule_at(self.now + after, worker, life, event);
    }

    fn schedule_at(&mut self, at: u64, worker: usize, life: u64, event: Event) {
        self.serial += 1;
        self.events.push(Reverse((at, self.serial, worker, life, event)));
    }

    /// Runs the fold to its end.
    fn run(&mut self) {
        let (mut acted_at, mut turns) = (0, 0u64);
        loop {
            if self.plan.cancelled_at.is_some_and(|at| at <= self.now) {
                self.cancelled = true;
                self.dispatch.limit_fell(0);
            }
            self.take_outputs();
            self.dispatch.time(self.now);
            let mut acted = false;
            while let Some(command) = self.dispatch.next() {
                acted |= command != Command::Look;
                self.obey(command);
            }
            if self.gave_up || self.dispatch.is_settled() {
                return;
            }
            let due = self.dispatch.due();
            let next = self.events.peek().map_or(u64::MAX, |&Reverse((at, ..))| at);
            turns += 1;
            assert!(turns < 10_000_000, "it turns in a circle, at {} ns: {:?}", self.now, self.dispatch);
            acted_at = if acted || next <= due { self.now } else { acted_at };
            let quiet = self.now - acted_at;
            assert!(quiet < 2 * PATIENCE, "nothing happens any more, at {} ns: {:?}", self.now, self.dispatch);
            let at = due.min(next).max(self.now);
            self.now = at;
            while let Some(&Reverse((when, _, worker, life, event))) = self.events.peek()
                && when <= self.now
            {
                self.events.pop();
                if self.machines[worker].as_ref().is_some_and(|machine| machine.life == life) {
                    self.occur(worker, event);
                }
            }
        }
    }

    fn take_outputs(&mut self) {
        let is_there = |it: &Self| {
            let chunk = it.taken as usize;
            let is_counted = it.counted.get(chunk).is_some_and(|&counted| counted > 0);
            is_counted || it.failed.contains_key(&it.taken) || it.is_finished(it.taken)
        };
        while is_there(self) {
            self.taken += 1;
        }
        self.dispatch.window_reaches(self.taken + self.plan.terms.window);
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Start { worker } => {
                self.serial += 1;
                assert!(self.machines[worker].is_none(), "a worker of that number is there");
                self.machines[worker] = Some(Machine::new(self.serial));
                let latency = self.random.random_range(MS / 2..2 * MS);
                if !self.happens(self.plan.never_starts) {
                    self.schedule(latency, worker, Event::Hello);
                } else if self.random.random() {
                    self.schedule(latency, worker, Event::Dies);
                }
            }
            Command::Send { worker, block } => self.send(worker, block),
            Command::Recall { worker, from } => {
                self.recalls += 1;
                match self.plan.recalls {
                    Recalls::Noted => self.occur(worker, Event::Recalled(from)),
                    Recalls::Sent => self.schedule(20 * US, worker, Event::Recalled(from)),
                    Recalls::Dropped => {}
                }
            }
            Command::Terminate { worker } => {
                let machine = self.machines[worker].as_mut().expect("it is there");
                let timeout = self.plan.terms.timeout.expect("there is a deadline");
                if machine.running.is_some_and(|(_, since)| since + timeout <= self.now) {
                    machine.stopped = true;
                    if self.random.random() {
                        self.schedule(10 * MS, worker, Event::Dies);
                    }
                } else {
                    machine.skips = true;
                    self.dispatch.spare(worker);
                }
            }
            Command::Kill { worker } | Command::Discard { worker } => self.die(worker),
            Command::Retire { worker } => {
                let machine = self.machines[worker].take().expect("it is there");
                assert!(machine.running.is_none() && machine.blocks.is_empty() && machine.going.is_empty());
            }
            Command::Look => {
                for worker in 0..self.machines.len() {
                    if let Some(machine) = &mut self.machines[worker] {
                        let moved = std::mem::take(&mut machine.moved) || !machine.going.is_empty();
                        let activity = match machine.running {
                            Some((_, since)) => Activity::Runs { since },
                            None if moved => Activity::Moves,
                            None => Activity::Rests,
                        };
                        self.dispatch.saw(worker, activity);
                    }
                }
            }
            Command::GiveUp => self.gave_up = true,
        }
    }

    fn send(&mut self, worker: usize, block: Block) {
        assert!(
            block.first < block.end && block.end <= self.dispatch.limit().min(self.fall),
            "beyond the limit: {block:?}"
        );
        assert!(block.end <= self.taken + self.plan.terms.window, "beyond the window: {block:?}");
        assert!(!(block.first..block.end).any(|chunk| self.is_finished(chunk)), "the journal has it: {block:?}");
        if block.attempt == 1 && block.end > self.sent {
            assert_eq!(block.first, self.sent, "not the lowest");
            self.sent = self.finished.as_ref().map_or(block.end, |finished| finished.open_from(block.end));
        }
        // Some blocks are too large for one message.
        let mut end = if self.happens(self.plan.cuts) {
            self.random.random_range(block.first + 1..=block.end)
        } else {
            block.end
        };
        let unsendable = (block.first..end).find(|&chunk| self.fates[chunk as usize] == Fate::Unsendable);
        if let Some(chunk) = unsendable {
            end = chunk;
            self.dispatch.unsendable(worker, chunk);
            self.fail(chunk);
        } else if end < block.end {
            self.dispatch.cut(worker, end);
        }
        if self.random.random() {
            self.dispatch.drained(worker);
        }
        if block.first < end {
            let machine = self.machines[worker].as_mut().expect("it is there");
            machine.coming.push_back(Block { end, ..block });
            if self.plan.recalls == Recalls::Noted {
                machine.recalled_from = u64::MAX;
            }
            self.messages += 1;
            self.schedule(20 * US, worker, Event::Arrives);
        }
    }

    fn fail(&mut self, chunk: u64) {
        *self.failed.entry(chunk).or_default() += 1;
        if !self.plan.terms.keeps_going {
            self.fall = self.fall.min(chunk);
        }
    }
}
