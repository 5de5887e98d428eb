//! Worker processes of ordinary tests know all that registers itself before `main`.

// Named first, so that the linker puts its constructors last.
extern crate plugins;

use threefold::prelude::*;
use threefold::Items;

plugins::inventory::submit!(plugins::Plugin("second"));

#[task]
fn known(_chunk: u64) -> Vec<String> {
    plugins::names()
}

#[test]
fn every_plugin_is_known_in_a_worker() {
    threefold::init();
    assert_eq!(plugins::names(), ["first", "second"]);
    let on = Executor::builder(Model::Processes).workers(1).build().unwrap();
    assert_eq!(on.map(Items(vec![0]), known).unwrap(), [plugins::names()]);
}
