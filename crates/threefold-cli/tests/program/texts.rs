//! The help, as people read it.

use crate::answer;

fn help(arguments: &str) -> String {
    let answer = answer(arguments);
    assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""), "{arguments}");
    answer.stdout
}

#[test]
fn the_help_lists_the_commands() {
    insta::assert_snapshot!(help("--help"));
}

#[test]
fn no_arguments_are_answered_with_the_help() {
    let answer = answer("");
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""));
    insta::assert_snapshot!(answer.stderr);
}

#[test]
fn every_command_has_its_help() {
    for command in ["sequential", "async", "threads", "processes", "mpi", "compare", "report"] {
        insta::assert_snapshot!(format!("help of {command}"), help(&format!("{command} --help")));
    }
    for (command, alias) in [("threads", "multithreading"), ("processes", "multiprocess"), ("workloads", "works")] {
        assert_eq!(help(&format!("{alias} --help")), help(&format!("{command} --help")));
    }
}

#[test]
fn the_command_help_shows_the_same_help() {
    assert_eq!(help("help"), help("--help"));
    for command in ["sequential", "async", "threads", "multithreading", "processes", "multiprocess", "mpi", "compare"] {
        assert_eq!(help(&format!("help {command}")), help(&format!("{command} --help")));
    }
}

#[test]
fn no_help_is_wider_than_100_columns() {
    for command in ["", "async", "processes", "mpi", "compare", "report", "workloads", "help"] {
        for option in ["--help", "-h"] {
            let help = help(&format!("{command} {option}"));
            assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
        }
    }
}

#[test]
fn the_short_help_is_a_summary() {
    insta::assert_snapshot!(help("sequential -h"));
}

#[test]
fn the_workloads_are_a_table() {
    let table = help("workloads");
    assert_eq!(help("works"), table);
    assert!(table.lines().all(|line| line.chars().count() <= 100), "{table}");
    insta::assert_snapshot!(table);
}

#[test]
fn the_version_is_the_one_of_the_crate() {
    assert_eq!(help("--version"), format!("threefold {}\n", env!("CARGO_PKG_VERSION")));
}
