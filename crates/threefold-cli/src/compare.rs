//! `threefold compare`: a workload on every model, measured, shown and exported.

use std::process::ExitCode;

use threefold::{CancelToken, Source, Task};
use threefold_compare::{Compare, Comparison, Error};

use crate::arguments::CompareRequest;
use crate::progress::ComparisonProgress;
use crate::workloads::{Prepared, Visitor, Workload};
use crate::{exit, output};

/// Does what `request` says until it is done or `token` is cancelled. What was measured until then is shown in any
/// case.
pub(crate) fn compare(request: &CompareRequest, token: &CancelToken, caught: impl Fn() -> Option<u8>) -> ExitCode {
    if let Err(reason) = request.exports.check(None) {
        return output::refused(&reason);
    }
    let measured = match request.workload.visit(&request.input, Measurement { request, token }) {
        Ok(measured) => measured,
        Err(reason) => return output::refused(&reason),
    };
    let comparison = match measured {
        Ok(comparison) => comparison,
        Err(error) => return failed(&error, caught()),
    };
    let shown = output::comparison(&comparison);
    match (request.exports.write(&comparison), shown, caught()) {
        (Err(error), ..) => failed(&error, None),
        (Ok(()), _, Some(signal)) => (exit::SIGNALLED + signal).into(),
        (Ok(()), Err(_), None) => exit::FAILED.into(),
        (Ok(()), Ok(()), None) => ExitCode::SUCCESS,
    }
}

fn failed(error: &Error, signal: Option<u8>) -> ExitCode {
    match signal {
        None if error.is_setup() => output::refused(error),
        signal => {
            output::failed(error);
            signal.map_or(exit::FAILED, |signal| exit::SIGNALLED + signal).into()
        }
    }
}

/// Measures a workload on every model.
struct Measurement<'a> {
    request: &'a CompareRequest,
    token: &'a CancelToken,
}

impl Visitor for Measurement<'_> {
    type Result = Result<Comparison, Error>;

    fn visit<S, T, A>(self, prepared: Prepared<S, T, A>) -> Self::Result
    where
        S: Source<Chunk = T::Chunk> + Clone,
        T: Task + Clone,
        A: Clone,
    {
        let CompareRequest { workload, ref measuring, progress, .. } = *self.request;
        let description = workload.description();
        let mut compare = Compare::new(description.name)
            .unit(description.items)
            .warmup(measuring.warmup)
            .time_budget(measuring.time_budget)
            .workers(measuring.workers.iter().copied())
            .cancel(self.token);
        if !measuring.models.is_empty() {
            compare = compare.models(measuring.models.iter().copied());
        }
        if let Some(rounds) = measuring.runs {
            compare = compare.runs(rounds);
        }
        if workload == Workload::Sum {
            compare = compare.formula("n(a+b)/2");
        }
        let progress = ComparisonProgress::start(progress);
        if let Some(progress) = &progress {
            compare = compare.observe(progress.observer());
        }
        let Prepared { plan, source, computation } = prepared;
        let check = |value| (computation.finish)(value, &plan).map_err(|failure| failure.to_string());
        compare.fold_and_check(source, computation.task, computation.init, computation.reduce, check)
    }
}
