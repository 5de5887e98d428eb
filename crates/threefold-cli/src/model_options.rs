//! `ModelOption`: an option that only some models have.
//!
//! Which models have it follows from what the library says that each model can do. The help shows an option only where
//! it is available; elsewhere the option is refused before anything is started, with the models that have it.

use threefold::Model;

use crate::work::Work;

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
    pub(crate) fn flag(self) -> String {
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
}

/// `text` of the library, with its names of options as they are typed here.
pub(crate) fn as_typed(text: &str) -> String {
    ModelOption::ALL
        .into_iter()
        .filter(|option| option.id().contains('_'))
        .fold(text.to_string(), |text, option| text.replace(option.id(), &option.flag()))
}

/// The names of the models that have `option` for `work`, as a choice.
pub(crate) fn models_with(option: ModelOption, work: &Work) -> String {
    // On async only what waits can be stopped.
    let stops = |model| option != ModelOption::Timeout || model != Model::Async || work.waits();
    let models = Model::ALL.iter().filter(|&&model| option.is_available_on(model) && stops(model));
    one_of(&models.map(|model| model.name()).collect::<Vec<_>>())
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
