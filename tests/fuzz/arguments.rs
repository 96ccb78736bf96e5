//! Each kind of argument that a function of the C interface has: its type there, and how a machine makes it.

use std::ffi::c_void;
use std::hint::black_box;
use std::sync::Mutex;
use std::sync::atomic::AtomicPtr;
use std::sync::atomic::Ordering::Relaxed;

use crate::abi::{self, Callback, Entry, Handle, Text, Told, Value};
use crate::machine::{self, Machine, Noun};

pub trait Argument {
    /// Its type in C.
    type C;

    fn take(machine: &mut Machine<'_>) -> Self::C;
}

/// Kinds of arguments: name, type in C, how it is made.
macro_rules! kinds {
    ($($name:ident: $c:ty = $make:expr;)*) => {
        $(
            pub struct $name;

            impl Argument for $name {
                type C = $c;

                fn take(machine: &mut Machine<'_>) -> $c {
                    let make: fn(&mut Machine<'_>) -> $c = $make;
                    make(machine)
                }
            }
        )*
    };
}

kinds! {
    Manager: Handle = |machine| machine.handle(Noun::Manager);
    Store: Handle = |machine| machine.handle(Noun::Store);
    Queue: Handle = |machine| machine.handle(Noun::Queue);
    Query: Handle = |machine| machine.handle(Noun::Query);
    Schema: Handle = |machine| machine.handle(Noun::Schema);
    Node: Handle = |machine| machine.handle(Noun::Node);
    ResultSet: Handle = |machine| machine.handle(Noun::ResultSet);
    Iterator: Handle = |machine| machine.handle(Noun::Iterator);
    Subscription: Handle = |machine| machine.handle(Noun::Subscription);
    Blob: Handle = |machine| machine.handle(Noun::Blob);
    OutManager: *mut Handle = |machine| new_handle(machine, Noun::Manager);
    OutStore: *mut Handle = |machine| new_handle(machine, Noun::Store);
    OutQueue: *mut Handle = |machine| new_handle(machine, Noun::Queue);
    OutQuery: *mut Handle = |machine| new_handle(machine, Noun::Query);
    OutSchema: *mut Handle = |machine| new_handle(machine, Noun::Schema);
    OutNode: *mut Handle = |machine| new_handle(machine, Noun::Node);
    OutSubscription: *mut Handle = |machine| new_handle(machine, Noun::Subscription);

    Data: *const u8 = |machine| machine.data();
    Folder: *const u8 = |machine| machine.folder_data();
    Room: *mut u8 = |machine| machine.room();
    Length: usize = |machine| machine.length();
    OneValue: *const Value = |machine| { let value = machine.value(); machine.one(value) };
    Values: *const Value = |machine| machine.many(|machine| machine.value());
    Texts: *const Text = |machine| machine.many(|machine| machine.text());
    Entries: *const Entry =
        |machine| machine.many(|machine| Entry { key: machine.text(), value: machine.value() });
    ManagerOptions: *const c_void = |machine| machine.manager_options().cast();
    StoreOptions: *const c_void = |machine| machine.store_options().cast();
    KeyRange: *const c_void = |machine| machine.key_range().cast();
    Int: i32 = |machine| i32::from(machine.byte().cast_signed());
    Uint: u32 = |machine| machine.number() as u32;
    Long: i64 = |machine| machine.number().cast_signed();
    // Nobody wants to wait for a fuzzer.
    Timeout: u32 = |machine| u32::from(machine.byte() % 4);
    UserData: *mut c_void = |machine| machine.byte() as usize as *mut c_void;

    // Of eight bytes, whatever kind of number is written there.
    OutNumber: *mut u64 = |machine| machine.out(0, drop);
    OutValue: *mut Value = |machine| machine.out(NO_VALUE, |value| read_value(&value));
    OutText: *mut Text = |machine| machine.out(Text::EMPTY, read_text);
    OutEntry: *mut Entry =
        |machine| machine.out(Entry { key: Text::EMPTY, value: NO_VALUE }, |entry| read_entry(&entry));
    OutPage: *mut *const Entry = |machine| machine.out(std::ptr::null(), |page| PAGE.store(page.cast_mut(), Relaxed));
    OutData: *mut *const u8 = |machine| machine.out(std::ptr::null(), |data| BYTES.store(data.cast_mut(), Relaxed));
    OutCount: *mut usize = |machine| machine.out(0, read_counted);
    // A struct as large as the argument behind it says.
    OutStruct: *mut u8 = |machine| machine.room();
    OutGrowable: *mut u64 = |machine| {
        let mut room = [0; GROWABLE_WORDS];
        room[0] = match machine.byte() {
            0..=199 => 48 + 8 * u64::from(machine.byte() % 16),
            _ => u64::from(machine.byte()),
        };
        machine.out(room, drop).cast()
    };
    DrainRoom: *mut u8 = |machine| {
        let room = machine.room();
        ROOM.store(room, Relaxed);
        room
    };
    OutDrained: *mut usize = |machine| machine.out(0, read_drained);
    OutDescriptor: *mut isize = |machine| machine.out(-1, |descriptor| DESCRIPTORS.lock().unwrap().push(descriptor));

    VoidCallback: Callback = |machine| callback(machine, on_nothing as Callback);
    StoreCallback: Callback = |machine| callback(machine, on_store as Callback);
    TextsCallback: Callback = |machine| callback(machine, on_texts as Callback);
    TextCallback: Callback = |machine| callback(machine, on_text as Callback);
    ValueCallback: Callback = |machine| callback(machine, on_value as Callback);
    EntriesCallback: Callback = |machine| callback(machine, on_entries as Callback);
    ValuesCallback: Callback = |machine| callback(machine, on_values as Callback);
    CountCallback: Callback = |machine| callback(machine, on_count as Callback);
    NumberCallback: Callback = |machine| callback(machine, on_number as Callback);
    ChangeCallback: Callback = |machine| callback(machine, on_change as Callback);
    ResultSetCallback: Callback = |machine| callback(machine, on_result_set as Callback);
    IteratorCallback: Callback = |machine| callback(machine, on_iterator as Callback);
    BackupsCallback: Callback = |machine| callback(machine, on_backups as Callback);
    ToldCallback: Callback = |machine| callback(machine, on_told as Callback);
    DeathCallback: Callback = |machine| callback(machine, on_death as Callback);
    LogCallback: Callback = |machine| callback(machine, on_log as Callback);
}

const NO_VALUE: Value = Value { kind: 0, reserved: 0, integer: 0, real: 0.0, data: std::ptr::null(), length: 0 };
/// Room for the largest struct that the library fills, and more.
const GROWABLE_WORDS: usize = 64;

// What one argument of a call has, for the one behind it: fuzzers make one call at a time.
static PAGE: AtomicPtr<Entry> = AtomicPtr::new(std::ptr::null_mut());
static BYTES: AtomicPtr<u8> = AtomicPtr::new(std::ptr::null_mut());
static ROOM: AtomicPtr<u8> = AtomicPtr::new(std::ptr::null_mut());
/// Sockets that queues gave out.
static DESCRIPTORS: Mutex<Vec<isize>> = Mutex::new(Vec::new());

fn new_handle(machine: &mut Machine<'_>, noun: Noun) -> *mut Handle {
    machine.out(0, move |handle| machine::keep(noun, handle))
}

fn callback(machine: &mut Machine<'_>, callback: Callback) -> Callback {
    if machine.byte().is_multiple_of(4) { std::ptr::null() } else { callback }
}

/// Closes the host's ends: its queues are gone then.
pub fn close_descriptors() {
    for descriptor in DESCRIPTORS.lock().unwrap().drain(..) {
        #[cfg(unix)]
        drop(unsafe { <std::os::fd::OwnedFd as std::os::fd::FromRawFd>::from_raw_fd(descriptor as i32) });
        #[cfg(windows)]
        drop(unsafe {
            <std::os::windows::io::OwnedSocket as std::os::windows::io::FromRawSocket>::from_raw_socket(descriptor as _)
        });
    }
}

// ---- what was given out is looked at, byte by byte ----

pub fn read_bytes(data: *const u8, length: usize) {
    if length > 0 {
        let bytes = unsafe { std::slice::from_raw_parts(data, length) };
        black_box(bytes.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte)));
    }
}

fn read_text(text: Text) {
    read_bytes(text.data, text.length);
}

fn read_value(value: &Value) {
    black_box((value.kind, value.integer, value.real));
    // `dkv_store_get_now` says how long a value is that had no room.
    if !value.data.is_null() {
        read_bytes(value.data, value.length);
    }
}

fn read_entry(entry: &Entry) {
    read_text(entry.key);
    read_value(&entry.value);
}

fn read_entries(entries: *const Entry, count: usize) {
    if count > 0 {
        unsafe { std::slice::from_raw_parts(entries, count) }.iter().for_each(read_entry);
    }
}

fn read_counted(count: usize) {
    let page = PAGE.swap(std::ptr::null_mut(), Relaxed);
    let bytes = BYTES.swap(std::ptr::null_mut(), Relaxed);
    if !page.is_null() {
        read_entries(page, count);
    } else if !bytes.is_null() {
        read_bytes(bytes, count);
    }
}

fn read_drained(written: usize) {
    let room = ROOM.swap(std::ptr::null_mut(), Relaxed);
    if written > 0 {
        keep_drained(unsafe { std::slice::from_raw_parts(room, written) });
    }
}

/// Keeps the handles that came in records.
pub fn keep_drained(bytes: &[u8]) {
    const BLOB_AT: usize = 16;
    let handle = |payload: &[u8]| usize::from_le_bytes(payload[..8].try_into().unwrap());
    for (kind, _, code, payload) in abi::records(bytes) {
        match kind {
            _ if code != 0 => {}
            2 if payload[4] & 1 == 1 => machine::keep(Noun::Blob, handle(&payload[BLOB_AT..])),
            4 => machine::keep(Noun::Store, handle(payload)),
            8 => machine::keep(Noun::ResultSet, handle(payload)),
            9 => machine::keep(Noun::Iterator, handle(payload)),
            _ => {}
        }
    }
}

fn read_error(error: *const abi::Error) {
    if let Some(error) = unsafe { error.as_ref() } {
        assert_ne!(error.code, -5, "the library failed inside");
        read_bytes(error.message, error.message_length);
    }
}

// ---- callbacks ----

unsafe extern "C" fn on_nothing(_: *mut c_void, error: *const abi::Error) {
    read_error(error);
}

pub unsafe extern "C" fn on_store(_: *mut c_void, error: *const abi::Error, store: Handle) {
    read_error(error);
    machine::keep(Noun::Store, store);
}

unsafe extern "C" fn on_result_set(_: *mut c_void, error: *const abi::Error, result_set: Handle) {
    read_error(error);
    machine::keep(Noun::ResultSet, result_set);
}

unsafe extern "C" fn on_iterator(_: *mut c_void, error: *const abi::Error, iterator: Handle) {
    read_error(error);
    machine::keep(Noun::Iterator, iterator);
}

unsafe extern "C" fn on_texts(_: *mut c_void, error: *const abi::Error, texts: *const Text, count: usize) {
    read_error(error);
    if count > 0 {
        unsafe { std::slice::from_raw_parts(texts, count) }.iter().copied().for_each(read_text);
    }
}

unsafe extern "C" fn on_text(_: *mut c_void, error: *const abi::Error, text: *const Text) {
    read_error(error);
    if let Some(text) = unsafe { text.as_ref() } {
        read_text(*text);
    }
}

unsafe extern "C" fn on_value(_: *mut c_void, error: *const abi::Error, value: *const Value) {
    read_error(error);
    if let Some(value) = unsafe { value.as_ref() } {
        read_value(value);
    }
}

unsafe extern "C" fn on_entries(_: *mut c_void, error: *const abi::Error, entries: *const Entry, count: usize) {
    read_error(error);
    read_entries(entries, count);
}

unsafe extern "C" fn on_values(_: *mut c_void, error: *const abi::Error, values: *const *const Value, count: usize) {
    read_error(error);
    if count > 0 {
        let values = unsafe { std::slice::from_raw_parts(values, count) };
        values.iter().filter_map(|value| unsafe { value.as_ref() }).for_each(read_value);
    }
}

unsafe extern "C" fn on_count(_: *mut c_void, error: *const abi::Error, _: u64) {
    read_error(error);
}

unsafe extern "C" fn on_number(_: *mut c_void, error: *const abi::Error, _: i32) {
    read_error(error);
}

unsafe extern "C" fn on_change(_: *mut c_void, change: *const abi::Change) {
    let change = unsafe { &*change };
    read_text(change.device_id);
    read_entries(change.inserted, change.inserted_count);
    read_entries(change.updated, change.updated_count);
    read_entries(change.deleted, change.deleted_count);
}

unsafe extern "C" fn on_backups(_: *mut c_void, error: *const abi::Error, results: *const Told, count: usize) {
    read_error(error);
    unsafe { on_told(std::ptr::null_mut(), results, count) };
}

unsafe extern "C" fn on_told(_: *mut c_void, told: *const Told, count: usize) {
    if count > 0 {
        unsafe { std::slice::from_raw_parts(told, count) }.iter().for_each(|told| read_text(told.name));
    }
}

unsafe extern "C" fn on_death(_: *mut c_void) {}

unsafe extern "C" fn on_log(_: *mut c_void, _: i32, message: *const u8, length: usize) {
    read_bytes(message, length);
}
