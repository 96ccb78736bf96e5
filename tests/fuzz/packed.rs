//! Any bytes as packed records: what is taken ends where a record ends, and is answered once under its own tag.

use std::sync::Mutex;

use dkv as _;

use crate::abi::{self, Callback, Handle, ManagerOptions, StoreOptions};

/// Inputs after which the store is made anew, so that it stays small.
const INPUTS_PER_STORE: u32 = 2_000;
const OK: i32 = 0;
const INVALID_ARGUMENT: i32 = 401;
const QUEUE_FULL: i32 = -1;
const PATIENCE_MS: u32 = 60_000;

unsafe extern "C" {
    fn dkv_manager_create(options: *const ManagerOptions, manager: *mut Handle) -> i32;
    fn dkv_manager_on_queue(manager: Handle, queue: Handle, view: *mut Handle) -> i32;
    fn dkv_manager_get_store(
        manager: Handle,
        id: *const u8,
        length: usize,
        options: *const StoreOptions,
        callback: Callback,
        tag: usize,
    ) -> i32;
    fn dkv_queue_create(queue: *mut Handle) -> i32;
    fn dkv_queue_wait(queue: Handle, timeout_ms: u32) -> i32;
    fn dkv_queue_drain(queue: Handle, buffer: *mut u8, capacity: usize, written: *mut usize, needed: *mut usize)
    -> i32;
    fn dkv_queue_free(queue: Handle);
    fn dkv_store_submit(store: Handle, buffer: *const u8, length: usize, taken: *mut usize) -> i32;
    fn dkv_store_free(store: Handle);
    fn dkv_manager_free(manager: Handle);
}

/// An open store and its queue.
struct Host {
    queue: Handle,
    manager: Handle,
    view: Handle,
    store: Handle,
    inputs: u32,
    _folder: tempfile::TempDir,
}

impl Host {
    fn new() -> Self {
        let folder = abi::folder();
        let (mut queue, mut manager, mut view) = (0, 0, 0);
        let options = ManagerOptions::new("com.example.tests", folder.path().to_str().unwrap());
        unsafe {
            assert_eq!(dkv_queue_create(&raw mut queue), OK);
            assert_eq!(dkv_manager_create(&raw const options, &raw mut manager), OK);
            assert_eq!(dkv_manager_on_queue(manager, queue, &raw mut view), OK);
            let (id, options) = ("packed", StoreOptions::single());
            let options = &raw const options;
            assert_eq!(dkv_manager_get_store(view, id.as_ptr(), id.len(), options, std::ptr::null(), 1), OK);
        }
        let mut host = Self { queue, manager, view, store: 0, inputs: 0, _folder: folder };
        let opened = host.drain();
        let (kind, tag, code, payload) = abi::records(&opened)[0];
        assert_eq!((kind, tag, code), (4, 1, OK));
        host.store = usize::from_le_bytes(payload.try_into().unwrap());
        host
    }

    /// Waits for something, and takes all that is there.
    fn drain(&self) -> Vec<u8> {
        let (mut written, mut needed) = (0, 0);
        let mut buffer = vec![0; 1 << 16];
        loop {
            unsafe {
                assert_eq!(dkv_queue_wait(self.queue, PATIENCE_MS), OK, "what was taken is answered");
                let (place, room) = (buffer.as_mut_ptr(), buffer.len());
                assert_eq!(dkv_queue_drain(self.queue, place, room, &raw mut written, &raw mut needed), OK);
            }
            if written > 0 {
                buffer.truncate(written);
                return buffer;
            }
            buffer.resize(needed, 0);
        }
    }

    fn submit(&self, bytes: &[u8]) {
        // Bytes of their own, whose end nobody reads past unnoticed.
        let given = bytes.to_vec().into_boxed_slice();
        let mut taken = usize::MAX;
        let code = unsafe { dkv_store_submit(self.store, given.as_ptr(), given.len(), &raw mut taken) };
        drop(given);
        if code != OK {
            assert!([INVALID_ARGUMENT, QUEUE_FULL].contains(&code), "{code}");
            assert_eq!(taken, usize::MAX, "nothing is written on failure");
            return;
        }
        let mut owed = tags(&bytes[..taken]);
        while !owed.is_empty() {
            for (_, tag, code, _) in abi::records(&self.drain()) {
                assert_ne!(code, -5, "the library failed inside");
                let place = owed.iter().position(|owed| *owed == tag);
                owed.swap_remove(place.expect("a tag is answered as often as it was taken"));
            }
        }
        assert_eq!(unsafe { dkv_queue_wait(self.queue, 0) }, -2, "nothing is answered twice");
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        unsafe {
            dkv_store_free(self.store);
            dkv_manager_free(self.view);
            dkv_manager_free(self.manager);
            dkv_queue_free(self.queue);
        }
    }
}

/// The tags of whole records.
fn tags(mut bytes: &[u8]) -> Vec<u64> {
    let mut tags = Vec::new();
    while !bytes.is_empty() {
        let length = u32::from_le_bytes(bytes[..4].try_into().unwrap()) as usize;
        tags.push(u64::from_le_bytes(bytes[8..16].try_into().unwrap()));
        bytes = bytes.get(length.max(24)..).expect("what is taken are whole records");
    }
    tags
}

/// A static is never dropped, and its folder would stay.
static HOST: Mutex<Option<Host>> = Mutex::new(None);

/// Closes the store and removes its folder.
#[allow(dead_code, reason = "a fuzzer is killed in the end")]
pub fn end() {
    drop(HOST.lock().unwrap().take());
}

/// Submits the bytes through a view on a queue, and takes every answer.
pub fn records(bytes: &[u8]) {
    let mut slot = HOST.lock().unwrap();
    if slot.as_ref().is_none_or(|host| host.inputs == INPUTS_PER_STORE) {
        *slot = None;
        *slot = Some(Host::new());
    }
    let host = slot.as_mut().unwrap();
    host.inputs += 1;
    host.submit(bytes);
}
