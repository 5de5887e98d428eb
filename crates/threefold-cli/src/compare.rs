//! `threefold compare`: a work on every model, measured, shown and exported.

mod in_fold;

use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use threefold::{CancelToken, Model, Source, Task};
use threefold_compare::{Compare, Comparison, Error, Progress};

use self::in_fold::InFold;

use crate::arguments::CompareRequest;
use crate::chunk_error::{ChunkError, FailedChunk};
use crate::computation::{Prepared, Verb, Visitor};
use crate::failure::Failure;
use crate::overdue::{Overdue, Say};
use crate::progress::ComparisonProgress;
use crate::work::Work;
use crate::{escape, exit, messages, output, saved};

/// Does what `request` says until it is done or `token` is cancelled. What was measured until then is shown. If a fold does
/// not end in time then, `overdue` says what is known.
pub(crate) fn compare(
    request: &CompareRequest,
    token: &CancelToken,
    overdue: &Overdue,
    caught: impl Fn() -> Option<u8>,
) -> ExitCode {
    let against = request.against.as_deref();
    let earlier = match against.map(saved::read).transpose() {
        Ok(earlier) => earlier,
        Err(reason) => return output::refused(&format!("--against {reason}")),
    };
    if let Err(reason) = request.exports.check(against) {
        return output::refused(&reason);
    }
    let earlier = against.zip(earlier.as_ref());
    let so_far = SoFar::default();
    let measurement = Measurement { request, earlier, token, overdue, so_far: &so_far };
    let measured = match request.work.visit(&request.input, measurement) {
        Ok(measured) => measured,
        Err(reason) => return output::refused(&reason),
    };
    let comparison = match measured {
        Ok(comparison) => comparison,
        Err(error) => {
            let code = failed(&error, &request.work, caught());
            if error.is_cancelled() {
                so_far.tell();
            }
            return code;
        }
    };
    // The files come first: nobody may read the text.
    let written = request.exports.write(&comparison);
    let shown = output::comparison(&comparison);
    match (written, shown, caught()) {
        (Err(errors), ..) => {
            errors.iter().for_each(output::failed);
            exit::FAILED.into()
        }
        (Ok(()), _, Some(signal)) => (exit::SIGNALLED + signal).into(),
        (Ok(()), Err(_), None) => exit::FAILED.into(),
        (Ok(()), Ok(()), None) => ExitCode::SUCCESS,
    }
}

fn failed(error: &Error, work: &Work, signal: Option<u8>) -> ExitCode {
    match signal {
        None if error.is_setup() => output::refused(error),
        signal => {
            match of_program(error, work) {
                Some(text) => messages::error(text),
                None => output::failed(error),
            }
            signal.map_or(exit::FAILED, |signal| exit::SIGNALLED + signal).into()
        }
    }
}

/// The error in the words of somebody whose own program was compared, where the library's would not fit.
fn of_program(error: &Error, work: &Work) -> Option<String> {
    match error {
        // A term that has no value is at fault, and not the model.
        Error::Value { reason, .. } if work.is_the_users() && !work.is_program() => Some(reason.clone()),
        Error::Value { model, reason } if work.is_program() => Some(format!("on {model}: {reason}")),
        Error::Disagreement { model, expected, value } if work.is_program() => Some(format!(
            "on {model} {} gave {}, but on sequential {}: the program printed something else when it was run again, for \
             instance a time or a PID; the models can be compared only on programs that print the same each time",
            escape::line(work.name()),
            escape::line(value),
            escape::line(expected)
        )),
        _ => None,
    }
}

/// The text of a failure where each chunk is run only once.
fn once(failed: FailedChunk) -> String {
    format!("{failed:#}").replacen(", attempt 1 of 1", "", 1)
}

/// A fold so far: the value of its chunks, how many they are, the first of them that has failed, and that it runs.
type So<A> = (A, u64, Option<(u64, ChunkError)>, InFold);

/// Measures a work on every model.
struct Measurement<'a> {
    request: &'a CompareRequest,
    /// The comparison beside which this one is shown, with its file.
    earlier: Option<(&'a Path, &'a Comparison)>,
    token: &'a CancelToken,
    overdue: &'a Overdue,
    so_far: &'a SoFar,
}

/// How far a comparison has come.
#[derive(Clone, Default)]
struct SoFar(Arc<Mutex<Option<Progress>>>);

impl SoFar {
    fn note(&self, progress: &Progress) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress.clone());
    }

    /// Says what was measured.
    fn tell(&self) {
        let measured = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(Progress::measured);
        match measured {
            Some(measured) => messages::note(format_args!("measured so far: {measured}")),
            None => messages::note("nothing was measured"),
        }
    }

    /// What is said of a comparison of `work` that was cancelled while a fold runs that does not end in time.
    fn overdue(&self, work: &Work) -> Say {
        let (work, so_far) = (escape::line(work.name()).into_owned(), self.clone());
        Arc::new(move || {
            messages::error(format_args!(
                "{work}: the comparison was cancelled; a fold was still running after 0.4 s, and the program exits \
                 without waiting for it"
            ));
            so_far.tell();
        })
    }
}

impl Visitor for Measurement<'_> {
    type Result = Result<Comparison, Error>;

    fn visit<S, T, A, V>(self, prepared: Prepared<S, T, A, V>) -> Self::Result
    where
        S: Source<Chunk = T::Chunk> + Clone,
        T: Task + Clone,
        A: Clone,
        V: Verb<T>,
    {
        let CompareRequest { ref work, ref measuring, progress, .. } = *self.request;
        let Prepared { plan, source, computation } = prepared;
        if let Some((path, earlier)) = self.earlier {
            let checked = earlier.check_workload(work.name(), source.item_count(), source.chunk_count());
            checked.map_err(|error| Error::Setup(format!("--against {}: {error}", escape::path(path))))?;
        }
        let mut compare = Compare::new(work.name())
            .unit(work.items())
            .reference(measuring.reference.unwrap_or(Model::Sequential))
            .rank_by(measuring.rank_by.into())
            .warmup(measuring.warmup)
            .counters(measuring.counters)
            .time_budget(measuring.time_budget)
            .workers(measuring.workers.iter().copied())
            .cancel(self.token);
        if !measuring.models.is_empty() {
            compare = compare.models(measuring.models.iter().copied());
        }
        if let Some(rounds) = measuring.runs {
            compare = compare.runs(rounds);
        }
        if let Some(chunks) = work.in_flight(None) {
            compare = compare.in_flight(chunks);
        }
        if let Some(formula) = work.formula() {
            compare = compare.formula(formula);
        }
        let progress = ComparisonProgress::start(progress);
        let shown = progress.as_ref().map(ComparisonProgress::observer);
        compare = compare.observe({
            let so_far = self.so_far.clone();
            move |progress| {
                so_far.note(progress);
                shown.iter().for_each(|show| show(progress));
            }
        });
        let in_fold = InFold::new(self.overdue, self.so_far.overdue(work));
        let init = (computation.init, 0, None, in_fold);
        let reduce = |(value, chunks, failed, in_fold): So<A>, output| match V::error(&output) {
            Some(error) => {
                let error = failed.unwrap_or_else(|| (chunks, error.clone()));
                (value, chunks + 1, Some(error), in_fold)
            }
            None => ((computation.reduce)(value, output), chunks + 1, failed, in_fold),
        };
        let check = |(value, _, failed, _): So<A>| match failed {
            None => {
                let named = |failure: Failure| work.failure(failure, &|chunk| plan.describe(chunk)).to_string();
                (computation.finish)(value, &plan).map_err(named)
            }
            Some((chunk, error)) => Err(once(FailedChunk::new(work.name(), chunk, || plan.describe(chunk), error))),
        };
        let mut comparison = compare.fold_and_check(source, computation.task, init, reduce, check)?;
        if let Some((_, earlier)) = self.earlier {
            comparison.set_against(earlier)?;
        }
        Ok(comparison)
    }
}
