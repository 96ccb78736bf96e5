//! Backups of a store: making, restoring and deleting them.

use std::ffi::{c_char, c_void};
use std::path::Path;

use super::guard::guard;
use super::ptr::{structs, text, text_of};
use super::reply::{dkv_backup_results_callback, dkv_void_callback};
use super::store::{self, dkv_store};
use super::value::dkv_text;
use crate::error::Result;
use crate::model::{BackupDeletion, BackupPlace};
use crate::store::{Op, check_some};

/// What came of the deletion of one backup.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct dkv_backup_result {
    /// The name that was given.
    pub name: dkv_text,
    /// DKV_OK, or 27459591 if there was none, 27459585 for the automatic one, 27459584 if it could not be removed.
    pub status: i32,
    /// 0.
    pub reserved: i32,
}

impl dkv_backup_result {
    /// A view of a deletion, whose name is borrowed.
    pub fn borrow(deletion: &BackupDeletion) -> Self {
        Self { name: dkv_text::borrow(&deletion.name), status: deletion.status(), reserved: 0 }
    }
}

/// Submits an operation on one backup.
///
/// # Safety
///
/// The texts in `read` are readable.
unsafe fn submit(
    store: *mut dkv_store,
    callback: dkv_void_callback,
    user_data: *mut c_void,
    read: impl FnOnce() -> Result<Op>,
) -> Result<()> {
    let (handle, sink) = store::parts(store)?;
    let reply = sink.reply(callback, user_data)?;
    handle.store().submit_held(read()?, reply.into_completion())
}

/// # Safety
///
/// The texts are readable.
unsafe fn in_folder(file_name: (*const c_char, usize), file_path: (*const c_char, usize)) -> Result<BackupPlace> {
    // SAFETY: the contract of this function.
    let (name, path) = unsafe {
        (text("name of the backup", file_name.0, file_name.1), text("folder of the backup", file_path.0, file_path.1))
    };
    let parameter = |error: crate::error::Error| {
        // Every mistake in the arguments of this form has one number (`store.md` 8.5.1).
        crate::error::Error::new(crate::error::ErrorKind::Parameter, error.message().to_owned())
    };
    BackupPlace::in_folder(name.map_err(parameter)?, Path::new(path.map_err(parameter)?))
}

/// Backs up what is committed now, under a name in the manager's folder. Writes go on meanwhile.
///
/// The answer comes when the backup was read again and found whole; an older one of the name is replaced then, and
/// stays if anything fails. A store has at most 5 backups in a folder, one of which is kept for the automatic one if
/// that was asked for. Backups of one store are made one after the other. Any thread.
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (a name that is empty, reserved, longer than 1024 bytes, or no bare name),
/// DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
/// Answered: DKV_ERR_GENERAL (one backup too many; a name of another store's backup), DKV_ERR_DATABASE (a transaction
/// is open; the disk failed), DKV_ERR_CORRUPTED (the store is damaged), DKV_ERR_KEY_UNAVAILABLE (the keyring
/// with the root key), DKV_ERR_CANNOT_OPEN (the folder; a name too long for a file), DKV_ERR_OVER_LIMITS (1,024 iterators
/// are open), DKV_ERR_CLOSED (deleted meanwhile).
///
/// # Safety
///
/// The text is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_backup(
    store: *mut dkv_store,
    file: *const c_char,
    file_length: usize,
    callback: dkv_void_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        // SAFETY: the contract of this function.
        let read = || unsafe { text("name of the backup", file, file_length) };
        // SAFETY: as above.
        unsafe { submit(store, callback, user_data, || Ok(Op::Backup { place: BackupPlace::to_make(read()?)? })) }
    })
}

/// Replaces the whole content of the store by that of a backup in the manager's folder.
///
/// Handles, observers and queues stay valid, and there is no notification. What was issued before is done before; what
/// is issued after sees the restored content. Any thread.
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (a name longer than 1024 bytes, or no bare name), DKV_ERR_CLOSED,
/// DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
/// Answered: DKV_ERR_INVALID_ARGUMENT (no such backup, an empty name), DKV_ERR_DATABASE (a result set, an iterator or a
/// transaction is open; the disk failed), DKV_ERR_GENERAL (the backup is damaged, of another kind of store, or has an
/// entry that does not fit the store's schema), DKV_ERR_KEY_UNAVAILABLE (the keyring with the root key),
/// DKV_ERR_CANNOT_OPEN (the file), DKV_ERR_OUTCOME_UNKNOWN, DKV_ERR_CLOSED (deleted meanwhile). The store keeps its
/// content, unless the message says otherwise.
///
/// # Safety
///
/// The text is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_restore(
    store: *mut dkv_store,
    file: *const c_char,
    file_length: usize,
    callback: dkv_void_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        // SAFETY: the contract of this function.
        let read = || unsafe { text("name of the backup", file, file_length) };
        // SAFETY: as above.
        unsafe { submit(store, callback, user_data, || Ok(Op::Restore { place: BackupPlace::new(read()?)? })) }
    })
}

/// Deletes backups in the manager's folder and tells of each, in ascending order of the names, each name once.
///
/// Works on a store that was closed by its id, too, while the handle is not. Any thread.
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (no names, a name longer than 1024 bytes, or no bare name), DKV_ERR_CLOSED
/// (the handle), DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
///
/// # Safety
///
/// `files` is NULL or `count` texts are readable with their bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_delete_backup(
    store: *mut dkv_store,
    files: *const dkv_text,
    count: usize,
    callback: dkv_backup_results_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let (handle, sink) = store::parts(store)?;
        let reply = sink.reply(callback, user_data)?;
        // SAFETY: the contract of this function.
        let files = unsafe { structs("names", files, count) }?;
        let places = files.iter().map(|file| {
            // SAFETY: the contract of this function.
            let name = unsafe { text_of("name of a backup", *file) }?;
            BackupPlace::new(name)
        });
        let places = places.collect::<Result<Vec<_>>>()?;
        check_some(&places)?;
        handle.store().submit_held(Op::DeleteBackups { places }, reply.into_completion())
    })
}

/// As dkv_store_backup(), below a folder of the caller's, which must exist.
///
/// Codes as there, but DKV_ERR_PARAMETER for what is wrong with the name or the folder: returned for text that is not
/// UTF-8, a name that is too long or no bare name; answered for one that is empty or reserved, and for the folder.
///
/// # Safety
///
/// The texts are readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_backup_ex(
    store: *mut dkv_store,
    file_name: *const c_char,
    file_name_length: usize,
    file_path: *const c_char,
    file_path_length: usize,
    callback: dkv_void_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        // SAFETY: the contract of this function.
        let read = || unsafe { in_folder((file_name, file_name_length), (file_path, file_path_length)) };
        // SAFETY: as above.
        unsafe { submit(store, callback, user_data, || Ok(Op::Backup { place: read()? })) }
    })
}

/// As dkv_store_restore(), below a folder of the caller's.
///
/// Codes as there, but DKV_ERR_PARAMETER for what is wrong with the name or the folder: returned for text that is not
/// UTF-8, a name that is too long or no bare name; answered for one that is empty or unknown, and for the folder.
///
/// # Safety
///
/// The texts are readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_restore_ex(
    store: *mut dkv_store,
    file_name: *const c_char,
    file_name_length: usize,
    file_path: *const c_char,
    file_path_length: usize,
    callback: dkv_void_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        // SAFETY: the contract of this function.
        let read = || unsafe { in_folder((file_name, file_name_length), (file_path, file_path_length)) };
        // SAFETY: as above.
        unsafe { submit(store, callback, user_data, || Ok(Op::Restore { place: read()? })) }
    })
}

/// Deletes a backup below a folder of the caller's. One that is not there is a success.
///
/// Works on a store that was closed by its id, too, while the handle is not. Any thread.
/// Returned: DKV_OK, DKV_ERR_PARAMETER (text that is not UTF-8, a name that is too long or no bare name),
/// DKV_ERR_INVALID_ARGUMENT (the callback), DKV_ERR_CLOSED (the handle), DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
/// Answered: DKV_ERR_PARAMETER (an empty or reserved name, the folder), DKV_ERR_GENERAL (it could not be removed, or is
/// another store's).
///
/// # Safety
///
/// The texts are readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_delete_backup_ex(
    store: *mut dkv_store,
    file_name: *const c_char,
    file_name_length: usize,
    file_path: *const c_char,
    file_path_length: usize,
    callback: dkv_void_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        // SAFETY: the contract of this function.
        let read = || unsafe { in_folder((file_name, file_name_length), (file_path, file_path_length)) };
        // SAFETY: as above.
        unsafe { submit(store, callback, user_data, || Ok(Op::DeleteBackup { place: read()? })) }
    })
}
