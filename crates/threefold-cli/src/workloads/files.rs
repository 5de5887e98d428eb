//! The workload `files`: counts the words of all files below a folder.
//!
//! It is shaped like programs that read much and compute little. While one worker waits for the disk, others count.
//! Only paths, which are short, are sent to a process. A word is a run of bytes between ASCII white space, so that no
//! file has a wrong encoding.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::ops::RangeInclusive;
use std::panic;
use std::path::Path;
use std::sync::Arc;

use threefold::{Model, Slice, task};
use walkdir::{DirEntry, WalkDir};

use crate::computation::{Computation, Visitor};
use crate::description::Description;
use crate::plan::{Input, Plan};
use crate::{escape, range};

pub(crate) const DESCRIPTION: Description = Description {
    name: "files",
    summary: "counts the words in files",
    range: None,
    items: "files",
    chunk_size: 16,
    brief_items: 0,
    waits: false,
    best: &[Model::Threads],
    reason: "parallel reads",
};

/// The folder of build outputs, which are large and hold no text.
const BUILD_OUTPUTS: &str = "target";

/// How much of a file is read at once, in bytes. A signal waits until the read in progress has returned, and a large file
/// would take seconds.
const PIECE: usize = 64 << 10;

pub(crate) fn prepare<V: Visitor>(input: &Input, visitor: V) -> Result<V::Result, String> {
    let folder = input.folder.as_deref().unwrap_or(Path::new("."));
    let files = files_below(folder, input.except.as_deref())
        .map_err(|error| format!("--folder {}: {error}", escape::path(folder)))?;
    let all = 0..=files.len() as i64 - 1;
    let plan = Plan::new(input, all, &DESCRIPTION)?;
    plan.refuse_negative(&DESCRIPTION)?;
    if let Some(range) = plan.ranges.iter().find(|range| !range.is_empty() && *range.end() >= files.len() as i64) {
        return Err(match files.len() {
            0 => format!("{range:?} is out of range: there are no files in {}", escape::path(folder)),
            n => format!("{range:?} is out of range: the files in {} are numbered 0..{n}", escape::path(folder)),
        });
    }
    let paths = |range: &RangeInclusive<i64>| files[range::indices(range)].into();
    Ok(Computation::sum_of(count_words).over::<Arc<[OsString]>, _>(plan, paths, visitor))
}

/// The paths of the files below `folder`, sorted. Hidden files, build outputs and the file `except` are left out.
///
/// They are `OsString`s, since a path need not be text, and serde serializes no other `Path`.
fn files_below(folder: &Path, except: Option<&Path>) -> Result<Vec<OsString>, String> {
    if !fs::metadata(folder).map_err(|error| error.to_string())?.is_dir() {
        return Err("it is not a folder".to_string());
    }
    let entries = WalkDir::new(folder).sort_by_file_name().into_iter().filter_entry(is_included);
    // A file that does not exist is not below the folder.
    let except = except.and_then(|except| fs::canonicalize(except).ok());
    let is_read = |entry: &DirEntry| {
        let may_be_except = except.as_deref().is_some_and(|except| except.file_name() == Some(entry.file_name()));
        entry.file_type().is_file() && !(may_be_except && fs::canonicalize(entry.path()).ok() == except)
    };
    let files = entries.filter(|entry| entry.as_ref().map_or(true, is_read));
    files.map(|file| file.map(|file| file.into_path().into_os_string()).map_err(|error| error.to_string())).collect()
}

/// Whether a file or folder is included. The folder that was asked for is, whatever its name.
fn is_included(entry: &DirEntry) -> bool {
    let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
    let is_build_output = entry.file_type().is_dir() && entry.file_name() == BUILD_OUTPUTS;
    entry.depth() == 0 || !(hidden || is_build_output)
}

/// The number of words in the files of `chunk`.
///
/// # Panics
///
/// A file cannot be read. The error of the fold then holds its path.
#[task]
fn count_words(chunk: Slice<OsString>) -> u128 {
    chunk.iter().map(Path::new).map(words_of).sum()
}

fn words_of(file: &Path) -> u128 {
    match File::open(file).and_then(words_in) {
        Ok(words) => words,
        // This skips the panic hook, whose message is for bugs: the error of the fold says everything.
        Err(error) => panic::resume_unwind(Box::new(format!("{} cannot be read: {error}", file.display()))),
    }
}

/// The number of words in `file`, which is read piece by piece.
fn words_in(file: File) -> io::Result<u128> {
    let mut reader = BufReader::with_capacity(PIECE, file);
    let (mut words, mut is_in_word) = (0, false);
    loop {
        let piece = match reader.fill_buf() {
            Ok(piece) => piece,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let (Some(first), Some(last)) = (piece.first(), piece.last()) else { return Ok(words) };
        words += piece.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).count() as u128;
        // The word at the end of the last piece may go on in this one.
        words -= u128::from(is_in_word && !first.is_ascii_whitespace());
        is_in_word = !last.is_ascii_whitespace();
        let length = piece.len();
        reader.consume(length);
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::fs;
    use std::path::Path;

    use proptest::prelude::*;
    use tempfile::TempDir;
    use threefold::{Executor, Model, Slice};

    use super::{PIECE, count_words, files_below, words_of};

    fn folder(files: &[&str]) -> TempDir {
        let folder = TempDir::new().unwrap();
        for file in files.iter().map(|file| folder.path().join(file)) {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "two words").unwrap();
        }
        folder
    }

    fn names_below(folder: &Path) -> Vec<String> {
        let files = files_below(folder, None).unwrap();
        files.iter().map(|file| Path::new(file).strip_prefix(folder).unwrap().display().to_string()).collect()
    }

    #[test]
    fn files_are_found_in_the_order_of_their_paths() {
        let folder = folder(&["b", "a.txt", "a/z", "a/b/c", "Z", "a/target"]);
        assert_eq!(names_below(folder.path()), ["Z", "a/b/c", "a/target", "a/z", "a.txt", "b"]);
    }

    #[test]
    fn hidden_files_and_build_outputs_are_excluded() {
        let folder = folder(&["a", ".hidden", ".git/a", "target/a", "b/target/a", "targets/a"]);
        assert_eq!(names_below(folder.path()), ["a", "targets/a"]);
    }

    #[test]
    fn one_file_may_be_excluded_by_any_of_its_paths() {
        let folder = folder(&["a", "b/a", "b/c"]);
        let except = folder.path().join("b/../b/a");
        let files = files_below(folder.path(), Some(&except)).unwrap();
        assert_eq!(files, ["a", "b/c"].map(|file| folder.path().join(file).into_os_string()));
        assert_eq!(files_below(folder.path(), Some(Path::new("no such file"))).unwrap().len(), 3);
    }

    #[test]
    fn the_folder_that_was_asked_for_may_have_any_name() {
        let folder = folder(&["target/a", ".git/b"]);
        assert_eq!(names_below(&folder.path().join("target")), ["a"]);
        assert_eq!(names_below(&folder.path().join(".git")), ["b"]);
    }

    #[test]
    #[cfg(unix)]
    fn neither_names_nor_contents_need_be_text() {
        threefold::init();
        use std::os::unix::ffi::OsStringExt;

        let folder = folder(&[]);
        let name = folder.path().join(OsString::from_vec(b"\xff.bin".to_vec()));
        fs::write(&name, b"\xff\xfe \0 \x80\n\n").unwrap();
        let files = files_below(folder.path(), None).unwrap();
        for &model in Model::available() {
            let words = Executor::new(model).unwrap().map(files.clone(), count_words).unwrap();
            assert_eq!((words, words_of(&name)), (vec![3], 3), "{model}");
        }
    }

    #[test]
    fn a_file_that_has_gone_is_an_error_that_names_it_on_every_model() {
        threefold::init();
        let folder = folder(&["here"]);
        let files = ["here", "gone"].map(|name| folder.path().join(name).into_os_string()).to_vec();
        for &model in Model::available() {
            let error = Executor::new(model).unwrap().map(files.clone(), count_words).unwrap_err();
            assert!(error.is_panic() && error.chunk() == Some(1), "{error}");
            let complaint = format!("{} cannot be read: No such file", folder.path().join("gone").display());
            assert!(error.to_string().contains(&complaint), "{error}");
        }
    }

    #[test]
    fn a_word_that_two_pieces_share_is_counted_once() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("file");
        for (before, after, words) in [("ab", "cd", 3), ("ab", " cd", 4), ("ab ", "cd", 4), (" ", " ", 2), ("", "", 2)]
        {
            let space = " ".repeat(PIECE - before.len() - 1);
            fs::write(&file, format!("x{space}{before}{after}{}y", " ".repeat(2 * PIECE))).unwrap();
            assert_eq!(words_of(&file), words, "{before:?} {after:?}");
        }
        fs::write(&file, "x".repeat(3 * PIECE)).unwrap();
        assert_eq!(words_of(&file), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn words_are_what_white_space_divides(text in "[a-z \\t\\n\\r]{0,200}") {
            let folder = TempDir::new().unwrap();
            let file = folder.path().join("file");
            fs::write(&file, &text).unwrap();
            let words = text.split_ascii_whitespace().count() as u128;
            prop_assert_eq!(count_words(Slice::from(vec![file.into_os_string()])), words);
        }
    }
}
