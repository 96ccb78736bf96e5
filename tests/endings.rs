//! How a process ends while a store is open: by returning, and with the library unloaded beneath it. What was
//! acknowledged is there afterwards, as after a kill.
#![cfg(unix)]

#[path = "fuzz/abi.rs"]
mod abi;
mod common;

use std::ffi::CString;
use std::path::{Path, PathBuf};

use common::{BUNDLE, child, child_folder, manager, run_child, single};
use dkv::Value;

/// What another process of this test does before it ends, and the store that it leaves.
fn left_by(test: &str, body: impl FnOnce(&Path), look: impl FnOnce(&dkv::KvStore)) {
    if let Some(folder) = child_folder() {
        return body(&folder);
    }
    let folder = tempfile::tempdir().unwrap();
    run_child(child(test, folder.path()));
    look(&manager(BUNDLE, folder.path()).get_store("notes", single()).wait().unwrap());
}

#[test]
fn a_process_that_exits_with_a_store_open_loses_nothing_that_was_acknowledged() {
    left_by(
        "a_process_that_exits_with_a_store_open_loses_nothing_that_was_acknowledged",
        |folder| {
            let store = manager(BUNDLE, folder).get_store("notes", single()).wait().unwrap();
            for number in 0..50 {
                store.put(format!("key{number:02}"), number).wait().unwrap();
            }
            let in_flight: Vec<_> = (0..500).map(|number| store.put(format!("later{number}"), number)).collect();
            let observer = store.subscribe(dkv::SubscribeType::All, |_| {}).unwrap();
            let result_set = store.get_result_set("key").wait().unwrap();
            std::mem::forget((store, in_flight, observer, result_set));
            // Runs what the C library runs at an exit, with the library's threads at work.
            std::process::exit(0);
        },
        |store| {
            let kept = store.get_entries("key").wait().unwrap();
            assert_eq!(kept.len(), 50);
            assert!(kept.iter().zip(0..).all(|(entry, number)| entry.value == Value::from(number)));
        },
    );
}

/// The shared library that was built with this test.
fn shared_library() -> PathBuf {
    let folder = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    let name = format!("{}dkv{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let places = [folder.join(&name), folder.join("..").join(&name)];
    places.into_iter().find(|place| place.is_file()).expect("cargo builds the shared library with the tests")
}

/// A function of an opened library.
fn function(library: *mut libc::c_void, name: &str) -> *mut libc::c_void {
    let name = CString::new(name).unwrap();
    // SAFETY: the library is open, and the name ends with a NUL.
    let function = unsafe { libc::dlsym(library, name.as_ptr()) };
    assert!(!function.is_null(), "{name:?}");
    function
}

type Create = unsafe extern "C" fn(*const abi::ManagerOptions, *mut usize) -> i32;
type NewQueue = unsafe extern "C" fn(*mut usize) -> i32;
type OnQueue = unsafe extern "C" fn(usize, usize, *mut usize) -> i32;
type GetStore = unsafe extern "C" fn(usize, *const u8, usize, *const abi::StoreOptions, abi::Callback, usize) -> i32;
type Wait = unsafe extern "C" fn(usize, u32) -> i32;
type Drain = unsafe extern "C" fn(usize, *mut u8, usize, *mut usize, *mut usize) -> i32;
type Put = unsafe extern "C" fn(usize, *const u8, usize, *const abi::Value, abi::Callback, usize) -> i32;

const WAIT_MS: u32 = 120_000;

/// Waits for one record, and takes it.
fn record(queue: usize, wait: Wait, drain: Drain) -> (u32, i32, Vec<u8>) {
    let (mut buffer, mut written, mut needed) = ([0; 1024], 0, 0);
    // SAFETY: the functions are those of dkv.h, and every place is writable.
    unsafe {
        assert_eq!(wait(queue, WAIT_MS), 0);
        assert_eq!(drain(queue, buffer.as_mut_ptr(), buffer.len(), &raw mut written, &raw mut needed), 0);
    }
    let records = abi::records(&buffer[..written]);
    let (kind, _, code, payload) = records[0];
    (kind, code, payload.to_vec())
}

/// Opens a store, acknowledges a put, leaves others in flight, and unloads the library.
fn unload_with_a_store_open(folder: &Path) {
    let path = CString::new(shared_library().to_str().unwrap()).unwrap();
    // SAFETY: the functions are those of dkv.h, called as it says; what they point to lives until they return.
    unsafe {
        let library = libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL);
        assert!(!library.is_null(), "{path:?} is loaded");
        let create: Create = std::mem::transmute(function(library, "dkv_manager_create"));
        let new_queue: NewQueue = std::mem::transmute(function(library, "dkv_queue_create"));
        let on_queue: OnQueue = std::mem::transmute(function(library, "dkv_manager_on_queue"));
        let get_store: GetStore = std::mem::transmute(function(library, "dkv_manager_get_store"));
        let wait: Wait = std::mem::transmute(function(library, "dkv_queue_wait"));
        let drain: Drain = std::mem::transmute(function(library, "dkv_queue_drain"));
        let put: Put = std::mem::transmute(function(library, "dkv_store_put"));
        let (mut manager, mut queue, mut view) = (0, 0, 0);
        let (options, store) =
            (abi::ManagerOptions::new(BUNDLE, folder.to_str().unwrap()), abi::StoreOptions::single());
        assert_eq!(create(&raw const options, &raw mut manager), 0);
        assert_eq!(new_queue(&raw mut queue), 0);
        assert_eq!(on_queue(manager, queue, &raw mut view), 0);
        assert_eq!(get_store(view, b"notes".as_ptr(), 5, &raw const store, std::ptr::null(), 0), 0);
        let (_, code, handle) = record(queue, wait, drain);
        assert_eq!(code, 0);
        let store = usize::from_le_bytes(handle.try_into().unwrap());
        let value = abi::Value { kind: 1, reserved: 0, integer: 7, real: 0.0, data: std::ptr::null(), length: 0 };
        assert_eq!(put(store, b"key".as_ptr(), 3, &raw const value, std::ptr::null(), 1), 0);
        assert_eq!(record(queue, wait, drain).1, 0);
        for _ in 0..100 {
            assert_eq!(put(store, b"later".as_ptr(), 5, &raw const value, std::ptr::null(), 2), 0);
        }
        assert_eq!(libc::dlclose(library), 0);
    }
    // Its threads write, flush and fall asleep meanwhile.
    std::thread::sleep(std::time::Duration::from_millis(500));
}

#[test]
fn a_library_that_is_unloaded_with_a_store_open_crashes_nothing_and_loses_nothing() {
    left_by(
        "a_library_that_is_unloaded_with_a_store_open_crashes_nothing_and_loses_nothing",
        unload_with_a_store_open,
        |store| assert_eq!(store.get("key").wait().unwrap(), Value::from(7)),
    );
}
