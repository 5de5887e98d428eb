//! Arrays as sources: workers share the items behind one pointer. Only `[T; N]` is copied, once, into a `Vec`.

use std::sync::Arc;

use bytemuck::Pod;

use super::{Divisible, Slice, Source, Windows};
use crate::shared::Shared;

/// Implements both traits for an array of `T`, which the given function turns into a `Slice<T>`.
macro_rules! array_source {
    ($([$($parameter:tt)*] $array:ty, $slice:expr;)+) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($parameter)*> Source for $array {
            type Chunk = Slice<T>;
            type Pieces = Windows<Slice<T>>;

            fn into_pieces(self) -> Self::Pieces {
                Windows::by_default(self.into_whole())
            }

            fn item_count(&self) -> u128 {
                <[T]>::len(self) as u128
            }
        }

        #[diagnostic::do_not_recommend]
        impl<$($parameter)*> Divisible for $array {
            type Whole = Slice<T>;

            fn into_whole(self) -> Slice<T> {
                $slice(self)
            }
        }
    )+};
}

array_source! {
    [T: Send + Sync + 'static] Vec<T>, Slice::from;
    [T: Send + Sync + 'static] Arc<[T]>, Slice::from;
    [T: Send + Sync + 'static] &Arc<[T]>, |array: &Arc<[T]>| Slice::from(Arc::clone(array));
    [T: Pod + Send + Sync] Shared<T>, Slice::from;
    [T: Pod + Send + Sync] &Shared<T>, |array: &Shared<T>| Slice::from(array.clone());
    [T: Send + Sync + 'static] Slice<T>, |slice| slice;
    [T: Send + Sync + 'static, const N: usize] [T; N], |array| Slice::from(Vec::from(array));
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::shared::Shared;
    use crate::source::{Slice, Source};

    #[test]
    fn every_kind_of_array_is_cut_alike() {
        let expected = [vec![1, 2], vec![3]];
        let shared: Arc<[i32]> = Arc::from([1, 2, 3]);
        let cut = |chunks: &mut dyn Iterator<Item = Slice<i32>>| chunks.map(|chunk| chunk.to_vec()).collect::<Vec<_>>();
        assert_eq!(cut(&mut vec![1, 2, 3].split_into(2).all_chunks()), expected);
        assert_eq!(cut(&mut [1, 2, 3].split_into(2).all_chunks()), expected);
        assert_eq!(cut(&mut (&shared).split_into(2).all_chunks()), expected);
        assert_eq!(cut(&mut Slice::from(vec![1, 2, 3]).split_into(2).all_chunks()), expected);
        assert_eq!(cut(&mut shared.split_into(2).all_chunks()), expected);
        let array = Shared::copy_of(&[1, 2, 3]).unwrap();
        assert_eq!(cut(&mut (&array).split_into(2).all_chunks()), expected);
        assert_eq!(cut(&mut array.split_into(2).all_chunks()), expected);
    }
}
