//! Models: threads that meet within the library, on schedules that Shuttle chooses by the thousand.
//!
//! The whole engine runs in them, with redb beneath it on a volume in memory: every lock, condition variable and flag of
//! `crate::concurrency` is a place where another thread may go on. A model ends when every thread of the library has
//! ended; one that waits for ever is a deadlock, and named as one. Time does not pass, so no deadline is ever met.
//!
//! `cargo xtask models` runs them. Parts that are small have a model of their own beside them: `lane.rs` here is a module
//! of `engine::lane`. `mutants.rs` shows that the models would notice.

mod closing;
mod mutants;
mod observing;
mod writes;

use std::sync::Arc;
use std::time::Duration;

use shuttle::scheduler::{PctScheduler, RandomScheduler, ReplayScheduler, Scheduler};
use shuttle::{Config, Runner};

use crate::client::{KvStore, Manager, ManagerOptions};
use crate::concurrency::vices;
use crate::disk::simulated::{SimulatedVolume, Vices};
use crate::model::{Options, SecurityLevel};
use crate::{Error, Result};

/// Schedules of each model of the whole engine; a part, which takes a hundredth of the time, gets [`PART`] times as many.
const SCHEDULES: &str = "DKV_MODEL_SCHEDULES";
const SCHEDULES_DEFAULT: usize = 100;
const PART: usize = 10;
/// One schedule, as a failure has printed it, instead of many.
const REPLAYED: &str = "DKV_MODEL_REPLAY";
/// redb recurses, and a stack is only an address until it is used.
const STACK_BYTES: usize = 1 << 20;
/// Most faults of this kind need so many untimely changes of threads, and no more.
const CHANGES_MAX: usize = 3;

/// Time stands still, so this is never over.
pub const NEVER: Duration = Duration::from_secs(3600);

pub const BUNDLE: &str = "com.example.models";
pub const CLOSED: i32 = 15_100_005;
pub const DATABASE: i32 = 27_459_594;
pub const OUTCOME_UNKNOWN: i32 = -3;

/// Tries schedules of a model of the whole engine.
pub fn explore(body: fn(&SimulatedVolume)) {
    explore_schedules(1, move || {
        let volume = SimulatedVolume::new();
        body(&volume);
        // Waits until each thread of the library has ended.
        crate::engine::shutdown(NEVER).unwrap();
    });
}

/// Tries schedules of a model of one part.
pub fn explore_part(body: fn()) {
    explore_schedules(PART, body);
}

fn explore_schedules(factor: usize, body: impl Fn() + Send + Sync + 'static) {
    let body = Arc::new(body);
    let run = |scheduler: Box<dyn Scheduler + Send>| {
        let mut config = Config::new();
        config.stack_size = STACK_BYTES;
        config.silence_warnings = true;
        let body = Arc::clone(&body);
        vices::with_those_asked_for(|| Runner::new(scheduler, config).run(move || body()))
    };
    if let Ok(schedule) = std::env::var(REPLAYED) {
        run(Box::new(ReplayScheduler::new_from_encoded(&schedule)));
        return;
    }
    let asked = std::env::var(SCHEDULES).map_or(SCHEDULES_DEFAULT, |number| number.parse().unwrap());
    let half = (asked * factor).div_ceil(2);
    let tried = run(Box::new(RandomScheduler::new(half))) + run(Box::new(PctScheduler::new(CHANGES_MAX, half)));
    println!("{tried} schedules");
}

/// A handle of the store of all models. It is made if it is not there.
fn open(volume: &SimulatedVolume) -> KvStore {
    let store = try_open(volume).unwrap();
    volume.turn_bad(Vices { ignores_syncs: vices::is_asked_for("syncs"), ..Vices::default() });
    store
}

fn try_open(volume: &SimulatedVolume) -> Result<KvStore> {
    manager(volume).get_store("store", Options::single(SecurityLevel::S1)).wait()
}

fn manager(volume: &SimulatedVolume) -> Manager {
    Manager::new(ManagerOptions::simulated(BUNDLE, volume)).unwrap()
}

/// The number that a key has, on the disk of a volume that nobody has open.
fn stored(volume: &SimulatedVolume, key: &str) -> Option<i32> {
    let store = open(&volume.as_another_process());
    let value = store.get(key).wait();
    store.close().wait().unwrap();
    number(value)
}

/// The number that a read found.
#[track_caller]
fn number(value: Result<crate::Value>) -> Option<i32> {
    match value {
        Ok(crate::Value::Integer(number)) => Some(number),
        Err(error) if error.kind() == crate::ErrorKind::NotFound => None,
        other => panic!("a number was expected: {other:?}"),
    }
}

/// True if an operation succeeded; one that came too late must say so.
#[track_caller]
fn in_time<T>(answer: Result<T>) -> bool {
    match answer {
        Ok(_) => true,
        Err(error) => {
            assert!(is_closed(&error), "{} {error}", error.code());
            false
        }
    }
}

fn is_closed(error: &Error) -> bool {
    error.code() == CLOSED
}
