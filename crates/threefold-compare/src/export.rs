//! A comparison as files: JSON, CSV, Markdown, an HTML page, a picture, and a trace. For programs whose user chooses the paths, two
//! functions check whether a file can be written, and whether two paths name the same file.
//!
//! A file is written whole or not at all: the text goes to a temporary file in the same folder, which is then renamed. A
//! path that is a link is followed, and the file that it names is written; the link stays. If that file does not exist yet,
//! it is created. A path that names something other than a file, for instance `/dev/stdout` or a pipe, is written directly.

use std::path::Path;

use crate::comparison::Comparison;
use crate::error::{Error, Result};

mod colours;
mod csv;
mod figures;
mod html;
mod markdown;
mod plots;
mod svg;
mod target;
mod trace;

use target::Target;

/// Checks that an export to `path` can be written, without writing one. Nothing is changed or left behind.
///
/// ```
/// use threefold_compare::export;
///
/// let folder = std::env::temp_dir();
/// export::check_writable(folder.join("comparison.json"))?;
/// assert!(export::check_writable(folder.join("no such folder").join("comparison.json")).is_err());
/// # Ok::<(), threefold_compare::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::File`] if the folder does not exist or cannot be written to, if the file exists and is write-protected, or if
/// the path names a folder.
pub fn check_writable(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let checked = Target::of(path).and_then(|target| target.check());
    checked.map_err(|error| Error::File { path: path.to_path_buf(), error })
}

/// Whether two paths name the same file. Links are followed, and the files need not exist.
///
/// A program asks this to refuse an export that would overwrite its own input.
///
/// ```
/// use threefold_compare::export;
///
/// let folder = std::env::temp_dir();
/// let (json, page) = (folder.join("comparison.json"), folder.join("comparison.html"));
/// assert!(!export::is_same_file(&json, &page)?);
/// assert!(export::is_same_file(&json, folder.join(".").join("comparison.json"))?);
/// # Ok::<(), threefold_compare::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::File`] if the folder of a path does not exist, or links lead in a circle.
pub fn is_same_file(one: impl AsRef<Path>, other: impl AsRef<Path>) -> Result<bool> {
    let target = |path: &Path| Target::of(path).map_err(|error| Error::File { path: path.to_path_buf(), error });
    Ok(target(one.as_ref())? == target(other.as_ref())?)
}

impl Comparison {
    /// This comparison as CSV: a line of names, and a line for each contender. Durations are in seconds, sizes in bytes.
    ///
    /// Control characters are escaped. A text that a spreadsheet would take for a formula, because it begins with `=`, `+`,
    /// `-` or `@`, has an apostrophe before it. Numbers stay numbers.
    ///
    /// ```
    #[doc = include_str!("doc/measured.md")]
    /// let csv = comparison.to_csv();
    /// assert!(csv.starts_with("work,items,chunks,model,workers,rounds,median_s,"));
    /// assert_eq!(csv.lines().count(), 1 + comparison.rows.len());
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn to_csv(&self) -> String {
        csv::of(self)
    }

    /// This comparison as Markdown: a table and the verdict. Characters that Markdown or a terminal would interpret are
    /// escaped.
    ///
    /// ```
    #[doc = include_str!("doc/measured.md")]
    /// assert!(comparison.to_markdown().contains("| model | workers | time |"));
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn to_markdown(&self) -> String {
        markdown::of(self)
    }

    /// This comparison as one HTML page with pictures. It needs neither a network nor scripts.
    ///
    /// ```
    #[doc = include_str!("doc/measured.md")]
    /// let page = comparison.to_html();
    /// assert!(page.starts_with("<!DOCTYPE html>") && !page.contains("<script"));
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn to_html(&self) -> String {
        html::of(self)
    }

    /// The race as an SVG picture: the observed fold of every contender, with a panel for each contender, a lane for each
    /// worker and one clock for all. Each chunk is a bar that appears when it ran.
    ///
    /// The picture moves in browsers, also as the image of a README. It needs neither a network nor scripts. Where it does
    /// not move, the finished race is seen: on paper, in a program that knows no CSS animations, and for readers who asked
    /// for less motion. It says at which speed it is shown. Its size is bounded, however many chunks there are.
    ///
    /// ```
    #[doc = include_str!("doc/measured.md")]
    /// let race = comparison.to_svg();
    /// assert!(race.starts_with("<svg ") && !race.contains("<script"));
    /// assert!(race.contains("slower than it ran"), "{race}");
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn to_svg(&self) -> String {
        svg::of(self)
    }

    /// The observed fold of every contender as Chrome trace events, which Perfetto and `chrome://tracing` open. Each
    /// contender is shown as a process, and each of its workers as a thread.
    ///
    /// ```
    #[doc = include_str!("doc/measured.md")]
    /// assert!(comparison.to_trace().contains("\"traceEvents\""));
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn to_trace(&self) -> String {
        trace::of(self)
    }

    /// Writes [`to_json`](Self::to_json) to a file, whole or not at all. A link is followed.
    ///
    /// ```
    #[doc = include_str!("doc/measured.md")]
    /// let path = std::env::temp_dir().join("threefold-compare-example.json");
    /// comparison.export_json(&path)?;
    /// assert_eq!(std::fs::read_to_string(&path).unwrap(), comparison.to_json());
    /// # std::fs::remove_file(&path).unwrap();
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::File`] if the file cannot be written. A file that existed before is unchanged then.
    pub fn export_json(&self, path: impl AsRef<Path>) -> Result<()> {
        write(path.as_ref(), &self.to_json())
    }

    /// Writes [`to_csv`](Self::to_csv) to a file, whole or not at all. A link is followed.
    ///
    /// ```
    #[doc = include_str!("doc/measured.md")]
    /// let path = std::env::temp_dir().join("threefold-compare-example.csv");
    /// comparison.export_csv(&path)?;
    /// # std::fs::remove_file(&path).unwrap();
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::File`] if the file cannot be written. A file that existed before is unchanged then.
    pub fn export_csv(&self, path: impl AsRef<Path>) -> Result<()> {
        write(path.as_ref(), &self.to_csv())
    }

    /// Writes [`to_markdown`](Self::to_markdown) to a file, whole or not at all. A link is followed.
    ///
    /// ```
    #[doc = include_str!("doc/measured.md")]
    /// let path = std::env::temp_dir().join("threefold-compare-example.md");
    /// comparison.export_markdown(&path)?;
    /// # std::fs::remove_file(&path).unwrap();
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::File`] if the file cannot be written. A file that existed before is unchanged then.
    pub fn export_markdown(&self, path: impl AsRef<Path>) -> Result<()> {
        write(path.as_ref(), &self.to_markdown())
    }

    /// Writes [`to_html`](Self::to_html) to a file, whole or not at all. A link is followed.
    ///
    /// ```
    #[doc = include_str!("doc/measured.md")]
    /// let path = std::env::temp_dir().join("threefold-compare-example.html");
    /// comparison.export_html(&path)?;
    /// # std::fs::remove_file(&path).unwrap();
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::File`] if the file cannot be written. A file that existed before is unchanged then.
    pub fn export_html(&self, path: impl AsRef<Path>) -> Result<()> {
        write(path.as_ref(), &self.to_html())
    }

    /// Writes [`to_svg`](Self::to_svg) to a file, whole or not at all. A link is followed.
    ///
    /// ```
    #[doc = include_str!("doc/measured.md")]
    /// let path = std::env::temp_dir().join("threefold-compare-example.svg");
    /// comparison.export_svg(&path)?;
    /// # std::fs::remove_file(&path).unwrap();
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::File`] if the file cannot be written. A file that existed before is unchanged then.
    pub fn export_svg(&self, path: impl AsRef<Path>) -> Result<()> {
        write(path.as_ref(), &self.to_svg())
    }

    /// Writes [`to_trace`](Self::to_trace) to a file, whole or not at all. A link is followed.
    ///
    /// ```
    #[doc = include_str!("doc/measured.md")]
    /// let path = std::env::temp_dir().join("threefold-compare-example-trace.json");
    /// comparison.export_trace(&path)?;
    /// # std::fs::remove_file(&path).unwrap();
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::File`] if the file cannot be written. A file that existed before is unchanged then.
    pub fn export_trace(&self, path: impl AsRef<Path>) -> Result<()> {
        write(path.as_ref(), &self.to_trace())
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    let written = Target::of(path).and_then(|target| target.write(text));
    written.map_err(|error| Error::File { path: path.to_path_buf(), error })
}
