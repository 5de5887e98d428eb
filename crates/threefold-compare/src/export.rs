//! A comparison as files: JSON, CSV, Markdown, an HTML page, and a trace.

use std::fs;
use std::path::Path;

use crate::comparison::{Comparison, SCHEMA};
use crate::error::{Error, Result};

mod csv;
mod html;
mod markdown;
mod plots;
mod trace;

impl Comparison {
    /// As JSON: one object with the fields of [`Comparison`], versioned by `schema`.
    pub fn to_json(&self) -> String {
        let json = serde_json::to_string_pretty(self).expect("every field has a form in JSON");
        json + "\n"
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    ///
    /// [`Error::Json`]: it is something else, or of another version.
    pub fn from_json(json: &str) -> Result<Self> {
        #[derive(serde::Deserialize)]
        struct Versioned {
            schema: u32,
        }
        let reason = |error: serde_json::Error| Error::Json(error.to_string());
        let Versioned { schema } = serde_json::from_str(json).map_err(reason)?;
        if schema != SCHEMA {
            return Err(Error::Json(format!("its schema is {schema}, and this version reads {SCHEMA}")));
        }
        let comparison: Self = serde_json::from_str(json).map_err(reason)?;
        let rows = comparison.rows.len();
        let verdict = &comparison.verdict;
        if rows == 0 || verdict.best >= rows || verdict.tied.iter().any(|&row| row >= rows) {
            return Err(Error::Json("its verdict is on rows that it does not have".to_string()));
        }
        Ok(comparison)
    }

    /// As CSV: a line for each contender. Times are in seconds, sizes in bytes.
    pub fn to_csv(&self) -> String {
        csv::of(self)
    }

    /// As a Markdown table with the verdict.
    pub fn to_markdown(&self) -> String {
        markdown::of(self)
    }

    /// As one HTML page that needs nothing else: no network, no script.
    pub fn to_html(&self) -> String {
        html::of(self)
    }

    /// As Chrome trace events, which Perfetto opens: every model on the same clock, a lane for each worker.
    pub fn to_trace(&self) -> String {
        trace::of(self)
    }

    /// Writes [`to_json`](Self::to_json) to a file.
    ///
    /// # Errors
    ///
    /// [`Error::File`]: it cannot be written.
    pub fn export_json(&self, path: impl AsRef<Path>) -> Result<()> {
        write(path.as_ref(), &self.to_json())
    }

    /// Writes [`to_csv`](Self::to_csv) to a file.
    ///
    /// # Errors
    ///
    /// [`Error::File`]: it cannot be written.
    pub fn export_csv(&self, path: impl AsRef<Path>) -> Result<()> {
        write(path.as_ref(), &self.to_csv())
    }

    /// Writes [`to_markdown`](Self::to_markdown) to a file.
    ///
    /// # Errors
    ///
    /// [`Error::File`]: it cannot be written.
    pub fn export_markdown(&self, path: impl AsRef<Path>) -> Result<()> {
        write(path.as_ref(), &self.to_markdown())
    }

    /// Writes [`to_html`](Self::to_html) to a file.
    ///
    /// # Errors
    ///
    /// [`Error::File`]: it cannot be written.
    pub fn export_html(&self, path: impl AsRef<Path>) -> Result<()> {
        write(path.as_ref(), &self.to_html())
    }

    /// Writes [`to_trace`](Self::to_trace) to a file.
    ///
    /// # Errors
    ///
    /// [`Error::File`]: it cannot be written.
    pub fn export_trace(&self, path: impl AsRef<Path>) -> Result<()> {
        write(path.as_ref(), &self.to_trace())
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|error| Error::File { path: path.to_path_buf(), error })
}
