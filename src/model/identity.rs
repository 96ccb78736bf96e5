//! Names of stores and applications.

use crate::error::{Error, Result};
use crate::limits::{APP_ID_BYTES_MAX, BUNDLE_NAME_BYTES_MAX, STORE_ID_BYTES_MAX};

/// A store's id: 1 to 128 of the characters `A-Z a-z 0-9 _` (`store.md` 2.2). Ids are case-sensitive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreId(String);

impl StoreId {
    /// The id with this text.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401) for an empty or too long text and for any other character.
    pub fn new(text: &str) -> Result<Self> {
        if text.is_empty() || text.len() > STORE_ID_BYTES_MAX {
            return Err(Error::invalid_argument(format!(
                "Parameter error: the store id has {} bytes, it needs 1 to {STORE_ID_BYTES_MAX}.",
                text.len()
            )));
        }
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(Error::invalid_argument(
                "Parameter error: a store id has only the characters A-Z, a-z, 0-9 and _.",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// The text of the id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An application's id, which is its bundle name.
///
/// Only emptiness is refused when it is made; [`AppId::check`] tells the rest, because the reference reports that
/// through the answer and not from the call (`store.md` 1.1.5, 3.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AppId(String);

impl AppId {
    /// The id with this text.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401) for an empty text and one of more than 256 bytes.
    pub fn new(text: &str) -> Result<Self> {
        if text.is_empty() || text.len() > APP_ID_BYTES_MAX {
            return Err(Error::invalid_argument(format!(
                "Parameter error: the bundle name has {} bytes, it needs 1 to {APP_ID_BYTES_MAX}.",
                text.len()
            )));
        }
        Ok(Self(text.to_owned()))
    }

    /// The text of the id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Refuses characters that an application id cannot have (`store.md` 1.2.3).
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401) for bytes that are not printable ASCII, a `/`, or three `#` in a row.
    pub fn check(&self) -> Result<()> {
        let printable = self.0.bytes().all(|byte| (0x20..=0x7e).contains(&byte));
        if !printable || self.0.contains('/') || self.0.contains("###") {
            return Err(Error::invalid_argument(
                "Parameter error: a bundle name is printable ASCII, without '/' and without '###'.",
            ));
        }
        Ok(())
    }

    /// Refuses what [`AppId::check`] refuses, and an id too long to open a store with.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401), naming the limit and the size.
    pub fn check_for_open(&self) -> Result<()> {
        self.check()?;
        if self.0.len() > BUNDLE_NAME_BYTES_MAX {
            return Err(Error::invalid_argument(format!(
                "Parameter error: the bundle name has {} bytes, a store can be opened with at most {BUNDLE_NAME_BYTES_MAX}.",
                self.0.len()
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn store_ids_have_letters_digits_and_underscores() {
        for good in ["a", "A", "backup", "CON", "_9"] {
            assert!(StoreId::new(good).is_ok(), "{good}");
        }
        assert!(StoreId::new(&"x".repeat(128)).is_ok());
        for bad in ["", "a-b", "a.b", "a b", "é", "a\0"] {
            assert!(StoreId::new(bad).is_err(), "{bad}");
        }
        assert!(StoreId::new(&"x".repeat(129)).is_err());
    }

    #[test]
    fn app_ids_are_checked_late() {
        assert!(AppId::new("").is_err());
        assert!(AppId::new(&"x".repeat(257)).is_err());
        for bad in ["a/b", "a###b", "a\0b", "é"] {
            assert!(AppId::new(bad).unwrap().check().is_err(), "{bad}");
        }
        let long = AppId::new(&"x".repeat(129)).unwrap();
        assert!(long.check().is_ok() && long.check_for_open().is_err());
    }
}
