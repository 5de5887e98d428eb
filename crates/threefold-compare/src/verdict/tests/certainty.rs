//! How certain the verdict is, and what disturbed it.

use Model::{Sequential, Threads};
use threefold::Model;

use super::simulated::{Contender, Simulated, contender, simulated};
use crate::condition::Condition;
use crate::counters::Counters;
use crate::row::Row;
use crate::verdict::ReasonKind;

fn under(conditions: Vec<Condition>) -> Simulated {
    Simulated { conditions, ..simulated([contender(Sequential, 1, 1.0), contender(Threads, 2, 0.6)]) }
}

#[test]
fn the_smallest_difference_that_can_be_shown_is_said() {
    let comparison = under(Vec::new());
    let text = comparison.line("certainty").unwrap();
    assert!(text.starts_with("differences below ") && text.ends_with("% cannot be shown in these 15 rounds"), "{text}");
    let reasons = comparison.verdict().reasons;
    let smallest = reasons.iter().find_map(|reason| match reason.kind {
        ReasonKind::Certainty { rounds: 15, smallest } => Some(smallest),
        _ => None,
    });
    assert_eq!(smallest, comparison.comparison().noise.map(|noise| noise.smallest));
}

#[test]
fn too_few_rounds_are_called_so_once() {
    let comparison = Simulated { rounds: 3, ..under(Vec::new()) };
    assert_eq!(
        comparison.line("certainty").unwrap(),
        "3 rounds are too few for 95% intervals, which need 7: allow more rounds or more time"
    );
    assert_eq!(comparison.says().matches("too few").count(), 1);
    assert!(!comparison.comparison().to_text(100).contains("95% interval "));
    assert!(comparison.verdict().sentence.starts_with("Fastest so far: threads, about 1.7x as fast"));
}

#[test]
fn what_disturbed_is_said_as_it_was_seen_in_one_line() {
    let all = vec![
        Condition::UnusualRuns { share: 0.12 },
        Condition::Stolen { share: 0.05 },
        Condition::Throttled { share: 0.2 },
        Condition::OtherPrograms { share: 0.3 },
        Condition::Loaded { average: 5.0, cores: 2 },
    ];
    assert_eq!(
        under(all).line("disturbed").unwrap(),
        "12% of the runs took unusually long or short; steal time: the host gave 5% of this virtual machine's \
         processor time to others; the processor quota of this program held it back for 20% of the time; other \
         programs used 30% of the processors' time; the load average was 5 on 2 cores when measuring \
         began"
    );
    let little = vec![
        Condition::UnusualRuns { share: 0.01 },
        Condition::Stolen { share: 0.001 },
        Condition::Throttled { share: 0.001 },
        Condition::OtherPrograms { share: 0.01 },
    ];
    assert_eq!(under(little).line("disturbed"), None);
}

#[test]
fn slow_first_runs_share_a_line() {
    let slow = |model, workers| Contender { row: |row| row.slow_first_run = true, ..contender(model, workers, 1.0) };
    let comparison = simulated([slow(Sequential, 1), slow(Threads, 2)]);
    assert_eq!(comparison.line("disturbed").unwrap(), "the first runs of sequential and threads took unusually long");
}

#[test]
fn what_the_hardware_counted_has_a_line_for_each_contender() {
    let count = |row: &mut Row| {
        let (instructions, cycles) = (2_000_000_000, 1_000_000_000);
        row.profile.counters = Some(Counters { instructions, cycles, cache_misses: 6_000_000, branch_misses: 5 });
    };
    let counted = Contender { row: count, ..contender(Threads, 2, 0.6) };
    let comparison = simulated([contender(Sequential, 1, 1.0), counted]);
    assert_eq!(
        comparison.line("counters").unwrap(),
        "threads: 2.0 instructions per cycle and 3 cache misses per 1,000 instructions"
    );
    let absent = under(vec![Condition::CountersAbsent { reason: "this machine has none".to_string() }]);
    assert_eq!(absent.line("counters").unwrap(), "no hardware counters: this machine has none");
    assert_eq!(under(Vec::new()).line("counters"), None);
}

#[test]
fn a_clock_that_may_change_is_said() {
    let powersave = || Condition::Governor { name: "powersave".to_string() };
    let line = |conditions| under(conditions).line("machine");
    assert_eq!(
        line(vec![powersave(), Condition::BoostOn]).unwrap(),
        "the processor's clock may change: governor powersave, boost on"
    );
    assert_eq!(line(vec![Condition::BoostOn]).unwrap(), "the processor's clock may change: boost on");
    assert_eq!(line(vec![Condition::Governor { name: "performance".to_string() }]), None);
}
