//! Sentences that were false once, each on the workload of which it was said: the false one is gone, and a true one is
//! there.

use Model::{Async, Processes, Sequential, Threads};
use threefold::Model;

use super::simulated::{Contender, Simulated, contender, simulated};
use crate::condition::Condition;
use crate::profile::Profile;
use crate::row::{Basis, BreakEven};
use crate::stats::{Estimate, Interval};
use crate::table;

/// A contender whose plain chunks wait nearly all of their time.
fn blocking(model: Model, workers: usize, median_s: f64) -> Contender {
    Contender { parts: [0.02, 0.98, 0.0, 0.0], cpu_s: 0.001, ..contender(model, workers, median_s) }
}

fn assert_says(comparison: &Simulated, says: &[&str], never: &[&str]) {
    let text = comparison.says();
    for sentence in says {
        assert!(text.contains(sentence), "{sentence:?} is not said:\n{text}");
    }
    for sentence in never {
        assert!(!text.contains(sentence), "{sentence:?} is said:\n{text}");
    }
}

#[test]
fn what_waits_for_one_device_is_not_said_to_cost_more_than_the_work() {
    // 22 ms of fsync: starting takes 0.1 ms, and two workers wait twice as long.
    let twice = |profile: &mut Profile| profile.slowdown = Some(2.0);
    let threads = Contender { profile: twice, ..blocking(Threads, 2, 22.3e-3) };
    let comparison = simulated([blocking(Sequential, 1, 22e-3), threads]);
    assert_says(
        &comparison,
        &["no faster: each wait takes 2.0x as long when other chunks run at the same time"],
        &["cost", "share", "dispatch"],
    );
}

#[test]
fn one_async_worker_a_sent_capture_and_a_lock_are_not_called_shared_memory() {
    let slower = |profile: &mut Profile| profile.slowdown = Some(1.7);
    let on_async = Contender { profile: slower, ..blocking(Async, 1, 1.7) };
    let comparison = simulated([blocking(Sequential, 1, 1.0), on_async, blocking(Threads, 2, 0.5)]);
    assert_says(
        &comparison,
        &["as fast: the task is not an `async fn`, so that each wait stops the worker"],
        &["memory", "cache"],
    );

    let sent = |profile: &mut Profile| (profile.slowdown, profile.sent_once_bytes) = (Some(1.7), 16 << 20);
    let processes = Contender { profile: sent, startup_s: 39e-3, cpu_s: 1.0, ..contender(Processes, 2, 0.55) };
    let comparison = simulated([contender(Sequential, 1, 1.0), contender(Threads, 2, 0.5), processes]);
    assert_says(&comparison, &["16 MiB of captures and source are sent to processes first"], &["memory", "cache"]);

    let locked = Contender { parts: [0.5, 0.5, 0.0, 0.0], profile: slower, cpu_s: 1.0, ..contender(Threads, 2, 1.05) };
    let comparison = simulated([contender(Sequential, 1, 1.0), locked, contender(Processes, 2, 0.53)]);
    assert_says(
        &comparison,
        &["the chunks wait 50% of their time when others run at the same time, perhaps for a lock"],
        &["memory", "cache"],
    );
}

#[test]
fn plain_functions_that_wait_are_not_said_to_wait_at_once_on_one_thread() {
    let comparison = simulated([blocking(Sequential, 1, 1.0), blocking(Async, 1, 1.0), blocking(Threads, 2, 0.5)]);
    assert_says(
        &comparison,
        &["make the task an `async fn` and use async, or use more workers than cores"],
        &["at once", "one thread", "overlap"],
    );
}

#[test]
fn a_server_thread_of_the_program_itself_is_not_called_another_program() {
    let serves = |profile: &mut Profile| {
        (profile.queued_s, profile.bystanders_cpu_s) = (0.27 * profile.workers_s(), Some(0.54 * profile.wall_s));
    };
    let threads = Contender { profile: serves, cpu_s: 1.0, ..contender(Threads, 2, 1.0) };
    let comparison = simulated([contender(Sequential, 1, 1.0), threads]);
    assert_says(
        &comparison,
        &["other threads of this program use 27% of the processors"],
        &["other programs", "others"],
    );
}

#[test]
fn a_single_chunk_pays_off_at_no_size_and_a_chunk_of_one_item_is_not_to_be_cut() {
    let always = |row: &mut crate::row::Row| row.break_even = BreakEven::Always { smallest: 1.0 };
    let threads = Contender { row: always, cpu_s: 1.0, ..contender(Threads, 2, 1.0) };
    let one = Simulated { chunks: 1, ..simulated([contender(Sequential, 1, 1.0), threads]) };
    assert_says(
        &one,
        &["cut the source into more: 1 chunk cannot occupy 2 workers"],
        &["at every size", "threads are faster"],
    );

    let uneven = |profile: &mut Profile| (profile.imbalance, profile.longest_chunk_s) = (1.8, 0.5);
    let threads = Contender { profile: uneven, ..contender(Threads, 2, 0.6) };
    let alone = Contender { profile: |profile| profile.longest_chunk_s = 0.5, ..contender(Sequential, 1, 1.0) };
    let of_one_item = Simulated { chunks: 64, items: 64, ..simulated([alone, threads]) };
    assert_says(
        &of_one_item,
        &["chunks: the longest takes 83% of the fold on threads"],
        &["cut the source", "finer", "larger"],
    );
}

#[test]
fn captures_are_named_with_their_bytes_beside_the_start_up_time() {
    let sent = |profile: &mut Profile| profile.sent_once_bytes = 16 << 20;
    let processes = Contender { profile: sent, startup_s: 39e-3, ..contender(Processes, 2, 0.5) };
    let comparison = simulated([contender(Sequential, 1, 1.0), contender(Threads, 2, 0.5), processes.clone()]);
    assert_says(
        &comparison,
        &["16 MiB of captures and source are sent to processes first, which is part of the 39 ms"],
        &[],
    );
    let few = Contender { profile: |profile| profile.sent_once_bytes = 600, ..processes };
    let comparison = simulated([contender(Sequential, 1, 1.0), contender(Threads, 2, 0.5), few]);
    assert_says(&comparison, &[], &["captures"]);
}

#[test]
fn tiny_chunks_are_judged_by_folds_that_nobody_watches() {
    // 100,000 chunks of 19 ns: watching one takes seven times as long as running it.
    let watched = |profile: &mut Profile| {
        (profile.wall_s, profile.cost_per_chunk_s, profile.mean_chunk_s) = (16e-3, 140e-9, 40e-9);
    };
    let tiny = |model, workers, median_s| Contender {
        parts: [0.3, 0.0, 0.7, 0.0],
        empty_chunk_s: 0.5e-9,
        profile: watched,
        ..contender(model, workers, median_s)
    };
    let comparison = simulated([tiny(Sequential, 1, 1.9e-3), tiny(Threads, 2, 1e-3)]);
    let comparison = Simulated { chunks: 100_000, ..comparison };
    assert_says(&comparison, &["Use threads: 1.9x as fast"], &["dispatch", "chunks:"]);
    let table = table::of(&comparison.comparison(), 100);
    assert!(!table.contains("140 ns") && table.contains("1 ns"), "{table}");
}

#[test]
fn runs_that_took_long_are_said_to_have_taken_long_and_no_more() {
    let conditions = vec![Condition::UnusualRuns { share: 0.12 }, Condition::OtherPrograms { share: 0.01 }];
    let comparison = Simulated { conditions, ..simulated([contender(Sequential, 1, 1.0), contender(Threads, 2, 0.5)]) };
    assert_says(
        &comparison,
        &["disturbed: 12% of the runs took unusually long"],
        &["busy", "other programs", "something"],
    );
}

#[test]
fn a_rounded_speed_up_does_not_contradict_its_interval() {
    for (value, low, high, expected) in
        [(1.05, 1.04, 1.06, "1.05x"), (1.97, 1.94, 1.99, "1.97x"), (30.2, 30.1, 30.4, "30.2x")]
    {
        let mut comparison = simulated([contender(Sequential, 1, 1.0), contender(Threads, 2, 0.5)]).comparison();
        comparison.rows[1].speedup = Some(Estimate { value, interval: Interval { low, high } });
        let verdict = super::simulated::judged(&comparison);
        assert_eq!(verdict.sentence, format!("Use threads: {expected} as fast as sequential, on 2 workers."));
        assert!(table::of(&comparison, 100).contains(expected));
    }
}

#[test]
fn a_recommendation_beside_a_break_even_size_beyond_the_workload_is_explained() {
    let beyond = |row: &mut crate::row::Row| {
        row.break_even = BreakEven::From { items: 5.1e6, low: 4.9e6, high: 5.3e6, basis: Basis::Estimated };
    };
    let threads = Contender { row: beyond, ..contender(Threads, 2, 0.7) };
    let comparison = simulated([contender(Sequential, 1, 1.0), threads]);
    assert_says(
        &comparison,
        &[
            "Use threads: 1.43x as fast as sequential, on 2 workers.",
            "threads are faster from about 5.1 million integers on (estimated cold: a new executor for each fold)",
            "for one cold fold of this size use sequential; threads gain when folds follow one another",
        ],
        &["more than this work has"],
    );
}

#[test]
fn a_difference_of_six_in_ten_thousand_is_no_reason_to_change_the_model() {
    let exact = |model, workers, median_s| Contender { spread: 1e-6, ..contender(model, workers, median_s) };
    let comparison = simulated([exact(Sequential, 1, 1.0), exact(Processes, 2, 0.9994)]);
    assert_says(&comparison, &["Use sequential: no other model is faster by 2% or more."], &["Use processes"]);
}
