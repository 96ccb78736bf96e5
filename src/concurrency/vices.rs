//! How the primitives of a model betray those who trust them: so each model shows that it would notice.
//!
//! A vice concerns one file of the source, so that it stands for a fault in it: a notification that is forgotten, or a
//! look and a change that are two steps where they have to be one.

use std::cell::Cell;
use std::panic::Location;
use std::time::Duration;

use shuttle::sync::{self, LockResult, MutexGuard};

/// What is broken, and where: the end of a path, as in `engine/lane.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vice {
    /// Nobody is woken.
    Deaf(&'static str),
    /// An exchange of a flag is a look and then a change.
    Torn(&'static str),
}

/// The vice that is asked for: `deaf FILE`, `torn FILE`, or `syncs`, which is the volume's.
pub const ASKED: &str = "DKV_MODEL_VICE";

thread_local! {
    /// All threads of a model are one of the system's.
    static VICE: Cell<Option<Vice>> = const { Cell::new(None) };
}

/// True if this vice is the one that is asked for.
pub fn is_asked_for(vice: &str) -> bool {
    std::env::var(ASKED).is_ok_and(|asked| asked == vice)
}

/// Runs `body` with primitives that have the vice that is asked for.
pub fn with_those_asked_for<R>(body: impl FnOnce() -> R) -> R {
    let asked = std::env::var(ASKED).unwrap_or_default();
    VICE.set(match asked.split_once(' ') {
        Some(("deaf", file)) => Some(Vice::Deaf(file.to_owned().leak())),
        Some(("torn", file)) => Some(Vice::Torn(file.to_owned().leak())),
        _ => None,
    });
    let result = body();
    VICE.set(None);
    result
}

fn concerns(caller: &Location<'_>, vice: fn(&'static str) -> Vice) -> bool {
    let file = match VICE.get() {
        Some(Vice::Deaf(file) | Vice::Torn(file)) => file,
        None => return false,
    };
    VICE.get() == Some(vice(file)) && caller.file().ends_with(file)
}

/// Shuttle's condition variable, which may be deaf.
#[derive(Debug, Default)]
pub struct Condvar(sync::Condvar);

impl Condvar {
    pub const fn new() -> Self {
        Self(sync::Condvar::new())
    }

    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        self.0.wait(guard)
    }

    pub fn wait_while<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        condition: impl FnMut(&mut T) -> bool,
    ) -> LockResult<MutexGuard<'a, T>> {
        self.0.wait_while(guard, condition)
    }

    /// Shuttle knows no time: whoever waits is woken or waits for ever.
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        timeout: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, sync::WaitTimeoutResult)> {
        self.0.wait_timeout(guard, timeout)
    }

    pub fn wait_timeout_while<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        timeout: Duration,
        condition: impl FnMut(&mut T) -> bool,
    ) -> LockResult<(MutexGuard<'a, T>, sync::WaitTimeoutResult)> {
        self.0.wait_timeout_while(guard, timeout, condition)
    }

    #[track_caller]
    pub fn notify_one(&self) {
        if !concerns(Location::caller(), Vice::Deaf) {
            self.0.notify_one();
        }
    }

    #[track_caller]
    pub fn notify_all(&self) {
        if !concerns(Location::caller(), Vice::Deaf) {
            self.0.notify_all();
        }
    }
}

/// Shuttle's flag, which may be torn.
#[derive(Debug, Default)]
pub struct AtomicBool(sync::atomic::AtomicBool);

impl AtomicBool {
    pub const fn new(value: bool) -> Self {
        Self(sync::atomic::AtomicBool::new(value))
    }

    pub fn load(&self, order: sync::atomic::Ordering) -> bool {
        self.0.load(order)
    }

    pub fn store(&self, value: bool, order: sync::atomic::Ordering) {
        self.0.store(value, order);
    }

    #[track_caller]
    pub fn swap(&self, value: bool, order: sync::atomic::Ordering) -> bool {
        if concerns(Location::caller(), Vice::Torn) {
            let before = self.0.load(order);
            self.0.store(value, order);
            return before;
        }
        self.0.swap(value, order)
    }

    pub fn get_mut(&mut self) -> &mut bool {
        self.0.get_mut()
    }
}
