//! The end of the service, which the reference can lose and this library does not have.

use std::ffi::c_void;

use super::guard::guard;
use super::manager::{self, dkv_manager};
use super::observer::{self, dkv_subscription};
use super::ptr::{Out, UserData};
use super::reply::Reply;

/// Would be called at the end of the service that holds the stores.
pub type dkv_service_death_callback = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

/// Registers a callback for the end of the service that holds the stores (distributedDataServiceDie).
///
/// Here the stores are held by this very process: the registration is checked and kept, and the callback never runs.
/// Through a view on a completion queue the callback is NULL. Ends with dkv_subscription_free(). Any thread.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (callback), DKV_ERR_CLOSED, DKV_ERR_OVER_LIMITS (too many handles),
/// DKV_ERR_FORKED.
///
/// # Safety
///
/// `subscription` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_manager_subscribe_service_death(
    manager: *mut dkv_manager,
    callback: dkv_service_death_callback,
    user_data: *mut c_void,
    subscription: *mut *mut dkv_subscription,
) -> i32 {
    guard(|| {
        let out = Out::new("place for the subscription", subscription)?;
        let (manager, sink) = manager::parts(manager)?;
        let died = Died(sink.reply(callback, user_data)?);
        let handle = observer::insert(manager.manager().subscribe_service_death(move || died.tell()), sink)?;
        // SAFETY: writable by the contract of this function.
        unsafe { out.set(handle as *mut dkv_subscription) };
        Ok(())
    })
}

struct Died(Reply<unsafe extern "C" fn(*mut c_void)>);

// SAFETY: the user data is only handed back to the caller's function, which the header makes answer for it.
unsafe impl Sync for Died {}

impl Died {
    fn tell(&self) {
        if let Reply::Call(callback, UserData(user_data)) = &self.0 {
            // SAFETY: the callback is one that the caller gave with its own user data.
            unsafe { callback(*user_data) };
        }
    }
}
