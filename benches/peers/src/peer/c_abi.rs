//! As much of `dkv.h` as this comparison calls, by hand: a program in C sees the same.

use std::ffi::{c_char, c_void};

pub const OK: i32 = 0;
pub const NOT_FOUND: i32 = 15_100_004;
pub const SINGLE_VERSION: i32 = 1;
pub const SECURITY_S1: i32 = 2;
pub const BYTE_ARRAY: i32 = 3;

/// Types that the library alone looks into.
#[repr(C)]
pub struct Manager {
    _private: [u8; 0],
}

#[repr(C)]
pub struct Store {
    _private: [u8; 0],
}

#[repr(C)]
pub struct Error {
    pub code: i32,
    pub message: *const c_char,
    pub message_length: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Text {
    pub data: *const c_char,
    pub length: usize,
}

#[repr(C)]
pub struct Value {
    pub r#type: i32,
    pub reserved: i32,
    pub integer: i64,
    pub real: f64,
    pub data: *const u8,
    pub length: usize,
}

#[repr(C)]
pub struct Entry {
    pub key: Text,
    pub value: Value,
}

#[repr(C)]
pub struct ManagerOptions {
    pub struct_size: u32,
    pub is_system_app: i32,
    pub bundle_name: Text,
    pub base_dir: Text,
}

#[repr(C)]
pub struct StoreOptions {
    pub struct_size: u32,
    pub create_if_missing: i32,
    pub encrypt: i32,
    pub backup: i32,
    pub auto_sync: i32,
    pub kv_store_type: i32,
    pub security_level: i32,
    pub durability: i32,
    pub cache_bytes: u64,
}

pub type VoidCallback = unsafe extern "C" fn(*mut c_void, *const Error);
pub type StoreCallback = unsafe extern "C" fn(*mut c_void, *const Error, *mut Store);
pub type EntriesCallback = unsafe extern "C" fn(*mut c_void, *const Error, *const Entry, usize);

unsafe extern "C" {
    pub fn dkv_manager_create(options: *const ManagerOptions, manager: *mut *mut Manager) -> i32;
    pub fn dkv_manager_free(manager: *mut Manager);
    pub fn dkv_manager_get_store(
        manager: *mut Manager,
        store_id: *const c_char,
        store_id_length: usize,
        options: *const StoreOptions,
        callback: Option<StoreCallback>,
        user_data: *mut c_void,
    ) -> i32;
    pub fn dkv_store_options_init(options: *mut StoreOptions, size: usize) -> i32;
    pub fn dkv_store_put(
        store: *mut Store,
        key: *const c_char,
        key_length: usize,
        value: *const Value,
        callback: Option<VoidCallback>,
        user_data: *mut c_void,
    ) -> i32;
    pub fn dkv_store_get_now(
        store: *mut Store,
        key: *const c_char,
        key_length: usize,
        buffer: *mut u8,
        capacity: usize,
        value: *mut Value,
    ) -> i32;
    pub fn dkv_store_get_entries(
        store: *mut Store,
        prefix: *const c_char,
        prefix_length: usize,
        callback: Option<EntriesCallback>,
        user_data: *mut c_void,
    ) -> i32;
    pub fn dkv_store_close(store: *mut Store, callback: Option<VoidCallback>, user_data: *mut c_void) -> i32;
}
