//! Results as Markdown: a table for each contest, and one of all targets.

use std::fmt::Write;

use crate::{Quartiles, Results, Set, Unit};

/// The machine, then the targets of all contests, then the table of each contest.
pub fn markdown(set: &Set) -> String {
    let mut text = format!("{}\n", set.machine);
    let targets: Vec<[String; 4]> = set.contests.iter().flat_map(targets).collect();
    if !targets.is_empty() {
        text += "\n### Targets\n\n";
        text += &table(&["contest", "who", "limit", "verdict"].map(String::from), &targets);
    }
    for results in &set.contests {
        text.push('\n');
        text += &contest_as_markdown(results);
    }
    text
}

fn targets(results: &Results) -> Vec<[String; 4]> {
    let row =
        |target: &crate::Target| [results.name.clone(), target.who.clone(), target.limit.clone(), target.verdict()];
    results.targets.iter().map(row).collect()
}

/// The table of one contest, with the targets of our competitors.
pub fn contest_as_markdown(results: &Results) -> String {
    let mut header: Vec<String> = ["who", "median", "quartiles", "of the best rival"].map(String::from).to_vec();
    if let Some((title, _)) = &results.beside {
        header.push(title.clone());
    }
    let rows: Vec<Vec<String>> = results.competitors.iter().map(|who| row(results, who)).collect();
    let mut text = format!("### {}: {}\n\n{}", results.name, results.title, table(&header, &rows));
    let rounds = results.rounds;
    _ = writeln!(text, "\n{rounds} {}.", if rounds == 1 { "round" } else { "rounds" });
    for remark in &results.remarks {
        _ = writeln!(text, "{remark}");
    }
    if !results.targets.is_empty() {
        text.push('\n');
    }
    for target in &results.targets {
        _ = writeln!(text, "- {}, {}: {}", target.who, target.limit, target.verdict());
    }
    text
}

fn row(results: &Results, who: &crate::Competitor) -> Vec<String> {
    let name = if who.ours { format!("**{}**", who.name) } else { who.name.clone() };
    let ratio = results.to_best_rival(who).map(|ratio| spread(ratio.ratio, Unit::Share));
    let of_best = match ratio {
        Some((median, quartiles)) => format!("{median} ({quartiles})"),
        None => String::new(),
    };
    let (median, quartiles) = spread(who.main, results.unit);
    let mut cells = vec![name, median, quartiles, of_best];
    if let Some((_, unit)) = &results.beside {
        cells.push(who.beside.map(|figure| unit.show(figure.median)).unwrap_or_default());
    }
    cells
}

/// The median, and the quartiles around it.
fn spread(figures: Quartiles, unit: Unit) -> (String, String) {
    (unit.show(figures.median), format!("{} to {}", unit.show(figures.lower), unit.show(figures.upper)))
}

/// A table whose columns are as wide as their widest cell, so that it can be read as text too.
fn table<Row: AsRef<[String]>>(header: &[String], rows: &[Row]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| &row.as_ref()[column]).chain([&header[column]]);
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let line = |cells: &[String]| {
        let cells: Vec<_> = cells.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}")).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let rule: Vec<_> = widths.iter().map(|&width| "-".repeat(width)).collect();
    let rows = rows.iter().map(|row| line(row.as_ref()));
    line(header) + &format!("|-{}-|\n", rule.join("-|-")) + &rows.collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Contest, Dice, Measured};

    #[test]
    fn a_set_is_shown_as_targets_and_tables() {
        let fixed = |main: f64| Box::new(move || Measured { main, beside: Some(main / 2.0) });
        let mut contest = Contest::new("sum", "a sum on 2 threads").rounds(3).beside("CPU", Unit::Seconds);
        contest.ours("threads", "threads", fixed(3e-6));
        contest.rival("threads", "rayon", fixed(2e-6));
        contest.target("threads", 1.0, "rayon");
        contest.remark("OpenMP is absent: there is no C compiler.");
        let results = contest.run(&mut Dice::new(1));
        let set = Set { machine: "A machine.".to_string(), contests: vec![results] };
        let expected = "\
A machine.

### Targets

| contest | who     | limit             | verdict                   |
|---------|---------|-------------------|---------------------------|
| sum     | threads | at most 1 x rayon | missed: 1.50 of the limit |

### sum: a sum on 2 threads

| who         | median  | quartiles          | of the best rival   | CPU     |
|-------------|---------|--------------------|---------------------|---------|
| **threads** | 3.00 us | 3.00 us to 3.00 us | 1.50 (1.50 to 1.50) | 1.50 us |
| rayon       | 2.00 us | 2.00 us to 2.00 us |                     | 1.00 us |

3 rounds.
OpenMP is absent: there is no C compiler.

- threads, at most 1 x rayon: missed: 1.50 of the limit
";
        assert_eq!(markdown(&set), expected);
    }
}
