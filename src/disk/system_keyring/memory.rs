//! A keyring in memory, for the tests of what lies above it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use super::SystemKeyring;
use crate::error::{Error, ErrorKind, Result};

/// A keyring that forgets with the process, and can be locked.
#[derive(Debug, Default)]
pub struct MemoryKeyring(Mutex<Inside>);

#[derive(Debug, Default)]
struct Inside {
    secrets: HashMap<String, Vec<u8>>,
    locked: bool,
}

impl MemoryKeyring {
    /// An empty one.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> Result<MutexGuard<'_, Inside>> {
        let inside = self.inside();
        if inside.locked {
            return Err(Error::new(ErrorKind::KeyUnavailable, "The keyring in memory is locked."));
        }
        Ok(inside)
    }

    /// All secrets, with their names.
    #[must_use]
    pub fn secrets(&self) -> HashMap<String, Vec<u8>> {
        self.inside().secrets.clone()
    }
}

/// What goes wrong with a keyring.
#[cfg(feature = "simulation")]
impl MemoryKeyring {
    /// Locks it, or unlocks it again.
    pub fn lock(&self, locked: bool) {
        self.inside().locked = locked;
    }

    /// Puts other secrets in the place of all that it has.
    pub fn replace(&self, secrets: HashMap<String, Vec<u8>>) {
        self.inside().secrets = secrets;
    }
}

impl SystemKeyring for MemoryKeyring {
    fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>> {
        Ok(self.open()?.secrets.get(name).cloned().map(Zeroizing::new))
    }

    fn write(&self, name: &str, secret: &[u8]) -> Result<()> {
        self.open()?.secrets.insert(name.to_owned(), secret.to_vec());
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<()> {
        self.open()?.secrets.remove(name);
        Ok(())
    }
}
