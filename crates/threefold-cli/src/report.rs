//! `threefold report`: an earlier comparison, shown again.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::process::ExitCode;

use threefold_compare::Comparison;

use crate::arguments::ReportRequest;
use crate::exports::Exports;
use crate::{escape, exit, output};

/// Larger files are refused, in bytes. A comparison of some thousand chunks on every model has a few MB.
const LARGEST: u64 = 1 << 30;

/// Shows the comparison of `request`, and writes its page.
pub(crate) fn report(request: &ReportRequest) -> ExitCode {
    let page = request.export_html.clone().unwrap_or_else(|| request.json.with_extension("html"));
    let mut exports = Exports::default();
    exports.add("--export-html", Some(page), |comparison, path| comparison.export_html(path));
    let comparison = read(&request.json).and_then(|comparison| {
        exports.check(Some(&request.json))?;
        Ok(comparison)
    });
    let comparison = match comparison {
        Ok(comparison) => comparison,
        Err(reason) => return output::refused(&reason),
    };
    match exports.write(&comparison) {
        Ok(()) => match output::comparison(&comparison) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => exit::FAILED.into(),
        },
        Err(error) => output::refused(&error),
    }
}

/// The comparison in the file at `path`, which may hold anything.
fn read(path: &Path) -> Result<Comparison, String> {
    let shown = escape::path(path);
    let json = read_text(path).map_err(|error| format!("{shown}: {error}"))?;
    Comparison::from_json(&json).map_err(|error| format!("{shown}: {error}"))
}

/// The text of a file that begins like a JSON object. Of a file without end only the beginning is read.
fn read_text(path: &Path) -> io::Result<String> {
    let invalid = |reason: &str| io::Error::new(io::ErrorKind::InvalidData, reason);
    let mut file = File::open(path)?.take(LARGEST + 1);
    let mut text = Vec::new();
    // White space before the object is allowed; a file that has more of it than this is not one of ours.
    file.by_ref().take(1024).read_to_end(&mut text)?;
    if text.trim_ascii_start().first() != Some(&b'{') {
        return Err(invalid("this is not the JSON of a comparison: it does not begin with `{`"));
    }
    file.read_to_end(&mut text)?;
    if text.len() as u64 > LARGEST {
        return Err(invalid("this is not the JSON of a comparison: it is larger than 1 GiB"));
    }
    String::from_utf8(text).map_err(|_| invalid("this is not the JSON of a comparison: it is not UTF-8"))
}
