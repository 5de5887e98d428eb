//! Tips of the parser that do not fit this program.

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Removes the tip to give what was typed after `--`: nothing that begins like an option is a RANGE or a command.
pub(super) fn withdraw_trailing(error: &mut clap::Error) {
    if error.kind() == ErrorKind::UnknownArgument
        && let Some(ContextValue::StyledStrs(tips)) = error.remove(ContextKind::Suggested)
    {
        let tips: Vec<_> = tips.into_iter().filter(|tip| !tip.to_string().contains("as a value, use")).collect();
        if !tips.is_empty() {
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
        }
    }
}
