//! Law 5: no waiting on yourself.

use std::collections::BTreeSet;
use std::thread;

use threefold::prelude::*;
use threefold::{Items, Model};

use crate::executor;
use crate::fixtures::folder;
use crate::tasks::{Meets, Nests, add_up, folds_in_its_reductions, model_of, process_of};

crate::rows! {
    every:
        folds_nest_three_deep_on_any_number_of_workers,
        a_task_knows_the_executor_that_runs_it,
        a_reduction_may_fold_on_the_same_executor,
        tasks_and_the_reductions_between_them_each_work_for_their_own_fold,
        several_threads_fold_on_one_executor_at_once,
        folds_are_called_from_inside_tokio;
    with_workers: more_than_one_worker_takes_part;
    threads: the_caller_takes_part;
    processes: no_chunk_runs_in_the_caller;
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
    assert_eq!(processes.len(), if model == Model::Processes { 2 } else { 1 });
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
