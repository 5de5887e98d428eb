//! `Items`: a list whose elements are one chunk each.

use super::{Pieces, Source};

/// A list whose elements are one chunk each: `Items(vec![a, b, c])` has three chunks.
///
/// It is for inputs that cannot be cut further: file names, requests, seeds. A task is given a clone of the element, so
/// a chunk can be run again. For a large array of small values use the array itself as the source.
///
/// ```
/// use threefold::prelude::*;
/// use threefold::Items;
///
/// #[task]
/// fn length(word: String) -> usize {
///     word.len()
/// }
///
/// let on = Executor::new(Model::Threads)?;
/// let words = Items(vec!["one".to_string(), "three".to_string()]);
/// assert_eq!(on.map(words, length)?, [3, 5]);
/// # Ok::<(), threefold::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Items<C>(pub Vec<C>);

#[diagnostic::do_not_recommend]
impl<C: Clone + Send + Sync + 'static> Source for Items<C> {
    type Chunk = C;
    type Pieces = Items<C>;

    fn into_pieces(self) -> Items<C> {
        self
    }

    fn item_count(&self) -> u128 {
        self.0.len() as u128
    }

    fn chunk_count(&self) -> u128 {
        self.item_count()
    }
}

impl<C: Clone + Send + Sync + 'static> Pieces for Items<C> {
    type Chunk = C;

    fn count(&self) -> Result<u64, String> {
        Ok(self.0.len() as u64)
    }

    fn piece(&self, index: u64) -> C {
        self.0[index as usize].clone()
    }

    fn describe(&self, index: u64) -> String {
        format!("item {index}")
    }

    fn first(&self, items: u128) -> Option<Self> {
        let items = usize::try_from(items).unwrap_or(usize::MAX).min(self.0.len());
        Some(Self(self.0[..items].to_vec()))
    }
}
