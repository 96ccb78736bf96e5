//! The keychain of macOS and the credentials of Windows.

use std::collections::HashMap;

use keyring_core::api::CredentialStoreApi;
use keyring_core::{Entry, Error as KeyringError};
use zeroize::Zeroizing;

#[cfg(target_os = "macos")]
use apple_native_keyring_store::keychain::Store;
#[cfg(windows)]
use windows_native_keyring_store::Store;

use super::SystemKeyring;
use crate::error::{Error, ErrorKind, Result};

/// What our secrets stand under in the system's own window.
const SERVICE: &str = "dkv root key";
/// On Windows a credential would go to the user's other machines with its profile, where the stores are not.
#[cfg(windows)]
const MODIFIERS: &[(&str, &str)] = &[("persistence", "LocalMachine")];
#[cfg(target_os = "macos")]
const MODIFIERS: &[(&str, &str)] = &[];

pub struct Current;

/// Makes sure that there is a keyring in this build.
///
/// # Errors
///
/// None: whether it can be reached shows when it is used.
pub fn check() -> Result<()> {
    Ok(())
}

impl SystemKeyring for Current {
    fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>> {
        match entry(name).and_then(|entry| entry.get_secret()) {
            Ok(secret) => Ok(Some(Zeroizing::new(secret))),
            Err(KeyringError::NoEntry) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    fn write(&self, name: &str, secret: &[u8]) -> Result<()> {
        entry(name).and_then(|entry| entry.set_secret(secret)).map_err(failed)
    }

    fn remove(&self, name: &str) -> Result<()> {
        match entry(name).and_then(|entry| entry.delete_credential()) {
            Ok(()) | Err(KeyringError::NoEntry) => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }
}

fn entry(name: &str) -> std::result::Result<Entry, KeyringError> {
    let modifiers: HashMap<&str, &str> = MODIFIERS.iter().copied().collect();
    Store::new()?.build(SERVICE, name, Some(&modifiers))
}

fn failed(error: KeyringError) -> Error {
    let message = match &error {
        KeyringError::NoStorageAccess(cause) => format!(
            "The system's keyring is locked or refuses this program: {cause}. The stores were left as they are. Unlock it \
             and try again."
        ),
        // It would show the secret that it could not read.
        KeyringError::BadDataFormat(..) | KeyringError::BadEncoding(_) => {
            let message = "The entry of the root key in the system's keyring is malformed.";
            return Error::new(ErrorKind::KeyUnavailable, message);
        }
        error => format!("The system's keyring cannot be used: {error}. The stores were left as they are."),
    };
    Error::new(ErrorKind::KeyUnavailable, message).caused_by(error)
}
