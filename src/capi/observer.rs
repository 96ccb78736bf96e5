//! Observers: what a store's commits change.

use std::ffi::c_void;
use std::sync::Arc;

use super::guard::{guard, guard_void};
use super::handle::Table;
use super::ptr::{Out, UserData};
use super::queue::{self, Queue};
use super::record::Record;
use super::reply::{Reply, Sink};
use super::store::{self, dkv_store};
use super::value::{dkv_entry, dkv_text};
use crate::client::Subscription;
use crate::engine::Notify;
use crate::error::Result;
use crate::model::{Change, SubscribeType};

/// Changes of this device.
pub const DKV_SUBSCRIBE_LOCAL: i32 = 0;
/// Changes that synchronisation brings.
pub const DKV_SUBSCRIBE_REMOTE: i32 = 1;
/// All changes.
pub const DKV_SUBSCRIBE_ALL: i32 = 2;

const _: () = assert!(DKV_SUBSCRIBE_LOCAL == SubscribeType::Local as i32);
const _: () = assert!(DKV_SUBSCRIBE_REMOTE == SubscribeType::Remote as i32);
const _: () = assert!(DKV_SUBSCRIBE_ALL == SubscribeType::All as i32);

/// The registration of an observer or of another callback. End it with dkv_subscription_free().
pub struct dkv_subscription {
    _private: [u8; 0],
}

/// What one commit changed. Each key is in one list at most, in the order of its last write.
#[repr(C)]
pub struct dkv_change {
    /// The device whose change it is: empty for changes of this device in a single-version store.
    pub device_id: dkv_text,
    /// Keys that were not there before, with their values.
    pub inserted: *const dkv_entry,
    /// How many.
    pub inserted_count: usize,
    /// Keys that were there before, with their new values, also where that is the old one.
    pub updated: *const dkv_entry,
    /// How many.
    pub updated_count: usize,
    /// Keys that are gone, with the values that they had.
    pub deleted: *const dkv_entry,
    /// How many.
    pub deleted_count: usize,
    /// 1 if the observer fell behind, or joined while this commit was under way: some changes are not told, and the
    /// lists are empty. Read again what matters; later changes are told again.
    pub overflowed: i32,
    /// 0.
    pub reserved: i32,
}

/// Receives what one commit changed: borrowed for the call, on a thread of the library.
pub type dkv_change_callback = Option<unsafe extern "C" fn(user_data: *mut c_void, change: *const dkv_change)>;

type ChangeFn = unsafe extern "C" fn(*mut c_void, *const dkv_change);

struct SubscriptionHandle {
    _subscription: Subscription,
    sink: Sink,
}

static SUBSCRIPTIONS: Table<SubscriptionHandle> = Table::new(5, "subscription");

/// A handle for a registration.
pub fn insert(subscription: Subscription, sink: Sink) -> Result<usize> {
    SUBSCRIPTIONS.insert(Arc::new(SubscriptionHandle { _subscription: subscription, sink }))
}

/// Ends the registrations on a queue that ends.
pub fn discard_views(queue: &Arc<Queue>) {
    SUBSCRIPTIONS.remove_if(|handle| handle.sink.is(queue));
}

fn call(callback: ChangeFn, user_data: UserData, change: &Change) {
    let views = |entries: &[crate::model::Entry]| entries.iter().map(dkv_entry::borrow).collect::<Vec<_>>();
    let (inserted, updated, deleted) = (views(&change.inserted), views(&change.updated), views(&change.deleted));
    let view = dkv_change {
        device_id: dkv_text::borrow(&change.device_id),
        inserted: inserted.as_ptr(),
        inserted_count: inserted.len(),
        updated: updated.as_ptr(),
        updated_count: updated.len(),
        deleted: deleted.as_ptr(),
        deleted_count: deleted.len(),
        overflowed: i32::from(change.overflowed),
        reserved: 0,
    };
    // SAFETY: the callback is one that the caller gave with its own user data; the views live for the call.
    unsafe { callback(user_data.0, &raw const view) };
}

/// Calls back with what each later commit of the store changes, behind the completion of the write.
///
/// Through a view on a completion queue the callback is NULL, and each change is a record of kind DKV_RECORD_CHANGE
/// under the tag user_data. An observer that lags behind by more than 1,024 notifications or 16 MiB is told once that
/// it missed some, and then goes on. The registration ends with dkv_subscription_free(), or with the store. Any thread.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (type, callback), DKV_ERR_OVER_LIMITS (the ninth observer of the store),
/// DKV_ERR_DATABASE (a transaction is open, unless only remote changes are observed), DKV_ERR_CLOSED, DKV_ERR_FORKED.
///
/// # Safety
///
/// `subscription` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_subscribe(
    store: *mut dkv_store,
    subscribe_type: i32,
    callback: dkv_change_callback,
    user_data: *mut c_void,
    subscription: *mut *mut dkv_subscription,
) -> i32 {
    guard(|| {
        let out = Out::new("place for the subscription", subscription)?;
        queue::sweep();
        let (store, sink) = store::parts(store)?;
        let kind = SubscribeType::from_code(subscribe_type)?;
        let notify: Notify = match sink.reply(callback, user_data)? {
            Reply::Call(callback, user_data) => {
                let callback = Shared(callback, user_data);
                Arc::new(move |change, _permit| callback.call(&change))
            }
            Reply::Record(queue, user_data) => {
                let tag = user_data.tag();
                Arc::new(move |change, permit| queue.push(Record::change(tag, &change, permit)))
            }
        };
        let subscription = store.store().subscribe_held(kind, notify)?;
        let handle = insert(subscription, sink)?;
        // SAFETY: writable by the contract of this function.
        unsafe { out.set(handle as *mut dkv_subscription) };
        Ok(())
    })
}

/// A callback that any thread may find, though only the store's dispatch thread calls it.
struct Shared(ChangeFn, UserData);

// SAFETY: the user data is only handed back to the caller's function, which the header makes answer for it.
unsafe impl Sync for Shared {}

impl Shared {
    fn call(&self, change: &Change) {
        call(self.0, self.1, change);
    }
}

/// Ends a registration. What is queued for it is dropped, except records that are in a completion queue already. NULL and
/// ended subscriptions are accepted.
///
/// A call of the callback that has begun on another thread goes on: free user_data in the completion of an operation
/// issued afterwards, which comes through the same door. May be called in the callback itself. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn dkv_subscription_free(subscription: *mut dkv_subscription) {
    guard_void(|| drop(SUBSCRIPTIONS.remove(subscription as usize)));
}
