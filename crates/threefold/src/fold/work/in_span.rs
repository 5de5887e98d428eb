//! How a chunk runs if somebody listens to its events: in a span of its own.
//!
//! It is apart from the loop over chunks, which stays as small as it is in a build without the feature `tracing`.

use super::Work;
use crate::error::Cause;
use crate::fold::Fold;
use crate::source::Pieces;
use crate::task::Task;
use crate::task::state::State;

impl<P: Pieces<Chunk = T::Chunk>, T: Task> Work<P, T> {
    /// Makes chunk `number` and maps it, in its span.
    #[inline(never)]
    pub(super) fn map_in_span(
        &self,
        state: &mut State,
        (number, attempt): (u64, u32),
        fold: &Fold,
        worker: usize,
    ) -> Result<T::Output, Cause> {
        let span = fold.scope.chunk(number, attempt, worker, || self.pieces.describe(number));
        let _entered = fold.scope.enter_chunk(&span);
        Ok(self.task.__map_with(state, self.piece(number, self.is_checked(number))?))
    }
}
