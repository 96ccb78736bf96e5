//! Many stores under everything at once: writes, batches, transactions, observers, result sets, iterators, backups,
//! restores, compactions, closes and reopens, on several threads. In the end each store passes its deep check and holds
//! what its model holds, and the process has no more open files, threads or memory than when it was warm.
//!
//! A few seconds are part of the tests; `cargo xtask soak` gives it minutes or days. For Linux, which tells what a process
//! holds.
#![cfg(target_os = "linux")]

mod common;

use std::collections::BTreeMap;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Mutex, MutexGuard, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use common::{Place, Random, device, pattern, seed, single, with};
use dkv::{Change, Durability, Entry, KeyRange, KvStore, Options, SubscribeType, Subscription, Value};

const STORES: usize = 16;
const THREADS: u64 = 8;
const KEYS: usize = 200;
const SECONDS_DEFAULT: u64 = 6;
/// What the allocator may keep of what was freed, beyond a tenth of what the process held when it was warm.
const KEPT_KIB_MAX: u64 = 16 * 1024;

/// The digest of each value: the values themselves would be most of what the process holds.
type Content = BTreeMap<String, u64>;

fn digest(value: &Value) -> u64 {
    xxhash_rust::xxh3::xxh3_64(format!("{value:?}").as_bytes())
}

fn digested(entries: &[Entry]) -> Vec<(String, u64)> {
    entries.iter().map(|entry| (entry.key.clone(), digest(&entry.value))).collect()
}

/// What an observer was told: what was written, and what was deleted.
struct Told {
    written: Vec<(String, u64)>,
    deleted: Vec<String>,
    overflowed: bool,
}

impl Told {
    fn new(change: &Change) -> Self {
        let mut written = digested(&change.inserted);
        written.extend(digested(&change.updated));
        let deleted = change.deleted.iter().map(|entry| entry.key.clone()).collect();
        Self { written, deleted, overflowed: change.overflowed }
    }
}

/// One store and what it must hold.
struct Shelf {
    name: String,
    options: Options,
    store: Option<Opened>,
    content: Content,
    /// What the backup holds, once there is one.
    saved: Option<Content>,
}

/// An open store, and what its observer was told since.
struct Opened {
    store: KvStore,
    told: Receiver<Told>,
    known: Content,
    _observer: Subscription,
}

impl Shelf {
    fn new(number: usize) -> Self {
        let options = with(if number.is_multiple_of(3) { device() } else { single() }, |options| {
            options.encrypt = number.is_multiple_of(2);
            options.durability = if number.is_multiple_of(5) { Durability::Relaxed } else { Durability::Durable };
            options.cache_bytes = dkv::limits::CACHE_BYTES_MIN;
        });
        Self { name: format!("store{number}"), options, store: None, content: Content::new(), saved: None }
    }

    /// The open store; its observer begins with what is there.
    fn opened(&mut self, place: &Place) -> &mut Opened {
        let (name, options, content) = (&self.name, &self.options, &self.content);
        self.store.get_or_insert_with(|| {
            let store = place.open(name, options.clone());
            let (tell, told) = mpsc::channel();
            let observer = move |change: &Change| drop(tell.send(Told::new(change)));
            let observer = store.subscribe(SubscribeType::Local, observer).unwrap();
            Opened { store, told, known: content.clone(), _observer: observer }
        })
    }

    fn close(&mut self, random: &mut Random) {
        if let Some(opened) = self.store.take() {
            if random.one_in(2) { opened.store.close().wait().unwrap() } else { drop(opened) }
        }
    }

    fn key(random: &mut Random) -> String {
        format!("key{:03}", random.below(KEYS))
    }

    fn value(random: &mut Random) -> Value {
        match random.below(20) {
            0 => Value::from(pattern(random.next(), 100_000)),
            1..=5 => Value::from(pattern(random.next(), 1 + random.below(2_000))),
            _ => Value::from(random.next() as i64),
        }
    }

    /// Something or other, and the model does it too.
    fn stir(&mut self, place: &Place, random: &mut Random) {
        let choice = random.below(100);
        if choice < 4 {
            return self.close(random);
        }
        self.opened(place);
        let Some(Opened { store, .. }) = &self.store else { return };
        match choice {
            4..=39 => {
                let (key, value) = (Self::key(random), Self::value(random));
                self.content.insert(key.clone(), digest(&value));
                store.put(key, value).wait().unwrap();
            }
            40..=49 => {
                let key = Self::key(random);
                self.content.remove(&key);
                store.delete(key).wait().unwrap();
            }
            50..=59 => {
                let entries: Vec<_> =
                    (0..random.below(40)).map(|_| Entry::new(Self::key(random), Self::value(random))).collect();
                self.content.extend(digested(&entries));
                store.put_batch(entries).wait().unwrap();
            }
            60..=69 => transaction(store, &mut self.content, random),
            70..=84 => read(store, &self.content, random),
            85..=89 => {
                store.backup("saved").wait().unwrap();
                self.saved = Some(self.content.clone());
            }
            90..=91 => self.restore(),
            92 => store.compact().wait().unwrap(),
            93 => store.check_integrity(false).wait().unwrap(),
            94 if self.options.encrypt => store.rekey().wait().unwrap(),
            _ => self.follow(),
        }
    }

    /// The content becomes that of the backup, of which no observer is told.
    fn restore(&mut self) {
        self.follow();
        let (Some(opened), Some(saved)) = (&mut self.store, &self.saved) else { return };
        opened.store.restore("saved").wait().unwrap();
        self.content = saved.clone();
        opened.known = saved.clone();
    }

    /// What the observer was told comes to the content.
    fn follow(&mut self) {
        let Some(opened) = &mut self.store else { return };
        // Its completion leaves behind every notification before it.
        opened.store.flush().wait().unwrap();
        for change in opened.told.try_iter() {
            assert!(!change.overflowed, "nobody fell behind");
            opened.known.extend(change.written);
            change.deleted.iter().for_each(|key| {
                opened.known.remove(key);
            });
        }
        assert!(opened.known == self.content, "{}: what was told comes to what is there", self.name);
    }

    fn compare(&mut self, place: &Place) {
        let name = self.name.clone();
        let store = &self.opened(place).store;
        store.check_integrity(true).wait().unwrap();
        let found = store.get_entries("^").wait().unwrap();
        let found: Content = digested(&found).into_iter().collect();
        assert!(found == self.content, "{name} holds what its model holds");
    }
}

fn transaction(store: &KvStore, content: &mut Content, random: &mut Random) {
    let mut inside = content.clone();
    store.start_transaction().wait().unwrap();
    for _ in 0..random.below(10) {
        let (key, value) = (Shelf::key(random), Shelf::value(random));
        inside.insert(key.clone(), digest(&value));
        drop(store.put(key, value));
    }
    if random.one_in(3) {
        store.rollback().wait().unwrap();
    } else {
        store.commit().wait().unwrap();
        *content = inside;
    }
}

fn read(store: &KvStore, content: &Content, random: &mut Random) {
    match random.below(3) {
        0 => {
            let key = Shelf::key(random);
            let found = store.get(&key).wait();
            assert_eq!(found.ok().as_ref().map(digest), content.get(&key).copied(), "{key} is what was written");
        }
        1 => {
            let set = store.get_result_set("^").wait().unwrap();
            assert_eq!(set.count().unwrap(), content.len() as i64);
            if let Some((key, value)) = content.iter().next() {
                assert!(set.move_to_first().unwrap());
                let first = set.entry().unwrap().unwrap();
                assert!(first.key == *key && digest(&first.value) == *value, "a result set begins with the first");
            }
        }
        _ => {
            let stream = store.entries(KeyRange::default()).wait().unwrap();
            let walked = stream.map(|entry| entry.unwrap().key);
            assert!(walked.eq(content.keys().cloned()), "a stream has every key");
        }
    }
}

/// What the process holds.
#[derive(Debug)]
struct Held {
    files: usize,
    threads: usize,
    resident_kib: u64,
}

impl Held {
    fn now() -> Self {
        // What was freed and lies about in the arenas of threads that have ended is nobody's.
        #[cfg(target_env = "gnu")]
        // SAFETY: it takes no pointer, and may be called at any time.
        unsafe {
            libc::malloc_trim(0);
        }
        let count = |folder: &str| std::fs::read_dir(folder).unwrap().count();
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let resident_kib = resident.trim().trim_end_matches(" kB").parse().unwrap();
        Self { files: count("/proc/self/fd"), threads: count("/proc/self/task"), resident_kib }
    }
}

/// Takes a shelf that nobody else has.
fn take<'a>(shelves: &'a [Mutex<Shelf>], random: &mut Random) -> MutexGuard<'a, Shelf> {
    loop {
        match random.pick(shelves).try_lock() {
            Ok(shelf) => return shelf,
            Err(TryLockError::WouldBlock) => thread::yield_now(),
            Err(TryLockError::Poisoned(_)) => panic!("another thread found a fault"),
        }
    }
}

/// Everything, so long; then each store is compared and closed, and the library shut down.
fn work(place: &Place, shelves: &[Mutex<Shelf>], seed: u64, length: Duration) -> (u64, Held) {
    let end = Instant::now() + length;
    let steps: u64 = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                scope.spawn(move || {
                    let mut random = Random::new(seed.wrapping_add(thread));
                    let mut steps = 0;
                    while Instant::now() < end {
                        take(shelves, &mut random).stir(place, &mut random);
                        steps += 1;
                    }
                    steps
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread found a fault")).sum()
    });
    let mut random = Random::new(seed);
    for shelf in shelves {
        let mut shelf = shelf.lock().unwrap();
        shelf.follow();
        shelf.close(&mut random);
        shelf.compare(place);
        shelf.close(&mut random);
    }
    dkv::shutdown(common::PATIENCE).unwrap();
    (steps, Held::now())
}

#[test]
fn after_everything_at_once_the_stores_hold_what_they_must_and_the_process_no_more_than_before() {
    let seconds = std::env::var("DKV_SOAK_SECONDS").map_or(SECONDS_DEFAULT, |text| text.parse().unwrap());
    let length = Duration::from_secs(seconds);
    let (place, seed) = (Place::new(), seed());
    let shelves: Vec<_> = (0..STORES).map(|number| Mutex::new(Shelf::new(number))).collect();
    let (warming, warm) = work(&place, &shelves, seed, length / 2);
    println!("warm after {warming} steps: {warm:?}");
    let (steps, end) = work(&place, &shelves, !seed, length / 2);
    println!("in the end, after {steps} steps more: {end:?}");
    assert!(steps > 100, "{steps} steps prove little");
    assert!(end.files <= warm.files, "{} files were open when warm, {} in the end", warm.files, end.files);
    assert!(end.threads <= warm.threads, "{} threads when warm, {} in the end", warm.threads, end.threads);
    let resident_kib_max = warm.resident_kib + warm.resident_kib / 10 + KEPT_KIB_MAX;
    assert!(
        end.resident_kib <= resident_kib_max,
        "{} KiB in memory when warm, {} in the end, the bound is {resident_kib_max}",
        warm.resident_kib,
        end.resident_kib
    );
}
