//! `ModelOption`: an option that only some models have.
//!
//! Which models have it follows from what the library says that each model can do. The help shows an option only where
//! it is available; elsewhere the option is refused before anything is started, with the models that have it.

use threefold::Model;

use crate::arguments::RunRequest;
use crate::workloads::Workload;

/// An option that only some models have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ModelOption {
    Workers,
    InFlight,
    Timeout,
    MemoryLimit,
}

impl ModelOption {
    pub(crate) const ALL: [Self; 4] = [Self::Workers, Self::InFlight, Self::Timeout, Self::MemoryLimit];

    /// Its name in the parser.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Workers => "workers",
            Self::InFlight => "in_flight",
            Self::Timeout => "timeout",
            Self::MemoryLimit => "memory_limit",
        }
    }

    /// As it is typed.
    fn flag(self) -> String {
        format!("--{}", self.id().replace('_', "-"))
    }

    /// Whether `model` has it.
    pub(crate) fn is_available_on(self, model: Model) -> bool {
        let can = model.capabilities();
        match self {
            Self::Workers => can.has_plural_workers,
            Self::InFlight => can.waits_at_once,
            Self::Timeout => can.stops_chunks,
            Self::MemoryLimit => can.survives_crashes,
        }
    }

    fn is_used_by(self, request: &RunRequest) -> bool {
        match self {
            // Every model can have one worker.
            Self::Workers => request.workers.is_some_and(|workers| workers > 1),
            Self::InFlight => request.in_flight.is_some(),
            Self::Timeout => request.failures.timeout.is_some(),
            Self::MemoryLimit => request.failures.memory_limit.is_some(),
        }
    }
}

/// Refuses a request with an option that its model does not have.
///
/// # Errors
///
/// The option as it is typed, and the models that have it.
pub(crate) fn check(request: &RunRequest) -> Result<(), String> {
    let &RunRequest { model, workload, .. } = request;
    for option in ModelOption::ALL.into_iter().filter(|option| option.is_used_by(request)) {
        let flag = option.flag();
        if !option.is_available_on(model) {
            let others = Model::ALL.iter().filter(|&&model| option.is_available_on(model)).map(|model| model.name());
            let others = one_of(&others.collect::<Vec<_>>());
            return Err(match (option, request.workers) {
                (ModelOption::Workers, Some(n)) => {
                    format!("{flag} {n} is not available on {model}, which has 1 worker; use {others}")
                }
                _ => format!("{flag} is not available on {model}; use {others}"),
            });
        }
        if option == ModelOption::Timeout && model == Model::Async && !workload.description().waits {
            let name = workload.description().name;
            let waiting = one_of(&Workload::names_that_wait());
            return Err(format!(
                "{flag} is available on async only for workloads that wait ({waiting}), and {name} does not; use processes"
            ));
        }
    }
    Ok(())
}

/// `text` of the library, with its names of options as they are typed here.
pub(crate) fn as_typed(text: &str) -> String {
    ModelOption::ALL
        .into_iter()
        .filter(|option| option.id().contains('_'))
        .fold(text.to_string(), |text, option| text.replace(option.id(), &option.flag()))
}

/// `names` as a choice: `a`, `a or b`, `a, b or c`.
pub(crate) fn one_of(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_string(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use threefold::{Executor, Model};

    use super::{ModelOption, as_typed, one_of};

    #[test]
    fn options_of_the_library_are_named_as_they_are_typed() {
        assert_eq!(as_typed("in_flight and memory_limit"), "--in-flight and --memory-limit");
    }

    #[test]
    fn a_choice_reads_as_a_sentence() {
        assert_eq!([&["a"][..], &["a", "b"], &["a", "b", "c"]].map(one_of), ["a", "a or b", "a, b or c"]);
    }

    #[test]
    fn the_library_refuses_the_same_options_on_the_same_models() {
        threefold::init();
        for &model in Model::available() {
            for option in ModelOption::ALL {
                let builder = Executor::builder(model);
                let builder = match option {
                    ModelOption::Workers => builder.workers(2),
                    ModelOption::InFlight => builder.in_flight(2),
                    ModelOption::Timeout => builder.timeout(Duration::from_secs(1)),
                    ModelOption::MemoryLimit => builder.memory_limit(1 << 30),
                };
                assert_eq!(builder.build().is_ok(), option.is_available_on(model), "{option:?} on {model}");
            }
        }
    }
}
