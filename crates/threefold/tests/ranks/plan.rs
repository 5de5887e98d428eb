//! `Plan`: what goes wrong in a round, and what must then be so.

use std::fmt;
use std::thread;
use std::time::Duration;

use libtest_mimic::Failed;
use rand::{RngExt, SeedableRng, rngs::SmallRng};
use rustix::process::Signal;

use crate::job::{Ended, Job, Launcher, Library};
use crate::program::{self, CHUNKS};

/// What goes wrong, and when.
pub(crate) struct Plan {
    ranks: usize,
    fault: Fault,
}

enum Fault {
    /// That chunk of the third fold panics.
    Panic { chunk: u64 },
    /// A rank is stopped for a while when it has started. It is then joining the job, and the others wait for it. MPI gives
    /// them no means to do anything else, so it goes on before it counts as silent.
    Pause { rank: usize, delay: Duration },
    /// A rank gets a signal.
    Signal { signal: Signal, rank: usize, moment: Moment, delay: Duration },
}

/// How long a rank is stopped that then goes on. It is far shorter than the silence after which a rank is lost.
const PAUSE: Duration = Duration::from_millis(500);

/// After what the delay begins.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Moment {
    /// After the rank has started: it joins the job, or the handshake is on its way.
    Starting,
    /// After the first fold.
    Folding,
    /// After the program was told that its next fold is the last one: it folds, or leaves the job.
    Ending,
}

impl Plan {
    /// That of a round.
    pub(crate) fn of(seed: u64, round: u64) -> Self {
        let mut random = SmallRng::seed_from_u64(seed.wrapping_add(round));
        let ranks = random.random_range(2..=4);
        let fault = match round % 3 {
            0 => Fault::Panic { chunk: random.random_range(0..CHUNKS) },
            kind => {
                let moment = match random.random_range(0..10) {
                    0..2 => Moment::Starting,
                    2..8 => Moment::Folding,
                    _ => Moment::Ending,
                };
                // Rank 0 is the program itself: nobody waits for another rank while it is stopped.
                let (signal, first) = if kind == 1 { (Signal::KILL, 0) } else { (Signal::STOP, 1) };
                let longest = if moment == Moment::Folding { 200_000 } else { 50_000 };
                let delay = Duration::from_micros(random.random_range(0..longest));
                let rank = random.random_range(first..ranks);
                match moment {
                    Moment::Starting if signal == Signal::STOP => Fault::Pause { rank, delay },
                    _ => Fault::Signal { signal, rank, moment, delay },
                }
            }
        };
        Self { ranks, fault }
    }

    /// Runs the round.
    pub(crate) fn check(&self, launcher: &Launcher) -> Result<(), Failed> {
        match self.fault {
            Fault::Panic { chunk } => self.check_panic(launcher, chunk),
            Fault::Pause { rank, delay } => self.check_pause(launcher, rank, delay),
            Fault::Signal { signal, rank, moment, delay } => {
                // Open MPI leaves rank 0 some tenths of a second to name a rank that was killed, and a busy machine may
                // use them up. All else must be so at the first time.
                let check = || self.check_signal(launcher, signal, rank, moment, delay);
                let is_named = check()? || signal == Signal::KILL && (check()? || check()?);
                if is_named { Ok(()) } else { Err(format!("nothing names rank {rank}").into()) }
            }
        }
    }

    /// The fold is an error that names the place. The folds before and after it have the right total.
    fn check_panic(&self, launcher: &Launcher, chunk: u64) -> Result<(), Failed> {
        let job = Job::launch(launcher, self.ranks, Some(chunk)).wait_for("panicked")?;
        let names: Vec<_> = (0..self.ranks).map(|rank| job.name_of(rank)).collect();
        job.tell_to_end();
        let ended = job.end()?;
        ended.totals_are_right()?;
        let error = ended.lines("error ").next().ok_or("no fold failed")?;
        for part in [&*format!("chunk {chunk} "), "panicked", program::MESSAGE] {
            ended.demand(error.contains(part), &format!("`{error}` does not say `{part}`"))?;
        }
        // Any rank but 0 may have run it.
        ended.demand(names[1..].iter().any(|name| error.contains(name)), &format!("`{error}` names no rank"))?;
        ended.demand(ended.status.success() && ended.has_line("end"), "the program did not go on after a panic")
    }

    /// The job goes on when the rank does.
    fn check_pause(&self, launcher: &Launcher, rank: usize, delay: Duration) -> Result<(), Failed> {
        let job = Job::launch(launcher, self.ranks, None).wait_for(&format!("rank-{rank}"))?;
        thread::sleep(delay);
        let is_struck = job.strike(rank, Signal::STOP);
        thread::sleep(PAUSE);
        job.strike(rank, Signal::CONT);
        job.tell_to_end();
        let ended = job.end()?;
        ended.totals_are_right()?;
        ended.demand(is_struck, "the rank was not stopped")?;
        ended.demand(ended.status.success() && ended.has_line("end"), "the job did not go on with the rank")
    }

    /// The job ends with a failure. Returns whether the lost rank is named, or need not be.
    fn check_signal(
        &self,
        launcher: &Launcher,
        signal: Signal,
        rank: usize,
        moment: Moment,
        delay: Duration,
    ) -> Result<bool, Failed> {
        let before = if moment == Moment::Starting { format!("rank-{rank}") } else { "folded".to_string() };
        let job = Job::launch(launcher, self.ranks, None).wait_for(&before)?;
        if moment == Moment::Ending {
            job.tell_to_end();
        }
        thread::sleep(delay);
        let name = job.name_of(rank);
        let is_struck = job.strike(rank, signal);
        let ended = job.end()?;
        ended.totals_are_right()?;
        if !is_struck || moment == Moment::Ending && ended.status.success() {
            // It was over before. Nothing else may keep a fault from happening.
            ended.demand(moment == Moment::Ending, "the fault did not happen")?;
            ended.demand(ended.has_line("end") && ended.status.success(), "the program failed by itself")?;
            return Ok(true);
        }
        ended.demand(!ended.status.success(), "a rank was lost, and the job says that all is well")?;
        // What rank 0 can still say depends on the launcher: MPICH's kills rank 0 at once, and so does either when rank 0
        // is the one that is lost.
        let can_speak = moment == Moment::Folding && rank > 0;
        let must_be_named = can_speak && (signal == Signal::STOP || launcher.library == Library::OpenMpi);
        Ok(ended.says(&name) || !must_be_named)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ranks = self.ranks;
        match self.fault {
            Fault::Panic { chunk } => write!(f, "chunk_{chunk}_panics_on_{ranks}_ranks"),
            Fault::Pause { rank, .. } => write!(f, "rank_{rank}_of_{ranks}_is_stopped_for_a_second_while_starting"),
            Fault::Signal { signal, rank, moment, .. } => {
                let word = if signal == Signal::KILL { "killed" } else { "stopped" };
                let moment = format!("{moment:?}").to_lowercase();
                write!(f, "rank_{rank}_of_{ranks}_is_{word}_while_{moment}")
            }
        }
    }
}

impl Ended {
    /// Every total that was printed is the right one.
    fn totals_are_right(&self) -> Result<(), Failed> {
        let right = program::total().to_string();
        for total in self.lines("total ") {
            self.demand(total == right, &format!("the total is {total}, not {right}"))?;
        }
        Ok(())
    }
}
