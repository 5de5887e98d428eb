//! The arrows between rooms: who may know whom. A new arrow fails here until it is drawn in the table.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What each room of the library may use. A room is a file of `src/` with its folder.
const ARROWS: &[(&str, &[&str])] = &[
    // The front: what users see.
    (
        "executor",
        &[
            "backend::sequential",
            "backend",
            "cancel",
            "current",
            "error",
            "model",
            "options",
            "panics",
            "source",
            "task",
            "trace",
            "view",
            "Builder",
        ],
    ),
    ("view", &["cancel", "drive", "error", "executor", "source", "task", "trace"]),
    ("drive", &["current", "error", "executor", "fold", "job", "roundtrip", "source", "task", "trace", "view"]),
    ("culprit", &["cancel", "error", "fold", "job", "options", "roundtrip", "source", "task", "view"]),
    ("model", &["backend", "error", "options"]),
    ("options", &["error", "model"]),
    ("cancel", &["fold"]),
    // The core: one fold, its types erased.
    ("fold", &["backend", "claims", "current", "error", "executor", "job", "model", "options", "panics", "trace"]),
    ("job", &["error", "fold", "panics", "roundtrip", "source", "task"]),
    ("claims", &["sync"]),
    ("sync", &[]),
    ("current", &["backend", "fold", "model", "options", "wait"]),
    ("trace", &["error"]),
    ("error", &["model"]),
    ("panics", &[]),
    // What is folded.
    ("source", &["grid"]),
    ("grid", &[]),
    ("task", &["registry"]),
    ("registry", &["task", "worker"]),
    ("probe", &[]),
    ("wait", &["current", "task"]),
    ("roundtrip", &["error", "source", "task"]),
    // How it is run.
    ("backend", &["fold"]),
    ("backend::pace", &[]),
    ("backend::sequential", &["backend", "current", "error", "fold", "model", "options"]),
    ("backend::threads", &["backend", "current", "error", "fold", "model", "options"]),
    (
        "backend::tokio",
        &["backend", "claims", "current", "error", "fold", "model", "options", "panics", "task::BoxFuture"],
    ),
    (
        "backend::processes",
        &["backend", "cell", "clock", "error", "fold", "model", "options", "panics", "trace", "wire", "worker"],
    ),
    // Worker processes.
    (
        "worker",
        &["backend::sequential", "cell", "clock", "current", "model", "options", "panics", "registry", "task", "wire"],
    ),
    ("early", &["worker"]),
    ("wire", &[]),
    ("fuzzing", &["wire"]),
    ("cell", &["shared_memory"]),
    ("clock", &[]),
    ("shared_memory", &[]),
];

/// What each crate of the workspace may depend on, of the workspace.
const CRATES: &[(&str, &[&str])] = &[
    ("threefold-codec", &[]),
    ("threefold-macros", &[]),
    ("threefold", &["threefold-codec", "threefold-macros"]),
    ("threefold-compare", &["threefold"]),
    ("threefold-cli", &["threefold", "threefold-compare"]),
];

#[test]
fn rooms_use_only_what_the_table_draws() {
    let allowed: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    let mut new = Vec::new();
    for file in sources(&manifest_folder().join("src")) {
        let room = room_of(&file);
        if room == "lib" {
            continue;
        }
        let arrows = allowed.get(room.as_str()).unwrap_or_else(|| panic!("the room {room} is not in the table"));
        for used in uses(&file) {
            let own = used == room || used.starts_with(&format!("{room}::"));
            let drawn = arrows.iter().any(|arrow| used == *arrow || used.starts_with(&format!("{arrow}::")));
            let a_backend =
                used.starts_with("backend::") && used != "backend::Backend" && !used.starts_with("backend::sequential");
            let across =
                a_backend && !used.starts_with("backend::pace") && !room.starts_with("backend") && room != "model";
            if (!own && !drawn) || across {
                new.push(format!("{room} -> {used}"));
            }
        }
    }
    assert!(new.is_empty(), "arrows that are not drawn: {new:#?}");
}

#[test]
fn backends_know_nothing_of_the_front() {
    for (room, arrows) in ARROWS.iter().filter(|(room, _)| room.starts_with("backend")) {
        for front in ["executor", "view", "drive", "source", "task"] {
            assert!(!arrows.contains(&front), "{room} -> {front}");
        }
    }
}

#[test]
fn crates_depend_downwards_only() {
    let crates = manifest_folder().join("..");
    for (name, allowed) in CRATES {
        let manifest = fs::read_to_string(crates.join(name).join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap_or_default();
        let dependencies = dependencies.split("\n[").next().unwrap_or_default();
        let used = dependencies.lines().filter_map(|line| line.split(['.', ' ', '=']).next());
        for dependency in used.filter(|name| name.starts_with("threefold")) {
            assert!(allowed.contains(&dependency), "{name} -> {dependency}");
        }
    }
    let count = fs::read_dir(crates).unwrap().count();
    assert_eq!(count, CRATES.len(), "a crate is not in the table");
}

pub(crate) fn manifest_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// The Rust files below `folder`.
pub(crate) fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    files.sort();
    files
}

/// `src/wire/inbox.rs` is of the room `wire`; backends are rooms each.
fn room_of(file: &Path) -> String {
    let path = file.strip_prefix(manifest_folder().join("src")).unwrap().with_extension("");
    let names: Vec<_> = path.iter().map(|name| name.to_str().unwrap()).collect();
    match names[..] {
        ["backend", backend, ..] => format!("backend::{backend}"),
        [room, ..] => room.to_string(),
        [] => unreachable!("a file has a name"),
    }
}

/// What the `use crate::` lines and the paths through `crate::` name, outside of tests and docs.
fn uses(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let code: String =
        code.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect();
    let mut used = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c == '$' || c == ':' || c.is_alphanumeric()) {
            continue;
        }
        let path: String =
            code[at + "crate::".len()..].chars().take_while(|&c| c.is_alphanumeric() || c == '_' || c == ':').collect();
        match path.trim_end_matches(':') {
            "" => used.push("a group of rooms in one line".to_string()),
            // Of a group each member counts.
            path if code[at + "crate::".len()..].starts_with(&format!("{path}::{{")) => {
                let group = code[at + "crate::".len() + path.len() + 3..].split('}').next().unwrap_or_default();
                used.extend(group.split(',').map(|member| format!("{path}::{}", member.trim())));
            }
            // What the front re-exports is named by its room.
            "Portable" => used.push("task".to_string()),
            "CancelToken" => used.push("cancel".to_string()),
            path => used.push(path.to_string()),
        }
    }
    used
}
