#![no_main]

// The modules of tests/everything, under the names that they know each other by.
#[path = "../../tests/everything/choose.rs"]
mod choose;
#[path = "../../tests/common/mod.rs"]
mod common;
#[path = "../../tests/everything/ground.rs"]
mod ground;
#[path = "../../tests/everything/held.rs"]
mod held;
#[path = "../../tests/everything/model.rs"]
mod model;
#[path = "../../tests/everything/run.rs"]
mod run;
#[path = "../../tests/everything/scripted.rs"]
mod scripted;
#[path = "../threads.rs"]
mod threads;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    scripted::operations(bytes);
    threads::end();
});
