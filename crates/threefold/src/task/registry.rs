//! The registry: a table of every `#[task]` of the program.
//!
//! The linker gathers the entries, so the table is complete before `main`, in every crate of the program and without a
//! line of set-up. The parent tells a worker which task to run by its index in this table. Both run the same executable
//! (the handshake checks that), so the same index is the same task. The parent sends the path too, and the worker
//! compares it: a wrong index is refused, and never runs another task.
//!
//! The path alone would not do. It holds the module and the place in the file, and all tasks that one call of a user's
//! macro writes have the same.

#[cfg(feature = "processes")]
use std::ptr;

use linkme::distributed_slice;

use crate::task::Task;

/// All tasks of this program.
#[doc(hidden)]
#[distributed_slice]
pub static TASKS: [Entry];

/// Declares the static `$entry`, the entry of the task `$task`. Errors call the task `$name`. `$known` stays the same when the
/// file is edited.
///
/// A macro by example, since what it expands to lies in a link section: inside a macro of another crate that is
/// allowed in a crate that forbids unsafe code.
#[doc(hidden)]
#[macro_export]
macro_rules! entry {
    ($entry:ident: $task:ty, $name:expr, $known:expr) => {
        #[$crate::__private::linkme::distributed_slice($crate::__private::TASKS)]
        #[linkme(crate = $crate::__private::linkme)]
        static $entry: $crate::__private::Entry = $crate::__private::Entry::of::<$task>(
            $name,
            concat!(module_path!(), "::", $known, " at ", file!(), ":", line!(), ":", column!()),
        );
    };
}

/// One task: its name and path, and how a worker makes it from bytes.
#[doc(hidden)]
pub struct Entry {
    /// What errors call it: `calculate_sum`.
    pub(crate) name: &'static str,
    /// Where it was written: `crate::module::calculate_sum at src/main.rs:5:1`. Several tasks may have one path.
    #[cfg_attr(
        not(any(feature = "processes", feature = "journal")),
        expect(dead_code, reason = "only workers look tasks up, and journals name them")
    )]
    path: &'static str,
    #[cfg(feature = "processes")]
    pub(crate) receive: crate::task::received::Receive,
}

impl Entry {
    /// The entry of the task `T`. Called by `#[task]` alone.
    #[doc(hidden)]
    pub const fn of<T: Task>(name: &'static str, path: &'static str) -> Self {
        Self {
            name,
            path,
            #[cfg(feature = "processes")]
            receive: crate::task::received::receive::<T>,
        }
    }
}

#[cfg(feature = "journal")]
impl Entry {
    /// The name of the task with its module: `crate::module::calculate_sum`. It stays the same when the file is edited. A
    /// task in place has its file and a hash of its code: `crate::module::task_fn 5e3a.. in src/main.rs`.
    ///
    /// # Errors
    ///
    /// Another task of the program has the same name. Two functions of one module may each have a task of one name.
    pub(crate) fn only_name(&self) -> Result<&'static str, String> {
        self.only_name_in(&TASKS)
    }

    fn only_name_in(&self, table: &[Self]) -> Result<&'static str, String> {
        let (name, _) = self.name_and_place();
        let all = table.iter().map(Self::name_and_place).filter(|(other, _)| *other == name);
        let mut places: Vec<_> = all.map(|(_, place)| place).collect();
        if places.len() < 2 {
            return Ok(name);
        }
        // In the order of the source, which the linker does not keep.
        places.sort_unstable();
        let places = places.join(" and ");
        Err(format!(
            "several tasks are called `{name}` ({places}), and a journal knows a task by its name: rename all but one (a `task_fn!` can be written as a function with `#[task]`)"
        ))
    }

    fn name_and_place(&self) -> (&'static str, &'static str) {
        self.path.rsplit_once(" at ").unwrap_or((self.path, ""))
    }
}

#[cfg(feature = "processes")]
impl Entry {
    /// What a worker finds this entry by: its index in the table as 8 bytes, little-endian, and then its path.
    ///
    /// # Errors
    ///
    /// The entry is not in this program's table, so that no worker could find it.
    pub(crate) fn address(&'static self) -> Result<Vec<u8>, String> {
        address_in(&TASKS, self)
    }
}

/// The entry with that [`address`](Entry::address).
///
/// # Errors
///
/// There is no entry with this index, or its path is another one.
#[cfg(feature = "processes")]
pub(crate) fn find(address: &[u8]) -> Result<&'static Entry, String> {
    find_in(&TASKS, address)
}

#[cfg(feature = "processes")]
fn address_in(table: &[Entry], entry: &Entry) -> Result<Vec<u8>, String> {
    let bytes = ptr::from_ref(entry).addr().wrapping_sub(table.as_ptr().addr());
    let index = bytes / size_of::<Entry>();
    if table.get(index).is_none_or(|other| !ptr::eq(other, entry)) {
        return Err(format!("`{}` is not in this program's table of tasks", entry.path));
    }
    Ok([&(index as u64).to_le_bytes(), entry.path.as_bytes()].concat())
}

#[cfg(feature = "processes")]
fn find_in<'a>(table: &'a [Entry], address: &[u8]) -> Result<&'a Entry, String> {
    let (index, path) = address.split_first_chunk().ok_or("the index of the task is incomplete")?;
    let index = u64::from_le_bytes(*index);
    let entry = usize::try_from(index).ok().and_then(|index| table.get(index));
    entry.filter(|entry| entry.path.as_bytes() == path).ok_or_else(|| {
        format!("task {index} of the worker's {} is not `{}`", table.len(), String::from_utf8_lossy(path))
    })
}

#[cfg(all(test, feature = "journal"))]
mod names {
    use super::Entry;

    const fn entry(path: &'static str) -> Entry {
        Entry {
            name: "",
            path,
            #[cfg(feature = "processes")]
            receive: |_| Err(String::new()),
        }
    }

    #[test]
    fn a_name_is_known_without_its_place_and_must_be_the_only_one() {
        let table = [
            entry("a::part at main.rs:30:1"),
            entry("a::sum at main.rs:9:1"),
            entry("a::part at main.rs:10:1"),
            entry("b::part at main.rs:40:1"),
        ];
        assert_eq!(table[1].only_name_in(&table), Ok("a::sum"));
        assert_eq!(table[3].only_name_in(&table), Ok("b::part"));
        for one in [0, 2] {
            let error = table[one].only_name_in(&table).unwrap_err();
            assert!(error.contains("`a::part`") && error.contains("main.rs:10:1 and main.rs:30:1"), "{error}");
        }
    }
}

#[cfg(all(test, feature = "processes"))]
mod tests {
    use super::{Entry, address_in, find_in};

    /// Three tasks, of which the first two have one path.
    static TABLE: [Entry; 3] =
        [entry("part at main.rs:3:1"), entry("part at main.rs:3:1"), entry("sum at main.rs:9:1")];

    const fn entry(path: &'static str) -> Entry {
        Entry { name: "", path, receive: |_| Err(String::new()) }
    }

    fn address(index: usize) -> Vec<u8> {
        address_in(&TABLE, &TABLE[index]).expect("it is of this table")
    }

    #[test]
    fn each_entry_is_found_by_its_address_though_two_have_one_path() {
        for (index, entry) in TABLE.iter().enumerate() {
            let found = find_in(&TABLE, &address(index)).unwrap();
            assert!(std::ptr::eq(found, entry), "{index}");
        }
    }

    #[test]
    fn an_index_with_the_path_of_another_task_is_refused() {
        let mixed = [&address(1)[..8], &address(2)[8..]].concat();
        let error = find_in(&TABLE, &mixed).err();
        assert_eq!(error.as_deref(), Some("task 1 of the worker's 3 is not `sum at main.rs:9:1`"));
    }

    #[test]
    fn an_address_that_no_table_gave_is_refused() {
        let outside = [&3u64.to_le_bytes(), &address(2)[8..]].concat();
        assert!(find_in(&TABLE, &outside).is_err());
        assert_eq!(find_in(&TABLE, b"short").err().as_deref(), Some("the index of the task is incomplete"));
    }

    #[test]
    fn an_entry_of_another_table_has_no_address() {
        static STRAY: Entry = entry("stray at other.rs:1:1");
        let error = address_in(&TABLE, &STRAY).unwrap_err();
        assert_eq!(error, "`stray at other.rs:1:1` is not in this program's table of tasks");
    }
}
