use threefold::prelude::*;

#[task]
fn sum(chunk: Slice<u64>) -> u64 {
    chunk.iter().sum()
}

fn main() -> threefold::Result<()> {
    let on = Executor::new(Model::Threads)?;
    let total = on.fold(vec![1, 2], sum, 0, |sum, part| sum + part)?;
    println!("{total}");
    Ok(())
}
