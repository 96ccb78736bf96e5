//! A volume in memory that remembers every step, so that tests can cut the power after any of them.
//!
//! It keeps what was there when it began and a log of what was done since: writes, changes of length and syncs of each
//! file, names made, changed and removed in each folder, and syncs of folders. A [`SimulatedVolume`] after a crash is made
//! from a prefix of that log: what was synced is there, and of the rest whatever a disk may make of it
//! ([`Loss`]). Another engine then opens that volume, the first one does not notice. All of it follows from a seed.
//!
//! It also fails on demand ([`Fault`]). It is stricter than most disks: a new name is lost without a sync of its folder,
//! also if the file was synced.

mod content;
mod crash;
mod fault;
mod file;
mod image;
mod locks;
mod random;
mod volume;

pub use crash::Loss;
pub use fault::Fault;
pub use random::Random;
pub use volume::{SimulatedVolume, Vices};
