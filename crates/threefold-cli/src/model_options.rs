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
            let others: Vec<_> =
                Model::ALL.iter().filter(|&&model| option.is_available_on(model)).map(|model| model.name()).collect();
            let others = others.join(" or ");
            return Err(match (option, request.workers) {
                (ModelOption::Workers, Some(n)) => {
                    format!("{model} always has 1 worker, so {flag} {n} is not possible; use {others}")
                }
                _ => format!("{model} has no {flag}; use {others}"),
            });
        }
        if option == ModelOption::Timeout && model == Model::Async && !workload.description().waits {
            let name = workload.description().name;
            let waiting = Workload::names_that_wait().join(" or ");
            return Err(format!(
                "{flag} on async is only for workloads that wait ({waiting}); {name} computes without a pause, \
                 so use processes"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use threefold::{Executor, Model};

    use super::ModelOption;

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
