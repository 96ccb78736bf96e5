//! What the process has open: the one global of the library.

use std::collections::HashMap;
use std::sync::Arc;

use once_cell::sync::OnceCell;

use super::dispatch::Dispatch;
use super::lane::Lane;
use super::manager::ManagerJob;
use super::slot::{Slot, SlotJob};
use crate::concurrency::{Mutex, MutexGuard, PoisonError, global};
use crate::disk::{Tree, forked, watch_forks};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{AppId, StoreId};

/// A store is one id below one folder, by whatever path the folder was named.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StoreKey {
    pub tree: Tree,
    pub store_id: StoreId,
}

/// The library's state in this process.
pub struct Engine {
    pub manager: Arc<Lane<ManagerJob>>,
    pub dispatch: Arc<Dispatch>,
    registry: Mutex<Registry>,
}

#[derive(Default)]
struct Registry {
    slots: HashMap<StoreKey, Arc<Slot>>,
    /// Number of open stores of each application.
    open: HashMap<AppId, u32>,
}

global! {
    static ENGINE: OnceCell<Engine> = OnceCell::new();
}

/// The library's state, made with the first call that needs it.
///
/// # Errors
///
/// `Forked` in a child of the process that made it; `Database` if forks cannot be watched.
pub fn engine() -> Result<&'static Engine> {
    if forked() {
        return Err(Error::forked());
    }
    ENGINE.get_or_try_init(|| {
        watch_forks()?;
        Ok(Engine {
            manager: Arc::new(Lane::new()),
            dispatch: Dispatch::new("dkv-manager-dispatch", || {}),
            registry: Mutex::new(Registry::default()),
        })
    })
}

impl Engine {
    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the store's slot to do something; makes the slot if there is none.
    ///
    /// The push happens under the registry's lock, so that a slot which retires meanwhile is not used beside a new one.
    pub fn push(&self, key: StoreKey, job: SlotJob) {
        let mut registry = self.registry();
        let slot = registry.slots.entry(key).or_insert_with_key(|key| Slot::new(key.clone()));
        slot.push(job);
    }

    /// True if no store is open, and none is asked for.
    pub fn is_idle(&self) -> bool {
        self.manager.is_idle() && self.registry().slots.is_empty()
    }

    /// Asks every slot to close its store.
    pub fn close_all(&self) {
        for slot in self.registry().slots.values() {
            slot.push(SlotJob::Shutdown);
        }
    }
}

/// Forgets a slot one of whose threads ends, unless the other still runs or it was asked something meanwhile.
pub fn retire(slot: &Arc<Slot>) {
    let Some(engine) = ENGINE.get() else { return };
    let mut registry = engine.registry();
    if slot.is_idle() && registry.slots.get(&slot.key).is_some_and(|known| Arc::ptr_eq(known, slot)) {
        registry.slots.remove(&slot.key);
    }
}

/// A place among the stores that an application may have open. Dropping it gives the place back.
pub struct OpenPlace {
    app_id: AppId,
}

impl OpenPlace {
    /// Takes a place.
    ///
    /// # Errors
    ///
    /// `OverLimits`, naming the limit.
    pub fn take(app_id: &AppId, open_stores_max: u32) -> Result<Self> {
        let mut registry = engine()?.registry();
        let open = registry.open.entry(app_id.clone()).or_insert(0);
        if *open >= open_stores_max {
            return Err(Error::new(
                ErrorKind::OverLimits,
                format!(
                    "Over max limits. The application has {open} stores open, the limit is {open_stores_max}. Close one."
                ),
            ));
        }
        *open += 1;
        Ok(Self { app_id: app_id.clone() })
    }
}

impl Drop for OpenPlace {
    fn drop(&mut self) {
        let Some(engine) = ENGINE.get() else { return };
        let mut registry = engine.registry();
        if let Some(open) = registry.open.get_mut(&self.app_id) {
            *open -= 1;
            if *open == 0 {
                registry.open.remove(&self.app_id);
            }
        }
    }
}
