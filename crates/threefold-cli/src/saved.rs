//! Comparisons that were written to a file before.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use threefold_compare::Comparison;

use crate::escape;

/// Larger files are refused, in bytes. A comparison of some thousand chunks on every model has a few MB.
const LARGEST: u64 = 1 << 30;

/// The comparison in the file at `path`, which may hold anything.
///
/// # Errors
///
/// The file cannot be read, or holds no comparison.
pub(crate) fn read(path: &Path) -> Result<Comparison, String> {
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
