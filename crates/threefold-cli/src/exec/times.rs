//! How long is waited for what does not tell of itself.

use std::time::Duration;

/// A process that is told to end has this time to do so before it is killed.
pub(super) const GRACE: Duration = Duration::from_millis(100);

/// How often a thread that waits for a child asks whether the output is still wanted. A cancelled run then ends its
/// children soon enough, and a wait costs nothing that could be measured.
pub(super) const PATIENCE: Duration = Duration::from_millis(50);

/// How often is looked for those of a group that have not ended yet. They have no longer than the [`GRACE`].
pub(super) const LOOK: Duration = Duration::from_millis(5);
