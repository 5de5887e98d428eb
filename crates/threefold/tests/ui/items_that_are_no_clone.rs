use serde::{Deserialize, Serialize};
use threefold::prelude::*;

#[derive(Serialize, Deserialize)]
struct Page(u64);

#[task]
fn length(chunk: Page) -> u64 {
    chunk.0
}

fn main() -> threefold::Result<()> {
    let lengths = Executor::new(Model::Threads)?.map(Items(vec![Page(1)]), length)?;
    assert_eq!(lengths, [1]);
    Ok(())
}
