//! Hosts that fork while a journal is open. The fork has a copy of the journal and shares its file. It must neither write nor
//! unlock the file, and must not keep the lock longer than the program holds it.

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use threefold::Journal;
use threefold::prelude::*;

use crate::fork::fork_a_sleeper;
use crate::forks::{exit_code, fork_that};
use crate::tasks::echo;
use crate::{Hosts, Rows, host, printed};

pub(crate) const ROWS: Rows = &[
    ("a_fork_that_drops_its_journal_leaves_that_of_the_program_as_it_is", drops),
    ("a_fork_that_folds_on_its_copy_of_a_journal_is_refused", folds),
    ("a_fork_does_not_keep_the_file_when_the_program_has_dropped_its_journal", outlives),
];

pub(crate) const HOSTS: Hosts = &[
    ("forks-with-a-journal", forks_with_a_journal),
    ("folds-in-a-fork", folds_in_a_fork),
    ("outlives-a-journal", outlives_a_journal),
];

fn drops() {
    printed(&mut host("forks-with-a-journal"));
}

fn folds() {
    printed(&mut host("folds-in-a-fork"));
}

fn outlives() {
    printed(&mut host("outlives-a-journal"));
}

/// Records a fold of four chunks.
fn record(journal: &Journal) {
    let on = Executor::new(Model::Sequential).unwrap().journal(journal);
    assert_eq!(on.map(Items(vec![1, 2, 3, 4]), echo).unwrap(), [1, 2, 3, 4]);
}

fn forks_with_a_journal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.journal");
    let mut journal = Some(Journal::open(&path).unwrap());
    record(journal.as_ref().unwrap());
    // After a fold the journal has no thread, whose locks the fork could miss.
    let copy = fork_that(|| drop(journal.take()));
    assert_eq!(exit_code(copy), Some(0));
    let error = Journal::open(&path).unwrap_err().to_string();
    assert!(error.contains("is in use"), "{error}");
    record(journal.as_ref().unwrap());
    drop(journal);
    assert_eq!(Journal::open(&path).unwrap().recorded(), 8);
}

fn folds_in_a_fork() {
    let folder = tempfile::tempdir().unwrap();
    let (path, said) = (folder.path().join("run.journal"), folder.path().join("said"));
    let journal = Journal::open(&path).unwrap();
    record(&journal);
    let copy = fork_that(|| {
        let on = Executor::new(Model::Sequential).unwrap().journal(&journal);
        let folded = on.map(Items(vec![1, 2]), echo);
        let texts = [folded.map(drop), journal.check()]
            .map(|result| result.map_or_else(|error| error.to_string(), |()| "Ok".to_string()));
        std::fs::write(&said, texts.join("\n")).unwrap();
    });
    assert_eq!(exit_code(copy), Some(0));
    let refusal = format!(
        "the journal `{}` was opened by the process of which this one is a fork; open another file here",
        path.display()
    );
    assert_eq!(std::fs::read_to_string(&said).unwrap(), format!("{refusal}\n{refusal}"));
    record(&journal);
    assert_eq!(journal.recorded(), 8);
}

fn outlives_a_journal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.journal");
    let journal = Journal::open(&path).unwrap();
    record(&journal);
    let sleeper = Pid::from_raw(fork_a_sleeper().unwrap().try_into().unwrap()).unwrap();
    drop(journal);
    assert_eq!(Journal::open(&path).unwrap().recorded(), 4);
    kill_process(sleeper, Signal::KILL).unwrap();
    waitpid(Some(sleeper), WaitOptions::empty()).unwrap();
}
