//! The whole engine on a simulated volume: the power is cut after any step, and any operation of the disk fails.
//!
//! docs/CRASH-TESTS.md says how this works and how a failure is repeated from its seed.

mod campaign;
mod check;
mod driver;
mod faults;
mod healing;
mod mutants;
mod patience;
mod recovery;
mod rekey_faults;
mod root_keys;
mod schema_faults;
mod schemas;
mod space;
mod survival;
mod volume;
mod workloads;
mod world;
