//! A run whose choices are the bytes of a fuzzer.

use crate::common::Random;
use crate::ground::{Ground, options};
use crate::run::Run;

/// More than any script makes: each operation takes a byte at least.
const OPERATIONS_MAX: usize = 10_000;

/// Everything that the bytes say, on a volume in memory, beside the model.
pub fn operations(bytes: &[u8]) {
    let mut random = Random::scripted(bytes);
    let options = options(&mut random);
    Run::new(Ground::memory(), options, random).run(OPERATIONS_MAX);
}
