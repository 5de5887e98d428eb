//! `Ranks`: processor time and memory of the other ranks of an MPI job, while one fold runs.
//!
//! Ranks may be on other hosts, so that only they can say what they have used. They are asked by a fold: each has one
//! chunk of it. The fold has an executor of its own, since an executor remembers how long the chunks of its last fold
//! took.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use threefold::{Error, Executor, Items, Model, task};

use super::process::{Scheduled, forget_peak, own};

/// How often the fold is repeated, at most, until each rank has had a chunk of it.
const REPEATED: u32 = 10;

/// How long a rank keeps its chunk, so that it gets no second one: within this time the other ranks get theirs.
const KEPT: Duration = Duration::from_millis(5);

/// What a rank has used, if it knows.
type Said = (Rank, Option<Amounts>);

/// The host and the process id.
type Rank = (String, u32);

/// Processor seconds, queued seconds, and the peak of the memory in bytes.
type Amounts = (f64, f64, u64);

/// Says what this rank has used. The peak of its memory is counted anew if it is to be forgotten.
#[task]
fn used((forgets, times): (bool, u32)) -> Said {
    thread::sleep(KEPT * times);
    if forgets {
        forget_peak();
    }
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let amounts = own().map(|(Scheduled { ran_s, queued_s }, peak)| (ran_s, queued_s, peak));
    ((host, std::process::id()), amounts)
}

/// What the ranks had used at a moment.
#[derive(Debug, Default)]
pub(super) struct Ranks {
    on: Option<Executor>,
    ranks: BTreeMap<Rank, Option<Amounts>>,
}

impl Ranks {
    /// What they have used until now. The peak of their memory is counted from here on. Models without ranks have used
    /// nothing.
    pub(super) fn observe(model: Model) -> Result<Self, Error> {
        if model != Model::Mpi || threefold::ranks() == 1 {
            return Ok(Self::default());
        }
        let on = Executor::new(Model::Mpi)?;
        let ranks = ask(&on, true)?;
        Ok(Self { on: Some(on), ranks })
    }

    /// What all of them have used since then: what the scheduler counts, and the peaks of their memory, added up. `None` if a
    /// rank does not know.
    pub(super) fn since(&self) -> Result<Option<(Scheduled, u64)>, Error> {
        let mut sum = (Scheduled::default(), 0);
        let Some(on) = &self.on else { return Ok(Some(sum)) };
        for (rank, now) in ask(on, false)? {
            let before = self.ranks.get(&rank).copied().unwrap_or(Some(Amounts::default()));
            let (Some((ran_s, queued_s, peak)), Some((ran_before_s, queued_before_s, _))) = (now, before) else {
                return Ok(None);
            };
            sum.0.ran_s += ran_s - ran_before_s;
            sum.0.queued_s += queued_s - queued_before_s;
            sum.1 += peak;
        }
        Ok(Some(sum))
    }
}

/// Asks all ranks.
fn ask(on: &Executor, forgets: bool) -> Result<BTreeMap<Rank, Option<Amounts>>, Error> {
    let others = threefold::ranks() - 1;
    let mut said = BTreeMap::new();
    for times in 1..=REPEATED {
        said.extend(on.map(Items(vec![(forgets, times); others]), used)?);
        if said.len() == others {
            break;
        }
    }
    Ok(said)
}
