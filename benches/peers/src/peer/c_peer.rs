//! dkv through its C interface: what is read is copied into the caller's memory, and answers come as callbacks.

use std::ffi::{c_char, c_void};
use std::hint::black_box;
use std::path::Path;
use std::ptr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};

use super::Mode;
use super::c_abi as sys;
use super::dkv_peer::{BUNDLE_NAME, DkvPeer};
use super::engine::{Buffer, Engine, Entry, Make};
use crate::Result;
use crate::clock::{Spent, spend};

/// Longer than a value of the rows. For longer ones it grows, as that of a program in C would.
const BUFFER_BYTES: usize = 256;

/// A handle of the C interface beside one of Rust on the same store: what is written goes through the latter, except for
/// `put_one`.
pub struct CPeer {
    rust: DkvPeer,
    store: *mut sys::Store,
    /// Where the answers of puts go. It outlives them, as the store's last answer is that of its close.
    answers: Box<Sender<i32>>,
    answered: Mutex<Receiver<i32>>,
}

// SAFETY: every call of the interface may be made from any thread.
unsafe impl Send for CPeer {}
// SAFETY: as above.
unsafe impl Sync for CPeer {}

impl CPeer {
    /// Opens the store of this name, creating it if it is missing.
    pub fn open(folder: &Path, name: &str, cache_bytes: u64) -> Result<Self> {
        let rust = DkvPeer::open(folder, name, cache_bytes, dkv::Durability::Durable, Mode::Usual)?;
        let folder = folder.to_str().ok_or("the folder's name is no text")?;
        let options = sys::ManagerOptions {
            struct_size: size_of::<sys::ManagerOptions>() as u32,
            is_system_app: 0,
            bundle_name: text(BUNDLE_NAME),
            base_dir: text(folder),
        };
        let mut manager = ptr::null_mut();
        // SAFETY: the options and their texts live, and there is place for the manager.
        succeeded(unsafe { sys::dkv_manager_create(&raw const options, &raw mut manager) })?;
        let store = open_store(manager, name, cache_bytes);
        // SAFETY: it was made above, and nobody has it but this function.
        unsafe { sys::dkv_manager_free(manager) };
        let (answers, answered) = channel();
        Ok(Self { rust, store: store?, answers: Box::new(answers), answered: Mutex::new(answered) })
    }

    /// The other handle.
    pub fn rust(&self) -> &DkvPeer {
        &self.rust
    }

    /// Issues puts with one callback each, which is measured, and waits for the last answer, which is not.
    pub fn put_each(&self, entries: &[Entry]) -> Result<Spent> {
        let user_data = ptr::from_ref(&*self.answers).cast_mut().cast();
        // All are issued before one is waited for, also after one was refused, so that no answer is left for the next call.
        let mut issued = Vec::with_capacity(entries.len());
        let spent = spend(|| {
            issued.extend(entries.iter().map(|(key, value)| self.issue(key, value, user_data)));
            Ok(())
        })?;
        let taken = issued.iter().filter(|code| **code == sys::OK).count();
        let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        let answers: Vec<i32> = answered.iter().take(taken).collect();
        issued.into_iter().chain(answers).try_for_each(succeeded)?;
        Ok(spent)
    }

    /// Copies a value into the buffer. Gives the code, and the length of a value for which the buffer is too short.
    fn get_into(&self, key: &str, buffer: &mut [u8]) -> (i32, Option<usize>) {
        let key = text(key);
        // SAFETY: zeros are a value of the struct, which the call fills.
        let mut value: sys::Value = unsafe { std::mem::zeroed() };
        let (place, room) = (buffer.as_mut_ptr(), buffer.len());
        // SAFETY: the key lives, and there is place for the value and its bytes.
        let code = unsafe { sys::dkv_store_get_now(self.store, key.data, key.length, place, room, &raw mut value) };
        (code, value.data.is_null().then_some(value.length).filter(|length| *length > room))
    }

    fn issue(&self, key: &str, value: &[u8], user_data: *mut c_void) -> i32 {
        let (data, length) = (value.as_ptr(), value.len());
        let value = sys::Value { r#type: sys::BYTE_ARRAY, reserved: 0, integer: 0, real: 0.0, data, length };
        let key = text(key);
        // SAFETY: key and value live for the call, and the sender until all have answered.
        unsafe { sys::dkv_store_put(self.store, key.data, key.length, &raw const value, Some(done), user_data) }
    }
}

fn open_store(manager: *mut sys::Manager, name: &str, cache_bytes: u64) -> Result<*mut sys::Store> {
    let name = text(name);
    // SAFETY: zeros are a value of the struct, which the call fills.
    let mut options: sys::StoreOptions = unsafe { std::mem::zeroed() };
    // SAFETY: the struct is of the size that is told.
    succeeded(unsafe { sys::dkv_store_options_init(&raw mut options, size_of::<sys::StoreOptions>()) })?;
    options.backup = 0;
    options.kv_store_type = sys::SINGLE_VERSION;
    options.security_level = sys::SECURITY_S1;
    options.cache_bytes = cache_bytes;
    let (code, store) = ask::<(i32, usize)>(|user_data| {
        // SAFETY: name and options live for the call, and the callback takes what it is given.
        unsafe {
            sys::dkv_manager_get_store(manager, name.data, name.length, &raw const options, Some(opened), user_data)
        }
    })?;
    succeeded(code).map(|()| store as *mut sys::Store)
}

/// Makes a call that answers once, and waits for the answer. The callback takes its sender: whoever waits may be gone
/// before it has returned.
fn ask<T>(call: impl FnOnce(*mut c_void) -> i32) -> Result<T> {
    let (answers, answered) = channel::<T>();
    let answers = Box::into_raw(Box::new(answers));
    if let Err(refused) = succeeded(call(answers.cast())) {
        // SAFETY: it was made above, and a call that was refused has no callback.
        drop(unsafe { Box::from_raw(answers) });
        return Err(refused);
    }
    Ok(answered.recv()?)
}

impl Engine for CPeer {
    fn put(&self, entries: Vec<Entry>) -> Result<()> {
        self.rust.put(entries)
    }

    fn delete(&self, keys: Vec<String>) -> Result<()> {
        self.rust.delete(keys)
    }

    fn get(&self, keys: &[String]) -> Result<u64> {
        let (mut found, mut buffer) = (0, Buffer::take());
        if buffer.0.len() < BUFFER_BYTES {
            buffer.0.resize(BUFFER_BYTES, 0);
        }
        for key in keys {
            let mut got = self.get_into(key, &mut buffer.0);
            if let (sys::OK, Some(bytes)) = got {
                // The value is longer than the buffer, and has told how long it is.
                buffer.0.resize(bytes, 0);
                got = self.get_into(key, &mut buffer.0);
            }
            black_box(&buffer.0);
            if got.0 != sys::NOT_FOUND {
                succeeded(got.0)?;
                found += 1;
            }
        }
        Ok(found)
    }

    /// Uses them in the callback: they are a copy already.
    fn entries(&self, prefix: &str) -> Result<u64> {
        let prefix = text(prefix);
        let (code, count) = ask::<(i32, usize)>(|user_data| {
            // SAFETY: the prefix lives for the call, and the callback takes what it is given.
            unsafe { sys::dkv_store_get_entries(self.store, prefix.data, prefix.length, Some(counted), user_data) }
        })?;
        succeeded(code).map(|()| count as u64)
    }

    fn load(&self, batches: &mut dyn Iterator<Item = Vec<Entry>>) -> Result<()> {
        self.rust.load(batches)
    }

    fn put_in_flight(&self, in_flight: u64, total: u64, make: Make) -> Result<Vec<std::time::Duration>> {
        self.rust.put_in_flight(in_flight, total, make)
    }
}

impl Drop for CPeer {
    fn drop(&mut self) {
        // SAFETY: the handle lives, and the callback takes what it is given.
        let _ = ask::<i32>(|user_data| unsafe { sys::dkv_store_close(self.store, Some(closed), user_data) });
    }
}

/// # Safety
///
/// `user_data` is a sender that lives as long as the store is open, and `error` is NULL or readable.
unsafe extern "C" fn done(user_data: *mut c_void, error: *const sys::Error) {
    // SAFETY: the contract of this function.
    let (answers, code) = unsafe { (&*user_data.cast::<Sender<i32>>(), code_of(error)) };
    let _ = answers.send(code);
}

/// # Safety
///
/// `user_data` is a boxed sender, which nobody else has any more, and `error` is NULL or readable.
unsafe extern "C" fn closed(user_data: *mut c_void, error: *const sys::Error) {
    // SAFETY: the contract of this function.
    let (answers, code) = unsafe { (Box::from_raw(user_data.cast::<Sender<i32>>()), code_of(error)) };
    let _ = answers.send(code);
}

/// # Safety
///
/// As for `closed`.
unsafe extern "C" fn opened(user_data: *mut c_void, error: *const sys::Error, store: *mut sys::Store) {
    // SAFETY: the contract of this function.
    let (answers, code) = unsafe { (Box::from_raw(user_data.cast::<Sender<(i32, usize)>>()), code_of(error)) };
    let _ = answers.send((code, store as usize));
}

/// # Safety
///
/// As for `closed`, and the entries are readable with their bytes.
unsafe extern "C" fn counted(
    user_data: *mut c_void,
    error: *const sys::Error,
    entries: *const sys::Entry,
    count: usize,
) {
    for at in 0..count {
        // SAFETY: the contract of this function.
        let entry = unsafe { &*entries.add(at) };
        black_box((entry.key.data, entry.key.length, entry.value.data, entry.value.length));
    }
    // SAFETY: the contract of this function.
    let (answers, code) = unsafe { (Box::from_raw(user_data.cast::<Sender<(i32, usize)>>()), code_of(error)) };
    let _ = answers.send((code, count));
}

/// # Safety
///
/// `error` is NULL or readable.
unsafe fn code_of(error: *const sys::Error) -> i32 {
    // SAFETY: the contract of this function.
    unsafe { error.as_ref() }.map_or(sys::OK, |error| error.code)
}

fn text(text: &str) -> sys::Text {
    sys::Text { data: text.as_ptr().cast::<c_char>(), length: text.len() }
}

fn succeeded(code: i32) -> Result<()> {
    if code == sys::OK { Ok(()) } else { Err(format!("a call of the C interface gave {code}").into()) }
}
