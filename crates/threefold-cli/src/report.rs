//! `threefold report`: an earlier comparison, shown again.

use std::process::ExitCode;

use crate::arguments::ReportRequest;
use crate::exports::Exports;
use crate::{exit, output, saved};

/// Shows the comparison of `request`, and writes what it asks for.
pub(crate) fn report(request: &ReportRequest) -> ExitCode {
    let mut exports = Exports::default();
    exports.add("--export-svg", request.export_svg.clone(), |comparison, path| comparison.export_svg(path));
    let page = match (&request.export_html, &request.export_svg) {
        (None, None) => Some(request.json.with_extension("html")),
        (page, _) => page.clone(),
    };
    exports.add("--export-html", page, |comparison, path| comparison.export_html(path));
    let comparison = saved::read(&request.json).and_then(|comparison| {
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
