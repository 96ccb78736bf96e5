//! Where the root key comes from, as the application says.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::system_keyring::{self, SystemKeyring};
use crate::error::{Error, Result};
use crate::limits::{ROOT_KEY_BYTES_MAX, ROOT_KEY_BYTES_MIN};

type Ask = dyn Fn(&mut Vec<u8>) -> Result<()> + Send + Sync;

/// Where the root key of an application's encrypted stores comes from.
///
/// Whoever has it can read the stores, and without it nobody can: keep it as long as any of them, or of their backups.
#[derive(Clone)]
pub struct RootKey {
    pub(super) origin: Origin,
    /// Where the keys lie that the folder `key` only names.
    pub(super) keyring: Arc<dyn SystemKeyring>,
}

#[derive(Clone)]
pub(super) enum Origin {
    /// The folder `key` has the keys, and new ones are made so.
    Kept(Place),
    Bytes(Arc<Zeroizing<Vec<u8>>>),
    Asked(Arc<Ask>),
}

/// Where a root key lies that the library made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In its file.
    File,
    /// In the system's keyring, under a name that stands in its file.
    SystemKeyring,
}

impl RootKey {
    /// A key in the file `key/root.1` below the manager's folder, made when the first encrypted store is, readable by
    /// its owner only. This is the default.
    #[must_use]
    pub fn in_file() -> Self {
        Self::kept(Place::File, system_keyring::system())
    }

    /// A key in the keyring of the system, made when the first encrypted store is: the secret service of a desktop
    /// session on Linux and the BSDs, the keychain of macOS, the credentials of Windows. The file `key/root.<number>`
    /// below the manager's folder names its entry there; where the entry is gone the stores cannot be read, and no new one
    /// takes its place.
    ///
    /// Stores under older root keys open as before, wherever those lie; [`KvStore::rekey`](crate::KvStore::rekey) puts one
    /// under this key. An operation that needs the key of a locked keyring has the user asked for it, waits for a minute
    /// at most, and answers `KeyUnavailable` (15100006) then, or if the keyring cannot be reached.
    ///
    /// # Errors
    ///
    /// `NotSupported` (27459601) if the library was built without the feature `keyring`, or for a system of which it knows
    /// no keyring.
    pub fn in_system_keyring() -> Result<Self> {
        system_keyring::check()?;
        Ok(Self::kept(Place::SystemKeyring, system_keyring::system()))
    }

    /// A key in a keyring that a test brings.
    #[cfg(feature = "simulation")]
    #[doc(hidden)]
    #[must_use]
    pub fn in_keyring(keyring: &Arc<impl SystemKeyring + 'static>) -> Self {
        Self::kept(Place::SystemKeyring, Arc::clone(keyring) as _)
    }

    fn kept(place: Place, keyring: Arc<dyn SystemKeyring>) -> Self {
        Self { origin: Origin::Kept(place), keyring }
    }

    /// A key that the application keeps. It is copied, and the copy is wiped with the last manager that has it.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401) if it has fewer than 32 or more than 1024 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        check_length(bytes.len()).map_err(Error::invalid_argument)?;
        Ok(Self::given(Origin::Bytes(Arc::new(Zeroizing::new(bytes.to_vec())))))
    }

    /// A key that the application is asked for whenever a store is created, opened, backed up, restored or rekeyed. The
    /// function appends 32 to 1024 bytes to the empty vector, which is wiped after use. It runs on a thread of the
    /// library, and must not wait for an answer of the library.
    #[must_use]
    pub fn from_callback(ask: impl Fn(&mut Vec<u8>) -> Result<()> + Send + Sync + 'static) -> Self {
        Self::given(Origin::Asked(Arc::new(ask)))
    }

    fn given(origin: Origin) -> Self {
        Self { origin, keyring: system_keyring::system() }
    }
}

impl Default for RootKey {
    fn default() -> Self {
        Self::in_file()
    }
}

/// By hand: it never shows the key.
impl fmt::Debug for RootKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match &self.origin {
            Origin::Kept(Place::File) => "RootKey(in a file)",
            Origin::Kept(Place::SystemKeyring) => "RootKey(in the system's keyring)",
            Origin::Bytes(_) => "RootKey(given)",
            Origin::Asked(_) => "RootKey(asked for)",
        })
    }
}

pub(super) fn check_length(length: usize) -> std::result::Result<(), String> {
    if (ROOT_KEY_BYTES_MIN..=ROOT_KEY_BYTES_MAX).contains(&length) {
        return Ok(());
    }
    Err(format!(
        "Parameter error: the root key has {length} bytes, it needs {ROOT_KEY_BYTES_MIN} to {ROOT_KEY_BYTES_MAX}."
    ))
}
