//! Encrypting a store anew, under its open handles (`store.md` 9.1 to 9.4).
//!
//! A new data key, and every block written again: whoever had the old key has nothing of the new file. Backups keep
//! their own keys.

use super::base::Base;
use super::random;
use super::replacing;
use super::schemas;
use crate::disk::{Identity, StoreFile};
use crate::error::{Error, ErrorKind, Result};
use crate::storage;

/// Replaces the store's key. The caller has made sure that nobody else holds a part of it.
///
/// # Errors
///
/// `Corrupted` for a store that is not encrypted, or is damaged; `KeyUnavailable` if there is no root key; `Database` or
/// `CannotOpen` if the disk fails, also on the way to that key. The store keeps its old key then, unless the message says
/// otherwise.
pub fn rekey(base: &mut Base) -> Result<()> {
    let source = &base.known.source;
    if !source.identity.encrypted {
        return Err(Error::new(
            ErrorKind::Corrupted,
            "The store is not encrypted, so it has no key to replace. Create an encrypted store and copy its entries.",
        ));
    }
    source.keys.check().map_err(|error| {
        if error.kind() == ErrorKind::CannotOpen {
            return error;
        }
        let message = format!("The store keeps its key, because no new one can be made. {error}");
        Error::new(ErrorKind::KeyUnavailable, message).caused_by(error)
    })?;
    let replacement = StoreFile::replace(&source.folder())?;
    let identity = Identity { file_id: random()?, ..source.identity.clone() };
    {
        // Given back before the exchange, which waits for every view.
        let live = base.published.view()?;
        storage::rewrite(live.snapshot(), &replacement, identity, &source.keys)?;
    }
    if let Some(schema) = &base.known.schema {
        schemas::fit_file(&replacement, &source.keys, schema)?;
    }
    replacing::replace(base, replacement, "The store was encrypted under a new key.")
}
