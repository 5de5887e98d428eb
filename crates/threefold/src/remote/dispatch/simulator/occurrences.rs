//! What happens on the machines of a simulation: messages arrive, chunks begin and end, answers are sent, workers die.

use super::machine::{Answer, Event};
use super::plan::{Fate, HOLD, MS, Recalls, US};
use super::{Block, Progress, Sent, Simulation};
use rand::RngExt;

impl Simulation {
    pub(super) fn occur(&mut self, worker: usize, event: Event) {
        let machine = self.machines[worker].as_mut().expect("it is there");
        machine.moved = true;
        match event {
            Event::Hello => {
                assert!(self.dispatch.ready(worker));
                if self.happens(self.plan.dies_idle) {
                    return self.die(worker);
                }
                self.begin(worker);
            }
            Event::Arrives => {
                let block = machine.coming.pop_front().expect("it was sent");
                machine.blocks.push_back(block);
                if self.plan.recalls == Recalls::Sent {
                    machine.recalled_from = u64::MAX;
                }
                self.begin(worker);
            }
            Event::Ends => {
                let (sent, _) = machine.running.take().expect("it runs");
                self.answer(worker, Answer::Ran(sent));
                if self.happens(self.plan.dies_after_chunk) {
                    return self.die(worker);
                }
                self.begin(worker);
            }
            Event::Answers => {
                let answer = machine.going.pop_front().expect("it is on its way");
                self.hear(worker, answer);
            }
            Event::Recalled(from) => machine.recalled_from = from,
            Event::Dies => self.die(worker),
        }
    }

    /// The worker begins its next chunk, unless it is busy or not there yet.
    fn begin(&mut self, worker: usize) {
        if !self.dispatch.is_ready(worker) {
            return;
        }
        let limit = self.dispatch.limit();
        let machine = self.machines[worker].as_mut().expect("it is there");
        if machine.running.is_some() || machine.stopped {
            return;
        }
        let Some(front) = machine.blocks.front_mut() else { return };
        let limit = if std::mem::take(&mut machine.skips) { 0 } else { limit.min(machine.recalled_from) };
        if limit < front.end {
            let rest = Block { first: limit.max(front.first), ..*front };
            front.end = rest.first;
            if front.len() == 0 {
                machine.blocks.pop_front();
            }
            self.answer(worker, Answer::Skipped(rest));
            return self.begin(worker);
        }
        let sent = Sent { chunk: front.first, attempt: front.attempt };
        front.first += 1;
        if machine.ends_block || machine.ran == 0 {
            (machine.block_began, machine.ran, machine.reported) = (self.now, 0, false);
        }
        machine.ran += 1;
        machine.ends_block = front.first == front.end;
        if machine.ends_block {
            machine.blocks.pop_front();
        }
        machine.running = Some((sent, self.now));
        self.starts[sent.chunk as usize] += 1;
        assert_eq!(self.starts[sent.chunk as usize], sent.attempt, "chunk {} starts again", sent.chunk);
        let not_before = self.not_before[sent.chunk as usize];
        assert!(self.now >= not_before, "chunk {} starts again too early", sent.chunk);
        let time = self.times[sent.chunk as usize];
        if self.happens(self.plan.dies_in_chunk) {
            let after = self.random.random_range(0..=time);
            self.schedule(after, worker, Event::Dies);
        } else if self.plan.terms.timeout.is_none() || !self.happens(self.plan.stalls_in_chunk) {
            self.schedule(time, worker, Event::Ends);
        }
    }

    fn answer(&mut self, worker: usize, answer: Answer) {
        let latency = if self.happens(self.plan.late) { self.random.random_range(MS..50 * MS) } else { 20 * US };
        let (now, holds) = (self.now, self.plan.holds);
        let machine = self.machines[worker].as_mut().expect("it is there");
        machine.going.push_back(answer);
        machine.held += 1;
        if machine.held == 1 {
            machine.held_since = now;
        }
        let waits = matches!(answer, Answer::Ran(_)) && !machine.ends_block && now - machine.held_since < HOLD;
        let waits = waits && !machine.reports(now);
        if holds && waits {
            return;
        }
        machine.last_answer = machine.last_answer.max(now + latency);
        let (at, life) = (machine.last_answer, machine.life);
        for _ in 0..std::mem::take(&mut machine.held) {
            self.schedule_at(at, worker, life, Event::Answers);
        }
        self.messages += 1;
    }

    fn hear(&mut self, worker: usize, answer: Answer) {
        let sent = match answer {
            Answer::Skipped(block) => {
                if block.first < self.dispatch.limit() {
                    self.brought_back += block.len();
                    self.machines[worker].as_mut().expect("it is there").recalled_from = u64::MAX;
                }
                return assert!(self.dispatch.skipped(worker, block.first, block.len()), "{block:?} was not due");
            }
            Answer::Ran(sent) => sent,
        };
        assert_eq!(self.dispatch.due_from(worker), Some(sent), "another chunk was due");
        let chunk = sent.chunk as usize;
        match self.fates[chunk] {
            Fate::Panics => {
                let not_before = self.not_before();
                self.not_before[chunk] = not_before(sent.attempt);
                if !self.dispatch.panicked(worker, &not_before) {
                    self.fail(sent.chunk);
                }
            }
            Fate::ErrsOnce if sent.attempt == 1 && self.plan.terms.attempts > 1 => {
                let not_before = self.not_before();
                self.not_before[chunk] = not_before(sent.attempt);
                self.dispatch.erred(worker, &not_before);
            }
            Fate::Unreadable => {
                self.dispatch.failed(worker);
                self.fail(sent.chunk);
            }
            fate => {
                self.counted[chunk] += 1;
                self.dispatch.done(worker, 1, self.times[chunk]);
                if fate == Fate::IsErr && !self.plan.terms.keeps_going {
                    self.dispatch.limit_fell(sent.chunk + 1);
                }
            }
        }
    }

    /// The moment before which a chunk must not start again, after each attempt.
    fn not_before(&self) -> impl Fn(u32) -> u64 + use<> {
        let (now, pause) = (self.now, self.plan.pause);
        move |attempt| if pause == 0 { 0 } else { now + pause * u64::from(attempt) }
    }

    pub(super) fn die(&mut self, worker: usize) {
        // Some of its answers were sent before; the others are lost with it.
        let machine = self.machines[worker].as_ref().expect("it is there");
        let going = machine.going.len();
        // What it skips is sent before it goes on.
        let last = if machine.running.is_some() { going } else { going.saturating_sub(1) };
        let skipped = machine.going.range(..last).rposition(|answer| matches!(answer, Answer::Skipped(_)));
        let least = skipped.map_or(0, |skipped| skipped + 1);
        for _ in 0..self.random.random_range(least..=going) {
            let answer = self.machines[worker].as_mut().and_then(|machine| machine.going.pop_front());
            self.hear(worker, answer.expect("it is on its way"));
            if self.machines[worker].is_none() {
                return;
            }
        }
        let machine = self.machines[worker].take().expect("it is there");
        // Up to the last that ran: what was skipped before it is beyond the limit.
        let before = |upto: usize| -> u64 {
            let answers = machine.going.iter().take(upto);
            answers
                .map(|answer| match answer {
                    Answer::Ran(_) => 1,
                    Answer::Skipped(block) => block.len(),
                })
                .sum()
        };
        let last_ran = machine.going.iter().rposition(|answer| matches!(answer, Answer::Ran(_)));
        let running = machine.running.map(|(sent, _)| sent);
        let done =
            if running.is_some() { before(machine.going.len()) } else { last_ran.map_or(0, |last| before(last + 1)) };
        self.losses += 1;
        let not_before = self.not_before();
        let loss = self.dispatch.lost(worker, Progress::Known { done, running }, &not_before);
        for sent in &loss.again {
            self.not_before[sent.chunk as usize] = not_before(sent.attempt);
        }
        for sent in loss.given_up {
            self.fail(sent.chunk);
        }
    }
}
