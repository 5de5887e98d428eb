//! Tasks may have any name: what `#[task]` writes meets no name of the user's.

#![allow(
    non_snake_case,
    non_camel_case_types,
    clippy::upper_case_acronyms,
    reason = "names of types and statics are tried as well"
)]

use threefold::prelude::*;

/// Tasks of these names, and a test that runs them. Functions with captures, plain and async, and structs with an async `map`
/// have all that the other forms have.
macro_rules! tasks_of_the_names {
    ($($name:ident)*) => {
        mod capturing {
            $(#[::threefold::task]
            pub(super) fn $name(given: u64, captured: &u64) -> u64 {
                given + captured
            })*
        }

        mod asynchronous {
            $(#[::threefold::task]
            pub(super) async fn $name(given: u64, captured: &u64) -> u64 {
                ::std::future::ready(given + captured).await
            })*
        }

        mod structs {
            $(#[derive(::serde::Serialize, ::serde::Deserialize)]
            pub(super) struct $name {
                pub(super) added: u64,
            }

            #[::threefold::task]
            impl ::threefold::Task for $name {
                type Chunk = u64;
                type Output = u64;

                async fn map(&self, given: u64) -> u64 {
                    ::std::future::ready(given + self.added).await
                }
            })*
        }

        #[test]
        fn a_task_may_have_any_name() {
            $({
                let name = stringify!($name);
                assert_eq!(Task::map(&capturing::$name.with(2), 1), 3, "{name}");
                assert_eq!(Task::map(&asynchronous::$name.with(2), 1), 3, "{name}");
                assert_eq!(Task::map(&structs::$name { added: 2 }, 1), 3, "{name}");
            })*
        }
    };
}

tasks_of_the_names! {
    chunk output one other self_ value function future boxed name
    map with wait main entry new eq deref is_err is_eq
    Entry ENTRY FUNCTION Task With Captures Chunk Output
    std core threefold serde
    Some None Box Option Vec Into
    r#type r#async
}

mod own {
    use threefold::task;

    #[task]
    pub(super) fn rows(rows: u64) -> u64 {
        rows + 1
    }

    #[task]
    pub(super) fn limit((limit, _): (u64, u64)) -> u64 {
        limit + 2
    }

    #[task]
    pub(super) fn weights(chunk: u64, weights: &[u64]) -> u64 {
        chunk + weights.iter().sum::<u64>()
    }

    #[task]
    pub(super) async fn page(page: u64) -> u64 {
        page + 4
    }
}

#[test]
fn a_parameter_may_have_the_name_of_its_task() {
    let on = Executor::new(Model::Sequential).unwrap();
    assert_eq!(on.map(Items(vec![1]), own::rows).unwrap(), [2]);
    assert_eq!(on.map(Items(vec![(1, 0)]), own::limit).unwrap(), [3]);
    assert_eq!(on.map(Items(vec![1]), own::weights.with([1, 2])).unwrap(), [4]);
    assert_eq!(on.map(Items(vec![1]), own::page).unwrap(), [5]);
    assert_eq!(own::rows(1), 2);
}
