//! The secret service: the keyring of a desktop session on Linux and the BSDs, reached by the session bus.
//!
//! The bus is one of this user's processes, who could all ask for the secret themselves: it goes over it in the clear.

use std::collections::HashMap;

use dbus_secret_service::{EncryptionType, Error as ServiceError, Item, SecretService};
use zeroize::Zeroizing;

use super::SystemKeyring;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::KEYRING_PROMPT_SECONDS_MAX;

/// What tells our secrets from those of other programs, with the name behind it.
const ATTRIBUTE: &str = "dkv-root-key";
const CONTENT_TYPE: &str = "application/octet-stream";

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
        let service = connect()?;
        let found = find(&service, name).map_err(failed)?;
        let secret = found.map(|item| item.get_secret().map(Zeroizing::new));
        secret.transpose().map_err(failed)
    }

    fn write(&self, name: &str, secret: &[u8]) -> Result<()> {
        let service = connect()?;
        // What lies in any other collection may be gone with the session.
        let collection = service.get_default_collection().map_err(|error| match error {
            ServiceError::NoResult => no_collection(),
            error => failed(error),
        })?;
        let label = format!("dkv root key {name}");
        let created = collection
            .ensure_unlocked()
            .and_then(|()| collection.create_item(&label, attributes(name), secret, true, CONTENT_TYPE));
        created.map(drop).map_err(failed)
    }

    fn remove(&self, name: &str) -> Result<()> {
        let service = connect()?;
        let removed = find(&service, name).and_then(|item| item.map_or(Ok(()), |item| item.delete()));
        removed.map_err(failed)
    }
}

fn attributes(name: &str) -> HashMap<&str, &str> {
    HashMap::from([(ATTRIBUTE, name)])
}

fn connect() -> Result<SecretService> {
    SecretService::connect_with_max_prompt_timeout(EncryptionType::Plain, KEYRING_PROMPT_SECONDS_MAX).map_err(failed)
}

/// The item of this name, unlocked; the user may be asked for that.
fn find<'a>(service: &'a SecretService, name: &str) -> std::result::Result<Option<Item<'a>>, ServiceError> {
    let found = service.search_items(attributes(name))?;
    let item = found.unlocked.into_iter().chain(found.locked).next();
    item.map(|item| item.ensure_unlocked().map(|()| item)).transpose()
}

fn no_collection() -> Error {
    Error::new(
        ErrorKind::KeyUnavailable,
        "The system's keyring has no default collection, where a root key would stay. Make one, or keep the root key in a \
         file, or give it.",
    )
}

fn failed(error: ServiceError) -> Error {
    let message = match &error {
        ServiceError::Locked | ServiceError::Prompt => {
            "The system's keyring is locked, and nobody unlocked it. The stores \
             were left as they are. Unlock it and try again."
                .to_owned()
        }
        error => format!(
            "The system's keyring cannot be used: {error}. It needs a session bus with a secret service. The stores were \
             left as they are."
        ),
    };
    Error::new(ErrorKind::KeyUnavailable, message).caused_by(error)
}
