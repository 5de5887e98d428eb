//! Nothing finished is lost: what a cancelled `map_results` gives.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::{fs, thread};

use serde::{Deserialize, Serialize};
use threefold::prelude::*;
use threefold::{CancelToken, Event, Executor, Items, Model};

use crate::executor;
use crate::fixtures::folder;
use crate::law9_awaiting::by_hand;
use crate::tasks::{PanicsOn, files, wait_until};

crate::rows! {
    every:
        what_is_finished_is_given_and_the_rest_is_cancelled,
        a_fold_that_is_cancelled_before_it_starts_gives_a_cancelled_error_for_each_chunk,
        what_a_cancelled_task_returns_does_not_count,
        a_cancel_after_the_last_chunk_changes_nothing;
}

fn numbers(n: u64) -> Items<u64> {
    Items((0..n).collect())
}

fn what_is_finished_is_given_and_the_rest_is_cancelled(model: Model) {
    for (after, awaits) in [(1, false), (40, false), (513, false), (1, true), (40, true), (513, true)] {
        let token = CancelToken::new();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (cancels, hears) = (token.clone(), Arc::clone(&heard));
        let on = executor(model, 3).cancel(&token).observe(move |event| {
            let chunk = match event {
                Event::Finished(span) => span.chunk,
                Event::Failed(error) => error.chunk().unwrap(),
                _ => return,
            };
            let mut heard = hears.lock().unwrap();
            if heard.len() < after {
                heard.push(chunk);
                if heard.len() == after {
                    cancels.cancel();
                }
            }
        });
        let (source, task) = (numbers(2000), PanicsOn(vec![7, 100]));
        let outcomes =
            if awaits { by_hand(on.map_results_async(source, task)) } else { on.map_results(source, task) }.unwrap();
        assert_eq!(outcomes.len(), 2000);
        for &chunk in &*heard.lock().unwrap() {
            let outcome = &outcomes[chunk as usize];
            // An observer hears of a failure before it is kept.
            let kept = outcome.as_ref().map_or_else(|error| error.is_panic() || error.is_cancelled(), |_| true);
            assert!(kept && (outcome.is_ok() || [7, 100].contains(&chunk)), "chunk {chunk}: {outcome:?}");
        }
        for (chunk, outcome) in (0..).zip(outcomes) {
            match outcome {
                Ok(value) => assert_eq!(value, chunk),
                Err(error) if error.is_panic() => assert!([7, 100].contains(&chunk)),
                Err(error) => assert!(error.is_cancelled(), "{error}"),
            }
        }
    }
}

fn a_fold_that_is_cancelled_before_it_starts_gives_a_cancelled_error_for_each_chunk(model: Model) {
    let token = CancelToken::new();
    token.cancel();
    let on = executor(model, 2);
    let on = on.cancel(&token);
    let awaited = by_hand(on.map_results_async(numbers(100), PanicsOn(vec![]))).unwrap();
    let outcomes = on.map_results(numbers(100), PanicsOn(vec![])).unwrap();
    assert_eq!((outcomes.len(), awaited.len()), (100, 100));
    for outcome in outcomes.into_iter().chain(awaited) {
        let error = outcome.unwrap_err();
        assert!(error.is_cancelled());
        assert_eq!(error.to_string(), format!("PanicsOn: cancelled on {model}"));
    }
    assert!(on.cancel(&token).map_results(numbers(0), PanicsOn(vec![])).unwrap().is_empty());
}

/// Returns a wrong value, or panics, if it is told that it is cancelled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct GivesUp {
    folder: PathBuf,
    patient: u64,
}

#[task]
impl Task for GivesUp {
    type Chunk = u64;
    type Output = u64;

    fn map(&self, chunk: u64) -> u64 {
        if chunk < self.patient {
            return chunk;
        }
        fs::write(self.folder.join(chunk.to_string()), "").expect("the folder is there");
        if chunk.is_multiple_of(2) {
            let rest = GivesUp { folder: self.folder.clone(), patient: 0 };
            return Executor::current().map(Items(vec![1]), rest).expect("a nested fold is cancelled too")[0];
        }
        wait_until("the fold is cancelled", threefold::is_cancelled);
        u64::MAX
    }
}

fn what_a_cancelled_task_returns_does_not_count(model: Model) {
    for patient in [20, 21] {
        let (folder, token) = (folder(), CancelToken::new());
        let on = executor(model, 2).cancel(&token);
        let task = GivesUp { folder: folder.path().into(), patient };
        let outcomes = thread::scope(|scope| {
            scope.spawn(|| {
                wait_until("a chunk waits", || files(folder.path()) > 0);
                token.cancel();
            });
            on.map_results(numbers(50), task).unwrap()
        });
        for (chunk, outcome) in (0..).zip(outcomes) {
            match outcome {
                Ok(value) => assert!(value == chunk && chunk < patient, "chunk {chunk} gave {value}"),
                Err(error) => assert!(error.is_cancelled(), "{error}"),
            }
        }
    }
}

fn a_cancel_after_the_last_chunk_changes_nothing(model: Model) {
    let token = CancelToken::new();
    let done = Mutex::new(0);
    let cancels = token.clone();
    let on = executor(model, 1).cancel(&token).observe(move |event| {
        if let Event::Finished(_) = event {
            let mut done = done.lock().unwrap();
            *done += 1;
            if *done == 30 {
                cancels.cancel();
            }
        }
    });
    let outcomes = on.map_results(numbers(30), PanicsOn(vec![])).unwrap();
    assert_eq!(outcomes.into_iter().map(Result::unwrap).collect::<Vec<_>>(), (0..30).collect::<Vec<_>>());
}
