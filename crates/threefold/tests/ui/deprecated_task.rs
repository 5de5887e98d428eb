#![deny(deprecated)]

use serde::{Deserialize, Serialize};
use threefold::prelude::*;

#[task]
#[deprecated]
fn double(chunk: u64) -> u64 {
    if chunk > 9 { double(9) } else { 2 * chunk }
}

#[task]
#[deprecated = "use `double`"]
fn times(chunk: u64, factor: &u64) -> u64 {
    chunk * factor
}

#[task]
#[cfg_attr(true, deprecated(note = "use `double`"))]
async fn later(chunk: u64, factor: &u64) -> u64 {
    std::future::ready(chunk * factor).await
}

#[task]
#[deprecated]
fn filled(chunk: u64, piece: &mut [u64]) {
    piece.fill(chunk);
}

#[deprecated]
#[derive(Serialize, Deserialize)]
struct Above(u64);

#[allow(deprecated)]
#[task]
impl Task for Above {
    type Chunk = u64;
    type Output = bool;
    type State = u64;

    fn state(&self) -> u64 {
        self.0
    }

    fn map(&self, state: &mut u64, chunk: u64) -> bool {
        chunk > *state
    }
}

fn main() -> threefold::Result<()> {
    let on = Executor::new(Model::Threads)?;
    on.map(Items(vec![1]), double)?;
    on.map(Items(vec![1]), times.with(2))?;
    on.map(Items(vec![1]), later.with(2))?;
    on.map_into(&mut [0], Items(vec![1]), filled)?;
    on.map(Items(vec![1]), Above(2))?;
    Ok(())
}
