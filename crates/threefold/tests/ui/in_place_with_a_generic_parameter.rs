use threefold::prelude::*;

fn sizes<T: Send>(words: Vec<T>) -> threefold::Result<Vec<usize>> {
    let on = Executor::new(Model::Threads)?;
    on.map(Items(vec![words.len()]), task_fn!(|n: usize| -> usize { n * size_of::<T>() }))
}

fn main() {
    println!("{:?}", sizes(vec![1]));
}
