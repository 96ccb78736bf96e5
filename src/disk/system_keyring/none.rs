//! No keyring: the library was built without the feature, or for a system of which it knows none.

use zeroize::Zeroizing;

use super::SystemKeyring;
use crate::error::{Error, ErrorKind, Result};

pub struct Current;

/// Makes sure that there is a keyring in this build.
///
/// # Errors
///
/// `NotSupported`, always.
pub fn check() -> Result<()> {
    Err(missing())
}

fn missing() -> Error {
    let message = if cfg!(feature = "keyring") {
        "Not supported. This library knows no keyring of this system. Keep the root key in a file, or give it."
    } else {
        "Not supported. This library was built without the feature `keyring`, so it cannot use the keyring of the system. \
         Build it with that feature, or keep the root key in a file, or give it."
    };
    Error::new(ErrorKind::NotSupported, message)
}

impl SystemKeyring for Current {
    fn read(&self, _name: &str) -> Result<Option<Zeroizing<Vec<u8>>>> {
        Err(missing())
    }

    fn write(&self, _name: &str, _secret: &[u8]) -> Result<()> {
        Err(missing())
    }

    fn remove(&self, _name: &str) -> Result<()> {
        Err(missing())
    }
}
