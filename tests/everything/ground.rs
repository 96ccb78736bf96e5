//! Where the stores of a run lie: in a folder, or on a volume in memory.

use dkv::{Durability, KvStore, Manager, ManagerOptions, Options};
use tempfile::TempDir;

use crate::common::{BUNDLE, Random, device, manager, single, with};

/// Any kind of store, durable or not.
pub fn options(random: &mut Random) -> Options {
    let options = if random.one_in(2) { single() } else { device() };
    let durability = if random.one_in(2) { Durability::Durable } else { Durability::Relaxed };
    with(options, |options| options.durability = durability)
}

/// A manager over a place of its own, which goes with it.
pub struct Ground {
    pub name: &'static str,
    manager: Manager,
    _folder: Option<TempDir>,
}

impl Ground {
    /// A folder.
    pub fn disk() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { name: "disk", manager: manager(BUNDLE, folder.path()), _folder: Some(folder) }
    }

    /// A volume in memory.
    pub fn memory() -> Self {
        let volume = dkv::simulation::Volume::new();
        let options = ManagerOptions::simulated(BUNDLE, &volume);
        Self { name: "memory", manager: Self::roomy(options), _folder: None }
    }

    /// Many runs go on at once, and the number of open stores is the process's.
    fn roomy(mut options: ManagerOptions) -> Manager {
        options.open_stores_max = 10_000;
        Manager::new(options).unwrap()
    }

    pub fn open(&self, options: &Options) -> KvStore {
        self.manager.get_store("model", options.clone()).wait().unwrap()
    }
}
