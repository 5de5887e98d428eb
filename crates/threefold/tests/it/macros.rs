//! What `#[task]` must take.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use threefold::prelude::*;

/// Documented, visible, inlined: attributes go where they belong.
#[task]
#[inline]
#[must_use]
#[allow(clippy::manual_is_multiple_of)]
pub(crate) fn is_even(chunk: u64) -> bool {
    chunk % 2 == 0
}

#[task]
fn factorial(chunk: u64) -> u64 {
    if chunk < 2 { 1 } else { chunk * factorial(chunk - 1) }
}

#[task]
fn first_of((first, _): (u8, u8)) -> u8 {
    first
}

#[task]
fn countdown(mut chunk: Range<u32>) -> u32 {
    chunk.next_back().unwrap_or_default()
}

#[task]
fn r#type(chunk: String) -> usize {
    chunk.len()
}

#[task]
fn nothing(_: u8) {}

#[cfg(false)]
#[task]
fn absent(chunk: NoSuchType) {}

#[task]
async fn doubled(chunk: u32) -> Result<u32, String> {
    let once = std::future::ready(chunk).await;
    once.checked_mul(2).ok_or_else(|| "too much".to_string())
}

mod one {
    use threefold::task;

    #[task]
    pub(crate) fn namesake(chunk: u8) -> u8 {
        chunk + 1
    }
}

mod two {
    use threefold::task;

    #[task]
    pub(crate) fn namesake(chunk: u8) -> u8 {
        chunk + 2
    }
}

mod renamed {
    pub(crate) use ::threefold as fold;

    #[fold::task(crate = "crate::macros::renamed::fold")]
    pub(crate) fn halved(chunk: u8) -> u8 {
        chunk / 2
    }
}

#[derive(Serialize, Deserialize)]
struct Threshold(f64);

#[task]
impl Task for Threshold {
    type Chunk = Slice<f64>;
    type Output = Option<f64>;

    fn map(&self, values: Slice<f64>) -> Option<f64> {
        values.iter().copied().find(|&value| value > self.0)
    }
}

#[derive(Serialize, Deserialize)]
struct Next;

// On one line, where the compiler would call braces unnecessary.
#[rustfmt::skip]
#[task]
impl Task for Next {
    type Chunk = u64;
    type Output = u64;

    async fn map(&self, chunk: u64) -> u64 { std::future::ready(chunk + 1).await }
}

#[test]
fn an_async_map_may_be_on_one_line() {
    assert_eq!(Next.map(1), 2);
}

#[derive(Serialize, Deserialize)]
struct Delayed {
    by: u64,
}

#[task]
impl Task for Delayed {
    type Chunk = (u64, String);
    type Output = Result<String, String>;

    async fn map(&self, (times, mut text): (u64, String)) -> Result<String, String> {
        tokio::time::sleep(std::time::Duration::from_millis(self.by)).await;
        if times == 0 {
            return Err("no times".to_string());
        }
        text = text.repeat(usize::try_from(times).map_err(|error| error.to_string())?);
        Ok(text)
    }
}

#[test]
fn tasks_stay_callable_and_are_function_pointers() {
    assert!(is_even(4) && !is_even(3));
    let pointer: fn(u64) -> bool = *is_even;
    assert_eq!([1, 2, 3].map(pointer), [false, true, false]);
    assert_eq!((factorial(5), first_of((7, 8)), countdown(0..9), r#type("abc".to_string())), (120, 7, 8, 3));
    let () = nothing(0);
}

#[tokio::test]
async fn async_tasks_stay_awaitable() {
    assert_eq!(doubled(21).await, Ok(42));
    assert_eq!(Threshold(1.5).map(Slice::from(vec![1.0, 2.0])), Some(2.0));
}

#[test]
fn every_kind_of_task_runs_on_every_model() {
    threefold::init();
    for &model in Model::available() {
        let on = Executor::new(model).unwrap();
        assert_eq!(on.map(Items(vec![4, 5]), is_even).unwrap(), [true, false]);
        assert_eq!(on.map(Items(vec![4, 5]), factorial).unwrap(), [24, 120]);
        assert_eq!(on.map(Items(vec![(1, 2)]), first_of).unwrap(), [1]);
        assert_eq!(on.map(Items(vec!["abc".to_string()]), r#type).unwrap(), [3]);
        assert_eq!(on.map(Items(vec![1, u32::MAX]), doubled).unwrap(), [Ok(2), Err("too much".to_string())]);
        assert_eq!(on.map(Items(vec![1]), one::namesake).unwrap(), [2]);
        assert_eq!(on.map(Items(vec![1]), two::namesake).unwrap(), [3]);
        assert_eq!(on.map(Items(vec![8]), renamed::halved).unwrap(), [4]);
        assert_eq!(on.map(vec![0.5, 2.5].split_into(1), Threshold(1.0)).unwrap(), [Some(2.5)]);
        let repeated = on.map(Items(vec![(2, "ab".to_string()), (0, String::new())]), Delayed { by: 1 }).unwrap();
        assert_eq!(repeated, [Ok("abab".to_string()), Err("no times".to_string())]);
    }
}

#[test]
fn tasks_of_one_name_in_one_file_are_told_apart() {
    threefold::init();
    fn first() -> Vec<u8> {
        #[task]
        fn local(chunk: u8) -> u8 {
            chunk
        }
        Executor::new(Model::Processes).unwrap().map(Items(vec![1]), local).unwrap()
    }
    fn second() -> Vec<u8> {
        #[task]
        fn local(chunk: u8) -> u8 {
            chunk + 10
        }
        Executor::new(Model::Processes).unwrap().map(Items(vec![1]), local).unwrap()
    }
    assert_eq!((first(), second()), (vec![1], vec![11]));
}

/// Two functions with a task each. The tasks have one name, and one place in the file: that of the macro's call.
macro_rules! tasks_of_one_name_and_place {
    ($($function:ident: $operation:expr;)*) => {$(
        fn $function(model: Model) -> Vec<u64> {
            #[task]
            fn part(chunk: u64) -> u64 {
                $operation(chunk, chunk)
            }
            Executor::new(model).unwrap().map(Items(vec![3, 4]), part).unwrap()
        }
    )*};
}

tasks_of_one_name_and_place! {
    doubles: u64::wrapping_add;
    squares: u64::wrapping_mul;
}

#[test]
fn tasks_that_a_macro_writes_with_one_name_and_place_are_told_apart() {
    threefold::init();
    for &model in Model::available() {
        assert_eq!((doubles(model), squares(model)), (vec![6, 8], vec![9, 16]), "{model}");
    }
}

#[test]
fn a_raw_name_is_told_without_its_mark() {
    let on = Executor::new(Model::Sequential).unwrap();
    let error = on.fold((0..1u8).split_into(0), one_of, 0, |total, part| total + part).unwrap_err();
    assert!(error.is_setup());
    let error = on.for_each(Items(vec![1]), r#match).unwrap_err();
    assert_eq!(error.task(), Some("match"));
}

#[task]
fn one_of(chunk: Range<u8>) -> u8 {
    chunk.start
}

#[task]
fn r#match(chunk: u8) -> u8 {
    panic!("{chunk}")
}
