//! The keys of a device store: the index of the origin, then the caller's key.
//!
//! Index 0 is this installation; what other devices wrote gets its index when it arrives.

use std::borrow::Cow;

use crate::error::{Error, Result};
use crate::model::StoreKind;
use crate::storage::Range;

const OWN_ORIGIN: [u8; 4] = 0u32.to_be_bytes();

/// The stored form of the key, or of the prefix of keys, whose form for this installation of a device store is `own`.
#[must_use]
pub fn of_origin(origin: u32, own: &[u8]) -> Vec<u8> {
    let key = own.get(OWN_ORIGIN.len()..).unwrap_or_default();
    [&origin.to_be_bytes(), key].concat()
}

/// The range of an origin's stored keys that begin with the same prefix as those of `own`, which is such a range of this
/// installation of a device store.
#[must_use]
pub fn range_of_origin(origin: u32, own: &Range) -> Range {
    Range::starting_with(&of_origin(origin, own.lower()))
}

/// Where the rows of an origin lie. In a single-version store they lie among the others.
#[must_use]
pub fn rows_of_origin(kind: StoreKind, origin: u32) -> Range {
    match kind {
        StoreKind::SingleVersion => Range::starting_with(&[]),
        StoreKind::DeviceCollaboration => Range::starting_with(&origin.to_be_bytes()),
    }
}

/// The stored form of a key, or of a prefix of keys, of this installation.
#[must_use]
pub fn stored_key(kind: StoreKind, key: &str) -> Cow<'_, [u8]> {
    match kind {
        StoreKind::SingleVersion => Cow::Borrowed(key.as_bytes()),
        StoreKind::DeviceCollaboration => Cow::Owned([&OWN_ORIGIN, key.as_bytes()].concat()),
    }
}

/// The key that callers see for a stored one.
///
/// # Errors
///
/// `Corrupted` if the stored key is not one that the store wrote.
pub fn user_key(kind: StoreKind, stored: &[u8]) -> Result<&str> {
    let bytes = match kind {
        StoreKind::SingleVersion => Some(stored),
        StoreKind::DeviceCollaboration => stored.get(OWN_ORIGIN.len()..),
    };
    bytes
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .ok_or_else(|| Error::corrupted("a stored key is not one that any release wrote"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_keys_carry_the_origin_and_callers_do_not_see_it() {
        let stored = stored_key(StoreKind::DeviceCollaboration, "key");
        assert_eq!(stored.as_ref(), b"\0\0\0\0key");
        assert_eq!(user_key(StoreKind::DeviceCollaboration, &stored).unwrap(), "key");
        assert_eq!(stored_key(StoreKind::SingleVersion, "key").as_ref(), b"key");
        assert_eq!(of_origin(258, &stored), b"\0\0\x01\x02key");
        assert!(user_key(StoreKind::DeviceCollaboration, b"abc").is_err());
        assert!(user_key(StoreKind::SingleVersion, b"\xff").is_err());
    }
}
