//! Plugins that register themselves before `main`, in a crate that does not know of tasks: the linker may put its
//! constructors behind those of the library.

pub use inventory;

/// A plugin, by its name.
pub struct Plugin(pub &'static str);

inventory::collect!(Plugin);

inventory::submit!(Plugin("first"));

/// The names of all plugins of the program, sorted.
pub fn names() -> Vec<String> {
    let mut names: Vec<_> = inventory::iter::<Plugin>.into_iter().map(|plugin| plugin.0.to_string()).collect();
    names.sort();
    names
}
