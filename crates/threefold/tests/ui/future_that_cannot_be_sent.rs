use std::rc::Rc;
use threefold::prelude::*;

#[task]
async fn keeps_across_an_await(chunk: u64) -> u64 {
    let shared = Rc::new(chunk);
    std::future::ready(()).await;
    *shared
}

fn main() {}
