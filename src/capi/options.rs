//! What managers and stores are made with.

use std::ffi::c_void;
use std::path::PathBuf;
use std::ptr;

use super::growable;
use super::guard::guard;
use super::ptr::text_of;
use super::root_key::{self, dkv_root_key_callback};
use super::value::dkv_text;
use crate::client::ManagerOptions;
use crate::error::Result;
use crate::limits::{CACHE_BYTES_DEFAULT, OPEN_STORES_MAX};
use crate::model::{Durability, Options, SecurityLevel, StoreKind};

/// Every device has its own keys. The default.
pub const DKV_STORE_DEVICE_COLLABORATION: i32 = 0;
/// One set of keys.
pub const DKV_STORE_SINGLE_VERSION: i32 = 1;
/// Security level S1, low.
pub const DKV_SECURITY_S1: i32 = 2;
/// Security level S2, medium.
pub const DKV_SECURITY_S2: i32 = 3;
/// Security level S3, high.
pub const DKV_SECURITY_S3: i32 = 5;
/// Security level S4, critical.
pub const DKV_SECURITY_S4: i32 = 6;
/// A write is acknowledged when it is on the disk. The default.
pub const DKV_DURABILITY_DURABLE: i32 = 0;
/// A write is acknowledged when it is applied; it is on the disk within a second, at a flush and at close.
pub const DKV_DURABILITY_RELAXED: i32 = 1;

const _: () = assert!(DKV_STORE_DEVICE_COLLABORATION == StoreKind::DeviceCollaboration as i32);
const _: () = assert!(DKV_STORE_SINGLE_VERSION == StoreKind::SingleVersion as i32);
const _: () = assert!(DKV_SECURITY_S1 == SecurityLevel::S1 as i32 && DKV_SECURITY_S2 == SecurityLevel::S2 as i32);
const _: () = assert!(DKV_SECURITY_S3 == SecurityLevel::S3 as i32 && DKV_SECURITY_S4 == SecurityLevel::S4 as i32);
const _: () = assert!(DKV_DURABILITY_DURABLE == Durability::Durable as i32);
const _: () = assert!(DKV_DURABILITY_RELAXED == Durability::Relaxed as i32);

/// What a manager is made with. Begin with DKV_MANAGER_OPTIONS_INIT or dkv_manager_options_init().
#[repr(C)]
#[derive(Clone, Copy)]
pub struct dkv_manager_options {
    /// Size of this struct as the caller knows it. 0 is refused.
    pub struct_size: u32,
    /// 1 if the application may use the calls for system applications. Default 0.
    pub is_system_app: i32,
    /// The application's bundle name: not empty, at most 128 bytes to open a store with. Required.
    pub bundle_name: dkv_text,
    /// The folder below which the stores lie. It must exist when a store is opened. Required.
    pub base_dir: dkv_text,
    /// Stores that the application may have open at once. 0 means 16, the default.
    pub open_stores_max: u32,
    /// 1 to make the root key of encrypted stores in the system's keyring, not in a file: the secret service on Linux, the
    /// keychain of macOS, the credentials of Windows. Files under older root keys open as before. Not together with
    /// root_key or root_key_callback. A library that was built without the feature `keyring` answers
    /// DKV_ERR_NOT_SUPPORTED. Default 0.
    pub root_key_in_keyring: i32,
    /// The root key of encrypted stores: 32 to 1024 bytes, copied. NULL, the default: the key is asked for, or is in the
    /// system's keyring, or in the file key/root.1 below base_dir, made with the first encrypted store. Whoever has it can
    /// read the stores, and without it nobody can.
    pub root_key: *const u8,
    /// Bytes of root_key.
    pub root_key_length: usize,
    /// Gives the root key when it is needed. NULL, the default, for none; not together with root_key.
    pub root_key_callback: dkv_root_key_callback,
    /// Handed to root_key_callback; it must stay valid as long as an encrypted store is open.
    pub root_key_user_data: *mut c_void,
}

/// What a store is opened with. Begin with DKV_STORE_OPTIONS_INIT or dkv_store_options_init().
#[repr(C)]
#[derive(Clone, Copy)]
pub struct dkv_store_options {
    /// Size of this struct as the caller knows it. 0 is refused.
    pub struct_size: u32,
    /// 1 to create the store if it does not exist. Default 1.
    pub create_if_missing: i32,
    /// 1 to encrypt the store. Fixed when it is created. Default 0. The root
    /// key is the manager's.
    pub encrypt: i32,
    /// 1 for automatic backups: in the background, named autoBackup, one of the 5 that a store may have. Default 1.
    pub backup: i32,
    /// 1 to synchronise in the background once a transport exists. Recorded. Default 0.
    pub auto_sync: i32,
    /// One of the DKV_STORE numbers. Fixed when the store is created. Default DKV_STORE_DEVICE_COLLABORATION.
    pub kv_store_type: i32,
    /// One of the DKV_SECURITY numbers. It may be raised by a later opening, never lowered. Required.
    pub security_level: i32,
    /// One of the DKV_DURABILITY numbers. Default DKV_DURABILITY_DURABLE.
    pub durability: i32,
    /// Page cache of this store in bytes: 1 MiB to 64 GiB. 0 means 8 MiB, the default.
    pub cache_bytes: u64,
    /// Another folder than the manager's for this store; it must exist. Data NULL for none, the default.
    pub root_dir: dkv_text,
    /// The schema's JSON text, which dkv_schema_to_json() makes, or which is written by hand; empty for none, the default.
    /// A store that has a schema and is opened without one can only be read.
    pub schema: dkv_text,
    /// Time without a write after which an automatic backup begins, in milliseconds. 0 means 30,000, the default.
    pub auto_backup_quiet_ms: u64,
    /// Age below which an automatic backup is not replaced, in milliseconds. 0 means 3,600,000, the default.
    pub auto_backup_interval_ms: u64,
    /// 1 to recover a store that turns out to be damaged: its file is kept under another name, never deleted, and the
    /// newest backup of this very store takes its place, or else what can be read of it. dkv_store_get_recovery_now()
    /// tells what happened. Every opening reads all of the file then. Default 0: DKV_ERR_CORRUPTED, nothing is changed.
    pub recover: i32,
    /// 1 to keep every commit ready for a fast opening: after a crash the store then opens without reading all of its file,
    /// which takes about a second for each gigabyte. A commit flushes twice for it, and writes more, the larger the store
    /// is. Default 0. A store that was closed opens fast in any case.
    pub fast_recovery: i32,
}

impl dkv_manager_options {
    const DEFAULT: Self = Self {
        struct_size: size_of::<Self>() as u32,
        is_system_app: 0,
        bundle_name: growable::NO_TEXT,
        base_dir: growable::NO_TEXT,
        open_stores_max: 0,
        root_key_in_keyring: 0,
        root_key: ptr::null(),
        root_key_length: 0,
        root_key_callback: None,
        root_key_user_data: ptr::null_mut(),
    };

    /// # Safety
    ///
    /// `options` is NULL or points to a struct of its `struct_size` bytes, whose texts and root key are readable.
    pub unsafe fn read(options: *const Self) -> Result<ManagerOptions> {
        // SAFETY: the caller's contract.
        let options = unsafe { growable::read(options, Self::DEFAULT) }?;
        // SAFETY: the caller's contract.
        let (bundle_name, base_dir) =
            unsafe { (text_of("bundle name", options.bundle_name)?, text_of("base folder", options.base_dir)?) };
        let mut read = ManagerOptions::new(bundle_name, base_dir);
        read.is_system_app = growable::flag("is_system_app", options.is_system_app)?;
        read.open_stores_max = if options.open_stores_max == 0 { OPEN_STORES_MAX } else { options.open_stores_max };
        let (key, length) = (options.root_key, options.root_key_length);
        let (callback, user_data) = (options.root_key_callback, options.root_key_user_data);
        let in_keyring = growable::flag("root_key_in_keyring", options.root_key_in_keyring)?;
        // SAFETY: the caller's contract.
        read.root_key = unsafe { root_key::read(key, length, callback, user_data, in_keyring) }?;
        Ok(read)
    }
}

impl dkv_store_options {
    const DEFAULT: Self = Self {
        struct_size: size_of::<Self>() as u32,
        create_if_missing: 1,
        encrypt: 0,
        backup: 1,
        auto_sync: 0,
        kv_store_type: DKV_STORE_DEVICE_COLLABORATION,
        security_level: 0,
        durability: DKV_DURABILITY_DURABLE,
        cache_bytes: 0,
        root_dir: growable::NO_TEXT,
        schema: growable::NO_TEXT,
        auto_backup_quiet_ms: 0,
        auto_backup_interval_ms: 0,
        recover: 0,
        fast_recovery: 0,
    };

    /// # Safety
    ///
    /// `options` is NULL or points to a struct of its `struct_size` bytes, whose texts are readable.
    pub unsafe fn read(options: *const Self) -> Result<Options> {
        // SAFETY: the caller's contract.
        let options = unsafe { growable::read(options, Self::DEFAULT) }?;
        // SAFETY: the caller's contract.
        let (root_dir, schema) =
            unsafe { (text_of("root_dir", options.root_dir)?, text_of("schema", options.schema)?) };
        let mut read = Options::new(SecurityLevel::from_code(options.security_level)?);
        read.create_if_missing = growable::flag("create_if_missing", options.create_if_missing)?;
        read.encrypt = growable::flag("encrypt", options.encrypt)?;
        read.backup = growable::flag("backup", options.backup)?;
        read.auto_sync = growable::flag("auto_sync", options.auto_sync)?;
        read.recover = growable::flag("recover", options.recover)?;
        read.fast_recovery = growable::flag("fast_recovery", options.fast_recovery)?;
        read.kind = StoreKind::from_code(options.kv_store_type)?;
        read.durability = Durability::from_code(options.durability)?;
        read.cache_bytes = if options.cache_bytes == 0 { CACHE_BYTES_DEFAULT } else { options.cache_bytes };
        if options.auto_backup_quiet_ms != 0 {
            read.auto_backup_quiet_ms = options.auto_backup_quiet_ms;
        }
        if options.auto_backup_interval_ms != 0 {
            read.auto_backup_interval_ms = options.auto_backup_interval_ms;
        }
        read.root_dir = (!options.root_dir.data.is_null()).then(|| PathBuf::from(root_dir));
        read.schema = (!schema.is_empty()).then(|| schema.to_owned());
        Ok(read)
    }
}

/// Sets the defaults of a manager's options, for languages without the DKV_MANAGER_OPTIONS_INIT macro.
///
/// `size` is the size of the struct as the caller knows it. Any thread.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT.
///
/// # Safety
///
/// `options` is NULL or points to `size` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_manager_options_init(options: *mut dkv_manager_options, size: usize) -> i32 {
    // SAFETY: the contract of this function.
    guard(|| unsafe { growable::init(options, size, dkv_manager_options::DEFAULT) })
}

/// Sets the defaults of a store's options, for languages without the DKV_STORE_OPTIONS_INIT macro.
///
/// `size` is the size of the struct as the caller knows it. Any thread.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT.
///
/// # Safety
///
/// `options` is NULL or points to `size` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_store_options_init(options: *mut dkv_store_options, size: usize) -> i32 {
    // SAFETY: the contract of this function.
    guard(|| unsafe { growable::init(options, size, dkv_store_options::DEFAULT) })
}
