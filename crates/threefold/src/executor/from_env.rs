//! `Executor::from_env`: whoever runs the program chooses the model and the number of workers.
//!
//! This is the only place that reads the two variables. All other executors are chosen by the program.

use std::env;
use std::ffi::OsString;

use super::origin::{By, Origin};
use super::{Builder, Executor};
use crate::backend::options::MOST_WORKERS;
use crate::error::{Error, Result};
use crate::model::Model;

const MODEL: &str = "THREEFOLD_MODEL";
const WORKERS: &str = "THREEFOLD_WORKERS";

/// The model if the variable is not set: it needs nothing of the program, and uses all cores.
const DEFAULT: Model = Model::Threads;

impl Executor {
    /// Makes an executor whose model and number of workers are chosen by whoever runs the program: by the environment
    /// variables `THREEFOLD_MODEL` and `THREEFOLD_WORKERS`.
    ///
    /// | variable | values | if it is not set |
    /// |---|---|---|
    /// | `THREEFOLD_MODEL` | `sequential`, `async`, `threads`, `processes`, `mpi`; also `multithreading`, `multiprocess` | `threads` |
    /// | `THREEFOLD_WORKERS` | 1 to 4096, see [`Builder::workers`] | the default of the model |
    ///
    /// Nothing but this function reads them. `Display` of the executor shows the model and the number of workers, and
    /// which variable or default each comes from:
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// # fn main() -> threefold::Result<()> {
    /// threefold::init();
    /// let on = Executor::from_env()?;
    /// // With THREEFOLD_MODEL=processes: "on processes (from THREEFOLD_MODEL), 8 workers (default)"
    /// eprintln!("on {on}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Call [`init`](crate::init()) first, since the model may be processes or mpi.
    ///
    /// # Errors
    ///
    /// [`Error::is_setup`] if a variable is empty, is not Unicode, or has another value than those above; and for each
    /// reason for which [`Builder::build`] fails, such as a model that is not in this build. The error names the
    /// variables and their values: `THREEFOLD_MODEL is \`fork\`: expected one of sequential, async, ..`. No worker is
    /// started in this case.
    pub fn from_env() -> Result<Self> {
        let (model, workers) = (env::var_os(MODEL), env::var_os(WORKERS));
        let set: Vec<_> = [(MODEL, &model), (WORKERS, &workers)]
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name} is `{}`", value.as_ref()?.to_str()?.escape_debug())))
            .collect();
        builder(model, workers)?.build().map_err(|error| match set.is_empty() {
            true => error,
            false => Error::setup(error.model(), format!("{}: {error}", set.join(" and "))),
        })
    }
}

/// What the values of the two variables ask for.
fn builder(model: Option<OsString>, workers: Option<OsString>) -> Result<Builder> {
    let names: Vec<_> = Model::ALL.iter().map(|model| model.name()).collect();
    let models = format!("expected one of {}", names.join(", "));
    let counts = format!("expected a whole number from 1 to {MOST_WORKERS}");
    let model: Option<Model> = read(MODEL, model, &models, |word| word.parse().ok())?;
    let is_count = |&count: &usize| (1..=MOST_WORKERS).contains(&count);
    let workers = read(WORKERS, workers, &counts, |word| word.parse().ok().filter(is_count))?;
    let by = |is_set, name| Some(if is_set { By::Variable(name) } else { By::Default });
    let origin = Origin { model: by(model.is_some(), MODEL), workers: by(workers.is_some(), WORKERS) };
    let mut builder = Builder { origin, ..Builder::new(model.unwrap_or(DEFAULT)) };
    builder.options.workers = workers;
    Ok(builder)
}

/// The value of variable `name`, if it is set. `expected` says what it can be.
fn read<T>(
    name: &str,
    value: Option<OsString>,
    expected: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>> {
    let Some(value) = value else { return Ok(None) };
    let refuse = |what: String| Err(Error::setup(None, format!("{name} {what}: {expected}")));
    match value.to_str() {
        Some("") => refuse("is set and empty".to_string()),
        Some(word) => match parse(word) {
            Some(value) => Ok(Some(value)),
            None => refuse(format!("is `{}`", word.escape_debug())),
        },
        None => refuse(format!("is not Unicode (`{}`)", value.to_string_lossy().escape_debug())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(model: Option<&str>, workers: Option<&str>) -> Result<(Model, Option<usize>, Origin)> {
        let Builder { model, options, origin } = builder(model.map(OsString::from), workers.map(OsString::from))?;
        Ok((model, options.workers, origin))
    }

    #[test]
    fn each_variable_is_obeyed_and_the_source_of_each_choice_is_known() {
        let origin = |model, workers| Origin { model: Some(model), workers: Some(workers) };
        let (by_model, by_workers) = (By::Variable(MODEL), By::Variable(WORKERS));
        assert_eq!(chosen(None, None).unwrap(), (Model::Threads, None, origin(By::Default, By::Default)));
        assert_eq!(chosen(None, Some("3")).unwrap(), (Model::Threads, Some(3), origin(By::Default, by_workers)));
        for &model in Model::ALL {
            let by = origin(by_model, By::Default);
            assert_eq!(chosen(Some(model.name()), None).unwrap(), (model, None, by));
        }
        assert_eq!(chosen(Some("multiprocess"), Some("4096")).unwrap().1, Some(4096));
    }

    #[test]
    fn what_is_no_value_is_refused_with_what_is() {
        let text = |model, workers| chosen(model, workers).unwrap_err().to_string();
        let models = "expected one of sequential, async, threads, processes, mpi";
        assert_eq!(text(Some("fork\n"), None), format!("THREEFOLD_MODEL is `fork\\n`: {models}"));
        assert_eq!(text(Some(""), Some("2")), format!("THREEFOLD_MODEL is set and empty: {models}"));
        let counts = "expected a whole number from 1 to 4096";
        for word in ["0", "4097", "two", "-1", "1.5", " 2", "99999999999999999999"] {
            assert_eq!(text(None, Some(word)), format!("THREEFOLD_WORKERS is `{word}`: {counts}"));
        }
        assert_eq!(text(None, Some("")), format!("THREEFOLD_WORKERS is set and empty: {counts}"));
    }

    #[cfg(unix)]
    #[test]
    fn what_is_not_unicode_is_refused() {
        use std::os::unix::ffi::OsStringExt;

        let error = builder(Some(OsString::from_vec(vec![b'a', 0xff])), None).unwrap_err();
        assert!(error.is_setup());
        assert_eq!(
            error.to_string(),
            "THREEFOLD_MODEL is not Unicode (`a\u{fffd}`): expected one of sequential, async, threads, processes, mpi"
        );
    }
}
