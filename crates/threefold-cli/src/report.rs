//! `threefold report`: an earlier comparison, shown again.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::arguments::ReportRequest;
use crate::exports::Exports;
use crate::{exit, output, saved};

/// What is below these is a pipe or a device, also where a shell has put a file there.
const STREAMS: [&str; 2] = ["/dev", "/proc"];

/// Shows the comparison of `request`, and writes what it asks for.
pub(crate) fn report(request: &ReportRequest) -> ExitCode {
    let mut exports = Exports::default();
    exports.add("--export-svg", request.export_svg.clone(), |comparison, path| comparison.export_svg(path));
    exports.add("--export-html", request.export_html.clone(), |comparison, path| comparison.export_html(path));
    let asks = request.export_html.is_some() || request.export_svg.is_some();
    let page = if asks { None } else { page_beside(&request.json) };
    let is_by_default = page.is_some();
    exports.add("the page beside FILE", page, |comparison, path| comparison.export_html(path));
    let comparison = saved::read(&request.json).and_then(|comparison| {
        exports.check(Some(&request.json)).map_err(|reason| match is_by_default {
            true => format!("{reason}; --export-html names another place, or /dev/null for no page"),
            false => reason,
        })?;
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
        Err(errors) => {
            errors.iter().for_each(output::failed);
            exit::NOTHING_STARTED.into()
        }
    }
}

/// The page that is written if nothing else is asked for. There is no place beside a pipe or a device.
fn page_beside(json: &Path) -> Option<PathBuf> {
    let is_stream = STREAMS.iter().any(|folder| json.starts_with(folder)) || !json.is_file();
    (!is_stream).then(|| json.with_extension("html"))
}
