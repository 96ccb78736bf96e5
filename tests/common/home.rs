//! What the tests share: a manager with a folder of its own.
#![allow(dead_code, reason = "no test program uses all of it")]

use dkv::{KvStore, Manager, ManagerOptions, Options, SecurityLevel, StoreKind};

/// The application of the tests.
pub const BUNDLE_NAME: &str = "com.example.tests";

/// A manager whose folder goes with it.
pub struct Home {
    pub manager: Manager,
    pub folder: tempfile::TempDir,
}

impl Home {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let manager = Manager::new(ManagerOptions::new(BUNDLE_NAME, folder.path())).unwrap();
        Self { manager, folder }
    }

    /// A single-version store.
    pub fn single(&self, store_id: &str) -> KvStore {
        self.open(store_id, StoreKind::SingleVersion)
    }

    /// A device store.
    pub fn device(&self, store_id: &str) -> KvStore {
        self.open(store_id, StoreKind::DeviceCollaboration)
    }

    fn open(&self, store_id: &str, kind: StoreKind) -> KvStore {
        let mut options = Options::new(SecurityLevel::S1);
        options.kind = kind;
        self.manager.get_store(store_id, options).wait().unwrap()
    }
}
