//! What each model can do. No other file of this crate decides anything by a model's name, except that sequential is
//! the baseline.

use threefold::Model;

/// What a model can do, as far as measuring and judging depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Capabilities {
    /// It can have more than one worker.
    pub(crate) has_plural_workers: bool,
    /// One worker can run many chunks at once while they wait.
    pub(crate) overlaps_waits: bool,
    /// Its workers are other processes, to which chunks and outputs are sent.
    pub(crate) has_remote_workers: bool,
    /// How much the model asks of a program, 0 being least: nothing, a thread pool, a runtime, processes that start anew.
    pub(crate) effort: u8,
}

/// A row for each model.
const TABLE: [(Model, Capabilities); 4] = [
    (Model::Sequential, row(false, false, false, 0)),
    (Model::Threads, row(true, false, false, 1)),
    (Model::Async, row(true, true, false, 2)),
    (Model::Processes, row(true, false, true, 3)),
];

const fn row(has_plural_workers: bool, overlaps_waits: bool, has_remote_workers: bool, effort: u8) -> Capabilities {
    Capabilities { has_plural_workers, overlaps_waits, has_remote_workers, effort }
}

/// What `model` can do.
pub(crate) fn of(model: Model) -> Capabilities {
    let found = TABLE.iter().find(|(known, _)| *known == model);
    found.expect("a test holds that every model has a row").1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_has_one_row() {
        for &model in Model::ALL {
            assert_eq!(TABLE.iter().filter(|(known, _)| *known == model).count(), 1, "{model}");
        }
        assert_eq!(TABLE.len(), Model::ALL.len());
    }
}
