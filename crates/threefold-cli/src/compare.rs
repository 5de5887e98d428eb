//! `threefold compare` and `threefold report`: a work on every model, shown and exported.

use std::fs::{self, OpenOptions};
use std::path::Path;
use std::process::ExitCode;

use threefold::{CancelToken, Source, Task};
use threefold_compare::{Compare, Comparison, Error};

use crate::progress::Share;
use crate::words::{Comparing, Exports, Report};
use crate::works::{Fold, Use, Work};
use crate::{exit, output, words};

/// Does what `comparing` says, until it is done or `token` is cancelled. What was measured until then is shown in any
/// case.
pub(crate) fn compare(comparing: &Comparing, token: &CancelToken, caught: impl Fn() -> Option<u8>) -> ExitCode {
    if let Err(error) = comparing.exports.try_all() {
        return output::refused(&error);
    }
    let made = match comparing.work.with(&comparing.input, Measured { comparing, token }) {
        Ok(made) => made,
        Err(why) => return output::words(&words::refusal(why)),
    };
    let comparison = match made {
        Ok(comparison) => comparison,
        Err(error) => return failed(&error, caught()),
    };
    let shown = output::comparison(&comparison);
    match (comparing.exports.write_all(&comparison), shown, caught()) {
        (Err(error), ..) => failed(&error, None),
        (Ok(()), _, Some(signal)) => (exit::SIGNALLED + signal).into(),
        (Ok(()), Err(_), None) => exit::FAILED.into(),
        (Ok(()), Ok(()), None) => ExitCode::SUCCESS,
    }
}

/// Makes the page of an earlier comparison again.
pub(crate) fn report(report: &Report) -> ExitCode {
    let page = report.export_html.clone().unwrap_or_else(|| report.json.with_extension("html"));
    let read = fs::read_to_string(&report.json)
        .map_err(|error| Error::File { path: report.json.clone(), error })
        .and_then(|json| Comparison::from_json(&json));
    let comparison = match read {
        Ok(comparison) => comparison,
        Err(error) => return output::refused(&error),
    };
    match comparison.export_html(&page) {
        Ok(()) => match output::comparison(&comparison) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => exit::FAILED.into(),
        },
        Err(error) => output::refused(&error),
    }
}

fn failed(error: &Error, signal: Option<u8>) -> ExitCode {
    output::failed(error);
    match signal {
        Some(signal) => (exit::SIGNALLED + signal).into(),
        None if error.is_setup() => exit::NOTHING_STARTED.into(),
        None => exit::FAILED.into(),
    }
}

/// Writes a comparison to a file.
type Export = fn(&Comparison, &Path) -> Result<(), Error>;

/// A work is measured on every model.
struct Measured<'a> {
    comparing: &'a Comparing,
    token: &'a CancelToken,
}

impl Use for Measured<'_> {
    type Result = Result<Comparison, Error>;

    fn fold<S, T, A>(self, fold: Fold<S, T, A>) -> Self::Result
    where
        S: Source<Chunk = T::Chunk> + Clone,
        T: Task + Clone,
        A: Clone,
    {
        let Comparing { work, ref thoroughness, progress, .. } = *self.comparing;
        let about = work.about();
        let mut compare = Compare::new(about.name)
            .unit(about.items)
            .warmup(thoroughness.warmup)
            .time_budget(thoroughness.time_budget)
            .workers(thoroughness.workers.iter().copied())
            .cancel(self.token);
        if !thoroughness.models.is_empty() {
            compare = compare.models(thoroughness.models.iter().copied());
        }
        if let Some(rounds) = thoroughness.runs {
            compare = compare.runs(rounds);
        }
        if work == Work::Sum {
            compare = compare.formula("n(a+b)/2");
        }
        let share = Share::start(progress);
        if let Some(share) = &share {
            compare = compare.observe(share.observer());
        }
        let Fold { plan, source, recipe } = fold;
        let check = |value| (recipe.finish)(value, &plan).map_err(|failure| failure.to_string());
        compare.fold_and_check(source, recipe.task, recipe.init, recipe.reduce, check)
    }
}

impl Exports {
    /// The files that are asked for, each with what writes it.
    fn files(&self) -> impl Iterator<Item = (&Path, Export)> {
        let each: [(_, Export); 5] = [
            (&self.export_json, |comparison, path| comparison.export_json(path)),
            (&self.export_csv, |comparison, path| comparison.export_csv(path)),
            (&self.export_markdown, |comparison, path| comparison.export_markdown(path)),
            (&self.export_html, |comparison, path| comparison.export_html(path)),
            (&self.export_trace, |comparison, path| comparison.export_trace(path)),
        ];
        each.into_iter().filter_map(|(path, export)| Some((path.as_deref()?, export)))
    }

    /// Finds out whether every file can be written, before there is anything to write.
    fn try_all(&self) -> Result<(), Error> {
        self.files().try_for_each(|(path, _)| try_one(path))
    }

    /// Writes them all; where one cannot be, the others are written all the same.
    fn write_all(&self, comparison: &Comparison) -> Result<(), Error> {
        let mut written = Ok(());
        for (path, export) in self.files() {
            written = written.and(export(comparison, path));
        }
        written
    }
}

/// An old file keeps what it holds until there is something new; a new one is not left behind empty.
fn try_one(path: &Path) -> Result<(), Error> {
    let existed = path.exists();
    let tried = OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .and_then(|_| if existed { Ok(()) } else { fs::remove_file(path) });
    tried.map_err(|error| Error::File { path: path.to_path_buf(), error })
}
