//! What holds on every simulated cluster. That each chunk is counted exactly once is checked in every run.

use super::*;

const US: u64 = 1_000;
const MS: u64 = 1_000_000;

const COSTS: Costs = Costs { send: 2 * US, receive: US, output: 60, dispatch: 200, latency: 2 * US };

fn plan(ranks: usize, chunks: u64, chunk: u64) -> Plan {
    Plan { ranks, chunks, chunk, outputs: Outputs::Each { window: 1 << 16 }, costs: COSTS }
}

/// The share of the ranks' time that is not spent in chunks.
fn idle(plan: Plan, outcome: Outcome) -> f64 {
    1.0 - outcome.work as f64 / (plan.ranks as f64 * outcome.makespan as f64)
}

#[test]
fn a_dispatching_rank_has_no_more_time_than_the_fold() {
    for (ranks, chunk) in [(1, 10), (3, 100 * US), (100, 10 * US), (1_000, MS), (3_000, 10)] {
        let plan = plan(ranks, 30_000, chunk);
        for outputs in [plan.outputs, Outputs::Combined] {
            let outcome = Cluster::run(Plan { outputs, ..plan });
            assert!(outcome.busy <= outcome.makespan, "{outcome:?}");
            assert!(outcome.work <= outcome.makespan * ranks as u64, "{outcome:?}");
            let (sent, received) = (outcome.blocks, outcome.messages - outcome.blocks);
            let least = sent * (COSTS.send + COSTS.dispatch) + received * COSTS.receive;
            assert!(least <= outcome.busy && received > 0, "{outcome:?}");
        }
    }
}

#[test]
fn few_ranks_with_long_chunks_are_kept_busy() {
    let plan = plan(16, 16_000, 5 * MS);
    let outcome = Cluster::run(plan);
    assert!(idle(plan, outcome) < 0.01, "{outcome:?}");
    assert!(outcome.busy < outcome.makespan / 50, "{outcome:?}");
}

#[test]
fn many_ranks_with_short_chunks_wait_for_the_dispatching_rank_which_never_waits() {
    let plan = plan(10_000, 200_000, 100 * US);
    let outcome = Cluster::run(plan);
    assert!(idle(plan, outcome) > 0.9, "{outcome:?}");
    assert!(outcome.busy > outcome.makespan / 100 * 98, "{outcome:?}");
}

#[test]
fn messages_that_take_longer_never_make_a_fold_shorter() {
    let plan = plan(1_000, 100_000, 300 * US);
    let spans = [0, 1, 4, 16].map(|times| {
        let costs = Costs { send: times * COSTS.send, receive: times * COSTS.receive, ..COSTS };
        Cluster::run(Plan { costs, ..plan }).makespan
    });
    assert!(spans.is_sorted(), "{spans:?}");
}

#[test]
fn combining_on_the_way_leaves_the_dispatching_rank_few_outputs() {
    let each = plan(100, 1_000_000, US);
    let combined = Plan { outputs: Outputs::Combined, ..each };
    let (each, combined) = (Cluster::run(each), Cluster::run(combined));
    assert_eq!(each.work, combined.work);
    assert!(combined.busy < each.busy / 2, "{} ns, {} ns", combined.busy, each.busy);
}

#[test]
fn the_same_plan_gives_the_same_outcome() {
    let plan = plan(50, 5_000, 20 * US);
    assert_eq!(Cluster::run(plan), Cluster::run(plan));
}

#[test]
fn a_block_is_made_of_the_fewest_subtrees() {
    assert_eq!(
        [(0, 8), (1, 8), (1, 9), (3, 4), (0, 7)].map(|(first, end)| costs::subtrees(first, end)),
        [1, 3, 4, 1, 3]
    );
}

#[test]
fn whoever_waited_long_finds_a_message_at_most_a_millisecond_late() {
    assert_eq!(costs::noticed(5, 5 + 20 * US), 5 + 20 * US);
    assert_eq!(costs::noticed(0, 20 * US + 1), 40 * US);
    for waited in [21 * US, 300 * US, 2 * MS, 77 * MS + 1] {
        let late = costs::noticed(MS, MS + waited) - MS - waited;
        assert!(late <= waited.min(MS), "{late} ns after {waited} ns");
    }
}

#[test]
fn chunks_take_the_time_that_they_are_to_take() {
    let times: Vec<u64> = (0..10_000).map(|chunk| costs::time_of(chunk, MS)).collect();
    assert!(times.iter().all(|time| (MS / 2..=MS / 2 * 3).contains(time)));
    assert!((times.iter().sum::<u64>() / 10_000).abs_diff(MS) < MS / 50);
}
