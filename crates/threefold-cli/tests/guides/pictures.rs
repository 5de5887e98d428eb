//! The pictures of the pages are drawn from what the program prints on a terminal.

use std::fs::{self, File};
use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anstyle_svg::Term;
use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::page::root;
use crate::printed::difference;
use crate::updates;

/// The width of the terminal in columns.
const COLUMNS: u16 = 92;

/// What the program prints on a terminal with colours.
fn on_a_terminal(arguments: &[&str]) -> String {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).and_then(|()| unlockpt(&ours)).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap();
    let theirs = open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    tcsetwinsize(&theirs, Winsize { ws_row: 50, ws_col: COLUMNS, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_threefold"));
    program.args(arguments).args(["--progress", "never"].iter().filter(|_| arguments[0] != "report"));
    program.current_dir(root()).env("TERM", "xterm-256color").env_remove("NO_COLOR").env_remove("CLICOLOR");
    program.stdin(Stdio::null()).stdout(theirs.try_clone().unwrap()).stderr(theirs);
    let mut child = program.spawn().unwrap();
    // The command holds the terminal as well, and the end comes when nobody does.
    drop(program);
    let mut printed = Vec::new();
    // A terminal that its last user has closed is an error to read.
    let _ = File::from(ours).read_to_end(&mut printed);
    child.wait().unwrap();
    String::from_utf8(printed).unwrap().replace('\r', "")
}

/// A picture of the terminal after `command`, which has printed `printed`.
fn terminal(command: &str, printed: &str) -> String {
    Term::new().min_width_px(0).render_svg(&format!("\u{1b}[2m$\u{1b}[0m {command}\n{}", printed.trim_end()))
}

/// Holds `drawn` against the picture of this name, or writes it.
fn check(name: &str, drawn: &str) {
    let path = root().join("docs/pictures").join(name);
    if updates() {
        fs::write(&path, drawn).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    if let Some(difference) = difference(&kept, drawn) {
        panic!("{} is another picture; UPDATE=1 draws it again: {difference}", path.display());
    }
}

#[test]
fn the_verdict_is_drawn_as_a_terminal_shows_it() {
    let file = tempfile::tempdir().unwrap();
    let page: PathBuf = file.path().join("page.html");
    let printed = on_a_terminal(&["report", "docs/measured/primes.json", "--export-html", page.to_str().unwrap()]);
    assert!(printed.contains("\u{1b}[32m* "), "the recommended row has a colour: {printed:?}");
    check("compare.svg", &terminal("cargo run --release -- compare --workload primes", &printed));
}

#[test]
fn the_race_is_drawn_from_the_same_comparison() {
    let folder = tempfile::tempdir().unwrap();
    let race = folder.path().join("race.svg");
    on_a_terminal(&["report", "docs/measured/primes.json", "--export-svg", race.to_str().unwrap()]);
    check("race.svg", &fs::read_to_string(race).unwrap());
}
