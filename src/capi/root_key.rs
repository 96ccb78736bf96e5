//! Where a manager has the root key of its encrypted stores from.

use std::ffi::c_void;

use super::ptr::{UserData, bytes};
use crate::disk::RootKey;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::ROOT_KEY_BYTES_MAX;

/// Writes the root key of the application's encrypted stores to the buffer, and returns how many bytes it has: 32 to
/// 1024, at most the capacity; 0 if there is none. The library wipes the buffer after use.
///
/// Called on a thread of the library when an encrypted store is created, opened, backed up, restored or rekeyed, also
/// after the manager was freed, as long as such a store is open. It must not wait for an answer of the library.
pub type dkv_root_key_callback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, buffer: *mut u8, capacity: usize) -> usize>;

type AskFn = unsafe extern "C" fn(*mut c_void, *mut u8, usize) -> usize;

/// The root key that the options of a manager name.
///
/// # Safety
///
/// If `key` is not NULL, `length` bytes behind it are readable.
pub unsafe fn read(
    key: *const u8,
    length: usize,
    callback: dkv_root_key_callback,
    user_data: *mut c_void,
    in_keyring: bool,
) -> Result<RootKey> {
    // SAFETY: the caller's contract.
    let given = unsafe { bytes("root key", key, length) }?;
    let sources = [!key.is_null(), callback.is_some(), in_keyring];
    if sources.into_iter().filter(|is_set| *is_set).count() > 1 {
        return Err(Error::invalid_argument(
            "Parameter error: the options have more than one of a root key, a callback for one, and the system's keyring. \
             Set one of them.",
        ));
    }
    match callback {
        None if in_keyring => RootKey::in_system_keyring(),
        None if key.is_null() => Ok(RootKey::in_file()),
        None => RootKey::from_bytes(given),
        Some(callback) => {
            let user_data = UserData(user_data);
            Ok(RootKey::from_callback(move |key| ask(callback, user_data, key)))
        }
    }
}

fn ask(callback: AskFn, user_data: UserData, key: &mut Vec<u8>) -> Result<()> {
    key.resize(ROOT_KEY_BYTES_MAX, 0);
    // SAFETY: the callback is one that the caller gave with its own user data; the buffer has its capacity of bytes.
    let length = unsafe { callback(user_data.0, key.as_mut_ptr(), key.len()) };
    if length == 0 {
        return Err(Error::new(
            ErrorKind::Corrupted,
            "The application gave no root key for the encrypted store. The file was left as it is.",
        ));
    }
    if length > key.len() {
        return Err(Error::invalid_argument(format!(
            "Parameter error: the root key has {length} bytes, the limit is {ROOT_KEY_BYTES_MAX}."
        )));
    }
    key.truncate(length);
    Ok(())
}
