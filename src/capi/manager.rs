//! The manager of an application's stores.

use std::ffi::{c_char, c_void};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::guard::{guard, guard_void};
use super::handle::Table;
use super::options::{dkv_manager_options, dkv_store_options};
use super::ptr::{Out, text};
use super::queue::{self, Queue, dkv_queue};
use super::record::DKV_RECORD_STORE;
use super::reply::{Sink, dkv_store_callback, dkv_store_ids_callback, dkv_text_callback, dkv_void_callback};
use super::store;
use crate::client::Manager;
use crate::engine;
use crate::error::Result;

/// A manager: gives, closes, deletes and lists the stores of one application below one folder.
pub struct dkv_manager {
    _private: [u8; 0],
}

pub struct ManagerHandle {
    manager: Manager,
    sink: Sink,
}

static MANAGERS: Table<ManagerHandle> = Table::new(1, "manager");

fn get(manager: *const dkv_manager) -> Result<Arc<ManagerHandle>> {
    MANAGERS.get(manager as usize)
}

impl ManagerHandle {
    /// The manager.
    pub fn manager(&self) -> &Manager {
        &self.manager
    }
}

/// What a handle stands for, and where its answers go.
pub fn parts(manager: *const dkv_manager) -> Result<(Arc<ManagerHandle>, Sink)> {
    let handle = get(manager)?;
    let sink = handle.sink.clone();
    Ok((handle, sink))
}

/// Lets go of the views on a queue that ends.
pub fn discard_views(queue: &Arc<Queue>) {
    MANAGERS.remove_if(|handle| handle.sink.is(queue));
}

/// Creates a manager. It touches no disk; several may exist. Free it with dkv_manager_free().
///
/// Any thread. A relative base folder is taken from the current one, now.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (NULL, an empty bundle name or folder, struct_size 0),
/// DKV_ERR_NOT_SUPPORTED (the system's keyring, in a library that was built without it), DKV_ERR_OVER_LIMITS.
///
/// # Safety
///
/// `options` is NULL or points to a struct of its struct_size bytes, whose texts are readable; `manager` is NULL or
/// writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_manager_create(
    options: *const dkv_manager_options,
    manager: *mut *mut dkv_manager,
) -> i32 {
    guard(|| {
        let out = Out::new("place for the manager", manager)?;
        // SAFETY: the contract of this function.
        let options = unsafe { dkv_manager_options::read(options) }?;
        let handle = ManagerHandle { manager: Manager::new(options)?, sink: Sink::Callbacks };
        let handle = MANAGERS.insert(Arc::new(handle))?;
        // SAFETY: writable by the contract of this function.
        unsafe { out.set(handle as *mut dkv_manager) };
        Ok(())
    })
}

/// Creates a view of the manager whose answers go to a completion queue. Free it with dkv_manager_free().
///
/// Through a view the callback argument is NULL, and user_data is the tag of the record. A store obtained through
/// it is a view on the same queue. Any thread.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED (manager or queue were freed), DKV_ERR_OVER_LIMITS.
///
/// # Safety
///
/// `view` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_manager_on_queue(
    manager: *mut dkv_manager,
    queue: *mut dkv_queue,
    view: *mut *mut dkv_manager,
) -> i32 {
    guard(|| {
        let out = Out::new("place for the view", view)?;
        let manager = get(manager)?.manager.clone();
        let handle = MANAGERS.insert(Arc::new(ManagerHandle { manager, sink: Sink::Queue(queue::get(queue)?) }))?;
        // SAFETY: writable by the contract of this function.
        unsafe { out.set(handle as *mut dkv_manager) };
        Ok(())
    })
}

/// Opens a store, creating it unless the options say otherwise. Every answer is a handle of its own; close each.
///
/// Any thread.
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (store id, options, texts), DKV_ERR_CLOSED (manager freed),
/// DKV_ERR_FORKED.
/// Answered: DKV_ERR_INVALID_ARGUMENT (bundle name, a missing store with create_if_missing 0, an unusable
/// root_dir, a schema that is not valid), DKV_ERR_OPTIONS_CHANGED (a schema that the recorded one does not allow, too),
/// DKV_ERR_GENERAL (an entry does not fit a new schema), DKV_ERR_CORRUPTED, DKV_ERR_KEY_UNAVAILABLE (the keyring with the
/// root key), DKV_ERR_OVER_LIMITS (the 17th store),
/// DKV_ERR_CANNOT_OPEN, DKV_ERR_NOT_SUPPORTED, DKV_ERR_DATABASE.
///
/// # Safety
///
/// The text is readable; `options` is NULL or points to a struct of its struct_size bytes, whose texts are
/// readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_manager_get_store(
    manager: *mut dkv_manager,
    store_id: *const c_char,
    store_id_length: usize,
    options: *const dkv_store_options,
    callback: dkv_store_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        queue::sweep();
        let handle = get(manager)?;
        let reply = handle.sink.reply(callback, user_data)?;
        // SAFETY: the contract of this function.
        let (store_id, options) =
            unsafe { (text("store id", store_id, store_id_length)?, dkv_store_options::read(options)?) };
        let sink = handle.sink.clone();
        let answer = Box::new(move |opened: Result<_>| {
            let handle = opened.and_then(|opened| store::insert(opened, sink));
            reply.send(DKV_RECORD_STORE, handle, store::discard);
        });
        handle.manager.get_store_then(store_id, options, answer)
    })
}

/// The texts that close and delete share.
struct Addressed<'a> {
    app_id: &'a str,
    store_id: &'a str,
    root_dir: Option<&'a Path>,
}

/// # Safety
///
/// The texts are readable.
unsafe fn addressed<'a>(
    app_id: (*const c_char, usize),
    store_id: (*const c_char, usize),
    root_dir: (*const c_char, usize),
) -> Result<Addressed<'a>> {
    // SAFETY: the contract of this function.
    unsafe {
        Ok(Addressed {
            app_id: text("application id", app_id.0, app_id.1)?,
            store_id: text("store id", store_id.0, store_id.1)?,
            root_dir: if root_dir.1 == 0 { None } else { Some(Path::new(text("root_dir", root_dir.0, root_dir.1)?)) },
        })
    }
}

/// Lets go of one handle of a store, by the store's id. After as many closes as openings the store is closed, and
/// all its handles answer DKV_ERR_CLOSED. Closing what is not open succeeds.
///
/// `root_dir` is that of the opening, or empty. An application id other than the manager's bundle name closes
/// nothing and succeeds. Any thread.
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (store id, empty application id, texts), DKV_ERR_CLOSED,
/// DKV_ERR_FORKED.
/// Answered: DKV_ERR_INVALID_ARGUMENT (characters of the application id), DKV_ERR_DATABASE, DKV_ERR_OUTCOME_UNKNOWN
/// (a relaxed store whose last writes are not durable).
///
/// # Safety
///
/// The texts are readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_manager_close_store(
    manager: *mut dkv_manager,
    app_id: *const c_char,
    app_id_length: usize,
    store_id: *const c_char,
    store_id_length: usize,
    root_dir: *const c_char,
    root_dir_length: usize,
    callback: dkv_void_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let handle = get(manager)?;
        let reply = handle.sink.reply(callback, user_data)?;
        // SAFETY: the contract of this function.
        let place =
            unsafe { addressed((app_id, app_id_length), (store_id, store_id_length), (root_dir, root_dir_length)) }?;
        handle.manager.close_store_then(place.app_id, place.store_id, place.root_dir, reply.into_answer())
    })
}

/// Deletes a store and its data. An open one is closed first, whatever handles there are.
///
/// `root_dir` is that of the opening, or empty. Any thread.
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (store id, empty application id, texts), DKV_ERR_CLOSED,
/// DKV_ERR_FORKED.
/// Answered: DKV_ERR_NOT_FOUND (no such store, or another application's), DKV_ERR_INVALID_ARGUMENT (characters of
/// the application id), DKV_ERR_CANNOT_OPEN (open in another process, permissions).
///
/// # Safety
///
/// The texts are readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_manager_delete_store(
    manager: *mut dkv_manager,
    app_id: *const c_char,
    app_id_length: usize,
    store_id: *const c_char,
    store_id_length: usize,
    root_dir: *const c_char,
    root_dir_length: usize,
    callback: dkv_void_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        queue::sweep();
        let handle = get(manager)?;
        let reply = handle.sink.reply(callback, user_data)?;
        // SAFETY: the contract of this function.
        let place =
            unsafe { addressed((app_id, app_id_length), (store_id, store_id_length), (root_dir, root_dir_length)) }?;
        handle.manager.delete_store_then(place.app_id, place.store_id, place.root_dir, reply.into_answer())
    })
}

/// Lists the ids of an application's stores in the manager's folder, open or not, in ascending order of their
/// bytes.
///
/// Stores with a root_dir of their own are not among them. Any thread.
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (empty or too long application id, texts), DKV_ERR_CLOSED,
/// DKV_ERR_FORKED.
/// Answered: DKV_ERR_INVALID_ARGUMENT (characters of the application id), DKV_ERR_CANNOT_OPEN (the folder).
///
/// # Safety
///
/// The text is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_manager_get_all_store_ids(
    manager: *mut dkv_manager,
    app_id: *const c_char,
    app_id_length: usize,
    callback: dkv_store_ids_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let handle = get(manager)?;
        let reply = handle.sink.reply(callback, user_data)?;
        // SAFETY: the contract of this function.
        let app_id = unsafe { text("application id", app_id, app_id_length) }?;
        handle.manager.all_store_ids_then(app_id, reply.into_answer())
    })
}

/// Tells the device id of this installation: 64 lower-case hexadecimal digits.
///
/// It is made with the first call, or the first store below the manager's folder, and stays. Any thread.
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED, DKV_ERR_FORKED.
/// Answered: DKV_ERR_CANNOT_OPEN (its file cannot be made or read), DKV_ERR_CORRUPTED (it holds something else).
#[unsafe(no_mangle)]
pub extern "C" fn dkv_manager_get_local_device_id(
    manager: *mut dkv_manager,
    callback: dkv_text_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let handle = get(manager)?;
        let reply = handle.sink.reply(callback, user_data)?;
        handle.manager.local_device_id_then(reply.into_answer())
    })
}

/// Frees a manager or a view of one. Its stores stay open. NULL and freed managers are accepted. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn dkv_manager_free(manager: *mut dkv_manager) {
    guard_void(|| drop(MANAGERS.remove(manager as usize)));
}

/// Closes every open store of the process, whatever its handles, and waits until the library's threads have ended.
///
/// Everything accepted before is done and answered. Stores may be opened again afterwards. Not from a callback.
/// Codes: DKV_OK, DKV_ERR_WOULD_BLOCK (a callback has not returned in `timeout_ms` milliseconds, or this is one),
/// DKV_ERR_FORKED.
#[unsafe(no_mangle)]
pub extern "C" fn dkv_shutdown(timeout_ms: u32) -> i32 {
    guard(|| engine::shutdown(Duration::from_millis(u64::from(timeout_ms))))
}
