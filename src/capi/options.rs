//! Option structs that may grow: each begins with its size.

use std::path::PathBuf;
use std::ptr;

use super::guard::guard;
use super::ptr::{null, text_of};
use super::value::dkv_text;
use crate::client::ManagerOptions;
use crate::error::{Error, Result};
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

/// A struct larger than this comes from no release.
const STRUCT_BYTES_MAX: usize = 4096;

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
    /// Must be 0.
    pub reserved: u32,
}

/// What a store is opened with. Begin with DKV_STORE_OPTIONS_INIT or dkv_store_options_init().
#[repr(C)]
#[derive(Clone, Copy)]
pub struct dkv_store_options {
    /// Size of this struct as the caller knows it. 0 is refused.
    pub struct_size: u32,
    /// 1 to create the store if it does not exist. Default 1.
    pub create_if_missing: i32,
    /// 1 to encrypt the store. Fixed when it is created. Default 0. This version answers 1 with
    /// DKV_ERR_NOT_SUPPORTED.
    pub encrypt: i32,
    /// 1 for automatic backups. Recorded. Default 1.
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
    /// The schema's JSON text; empty for none, the default. This version answers any with DKV_ERR_NOT_SUPPORTED.
    pub schema: dkv_text,
}

const NO_TEXT: dkv_text = dkv_text { data: ptr::null(), length: 0 };

impl dkv_manager_options {
    const DEFAULT: Self = Self {
        struct_size: size_of::<Self>() as u32,
        is_system_app: 0,
        bundle_name: NO_TEXT,
        base_dir: NO_TEXT,
        open_stores_max: 0,
        reserved: 0,
    };

    /// # Safety
    ///
    /// `options` is NULL or points to a struct of its `struct_size` bytes, whose texts are readable.
    pub unsafe fn read(options: *const Self) -> Result<ManagerOptions> {
        // SAFETY: the caller's contract.
        let options = unsafe { read_growable(options, Self::DEFAULT) }?;
        if options.reserved != 0 {
            return Err(Error::invalid_argument("Parameter error: the reserved field of the options is not 0."));
        }
        // SAFETY: the caller's contract.
        let (bundle_name, base_dir) =
            unsafe { (text_of("bundle name", options.bundle_name)?, text_of("base folder", options.base_dir)?) };
        let mut read = ManagerOptions::new(bundle_name, base_dir);
        read.is_system_app = flag("is_system_app", options.is_system_app)?;
        read.open_stores_max = if options.open_stores_max == 0 { OPEN_STORES_MAX } else { options.open_stores_max };
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
        root_dir: NO_TEXT,
        schema: NO_TEXT,
    };

    /// # Safety
    ///
    /// `options` is NULL or points to a struct of its `struct_size` bytes, whose texts are readable.
    pub unsafe fn read(options: *const Self) -> Result<Options> {
        // SAFETY: the caller's contract.
        let options = unsafe { read_growable(options, Self::DEFAULT) }?;
        // SAFETY: the caller's contract.
        let (root_dir, schema) =
            unsafe { (text_of("root_dir", options.root_dir)?, text_of("schema", options.schema)?) };
        let mut read = Options::new(SecurityLevel::from_code(options.security_level)?);
        read.create_if_missing = flag("create_if_missing", options.create_if_missing)?;
        read.encrypt = flag("encrypt", options.encrypt)?;
        read.backup = flag("backup", options.backup)?;
        read.auto_sync = flag("auto_sync", options.auto_sync)?;
        read.kind = StoreKind::from_code(options.kv_store_type)?;
        read.durability = Durability::from_code(options.durability)?;
        read.cache_bytes = if options.cache_bytes == 0 { CACHE_BYTES_DEFAULT } else { options.cache_bytes };
        read.root_dir = (!options.root_dir.data.is_null()).then(|| PathBuf::from(root_dir));
        read.schema = (!schema.is_empty()).then(|| schema.to_owned());
        Ok(read)
    }
}

/// The truth that a number stands for.
pub fn flag(name: &str, number: i32) -> Result<bool> {
    match number {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Error::invalid_argument(format!("Parameter error: {name} is {number}, it must be 0 or 1."))),
    }
}

/// The size that a growable struct says it has.
///
/// # Safety
///
/// `data` is NULL or points to a struct that begins with its size.
unsafe fn struct_size<T>(data: *const T) -> Result<usize> {
    if data.is_null() {
        return Err(null("options struct"));
    }
    // SAFETY: not NULL (checked above); every growable struct begins with this number.
    let size = unsafe { data.cast::<u32>().read_unaligned() } as usize;
    if !(size_of::<u32>()..=STRUCT_BYTES_MAX).contains(&size) {
        return Err(Error::invalid_argument(format!(
            "Parameter error: struct_size is {size}. Begin with the _INIT macro or the _init function."
        )));
    }
    Ok(size)
}

/// A copy of a growable struct: fields that the caller does not know take their defaults, fields that we do not
/// know must be 0.
///
/// # Safety
///
/// `data` is NULL or points to a struct of its `struct_size` bytes.
unsafe fn read_growable<T: Copy>(data: *const T, default: T) -> Result<T> {
    // SAFETY: the caller's contract.
    let size = unsafe { struct_size(data) }?;
    // SAFETY: `size` bytes are readable by the caller's contract.
    let given = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), size) };
    let known = size.min(size_of::<T>());
    if given[known..].iter().any(|byte| *byte != 0) {
        return Err(Error::invalid_argument(format!(
            "Parameter error: the options set a field that this release does not know; it knows {known} bytes of {size}."
        )));
    }
    let mut copy = default;
    // SAFETY: T is a C struct of integers and pointers, for which any bytes are a value; `known` bytes fit both sides.
    unsafe { ptr::copy_nonoverlapping(given.as_ptr(), (&raw mut copy).cast::<u8>(), known) };
    Ok(copy)
}

/// Writes the defaults into a growable struct of `size` bytes.
///
/// # Safety
///
/// `data` is NULL or points to `size` writable bytes.
unsafe fn init_growable<T: Copy>(data: *mut T, size: usize, default: T) -> Result<()> {
    if data.is_null() {
        return Err(null("options struct"));
    }
    if !(size_of::<u32>()..=STRUCT_BYTES_MAX).contains(&size) {
        return Err(Error::invalid_argument(format!("Parameter error: no options struct has {size} bytes.")));
    }
    let known = size.min(size_of::<T>());
    // SAFETY: `size` bytes are writable by the caller's contract, and `known` is at most both sizes.
    unsafe {
        ptr::write_bytes(data.cast::<u8>(), 0, size);
        ptr::copy_nonoverlapping((&raw const default).cast::<u8>(), data.cast::<u8>(), known);
        data.cast::<u32>().write_unaligned(size as u32);
    }
    Ok(())
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
    guard(|| unsafe { init_growable(options, size, dkv_manager_options::DEFAULT) })
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
    guard(|| unsafe { init_growable(options, size, dkv_store_options::DEFAULT) })
}
