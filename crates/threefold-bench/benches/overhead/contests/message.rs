//! 64 MiB to one worker process and back.

use serde_bytes::ByteBuf;
use threefold::Portable;
use threefold::prelude::*;
use threefold_contest::{Contest, Measured, Sample, timed};

use crate::field::executor;
use crate::rivals::procspawn;

#[task]
fn same_vec(bytes: Vec<u8>) -> Vec<u8> {
    bytes
}

#[task]
fn same_byte_buf(bytes: ByteBuf) -> ByteBuf {
    bytes
}

pub(crate) fn vec(name: &str) -> Contest {
    message(name, "64 MiB to a worker process and back, as `Vec<u8>`", same_vec, Vec::from)
}

pub(crate) fn byte_buf(name: &str) -> Contest {
    message(name, "64 MiB to a worker process and back, as `serde_bytes::ByteBuf`", same_byte_buf, ByteBuf::from)
}

/// `task` gives the bytes back that it is given.
fn message<T, B>(name: &str, title: &str, task: T, of: fn(Vec<u8>) -> B) -> Contest
where
    T: Task<Chunk = B, Output = B> + Copy,
    B: Portable + serde::Serialize + serde::de::DeserializeOwned + Sync + Clone + PartialEq,
{
    let bytes = of((0..64 << 20).map(|i: u32| (i ^ (i >> 8)) as u8).collect());
    let mut contest = Contest::new(name, title).rounds(9);
    let on = executor(Model::Processes, 1);
    let folded = move |bytes| on.map(Items(vec![bytes]), task).expect("nothing fails").pop();
    contest.ours("processes", "processes", sample(&bytes, folded));
    let pool = procspawn::pool(1);
    let spawned = move |bytes| pool.spawn(bytes, |bytes: B| bytes).join().ok();
    contest.rival("processes", "procspawn, pool", sample(&bytes, spawned));
    contest
}

/// Neither the copy that is given away nor the comparison is part of the time.
fn sample<B: Clone + PartialEq + Send + 'static>(
    bytes: &B,
    mut run: impl FnMut(B) -> Option<B> + Send + 'static,
) -> Sample {
    let bytes = bytes.clone();
    Box::new(move || {
        let (copy, mut back) = (bytes.clone(), None);
        let seconds = timed(|| back = run(copy));
        assert!(back.as_ref() == Some(&bytes), "what comes back is what was sent");
        Measured::from(seconds)
    })
}
