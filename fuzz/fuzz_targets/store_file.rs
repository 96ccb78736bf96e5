#![no_main]

#[path = "../../tests/common/mod.rs"]
mod common;
#[path = "../../tests/fuzz/files.rs"]
mod files;
#[path = "../panics.rs"]
mod panics;
#[path = "../threads.rs"]
mod threads;

libfuzzer_sys::fuzz_target!(init: panics::forgive_redb(), |bytes: &[u8]| {
    files::store_file(bytes);
    threads::end();
});
