//! The pages of the repository, and the commands that they show.
//!
//! A command stands in a block of the language `console`, after `$ `. What follows it, up to the next command, is what it
//! prints. A comment above a block names the recorded comparison whose text the block has.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// A page in Markdown.
pub(crate) struct Page {
    /// Its path below the root of the repository.
    pub(crate) name: String,
    pub(crate) blocks: Vec<Block>,
    /// Commands that stand in a line of prose, between backquotes.
    pub(crate) inline: Vec<Command>,
}

/// A block of commands.
pub(crate) struct Block {
    /// The recorded comparison that a comment above it names.
    pub(crate) recorded: Option<PathBuf>,
    pub(crate) commands: Vec<Command>,
}

/// A command, and what the page shows of its output.
pub(crate) struct Command {
    /// Where it stands: `README.md:31`.
    pub(crate) place: String,
    pub(crate) words: String,
    pub(crate) shown: String,
    /// The lines of `shown` in the page, from 0.
    pub(crate) lines: Range<usize>,
}

/// The root of the repository, or of the copy of it that `THREEFOLD_COPY` names.
pub(crate) fn root() -> PathBuf {
    let repository = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = env::var_os("THREEFOLD_COPY").map_or_else(repository, PathBuf::from);
    root.canonicalize().expect("the crate lies in the repository")
}

/// Every page that shows commands.
pub(crate) fn pages() -> Vec<Page> {
    let root = root();
    let mut folders = vec![root.clone(), root.join("docs"), root.join("docs/cluster")];
    folders.extend(entries(&root.join("crates")));
    let files = folders.iter().flat_map(|folder| entries(folder));
    let mut paths: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|kind| kind == "md")).collect();
    paths.sort();
    let pages = paths.iter().map(|path| {
        let name = path.strip_prefix(&root).expect("it lies below").display().to_string();
        let text = fs::read_to_string(path).expect("a page is readable");
        Page { blocks: blocks(&name, &text), inline: inline(&name, &text), name }
    });
    let shows = |page: &Page| !page.blocks.is_empty() || !page.inline.is_empty();
    pages.filter(shows).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.expect("it is readable").path()).collect()
}

fn blocks(name: &str, text: &str) -> Vec<Block> {
    let (mut blocks, mut open, mut above): (Vec<Block>, Option<usize>, Option<PathBuf>) = (Vec::new(), None, None);
    for (number, line) in text.lines().enumerate() {
        let code = line.trim_start();
        match open {
            None if code == "```console" => {
                open = Some(line.len() - code.len());
                blocks.push(Block { recorded: above.take(), commands: Vec::new() });
            }
            None => above = recorded(code),
            Some(_) if code == "```" => open = None,
            Some(indent) => {
                let block = blocks.last_mut().expect("one is open");
                let line = line.get(indent..).unwrap_or_default();
                read_line(block, name, number, line);
            }
        }
    }
    blocks
}

/// The recorded comparison that a comment names.
fn recorded(line: &str) -> Option<PathBuf> {
    let path = line.strip_prefix("<!-- ")?.strip_suffix(" -->")?;
    path.ends_with(".json").then(|| PathBuf::from(path))
}

/// Adds a line of a page to the block that it belongs to.
fn read_line(block: &mut Block, name: &str, number: usize, line: &str) {
    if let Some(words) = line.strip_prefix("$ ") {
        let place = format!("{name}:{}", number + 1);
        let lines = number + 1..number + 1;
        block.commands.push(Command { place, words: words.to_string(), shown: String::new(), lines });
        return;
    }
    let command = block.commands.last_mut().unwrap_or_else(|| panic!("{name}:{}: no command prints this", number + 1));
    if command.shown.is_empty() && command.words.ends_with('\\') {
        command.words += &format!("\n{line}");
        command.lines = number + 1..number + 1;
    } else {
        command.shown += &format!("{line}\n");
        command.lines.end = number + 1;
    }
}

/// The commands that begin with `cargo run`, between backquotes.
fn inline(name: &str, text: &str) -> Vec<Command> {
    let (mut commands, mut is_code) = (Vec::new(), false);
    for (number, line) in text.lines().enumerate() {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        if is_code || is_fence {
            continue;
        }
        let quoted = line.split('`').skip(1).step_by(2);
        // Not `cargo run` by itself, nor with a placeholder.
        let is_whole =
            |words: &&str| words.contains(" -- ") || words.contains(" --example ") && !words.contains("NAME");
        let runs = quoted.filter(|words| words.starts_with("cargo run ") && is_whole(words));
        commands.extend(runs.map(|words| Command {
            place: format!("{name}:{}", number + 1),
            words: words.to_string(),
            shown: String::new(),
            lines: number..number,
        }));
    }
    commands
}
