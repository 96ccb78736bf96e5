//! The keyring of the system, where a root key may lie instead of in a file (docs/adr/0015).
//!
//! What it keeps has a name of our choice, which stands in the file `key/root.<generation>`. Each system has its own; the
//! rooms above see one. Without the feature `keyring` there is none, and every use of it is answered so.

// build.rs says which of them this system has.
#[cfg(system_keyring = "credentials")]
mod credentials;
#[cfg(any(test, feature = "simulation"))]
mod memory;
#[cfg(system_keyring = "none")]
mod none;
#[cfg(system_keyring = "secret_service")]
mod secret_service;

use std::sync::Arc;

use zeroize::Zeroizing;

#[cfg(system_keyring = "credentials")]
use credentials as current;
#[cfg(system_keyring = "none")]
use none as current;
#[cfg(system_keyring = "secret_service")]
use secret_service as current;

use crate::error::Result;

pub use current::check;
#[cfg(any(test, feature = "simulation"))]
pub use memory::MemoryKeyring;

/// Keeps secrets under names. It is asked anew each time: nothing stays open between two uses.
pub trait SystemKeyring: Send + Sync {
    /// The secret of this name; nothing if there is none.
    ///
    /// # Errors
    ///
    /// `KeyUnavailable` if the keyring cannot be reached or stays locked, `NotSupported` if there is none.
    fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>>;

    /// Keeps a secret under this name.
    ///
    /// # Errors
    ///
    /// As for `read`.
    fn write(&self, name: &str, secret: &[u8]) -> Result<()>;

    /// Removes the secret of this name.
    ///
    /// # Errors
    ///
    /// As for `read`.
    fn remove(&self, name: &str) -> Result<()>;
}

/// The keyring of this system.
#[must_use]
pub fn system() -> Arc<dyn SystemKeyring> {
    Arc::new(current::Current)
}
