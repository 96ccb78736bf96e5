//! The rules of keys and prefixes (`store.md` 4.1 and 4.5).

use super::StoreKind;
use crate::error::{Error, Result};
use crate::limits::{KEY_BYTES_MAX, KEY_BYTES_MAX_DEVICE};

/// `text` without ASCII white space at its ends: bytes 09 to 0D and 20, as the reference trims keys and prefixes.
#[must_use]
pub fn trim(text: &str) -> &str {
    text.trim_matches(|character| matches!(character, '\t'..='\r' | ' '))
}

/// Longest key of a store of this kind, in bytes after trimming.
#[must_use]
pub const fn key_bytes_max(kind: StoreKind) -> usize {
    match kind {
        StoreKind::SingleVersion => KEY_BYTES_MAX,
        StoreKind::DeviceCollaboration => KEY_BYTES_MAX_DEVICE,
    }
}

/// The key as stored: trimmed, not empty, within the limit of the kind.
///
/// # Errors
///
/// `InvalidArgument` (401) for a key that is blank or too long; the message names the limit and the size.
pub fn check_key(key: &str, kind: StoreKind) -> Result<&str> {
    let key = trim(key);
    if key.is_empty() {
        return Err(Error::invalid_argument(
            "Parameter error: the key is empty after trimming. A key needs at least 1 byte that is not white space.",
        ));
    }
    check_length("key", key, kind)?;
    Ok(key)
}

/// Refuses a text that is longer than a key may be; `what` names it.
///
/// # Errors
///
/// `InvalidArgument` (401), naming the limit and the size.
pub fn check_length(what: &str, text: &str, kind: StoreKind) -> Result<()> {
    let limit = key_bytes_max(kind);
    if text.len() > limit {
        return Err(Error::invalid_argument(format!(
            "Parameter error: the {what} has {} bytes after trimming, the limit of a {} store is {limit}.",
            text.len(),
            kind.name(),
        )));
    }
    Ok(())
}

/// What a range read by prefix selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefix<'a> {
    /// Every entry: the prefix was blank, or held a `^` and was discarded (`store.md` 4.5.2, 4.5.3).
    Everything,
    /// Entries whose key begins with these bytes.
    StartsWith(&'a str),
}

impl<'a> Prefix<'a> {
    /// The selection that `prefix` stands for.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401) for a prefix longer than a key may be (`store.md` 4.5.4).
    pub fn parse(prefix: &'a str, kind: StoreKind) -> Result<Self> {
        if prefix.contains('^') {
            return Ok(Self::Everything);
        }
        let prefix = trim(prefix);
        check_length("prefix", prefix, kind)?;
        Ok(if prefix.is_empty() { Self::Everything } else { Self::StartsWith(prefix) })
    }

    /// The bytes with which the selected keys begin.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        match self {
            Self::Everything => "",
            Self::StartsWith(prefix) => prefix,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ascii_white_space_is_trimmed() {
        assert_eq!(trim(" \t\r\n\u{b}\u{c}a b\u{c}"), "a b");
        assert_eq!(trim("\u{a0}a\u{3000}"), "\u{a0}a\u{3000}");
        assert_eq!(trim("\u{8}a\u{e}"), "\u{8}a\u{e}");
    }

    #[test]
    fn length_counts_bytes_after_trimming() {
        let longest = format!("  {}  ", "é".repeat(512));
        assert!(check_key(&longest, StoreKind::SingleVersion).is_ok());
        let error = check_key(&"k".repeat(1025), StoreKind::SingleVersion).unwrap_err();
        assert!(error.message().contains("1025") && error.message().contains("1024"), "{error}");
        assert!(check_key(&"k".repeat(896), StoreKind::DeviceCollaboration).is_ok());
        assert!(check_key(&"k".repeat(897), StoreKind::DeviceCollaboration).is_err());
        assert!(check_key(" \t ", StoreKind::SingleVersion).is_err());
    }

    #[test]
    fn a_caret_discards_the_prefix() {
        assert_eq!(Prefix::parse("a^", StoreKind::SingleVersion).unwrap(), Prefix::Everything);
        assert_eq!(Prefix::parse("  ", StoreKind::SingleVersion).unwrap(), Prefix::Everything);
        assert_eq!(Prefix::parse(" a ", StoreKind::SingleVersion).unwrap(), Prefix::StartsWith("a"));
        assert!(Prefix::parse(&"p".repeat(1025), StoreKind::SingleVersion).is_err());
    }
}
