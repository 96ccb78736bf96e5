//! The locks, condition variables and atomics by which threads meet.
//!
//! They are the standard library's. Under `--cfg shuttle` those of the unit tests are Shuttle's, which runs one thread at
//! a time and chooses who goes on wherever one of them is touched: `src/models` tries schedules by the thousand. What is
//! only counted for statistics, and what lies beneath `storage`, stays the standard library's: no schedule may change
//! while a lock of that kind is held.

#[cfg(all(test, shuttle))]
pub mod vices;

#[cfg(not(all(test, shuttle)))]
mod chosen {
    pub use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    pub use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
}

#[cfg(all(test, shuttle))]
mod chosen {
    pub use shuttle::sync::atomic::{AtomicUsize, Ordering};
    pub use shuttle::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

    pub use super::vices::{AtomicBool, Condvar};
}

pub use chosen::*;

/// A global of the library. A model has one for each schedule that it tries.
macro_rules! global {
    ($(#[$documentation:meta])* static $name:ident: $type:ty = $value:expr;) => {
        $(#[$documentation])*
        #[cfg(not(all(test, shuttle)))]
        static $name: $type = $value;
        #[cfg(all(test, shuttle))]
        shuttle::lazy_static! { static ref $name: $type = $value; }
    };
}

pub(crate) use global;
