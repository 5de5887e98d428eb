//! Law 5: no waiting on yourself.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::thread;

use threefold::prelude::*;
use threefold::{Items, Model};

use crate::fixtures::folder;
use crate::tasks::{Meets, Nests, add_up, files, folds_in_its_reductions, model_of, process_of};
use crate::{executor, is_isolated, ranked};

crate::rows! {
    every:
        folds_nest_three_deep_on_any_number_of_workers,
        a_task_knows_the_executor_that_runs_it,
        a_reduction_may_fold_on_the_same_executor,
        tasks_and_the_reductions_between_them_each_work_for_their_own_fold,
        several_threads_fold_on_one_executor_at_once,
        folds_are_called_from_inside_tokio;
    with_workers: more_than_one_worker_takes_part;
    pooled:
        help_comes_where_the_first_chunk_was_cheap_and_the_next_wait,
        help_comes_where_all_earlier_folds_of_the_task_were_cheap,
        callers_that_share_an_executor_all_get_help;
    threads: the_caller_takes_part;
    remote: no_chunk_runs_in_the_caller;
}

fn folds_nest_three_deep_on_any_number_of_workers(model: Model) {
    let expected =
        executor(Model::Sequential, 1).fold((0..10).split_into(5), Nests { depth: 3 }, 0, |a, b| a + b).unwrap();
    for workers in [1, 2, 4] {
        let total = executor(model, workers).fold((0..10).split_into(5), Nests { depth: 3 }, 0, |a, b| a + b).unwrap();
        assert_eq!(total, expected, "{workers} workers");
    }
}

fn a_task_knows_the_executor_that_runs_it(model: Model) {
    assert_eq!(executor(model, 2).map(Items(vec![0, 1]), model_of).unwrap(), [model, model]);
    assert_eq!(Executor::current().model(), Model::Sequential, "outside of tasks");
}

fn a_reduction_may_fold_on_the_same_executor(model: Model) {
    let on = executor(model, 2);
    let total = on.fold((1..=4).chunks_of(1), add_up, 0, |total, part| {
        assert_eq!(Executor::current().model(), Model::Sequential, "a reduction is no task");
        total + on.fold((1..=10).split_into(3), add_up, 0, |a, b| a + b).unwrap() * part
    });
    assert_eq!(total.unwrap(), 550);
}

fn tasks_and_the_reductions_between_them_each_work_for_their_own_fold(model: Model) {
    for workers in [1, 2] {
        let on = executor(model, workers);
        assert_eq!(on.map(Items(vec![3, 5]), folds_in_its_reductions).unwrap(), [411 + 6 * 3, 411 + 6 * 10]);
    }
}

fn several_threads_fold_on_one_executor_at_once(model: Model) {
    let on = executor(model, 2);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..5 {
                    let total = on.fold((1..=1000).split_into(50), add_up, 0, |total, part| total + part).unwrap();
                    assert_eq!(total, 500_500);
                }
            });
        }
    });
}

fn folds_are_called_from_inside_tokio(model: Model) {
    let fold = move || {
        let on = executor(model, 2);
        let total = on.fold((1..=1000).split_into(50), add_up, 0, |total, part| total + part).unwrap();
        assert_eq!(total, 500_500);
        let naps = on.map(Items(vec![2, 1]), crate::tasks::nap).unwrap();
        assert_eq!(naps, [2, 1]);
    };
    let single = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    single.block_on(async move { fold() });
    let multi = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    multi.block_on(async move {
        let folds: Vec<_> = (0..2).map(|_| tokio::spawn(async move { fold() })).collect();
        for fold in folds {
            fold.await.unwrap();
        }
    });
}

fn more_than_one_worker_takes_part(model: Model) {
    let folder = folder();
    let on = executor(model, 2);
    let places = on.map(Items(vec![0, 1]), Meets { folder: folder.path().into(), party: 2 }).unwrap();
    let distinct: BTreeSet<_> = places.iter().collect();
    assert_eq!(distinct.len(), 2, "{places:?}");
    let processes: BTreeSet<_> = places.iter().map(|(process, _)| process).collect();
    let expected = match model {
        Model::Processes => 2,
        _ if is_isolated(model) => 2,
        // Each rank but the caller's has two workers.
        _ if ranked(model) => (threefold::ranks() - 1).min(2),
        _ => 1,
    };
    assert_eq!(processes.len(), expected);
}

/// Nothing if `party` is 0. Otherwise as [`Meets`], but for chunk 0.
#[task]
fn meets_later(chunk: u64, party: &usize, folder: &PathBuf) {
    if *party > 0 && chunk > 0 {
        Meets { folder: folder.clone(), party: *party }.map(chunk);
    }
}

fn help_comes_where_the_first_chunk_was_cheap_and_the_next_wait(model: Model) {
    for chunks in [3, 8, 40] {
        let folder = folder();
        // The last chunks run when others have ended, so only the first two that meet must run at once.
        executor(model, 2).for_each(Items((0..chunks).collect()), meets_later.with(2, folder.path().into())).unwrap();
        assert_eq!(files(folder.path()) as u64, chunks - 1);
    }
}

fn help_comes_where_all_earlier_folds_of_the_task_were_cheap(model: Model) {
    for workers in [2, 3] {
        let on = executor(model, workers);
        for _ in 0..3 {
            for _ in 0..1000 {
                on.for_each(Items((0..4).collect()), meets_later.with(0, PathBuf::new())).unwrap();
            }
            let folder = folder();
            on.for_each(Items((0..4).collect()), meets_later.with(workers, folder.path().into())).unwrap();
        }
    }
}

fn callers_that_share_an_executor_all_get_help(model: Model) {
    let on = executor(model, 3);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let folder = folder();
                on.for_each(Items((0..3).collect()), meets_later.with(2, folder.path().into())).unwrap();
            });
        }
    });
}

fn the_caller_takes_part(model: Model) {
    let folder = folder();
    let own = rustix::thread::gettid().as_raw_nonzero().get();
    let places = executor(model, 2).map(Items(vec![0, 1]), Meets { folder: folder.path().into(), party: 2 }).unwrap();
    assert!(places.iter().any(|&(_, thread)| thread == own), "{places:?}, and the caller is {own}");
}

fn no_chunk_runs_in_the_caller(model: Model) {
    let processes = executor(model, 2).map(Items((0..20).collect()), process_of).unwrap();
    assert!(processes.iter().all(|&process| process != std::process::id()));
}
