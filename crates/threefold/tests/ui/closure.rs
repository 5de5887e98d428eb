use threefold::prelude::*;

fn main() -> threefold::Result<()> {
    let on = Executor::new(Model::Threads)?;
    let total = on.fold(0..100u64, |chunk: std::ops::Range<u64>| chunk.sum::<u64>(), 0, |total, part| total + part)?;
    println!("{total}");
    Ok(())
}
