//! Synchronisation with other devices, and what is recorded for it.

use std::ffi::c_void;
use std::sync::Arc;

use super::growable::flag;
use super::guard::guard;
use super::observer::{self, dkv_subscription};
use super::ptr::{Out, UserData, structs, text_of};
use super::record::Record;
use super::reply::{Reply, dkv_security_level_callback, dkv_void_callback};
use super::store::{self, dkv_store};
use super::value::dkv_text;
use crate::engine::SyncNotify;
use crate::error::{Error, Result};
use crate::model::{SyncMode, SyncStatus};
use crate::store::Op;

/// Entries of the other devices come here.
pub const DKV_SYNC_PULL_ONLY: i32 = 0;
/// Entries of this device go there.
pub const DKV_SYNC_PUSH_ONLY: i32 = 1;
/// Both.
pub const DKV_SYNC_PUSH_PULL: i32 = 2;

const _: () = assert!(DKV_SYNC_PULL_ONLY == SyncMode::PullOnly as i32);
const _: () = assert!(DKV_SYNC_PUSH_ONLY == SyncMode::PushOnly as i32);
const _: () = assert!(DKV_SYNC_PUSH_PULL == SyncMode::PushPull as i32);

/// What came of a synchronisation with one device.
#[repr(C)]
pub struct dkv_sync_status {
    /// The device, as it was named in the call.
    pub device_id: dkv_text,
    /// DKV_OK, or a DKV_ERR number.
    pub code: i32,
    /// 0.
    pub reserved: i32,
}

/// Receives what came of a synchronisation: `count` statuses in ascending order of the device ids, borrowed for the
/// call, on a thread of the library.
pub type dkv_sync_complete_callback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, statuses: *const dkv_sync_status, count: usize)>;

type SyncCompleteFn = unsafe extern "C" fn(*mut c_void, *const dkv_sync_status, usize);

/// Tells how sensitive the store's data is, by the opening that is in effect.
///
/// Any thread.
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
/// Answered: DKV_OK alone.
#[unsafe(no_mangle)]
pub extern "C" fn dkv_store_get_security_level(
    store: *mut dkv_store,
    callback: dkv_security_level_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let (handle, sink) = store::parts(store)?;
        let reply = sink.reply(callback, user_data)?;
        handle.store().submit_held(Op::GetSecurityLevel, reply.into_completion())
    })
}

/// Turns the synchronisation of the store on (1) or off (0), for good.
///
/// A store that was told nothing synchronises. In a transaction this joins it. Where the store was closed by its id, it
/// succeeds without an effect; a handle that was closed or freed is dead here too. Any thread.
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT (another number), DKV_ERR_CLOSED (the handle), DKV_ERR_QUEUE_FULL,
/// DKV_ERR_FORKED.
/// Answered: DKV_ERR_DATABASE (not recorded), DKV_ERR_OUTCOME_UNKNOWN, DKV_ERR_CORRUPTED, DKV_ERR_CLOSED (deleted
/// meanwhile).
#[unsafe(no_mangle)]
pub extern "C" fn dkv_store_enable_sync(
    store: *mut dkv_store,
    enabled: i32,
    callback: dkv_void_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let (handle, sink) = store::parts(store)?;
        let reply = sink.reply(callback, user_data)?;
        let enabled = flag("enabled", enabled)?;
        handle.store().submit_held(Op::EnableSync { enabled }, reply.into_completion())
    })
}

/// Sets the labels of this device and those that it wants of others, for good: two devices synchronise where the labels
/// of each meet what the other wants.
///
/// In a transaction this joins it. On a closed store as dkv_store_enable_sync(). Any thread. Codes as for
/// dkv_store_enable_sync(); DKV_ERR_INVALID_ARGUMENT is returned for an empty list and for texts.
///
/// # Safety
///
/// `local` and `remote` are NULL or that many texts are readable with their bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_set_sync_range(
    store: *mut dkv_store,
    local: *const dkv_text,
    local_count: usize,
    remote: *const dkv_text,
    remote_count: usize,
    callback: dkv_void_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let (handle, sink) = store::parts(store)?;
        let reply = sink.reply(callback, user_data)?;
        // SAFETY: the contract of this function.
        let (local, remote) =
            unsafe { (texts("local labels", local, local_count)?, texts("remote labels", remote, remote_count)?) };
        handle.store().submit_held(Op::SetSyncRange { local, remote }, reply.into_completion())
    })
}

/// Copies of the texts in a list that must not be empty.
///
/// # Safety
///
/// `list` is NULL or `count` texts are readable with their bytes.
pub unsafe fn texts(what: &str, list: *const dkv_text, count: usize) -> Result<Vec<String>> {
    // SAFETY: the caller's contract.
    let list = unsafe { structs(what, list, count) }?;
    if list.is_empty() {
        return Err(Error::invalid_argument(format!("Parameter error: the list of {what} is empty. Give at least 1.")));
    }
    // SAFETY: the caller's contract.
    list.iter().map(|text| unsafe { text_of(what, *text) }.map(str::to_owned)).collect()
}

/// Sets the delay of a synchronisation that names none, until the store closes: 0, or 100 to 86,400,000 milliseconds.
///
/// On a closed store as dkv_store_enable_sync(). Any thread.
/// Returned: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_CLOSED (the handle), DKV_ERR_QUEUE_FULL, DKV_ERR_FORKED.
/// Answered: DKV_ERR_INVALID_ARGUMENT (another number).
#[unsafe(no_mangle)]
pub extern "C" fn dkv_store_set_sync_param(
    store: *mut dkv_store,
    delay_ms: u32,
    callback: dkv_void_callback,
    user_data: *mut c_void,
) -> i32 {
    guard(|| {
        let (handle, sink) = store::parts(store)?;
        let reply = sink.reply(callback, user_data)?;
        handle.store().submit_held(Op::SetSyncParam { delay_ms }, reply.into_completion())
    })
}

/// Starts a synchronisation with devices, and returns at once. What came of it is told to those who subscribed by
/// dkv_store_subscribe_sync_complete().
///
/// `sync_mode` is one of the DKV_SYNC numbers; a `delay_ms` of 0 is the delay of dkv_store_set_sync_param(). This
/// version has no transport: whatever the delay, every device is soon reported as DKV_ERR_DEVICE_NOT_ONLINE. Any
/// thread.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (no device, mode, texts), DKV_ERR_CLOSED, DKV_ERR_QUEUE_FULL,
/// DKV_ERR_FORKED; unless it is DKV_OK, nobody is told.
///
/// # Safety
///
/// `device_ids` is NULL or `count` texts are readable with their bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_sync(
    store: *mut dkv_store,
    device_ids: *const dkv_text,
    count: usize,
    sync_mode: i32,
    delay_ms: u32,
) -> i32 {
    guard(|| {
        let (handle, _) = store::parts(store)?;
        // SAFETY: the contract of this function.
        let device_ids = unsafe { texts("device ids", device_ids, count) }?;
        handle.store().sync(device_ids, SyncMode::from_code(sync_mode)?, Some(delay_ms))
    })
}

/// Calls back once for each synchronisation of the store that ends, by whatever handle it was started.
///
/// Through a view on a completion queue the callback is NULL, and each is a record of kind DKV_RECORD_SYNC_COMPLETE
/// under the tag user_data. Any number may be registered, also where the store was closed by its id, which tells
/// nothing. The registration ends with dkv_subscription_free(). Any thread.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (callback), DKV_ERR_OVER_LIMITS (too many handles), DKV_ERR_CLOSED (the
/// handle), DKV_ERR_FORKED.
///
/// # Safety
///
/// `subscription` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_subscribe_sync_complete(
    store: *mut dkv_store,
    callback: dkv_sync_complete_callback,
    user_data: *mut c_void,
    subscription: *mut *mut dkv_subscription,
) -> i32 {
    guard(|| {
        let out = Out::new("place for the subscription", subscription)?;
        let (store, sink) = store::parts(store)?;
        let notify: SyncNotify = match sink.reply(callback, user_data)? {
            Reply::Call(callback, user_data) => {
                let complete = Complete(callback, user_data);
                Arc::new(move |statuses, _slot| complete.tell(&statuses))
            }
            Reply::Record(queue, user_data) => {
                let tag = user_data.tag();
                Arc::new(move |statuses, slot| queue.push(Record::sync_complete(tag, &statuses, slot)))
            }
        };
        let handle = observer::insert(store.store().subscribe_sync_complete_held(notify)?, sink)?;
        // SAFETY: writable by the contract of this function.
        unsafe { out.set(handle as *mut dkv_subscription) };
        Ok(())
    })
}

/// A callback that any thread may find, though only the store's dispatch thread calls it.
struct Complete(SyncCompleteFn, UserData);

// SAFETY: the user data is only handed back to the caller's function, which the header makes answer for it.
unsafe impl Sync for Complete {}

impl Complete {
    fn tell(&self, statuses: &[SyncStatus]) {
        let view = |status: &SyncStatus| dkv_sync_status {
            device_id: dkv_text::borrow(&status.device_id),
            code: status.code,
            reserved: 0,
        };
        let views: Vec<dkv_sync_status> = statuses.iter().map(view).collect();
        // SAFETY: the callback is one that the caller gave with its own user data; the views live for the call.
        unsafe { (self.0)(self.1.0, views.as_ptr(), views.len()) };
    }
}
