//! The model and the number of workers from the environment.

use std::ops::Range;

use threefold::prelude::*;

use crate::executor;
use crate::fixtures::fixture_with;

crate::rows! {
    every:
        the_person_who_runs_the_program_chooses,
        a_choice_that_cannot_be_obeyed_names_its_variable;
}

/// What `from_env` gives in a program with these variables.
fn chosen(model: Model, variables: &[(&str, &str)]) -> String {
    fixture_with("from-env", model, variables).stdout
}

/// In a copy: what `from_env` gives.
pub(crate) fn print_choice() {
    match Executor::from_env() {
        Ok(on) => {
            let total =
                on.fold((0..100).split_into(7), task_fn!(|c: Range<u64>| -> u64 { c.sum() }), 0, |total, part| {
                    total + part
                });
            println!("{on}: {}", total.expect("it is added up"));
        }
        Err(error) => println!("{error}"),
    }
}

fn the_person_who_runs_the_program_chooses(model: Model) {
    let on = Executor::new(model).unwrap();
    let count = |workers: usize| if workers == 1 { "1 worker".to_string() } else { format!("{workers} workers") };
    let text = chosen(model, &[("THREEFOLD_MODEL", model.name())]);
    assert_eq!(text, format!("{model} (from THREEFOLD_MODEL), {} (default): 4950\n", count(on.workers())));
    if crate::with_workers(model) {
        let on = executor(model, 3);
        let text = chosen(model, &[("THREEFOLD_MODEL", model.name()), ("THREEFOLD_WORKERS", "3")]);
        let workers = count(on.workers());
        assert_eq!(text, format!("{model} (from THREEFOLD_MODEL), {workers} (from THREEFOLD_WORKERS): 4950\n"));
    }
    if model == Model::Threads {
        assert_eq!(chosen(model, &[]), format!("threads (default), {} (default): 4950\n", count(on.workers())));
    }
}

fn a_choice_that_cannot_be_obeyed_names_its_variable(model: Model) {
    let name = model.name();
    let text = chosen(model, &[("THREEFOLD_MODEL", name), ("THREEFOLD_WORKERS", "0")]);
    assert_eq!(text, "THREEFOLD_WORKERS is `0`: expected a whole number from 1 to 4096\n");
    let text = chosen(model, &[("THREEFOLD_MODEL", "fork"), ("THREEFOLD_WORKERS", "2")]);
    assert!(text.starts_with("THREEFOLD_MODEL is `fork`: expected one of sequential, async, threads,"), "{text}");
    if model == Model::Sequential {
        let text = chosen(model, &[("THREEFOLD_MODEL", name), ("THREEFOLD_WORKERS", "2")]);
        let expected = "THREEFOLD_MODEL is `sequential` and THREEFOLD_WORKERS is `2`: sequential has 1 worker, not 2: \
                        use async, threads, processes or mpi for more\n";
        assert_eq!(text, expected);
    }
}
