//! `Stream`: the outputs of a fold as they come, for a caller that takes them one by one.
//!
//! A stream is an awaited fold ([`awaiting`](super::awaiting)) without a reduction. Between two outputs its caller may do
//! anything, for any time. So the caller lends no thread: a background thread runs the fold, also if the caller blocks.
//! The window of the fold holds it up while the caller is slow. [`flow`] is that fold.

mod flow;

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;

use self::flow::{Failures, Flowing, Order};
use super::Executor;
use crate::error::Result;
use crate::fold::unpark;
use crate::source::Feed;
use crate::task::TaskOf;

/// The window of a stream, unless the user says otherwise: large enough for workers that take chunks by the hundred, and
/// small enough for outputs of some kilobytes.
const AHEAD: u64 = 1024;

/// The stream gives way to other tasks of the runtime after this many items that were ready without a wait. Otherwise a
/// loop over the stream would keep the thread as long as workers are faster than the loop.
const IN_A_ROW: u32 = 64;

/// The outputs of the chunks, one by one: an [`Iterator`] and a [`futures_core::Stream`] over `Result<T>`.
/// [`Executor::stream`] and [`Executor::stream_unordered`] make it.
///
/// The fold begins when the first item is asked for. Chunks then run ahead of the caller, on a thread of the stream and
/// on the workers of the executor, as far as the [window](Self::ahead) allows. Dropping the stream cancels the fold, as
/// for [a future](Executor#awaiting-a-fold).
///
/// If the fold fails, the last item is the error. [`Executor::stream`] gives the outputs of all chunks below the failed
/// one before it. The stream is fused: after its end it always gives `None`.
///
/// The iterator blocks its thread until the next output is there. In async code, use the `Stream` trait. Both traits
/// have methods of the same names, so with `StreamExt` in scope `stream.next()` is ambiguous: call
/// [`awaited`](Self::awaited) first, which gives a value that is a stream and not an iterator.
///
/// ```
/// use threefold::prelude::*;
///
/// #[task]
/// fn square(n: u64) -> u64 {
///     n * n
/// }
///
/// for output in Executor::new(Model::Threads)?.stream(threefold::from_iter(1..=3), square) {
///     println!("{}", output?);
/// }
/// # Ok::<(), threefold::Error>(())
/// ```
///
/// # Panics
///
/// A panic of an observer, or of the iterator that gives the chunks, unwinds from the call that asks for an item. After
/// that the stream has ended.
#[must_use = "a stream does nothing until an item is asked for"]
pub struct Stream<T> {
    state: State<T>,
    ahead: u64,
    /// How many items a poll has given since the last one that gave none.
    in_a_row: u32,
}

/// What a stream has come to.
enum State<T> {
    /// Nobody has asked for an item. Begins the fold with a window.
    Idle(Box<dyn FnOnce(u64) -> Result<Flowing<T>> + Send>),
    Runs(Flowing<T>),
    Over,
}

impl Executor {
    /// Runs `task` on every chunk of `input`, and gives the outputs as they come, in chunk order.
    ///
    /// `input` is a [`Source`](crate::Source), or an iterator of chunks ([`from_iter`](crate::from_iter)), which may
    /// have no end. [`Stream::ahead`] bounds how many chunks and outputs are in memory at one time.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn parse(word: String) -> u64 {
    ///     word.parse().expect("it is a number")
    /// }
    ///
    /// let words = ["3", "4", "five", "6"].map(String::from);
    /// let mut numbers = Executor::new(Model::Threads)?.stream(threefold::from_iter(words), parse);
    /// assert_eq!(numbers.next().unwrap()?, 3);
    /// assert_eq!(numbers.next().unwrap()?, 4);
    /// assert!(numbers.next().unwrap().unwrap_err().is_panic());
    /// assert!(numbers.next().is_none());
    /// # Ok::<(), threefold::Error>(())
    /// ```
    ///
    /// What tasks print is printed by other threads, on processes too. They wait while this thread holds the lock of the
    /// standard output. So if tasks print there, do not ask for an item while you hold it: neither would go on.
    ///
    /// # Errors
    ///
    /// The last item is an error if the fold has failed. It follows the outputs of all chunks below the lowest chunk that
    /// failed, and is the failure of that chunk: a panic of the task ([`is_panic`](crate::Error::is_panic)), the loss of
    /// the worker process ([`is_worker_lost`](crate::Error::is_worker_lost)), an exceeded timeout
    /// ([`is_timeout`](crate::Error::is_timeout)), or a chunk or output that cannot be serialized
    /// ([`is_serialization`](crate::Error::is_serialization)). Otherwise it is an error of the whole fold: it was
    /// cancelled ([`is_cancelled`](crate::Error::is_cancelled)), or it could not be started
    /// ([`is_setup`](crate::Error::is_setup)).
    pub fn stream<I, T>(&self, input: I, task: T) -> Stream<T::Output>
    where
        I: Feed,
        T: TaskOf<I::Chunk>,
    {
        self.flow(input, task, Order::OfChunks, Failures::End, |_, output| output)
    }

    /// As [`stream`](Self::stream), but the failure of a chunk is an item, and the other chunks run nevertheless. It is what
    /// `map_results` is to `map`. The program `threefold` needs it, and no promise is made about it.
    ///
    /// If the fold is cancelled, each chunk that was not finished is a cancelled error. A feed may have no end of them.
    #[doc(hidden)]
    pub fn __stream_results<I, T>(&self, input: I, task: T) -> Stream<Result<T::Output>>
    where
        I: Feed,
        T: TaskOf<I::Chunk>,
    {
        self.flow(input, task, Order::OfChunks, Failures::AreItems, |_, output| Ok(output))
    }

    /// Runs `task` on every chunk of `input`, and gives the outputs as the chunks end, each with the number of its chunk.
    ///
    /// Outputs of other workers do not wait for a chunk that takes long. A worker may take several chunks at once. If
    /// one of them takes long, the others of the same worker wait for it. A smaller [window](Stream::ahead) means that
    /// fewer chunks can wait like this. The last item is an error if the fold has failed, as for
    /// [`stream`](Self::stream). The stream may have given outputs of higher chunks before this error.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn length(word: String) -> usize {
    ///     word.len()
    /// }
    ///
    /// let words = Items(vec!["one".to_string(), "three".to_string()]);
    /// let lengths = Executor::new(Model::Threads)?.stream_unordered(words, length);
    /// let mut lengths: Vec<(u64, usize)> = lengths.collect::<Result<_, _>>()?;
    /// lengths.sort();
    /// assert_eq!(lengths, [(0, 3), (1, 5)]);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The last item is an error if the fold has failed. It is the failure of the lowest chunk that failed: a panic of the
    /// task ([`is_panic`](crate::Error::is_panic)), the loss of the worker process
    /// ([`is_worker_lost`](crate::Error::is_worker_lost)), an exceeded timeout
    /// ([`is_timeout`](crate::Error::is_timeout)), or a chunk or output that cannot be serialized
    /// ([`is_serialization`](crate::Error::is_serialization)). Otherwise it is an error of the whole fold: it was
    /// cancelled ([`is_cancelled`](crate::Error::is_cancelled)), or it could not be started
    /// ([`is_setup`](crate::Error::is_setup)).
    pub fn stream_unordered<I, T>(&self, input: I, task: T) -> Stream<(u64, T::Output)>
    where
        I: Feed,
        T: TaskOf<I::Chunk>,
    {
        self.flow(input, task, Order::OfEnds, Failures::End, |chunk, output| Ok((chunk, output?)))
    }
}

impl<T> Stream<T> {
    /// Sets the window: the largest number of chunks that have begun and whose outputs the caller has not taken. It is at
    /// least 1; the default is 1,024.
    ///
    /// Memory holds at most this many chunks and outputs at one time, however long the input is and however slow the
    /// caller is. A small window also bounds how much work is lost when the stream is dropped. A large window keeps
    /// workers busy behind a slow chunk, since in `stream` the outputs of later chunks wait for that chunk. If the window
    /// is smaller than the number of workers, some workers are idle. On async, the window bounds how many chunks wait at
    /// the same time.
    ///
    /// Set it before you ask for the first item. Later it has no effect.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn load(page: u32) -> Vec<u8> {
    ///     vec![0; 1 << 20]
    /// }
    ///
    /// // At most 8 MiB of pages wait for this loop.
    /// let pages = Executor::new(Model::Threads)?.stream(threefold::from_iter(0..), load).ahead(8);
    /// for page in pages.take(20) {
    ///     assert_eq!(page?.len(), 1 << 20);
    /// }
    /// # Ok::<(), threefold::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If `chunks` is 0.
    pub fn ahead(mut self, chunks: usize) -> Self {
        assert!(chunks > 0, "the window of a stream must be at least 1 chunk");
        self.ahead = chunks as u64;
        self
    }

    /// The same outputs as a `futures_core::Stream` that is not an iterator. It can be used with the methods of any
    /// crate for streams, such as `StreamExt::next`.
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn square(n: u64) -> u64 {
    ///     n * n
    /// }
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let on = Executor::new(Model::Threads)?;
    /// let mut squares = on.stream(threefold::from_iter(1..), square).awaited();
    /// assert_eq!(squares.next().await.unwrap()?, 1);
    /// assert_eq!(squares.next().await.unwrap()?, 4);
    /// # Ok::<(), threefold::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn awaited(self) -> impl futures_core::Stream<Item = Result<T>> + Send + Unpin + use<T> {
        Awaitable(self)
    }

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        // It is put back if more may come. So a call that unwinds ends the stream: the output that it had is gone, and
        // the next one must not pass for it.
        let mut flow = match std::mem::replace(&mut self.state, State::Over) {
            State::Idle(begin) => match begin(self.ahead) {
                Ok(flow) => flow,
                Err(error) => return Poll::Ready(Some(Err(error))),
            },
            State::Runs(flow) => flow,
            State::Over => return Poll::Ready(None),
        };
        let item = flow.poll_next(cx);
        if matches!(item, Poll::Pending | Poll::Ready(Some(Ok(_)))) {
            self.state = State::Runs(flow);
        }
        item
    }
}

impl<T> Iterator for Stream<T> {
    type Item = Result<T>;

    /// Waits for the next output, on this thread.
    fn next(&mut self) -> Option<Result<T>> {
        let waker = unpark::this_thread();
        loop {
            match self.poll_item(&mut Context::from_waker(&waker)) {
                Poll::Ready(item) => return item,
                // Woken by the next output. A token that an earlier wake-up has left only makes the loop look again.
                Poll::Pending => thread::park(),
            }
        }
    }
}

impl<T> futures_core::Stream for Stream<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        if self.in_a_row >= IN_A_ROW {
            self.in_a_row = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let item = self.poll_item(cx);
        self.in_a_row = if item.is_ready() { self.in_a_row + 1 } else { 0 };
        item
    }
}

/// A stream that is not an iterator.
struct Awaitable<T>(Stream<T>);

impl<T> futures_core::Stream for Awaitable<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        futures_core::Stream::poll_next(Pin::new(&mut self.0), cx)
    }
}

impl<T> fmt::Debug for Stream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("ahead", &self.ahead).finish_non_exhaustive()
    }
}
