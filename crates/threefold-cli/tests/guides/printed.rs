//! Whether a command prints what a page shows. Figures of the run itself, such as times and process ids, may differ, and
//! the page may leave out lines, where it has `[..]`.

/// A line of a page in place of any number of lines.
pub(crate) const LEFT_OUT: &str = "[..]";

/// The words before a number that is of this run alone.
const BEFORE: [&str; 5] = ["pid", "process", "worker", "time:", "rank"];

/// The words after one.
const UNITS: [&str; 4] = ["ns", "us", "ms", "s"];

/// Where `printed` is not what is `shown`.
pub(crate) fn difference(shown: &str, printed: &str) -> Option<String> {
    let masked = |text: &str| text.lines().map(mask).collect::<Vec<String>>();
    let (shown, printed) = (masked(shown), masked(printed));
    (!fits(&shown, &printed)).then(|| {
        let text = |lines: &[String]| lines.iter().map(|line| format!("  {line}\n")).collect::<String>();
        format!("the page shows\n{}printed is\n{}", text(&shown), text(&printed))
    })
}

fn fits(shown: &[String], printed: &[String]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((line, rest)) if line == LEFT_OUT => (0..=printed.len()).any(|from| fits(rest, &printed[from..])),
        Some((line, rest)) => printed.first() == Some(line) && fits(rest, &printed[1..]),
    }
}

/// The line with `#` for each number of this run alone, and with `s` for its unit.
fn mask(line: &str) -> String {
    let words: Vec<&str> = line.trim_end().split(' ').collect();
    let core = |at: usize| words.get(at).map_or("", |word| word.trim_matches(['(', ')', ',', ';']));
    let is_number = |at: usize| core(at).trim_end_matches(':').parse::<f64>().is_ok();
    let is_unit = |at: usize| UNITS.contains(&core(at));
    let is_after = |at: usize| at > 0 && BEFORE.contains(&core(at - 1));
    let masked = words.iter().enumerate().map(|(at, word)| {
        if is_number(at) && (is_after(at) || is_unit(at + 1)) {
            word.replace(|c: char| c.is_ascii_digit() || c == '.', "") + "#"
        } else if is_unit(at) && at > 0 && is_number(at - 1) {
            word.replace(core(at), "s")
        } else {
            (*word).to_string()
        }
    });
    masked.collect::<Vec<String>>().join(" ")
}

/// Where `printed` is not a comparison like the one that is `shown`: of the same workload, with the same columns and rows, and
/// with an answer. Which model wins depends on the machine.
#[allow(dead_code, reason = "`guides` has recorded comparisons")]
pub(crate) fn difference_of_comparisons(shown: &str, printed: &str) -> Option<String> {
    let (shown, outlined) = (outline(shown), outline(printed));
    let has_answer = printed.split("\n\n").count() > 2;
    (shown != outlined || !has_answer)
        .then(|| format!("the page shows a comparison with {shown:?}\nprinted is one with {outlined:?}:\n{printed}"))
}

/// The workload, the titles of the columns, and the names of the models. How many files the workload `files` finds depends on
/// the machine, and a busy one gets through too few rounds for intervals.
fn outline(comparison: &str) -> Vec<String> {
    let mut parts = comparison.split("\n\n");
    let title = parts.next().and_then(|title| title.split(';').next()).unwrap_or_default();
    let workload = title.replace(|c: char| c.is_ascii_digit() || c == ',', "");
    let table = parts.next().unwrap_or_default();
    let titles = table.lines().take(1).map(|line| line.replace("95% interval", ""));
    let titles = titles.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    let models = table.lines().skip(1).filter_map(|line| line.get(2..)?.split([',', ' ']).next().map(str::to_string));
    [workload].into_iter().chain(titles).chain(models).collect()
}

#[test]
fn numbers_of_one_run_are_no_difference_and_others_are() {
    let shown = "time: 0.1\nlost: worker 0 (pid 7) killed, attempt 1 of 1\n[..]\n  running for 573 us\n12\n";
    let printed = "time: 9.25\nlost: worker 1 (pid 4711) killed, attempt 1 of 1\n  running for 1.2 ms\n12\n";
    assert_eq!(difference(shown, printed), None);
    assert!(difference(shown, &printed.replace("attempt 1", "attempt 2")).is_some());
    assert!(difference(shown, &printed.replace("\n12", "\n13")).is_some());
    assert!(difference(shown, &printed.replace("worker 1 ", "")).is_some());
    assert!(difference("a\n[..]\nc\n", "a\nb\nb\nc\n").is_none());
    assert!(difference("a\n[..]\nc\n", "a\nb\nb\n").is_some());
}
