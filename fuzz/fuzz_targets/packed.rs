#![no_main]

#[path = "../../tests/fuzz/abi.rs"]
mod abi;
#[path = "../../tests/fuzz/packed.rs"]
mod packed;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| packed::records(bytes));
