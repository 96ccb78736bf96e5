//! The structs of dkv.h, as a C program has them. Handles are numbers here, so that any number can be one.
#![allow(dead_code, reason = "each target takes what it needs")]

use std::ffi::c_void;
use std::ptr;

pub type Handle = usize;
pub type Callback = *const c_void;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Text {
    pub data: *const u8,
    pub length: usize,
}

impl Text {
    pub const EMPTY: Self = Self { data: ptr::null(), length: 0 };

    pub fn of(text: &str) -> Self {
        Self { data: text.as_ptr(), length: text.len() }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Value {
    pub kind: i32,
    pub reserved: i32,
    pub integer: i64,
    pub real: f64,
    pub data: *const u8,
    pub length: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Entry {
    pub key: Text,
    pub value: Value,
}

#[repr(C)]
pub struct Error {
    pub code: i32,
    pub message: *const u8,
    pub message_length: usize,
}

#[repr(C)]
pub struct Change {
    pub device_id: Text,
    pub inserted: *const Entry,
    pub inserted_count: usize,
    pub updated: *const Entry,
    pub updated_count: usize,
    pub deleted: *const Entry,
    pub deleted_count: usize,
    pub overflowed: i32,
    pub reserved: i32,
}

/// A text and a number: what came of one device, or of one backup.
#[repr(C)]
pub struct Told {
    pub name: Text,
    pub code: i32,
    pub reserved: i32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct ManagerOptions {
    pub struct_size: u32,
    pub is_system_app: i32,
    pub bundle_name: Text,
    pub base_dir: Text,
    pub open_stores_max: u32,
    pub reserved: u32,
    pub root_key: *const u8,
    pub root_key_length: usize,
    pub root_key_callback: Callback,
    pub root_key_user_data: usize,
}

impl ManagerOptions {
    pub fn new(bundle_name: &str, base_dir: &str) -> Self {
        Self {
            struct_size: size_of::<Self>() as u32,
            is_system_app: 0,
            bundle_name: Text::of(bundle_name),
            base_dir: Text::of(base_dir),
            open_stores_max: 0,
            reserved: 0,
            root_key: ptr::null(),
            root_key_length: 0,
            root_key_callback: ptr::null(),
            root_key_user_data: 0,
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct StoreOptions {
    pub struct_size: u32,
    pub create_if_missing: i32,
    pub encrypt: i32,
    pub backup: i32,
    pub auto_sync: i32,
    pub kind: i32,
    pub security_level: i32,
    pub durability: i32,
    pub cache_bytes: u64,
    pub root_dir: Text,
    pub schema: Text,
    pub auto_backup_quiet_ms: u64,
    pub auto_backup_interval_ms: u64,
    pub recover: i32,
    pub reserved: i32,
}

impl StoreOptions {
    /// A single-version store of level S1.
    pub fn single() -> Self {
        Self {
            struct_size: size_of::<Self>() as u32,
            create_if_missing: 1,
            encrypt: 0,
            backup: 0,
            auto_sync: 0,
            kind: 1,
            security_level: 2,
            durability: 0,
            cache_bytes: 0,
            root_dir: Text::EMPTY,
            schema: Text::EMPTY,
            auto_backup_quiet_ms: 0,
            auto_backup_interval_ms: 0,
            recover: 0,
            reserved: 0,
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct KeyRange {
    pub struct_size: u32,
    pub reverse: i32,
    pub prefix: Text,
    pub gte: Text,
    pub gt: Text,
    pub lt: Text,
    pub lte: Text,
    pub limit: u64,
}

/// A folder in memory, where there is one: thousands of stores are made in it.
pub fn folder() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.unwrap()
}

/// What a drained queue gave: kind, tag, code and payload of each record.
pub fn records(mut bytes: &[u8]) -> Vec<(u32, u64, i32, &[u8])> {
    let number = |bytes: &[u8], at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let mut records = Vec::new();
    while !bytes.is_empty() {
        let length = number(bytes, 0) as usize;
        assert!(length >= 24 && length.is_multiple_of(8), "a record of the library is as drawn");
        let tag = u64::from_le_bytes(bytes[8..16].try_into().unwrap());
        records.push((number(bytes, 4), tag, number(bytes, 16) as i32, &bytes[24..length]));
        bytes = &bytes[length..];
    }
    records
}
