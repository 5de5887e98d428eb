//! What a builder refuses, before anything is started, and what it says; the words for models.

use std::time::Duration;

use threefold::{Builder, Executor, Model};

use crate::isolating;

crate::rows! {
    every:
        no_workers_are_refused,
        the_word_of_a_model_is_read_back,
        what_only_processes_can_do_is_refused_elsewhere,
        silence_is_for_ranks_alone;
    without_deadlines: deadlines_are_refused_where_they_cannot_be_kept;
}

fn refusal(builder: Builder) -> String {
    let error = builder.build().expect_err("it is refused");
    assert!(error.is_setup() && error.model().is_some(), "{error}");
    error.to_string()
}

fn no_workers_are_refused(model: Model) {
    assert_eq!(refusal(Executor::builder(model).workers(0)), "workers must be at least 1");
    assert!(refusal(Executor::builder(model).workers(1_000_000)).contains("at most 4096"));
    if model == Model::Sequential {
        let text = "sequential has 1 worker, not 2: use async, threads, processes or mpi for more";
        assert_eq!(refusal(Executor::builder(model).workers(2)), text);
    }
    if model != Model::Async {
        let text = refusal(Executor::builder(model).in_flight(5));
        let expected =
            format!("in_flight cannot be set for {model}: it limits how many chunks wait at once; use async");
        assert_eq!(text, expected);
    }
}

fn the_word_of_a_model_is_read_back(model: Model) {
    assert_eq!(model.to_string().parse::<Model>().unwrap(), model);
    let json = serde_json::to_string(&model).unwrap();
    assert_eq!(json, format!("\"{model}\""));
    assert_eq!(serde_json::from_str::<Model>(&json).unwrap(), model);
    let unknown = "quantum".parse::<Model>().unwrap_err().to_string();
    assert_eq!(unknown, "unknown model `quantum`; expected one of sequential, async, threads, processes, mpi");
}

fn what_only_processes_can_do_is_refused_elsewhere(model: Model) {
    let builders: [fn(Builder) -> Builder; 4] = [
        |builder| builder.isolate(true),
        |builder| builder.memory_limit(1 << 30),
        |builder| builder.chunks_per_worker(5),
        |builder| builder.bisect(true),
    ];
    for option in builders {
        let builder = option(Executor::builder(model));
        if isolating(model) {
            assert!(builder.build().is_ok());
        } else {
            assert!(refusal(builder).ends_with("use processes or mpi"));
        }
    }
}

fn silence_is_for_ranks_alone(model: Model) {
    let builder = |silence| Executor::builder(model).silence(silence);
    if model == Model::Mpi {
        assert!(builder(Duration::from_secs(60)).build().is_ok());
        assert!(builder(Duration::MAX).build().is_ok());
        assert_eq!(refusal(builder(Duration::ZERO)), "silence must be longer than 0 s");
    } else {
        let text = format!("silence cannot be set for {model}: it applies to the ranks of an MPI job; use mpi");
        assert_eq!(refusal(builder(Duration::from_secs(60))), text);
    }
}

fn deadlines_are_refused_where_they_cannot_be_kept(model: Model) {
    let text = refusal(Executor::builder(model).timeout(Duration::from_secs(1)));
    assert_eq!(
        text,
        format!("timeout cannot be set for {model}: it needs chunks that can be stopped; use async, processes or mpi")
    );
}
