//! Arguments for calls of the C interface, made of bytes: anything that a C program could legally hold.
//!
//! Handles are live, closed, freed, another noun's, forged or NULL. A text is readable as far as its length says, or is
//! NULL, or has a length that no memory has. Everything is freed right behind the call, so that a sanitizer sees who
//! keeps it.

use std::ptr;
use std::sync::Mutex;

use crate::abi::{self, Handle, Text, Value};

/// What handles stand for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Noun {
    Manager,
    Store,
    Queue,
    Query,
    Schema,
    Node,
    ResultSet,
    Iterator,
    Subscription,
    Blob,
}

/// Every handle that was given out, also to callbacks, in the order of its coming. None leaves when it dies.
static HANDLES: Mutex<Vec<(Noun, Handle)>> = Mutex::new(Vec::new());

pub fn keep(noun: Noun, handle: Handle) {
    if handle != 0 {
        HANDLES.lock().unwrap().push((noun, handle));
    }
}

pub fn handles(noun: Noun) -> Vec<Handle> {
    HANDLES.lock().unwrap().iter().filter(|(of, _)| *of == noun).map(|(_, handle)| *handle).collect()
}

pub fn forget_handles() {
    HANDLES.lock().unwrap().clear();
}

const WORDS: &[&str] = &[
    "a",
    "b",
    "A",
    "k1",
    "k2",
    "",
    " ",
    "k",
    "^",
    "..",
    "../x",
    "a/b",
    "a\\b",
    "a.",
    "con",
    "\0",
    "a\0b",
    "é",
    "autoBackup",
    "saved",
    "com.example.tests",
    "$.n",
    "n",
    "t",
    "%",
    "_",
    "{\"n\":1}",
    "{\"n\":\"x\"}",
    "[]",
    "{\"SCHEMA_VERSION\":\"1.0\",\"SCHEMA_MODE\":\"STRICT\",\"SCHEMA_DEFINE\":{\"n\":\"LONG\"},\"SCHEMA_INDEXES\":[\"$.n\"]}",
];

/// What a call is made of.
pub struct Machine<'a> {
    bytes: &'a [u8],
    /// The folder that stores lie in. No other one is ever named, except one that is not there.
    folder: &'a str,
    /// What the arguments of the next call point to.
    lent: Vec<Box<[u8]>>,
    structs: Vec<Box<dyn std::any::Any>>,
    results: Vec<Box<dyn FnOnce(bool)>>,
    /// The length of what the last argument points to.
    length: usize,
}

impl<'a> Machine<'a> {
    pub fn new(bytes: &'a [u8], folder: &'a str) -> Self {
        Self { bytes, folder, lent: Vec::new(), structs: Vec::new(), results: Vec::new(), length: 0 }
    }

    pub fn is_over(&self) -> bool {
        self.bytes.is_empty()
    }

    pub fn byte(&mut self) -> u8 {
        let (first, rest) = self.bytes.split_first().map_or((0, self.bytes), |(first, rest)| (*first, rest));
        self.bytes = rest;
        first
    }

    pub fn number(&mut self) -> u64 {
        let byte = self.byte();
        match byte {
            0..=199 => u64::from(byte % 32),
            200..=219 => u64::MAX - u64::from(byte % 4),
            220..=239 => i64::MAX as u64 + u64::from(byte % 4),
            _ => 1 << (byte % 64),
        }
    }

    /// What the arguments of the last call pointed to is gone. Results are looked at before, if there are any.
    pub fn take_back(&mut self, succeeded: bool) {
        self.results.drain(..).for_each(|result| result(succeeded));
        self.lent.clear();
        self.structs.clear();
        self.length = 0;
    }

    pub fn length(&self) -> usize {
        self.length
    }

    pub fn handle(&mut self, noun: Noun) -> Handle {
        let byte = self.byte();
        let of_noun = handles(noun);
        let pick = |from: &[Handle], byte: u8| {
            // The newest first: they are alive more often.
            if from.is_empty() { 0 } else { from[from.len() - 1 - usize::from(byte) % from.len()] }
        };
        match byte {
            0..=219 => pick(&of_noun, byte),
            220..=229 => {
                let all: Vec<_> = HANDLES.lock().unwrap().iter().map(|(_, handle)| *handle).collect();
                pick(&all, self.byte())
            }
            230..=239 => pick(&of_noun, 0) ^ (1 << (self.byte() % 64)),
            240..=247 => self.number() as usize,
            _ => 0,
        }
    }

    /// Readable bytes, or NULL, or a length that no memory has.
    pub fn data(&mut self) -> *const u8 {
        let byte = self.byte();
        let bytes = match byte {
            0..=199 => WORDS[usize::from(byte) % WORDS.len()].as_bytes().to_vec(),
            200..=229 => {
                let length = usize::from(byte - 200).min(self.bytes.len());
                let (taken, rest) = self.bytes.split_at(length);
                self.bytes = rest;
                taken.to_vec()
            }
            230..=239 => vec![b'k'; 890 + usize::from(self.byte())],
            240..=245 => vec![7; 1 << (self.byte() % 17)],
            246..=249 => {
                self.length = self.number() as usize;
                return ptr::null();
            }
            _ => {
                self.length = (isize::MAX as usize + 1).saturating_add(self.number() as usize);
                return ptr::dangling();
            }
        };
        self.length = bytes.len();
        self.lend(bytes)
    }

    fn lend(&mut self, bytes: Vec<u8>) -> *const u8 {
        self.lent.push(bytes.into_boxed_slice());
        self.lent.last().unwrap().as_ptr()
    }

    /// Room that may be written, or NULL.
    pub fn room(&mut self) -> *mut u8 {
        let byte = self.byte();
        if byte >= 250 {
            self.length = usize::from(byte - 250);
            return ptr::null_mut();
        }
        self.length = usize::from(byte) * 4;
        self.lent.push(vec![0; self.length].into_boxed_slice());
        self.lent.last_mut().unwrap().as_mut_ptr()
    }

    pub fn text(&mut self) -> Text {
        let data = self.data();
        Text { data, length: self.length }
    }

    /// The folder of the stores, or one that is not there.
    pub fn folder(&mut self) -> Text {
        match self.byte() {
            0..=229 => Text::of(self.folder),
            230..=239 => Text::of("/there is/no such/folder"),
            240..=247 => Text::of("/a\0b"),
            _ => Text::EMPTY,
        }
    }

    pub fn value(&mut self) -> Value {
        let kind = i32::from(self.byte() % 9) - 1;
        let reserved = i32::from(self.byte() == 255);
        let text = self.text();
        let number = self.number();
        let real = if number.is_multiple_of(2) { number as f64 } else { f64::from_bits(number) };
        Value { kind, reserved, integer: number.cast_signed(), real, data: text.data, length: text.length }
    }

    pub fn folder_data(&mut self) -> *const u8 {
        let folder = self.folder();
        self.length = folder.length;
        folder.data
    }

    /// A struct that the call may read, and that goes with it; or NULL.
    pub fn one<T: 'static>(&mut self, value: T) -> *const T {
        let boxed = Box::new(value);
        let place = &raw const *boxed;
        self.structs.push(boxed);
        if self.byte() == 255 { ptr::null() } else { place }
    }

    /// Structs that the call may read; the length is their number.
    pub fn many<T: 'static>(&mut self, mut make: impl FnMut(&mut Self) -> T) -> *const T {
        let count = self.byte();
        if count >= 250 {
            self.length = usize::from(count - 250) * (usize::MAX / 8);
            return if count == 250 { ptr::null() } else { ptr::dangling() };
        }
        let items: Box<[T]> = (0..count % 5).map(|_| make(self)).collect();
        self.length = items.len();
        let items = Box::new(items);
        let place = items.as_ptr();
        self.structs.push(items);
        place
    }

    /// A place for a result, or NULL, or one that is not aligned. If the call succeeds, the result is looked at.
    pub fn out<T: Copy + 'static>(&mut self, before: T, look: impl FnOnce(T) + 'static) -> *mut T {
        let place = Box::into_raw(Box::new(before));
        self.results.push(Box::new(move |succeeded| {
            let result = *unsafe { Box::from_raw(place) };
            if succeeded {
                look(result);
            }
        }));
        match self.byte() {
            0..=249 => place,
            250..=252 => place.wrapping_byte_add(1),
            _ => ptr::null_mut(),
        }
    }

    /// A growable struct, of a size that this program believes it to have: padded, so that all of it is readable.
    pub fn growable<T: Copy + 'static>(&mut self, value: T, set_size: impl Fn(&mut T, u32)) -> *const T {
        #[repr(C)]
        struct Padded<T>(T, [u64; 8]);
        let mut padded = Padded(value, [0; 8]);
        let size = match self.byte() {
            0..=219 => size_of::<T>(),
            220..=239 => usize::from(self.byte()) % size_of::<T>(),
            240..=247 => size_of::<T>() + 64,
            _ => {
                padded.1[0] = 1;
                size_of::<T>() + 8
            }
        };
        set_size(&mut padded.0, size as u32);
        self.one(padded).cast()
    }

    pub fn manager_options(&mut self) -> *const abi::ManagerOptions {
        let mut options = abi::ManagerOptions::new("com.example.tests", "");
        options.base_dir = self.folder();
        match self.byte() {
            0..=199 => {}
            200..=229 => options.bundle_name = self.text(),
            230..=239 => options.open_stores_max = self.byte().into(),
            240..=247 => (options.root_key, options.root_key_length) = (self.data(), self.length),
            248..=251 => options.is_system_app = self.byte().into(),
            _ => options.reserved = self.byte().into(),
        }
        self.growable(options, |options, size| options.struct_size = size)
    }

    pub fn store_options(&mut self) -> *const abi::StoreOptions {
        let mut options = abi::StoreOptions::single();
        let flags = self.byte();
        options.kind = i32::from(flags & 1);
        options.encrypt = i32::from(flags >> 1 & 1);
        options.durability = i32::from(flags >> 2 & 1);
        options.recover = i32::from(flags >> 3 & 1);
        options.create_if_missing = i32::from(flags >> 4 != 0);
        match self.byte() {
            0..=159 => {}
            160..=199 => options.schema = self.text(),
            200..=219 => options.root_dir = self.folder(),
            220..=227 => options.security_level = self.byte().into(),
            228..=235 => options.cache_bytes = self.number(),
            236..=240 => options.backup = self.byte().into(),
            241..=244 => options.auto_backup_quiet_ms = self.number(),
            245..=248 => options.kind = self.byte().into(),
            249..=252 => options.durability = self.byte().into(),
            _ => options.reserved = self.byte().into(),
        }
        self.growable(options, |options, size| options.struct_size = size)
    }

    pub fn key_range(&mut self) -> *const abi::KeyRange {
        let mut range = abi::KeyRange {
            struct_size: 0,
            reverse: 0,
            prefix: Text::EMPTY,
            gte: Text::EMPTY,
            gt: Text::EMPTY,
            lt: Text::EMPTY,
            lte: Text::EMPTY,
            limit: u64::MAX,
        };
        match self.byte() % 8 {
            0 => range.prefix = self.text(),
            1 => range.gte = self.text(),
            2 => range.gt = self.text(),
            3 => range.lt = self.text(),
            4 => range.lte = self.text(),
            5 => range.limit = self.number(),
            6 => range.reverse = self.byte().into(),
            _ => {}
        }
        self.growable(range, |range, size| range.struct_size = size)
    }
}
