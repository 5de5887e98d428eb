//! Exports to files: whole or not at all, links followed, nothing else touched.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use threefold_compare::{Error, export};

use crate::recorded;

crate::tests! {
    what_cannot_be_written_names_the_file,
    an_export_replaces_a_file_and_keeps_its_permissions,
    a_link_is_followed_and_stays_a_link,
    a_dangling_link_gets_the_file_that_it_names,
    links_in_a_circle_are_an_error,
    a_file_that_cannot_be_replaced_keeps_its_content,
    streams_are_written_directly,
    a_check_changes_nothing,
    two_paths_of_one_file_are_recognised,
}

/// The names of all entries of a folder.
fn entries(folder: &Path) -> Vec<String> {
    let entry = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(entry).collect();
    names.sort();
    names
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).unwrap().is_symlink()
}

fn what_cannot_be_written_names_the_file() {
    let error = recorded().export_csv("/no/such/folder/file.csv").unwrap_err();
    assert!(matches!(error, Error::File { .. }));
    assert_eq!(error.to_string(), "/no/such/folder/file.csv: No such file or directory (os error 2)");
    let folder = tempfile::tempdir().unwrap();
    let error = recorded().export_csv(folder.path()).unwrap_err().to_string();
    assert!(error.ends_with(": is a directory"), "{error}");
}

fn an_export_replaces_a_file_and_keeps_its_permissions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.html");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    recorded().export_html(&path).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), recorded().to_html());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(entries(folder.path()), ["page.html"], "no temporary file is left");
}

fn a_link_is_followed_and_stays_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let (target, link) = (folder.path().join("target.csv"), folder.path().join("link.csv"));
    fs::write(&target, "old").unwrap();
    symlink("target.csv", &link).unwrap();
    recorded().export_csv(&link).unwrap();
    assert!(is_link(&link) && !is_link(&target));
    assert_eq!(fs::read_to_string(&target).unwrap(), recorded().to_csv());
}

fn a_dangling_link_gets_the_file_that_it_names() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("inner")).unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    symlink("second", &first).unwrap();
    symlink("inner/new.json", &second).unwrap();
    export::check_writable(&first).unwrap();
    assert!(is_link(&first) && is_link(&second), "a check leaves them as they are");
    recorded().export_json(&first).unwrap();
    assert!(is_link(&first) && is_link(&second));
    assert_eq!(fs::read_to_string(folder.path().join("inner/new.json")).unwrap(), recorded().to_json());
    let lost = folder.path().join("lost");
    symlink("no such folder/new.json", &lost).unwrap();
    assert!(recorded().export_json(&lost).is_err() && is_link(&lost));
}

fn links_in_a_circle_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    symlink(&one, &other).unwrap();
    symlink(&other, &one).unwrap();
    assert!(recorded().export_json(&one).is_err() && export::check_writable(&one).is_err());
    assert!(is_link(&one) && is_link(&other));
}

fn a_file_that_cannot_be_replaced_keeps_its_content() {
    // A temporary file cannot be made in /proc; root is refused as well.
    let error = recorded().export_json("/proc/self/no such file").unwrap_err();
    assert!(error.to_string().starts_with("/proc/self/no such file: "), "{error}");
    // A folder stands where the file is to be: the rename would fail, so nothing is begun.
    let folder = tempfile::tempdir().unwrap();
    let taken = folder.path().join("taken");
    fs::create_dir(&taken).unwrap();
    fs::write(taken.join("inside"), "kept").unwrap();
    assert!(recorded().export_json(&taken).is_err());
    assert_eq!(fs::read_to_string(taken.join("inside")).unwrap(), "kept");
    assert_eq!(entries(folder.path()), ["taken"]);
}

fn streams_are_written_directly() {
    let device = fs::metadata("/dev/null").unwrap().permissions().mode();
    export::check_writable("/dev/null").unwrap();
    recorded().export_json("/dev/null").unwrap();
    assert_eq!(fs::metadata("/dev/null").unwrap().permissions().mode(), device, "it is still a device");
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("link");
    symlink("/dev/null", &link).unwrap();
    recorded().export_json(&link).unwrap();
    assert!(is_link(&link));
}

fn a_check_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    fs::write(&old, "content").unwrap();
    export::check_writable(&old).unwrap();
    export::check_writable(&new).unwrap();
    assert_eq!(fs::read_to_string(&old).unwrap(), "content");
    assert_eq!(entries(folder.path()), ["old"]);
    assert!(export::check_writable(folder.path().join("missing").join("new")).is_err());
    assert!(export::check_writable(folder.path()).is_err());
}

fn two_paths_of_one_file_are_recognised() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link, other) =
        (folder.path().join("data.html"), folder.path().join("link"), folder.path().join("other.html"));
    fs::write(&file, "data").unwrap();
    symlink("data.html", &link).unwrap();
    assert!(export::is_same_file(&file, &link).unwrap());
    assert!(export::is_same_file(&file, folder.path().join("./data.html")).unwrap());
    assert!(!export::is_same_file(&file, &other).unwrap());
    assert!(export::is_same_file(&other, folder.path().join(".").join("other.html")).unwrap(), "neither exists");
}
