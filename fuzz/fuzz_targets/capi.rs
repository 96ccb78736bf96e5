#![no_main]

#[path = "../../tests/fuzz/abi.rs"]
mod abi;
#[path = "../../tests/fuzz/arguments.rs"]
mod arguments;
#[path = "../../tests/fuzz/capi.rs"]
mod capi;
#[path = "../../tests/fuzz/machine.rs"]
mod machine;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| capi::calls(bytes));
