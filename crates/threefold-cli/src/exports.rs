//! `Exports`: the files that a comparison is written to.
//!
//! Every file is checked before anything is measured, and no check changes what a file holds. No export may be the
//! input of the program, nor the same file as another export, whatever path names it.

use std::path::{Path, PathBuf};

use threefold_compare::{Comparison, Error, export};

use crate::escape;

/// Writes a comparison to a file.
type Write = fn(&Comparison, &Path) -> Result<(), Error>;

/// The files that a comparison is written to, in the order in which they are written.
#[derive(Debug, Default)]
pub(crate) struct Exports(Vec<Export>);

#[derive(Debug)]
struct Export {
    /// The option that names the file.
    option: &'static str,
    path: PathBuf,
    write: Write,
}

impl Exports {
    /// Adds the file that `option` names, if it names one.
    pub(crate) fn add(&mut self, option: &'static str, path: Option<PathBuf>, write: Write) {
        self.0.extend(path.map(|path| Export { option, path, write }));
    }

    /// Finds out whether every file can be written, without changing one.
    ///
    /// # Errors
    ///
    /// A file cannot be written, is `input`, or is named twice.
    pub(crate) fn check(&self, input: Option<&Path>) -> Result<(), String> {
        for (number, Export { option, path, .. }) in self.0.iter().enumerate() {
            if path == Path::new("-") {
                return Err(format!(
                    "{option} -: stdout is for the text of the comparison; name a file, or ./- for one that is called `-`"
                ));
            }
            let fail = |error: Error| format!("{option} {error}");
            if let Some(input) = input
                && export::is_same_file(path, input).map_err(fail)?
            {
                return Err(format!("{option} {} would overwrite the input: name another file", escape::path(path)));
            }
            for other in &self.0[..number] {
                if export::is_same_file(path, &other.path).map_err(fail)? {
                    return Err(format!("{} and {option} name the same file, {}", other.option, escape::path(path)));
                }
            }
            export::check_writable(path).map_err(fail)?;
        }
        Ok(())
    }

    /// Writes `comparison` to every file. If one cannot be written, the others are written all the same.
    ///
    /// # Errors
    ///
    /// Why each of those cannot be written.
    pub(crate) fn write(&self, comparison: &Comparison) -> Result<(), Vec<Error>> {
        let failed = self.0.iter().filter_map(|Export { path, write, .. }| write(comparison, path).err());
        let errors: Vec<Error> = failed.collect();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::{Path, PathBuf};

    use tempfile::TempDir;

    use super::Exports;

    fn check(input: Option<&Path>, paths: &[PathBuf]) -> Result<(), String> {
        let mut exports = Exports::default();
        for path in paths {
            exports.add("--export", Some(path.clone()), |_, _| Ok(()));
        }
        exports.check(input)
    }

    #[test]
    fn no_spelling_of_the_input_is_accepted() {
        let folder = TempDir::new().unwrap();
        let input = folder.path().join("input.html");
        fs::write(&input, "kept").unwrap();
        fs::create_dir(folder.path().join("sub")).unwrap();
        symlink(&input, folder.path().join("link")).unwrap();
        symlink("link", folder.path().join("link to link")).unwrap();
        symlink(folder.path(), folder.path().join("folder link")).unwrap();
        for spelling in
            ["input.html", "./input.html", "sub/../input.html", "link", "link to link", "folder link/input.html"]
        {
            let error = check(Some(&input), &[folder.path().join(spelling)]).unwrap_err();
            assert!(error.ends_with(" would overwrite the input: name another file"), "{error}");
        }
        assert_eq!(fs::read_to_string(&input).unwrap(), "kept");
    }

    #[test]
    fn two_exports_to_one_file_are_refused() {
        let folder = TempDir::new().unwrap();
        symlink("new", folder.path().join("dangling")).unwrap();
        let paths = ["new", "dangling"].map(|name| folder.path().join(name));
        assert!(check(None, &paths).unwrap_err().starts_with("--export and --export name the same file, "));
        assert!(check(None, &paths[..1]).is_ok());
    }

    #[test]
    fn a_check_changes_nothing() {
        let folder = TempDir::new().unwrap();
        let old = folder.path().join("old");
        fs::write(&old, "kept").unwrap();
        symlink("nothing here", folder.path().join("dangling")).unwrap();
        let names = ["old", "new", "dangling"];
        assert_eq!(check(None, &names.map(|name| folder.path().join(name))), Ok(()));
        assert_eq!(fs::read_to_string(&old).unwrap(), "kept");
        assert!(folder.path().join("dangling").is_symlink());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left behind");
    }

    // The texts are those of the system.
    #[cfg(target_os = "linux")]
    #[test]
    fn what_cannot_be_written_is_refused_with_its_path_on_one_line() {
        let folder = TempDir::new().unwrap();
        symlink("loop", folder.path().join("loop")).unwrap();
        fs::create_dir(folder.path().join("folder")).unwrap();
        let errors = ["loop", "folder", "no such folder/file", "folder/..", "two\nlines\x1b/file"].map(|name| {
            let error = check(None, &[folder.path().join(name)]).unwrap_err();
            error.replace(&folder.path().display().to_string(), "FOLDER") + "\n"
        });
        insta::assert_snapshot!(errors.concat());
    }

    #[test]
    fn a_pipe_without_a_reader_is_not_waited_for() {
        let folder = TempDir::new().unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
        assert_eq!(check(None, &[pipe]), Ok(()));
    }
}
