//! Streams of entries: every bound, both directions, and what goes on beside them (README decision 11).

mod common;
#[path = "common/sets.rs"]
mod sets;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use common::{
    CLOSED, INVALID_ARGUMENT, OVER_LIMITS, Place, Random, code, device, failure, keys, pattern, seed, single, with,
};
use dkv::{Entry, EntryStream, KeyRange, KvStore, Options, StoreKind, Value};
use sets::{DATABASE, SETS_MAX, numbered, relaxed, room};

const STREAMS_MAX: usize = 1024;

fn range(change: impl FnOnce(&mut KeyRange)) -> KeyRange {
    let mut range = KeyRange::default();
    change(&mut range);
    range
}

fn open(store: &KvStore, range: KeyRange) -> EntryStream {
    store.entries(range).wait().unwrap()
}

fn collect(store: &KvStore, range: KeyRange) -> Vec<Entry> {
    open(store, range).map(|entry| entry.unwrap()).collect()
}

/// Both kinds of store, where an acknowledgement need not wait for the disk.
fn kinds() -> [(&'static str, Options); 2] {
    [StoreKind::SingleVersion, StoreKind::DeviceCollaboration].map(|kind| {
        let id = if kind == StoreKind::SingleVersion { "single" } else { "device" };
        (id, with(relaxed(), |options| options.kind = kind))
    })
}

fn store_of(place: &Place, id: &str, entries: Vec<Entry>) -> KvStore {
    let store = place.open(id, relaxed());
    store.put_batch(entries).wait().unwrap();
    store
}

/// What a range selects, said as simply as can be.
fn selected<'a>(all: &'a BTreeMap<String, Value>, range: &KeyRange) -> Vec<(&'a String, &'a Value)> {
    let trim = |text: &Option<String>| text.as_ref().map(|text| text.trim_matches([' ', '\t', '\n']).to_owned());
    let [prefix, gte, gt, lt, lte] = [&range.prefix, &range.gte, &range.gt, &range.lt, &range.lte].map(trim);
    let fits = |key: &String| {
        prefix.is_none_or(|prefix| key.starts_with(&prefix))
            && gte.is_none_or(|gte| *key >= gte)
            && gt.is_none_or(|gt| *key > gt)
            && lt.is_none_or(|lt| *key < lt)
            && lte.is_none_or(|lte| *key <= lte)
    };
    let mut entries: Vec<_> = all.iter().filter(|(key, _)| fits.clone()(key)).collect();
    if range.reverse {
        entries.reverse();
    }
    entries.truncate(range.limit.map_or(usize::MAX, |limit| limit as usize));
    entries
}

/// Keys that lie close together, and bounds that are keys, lie between keys, before the first or behind the last.
const KEYS: [&str; 18] = [
    "\u{0}",
    "\u{0}\u{0}",
    "a",
    "a\u{0}",
    "ab",
    "abc",
    "ac",
    "b",
    "b\u{7f}",
    "ba",
    "é",
    "éa",
    "語",
    "語 語",
    "z",
    "zz",
    "\u{10ffff}",
    "\u{10ffff}\u{10ffff}",
];
const BOUNDS: [&str; 16] =
    ["", " ", "\u{0}", "a", " a\n", "aa", "ab", "abc", "abd", "b", "b\u{7f}", "bb", "é", "語", "zz", "\u{10ffff}"];

fn every_kind_of_store() -> impl Iterator<Item = (Place, KvStore, BTreeMap<String, Value>)> {
    kinds().into_iter().map(|(id, options)| {
        let place = Place::new();
        let store = place.open(id, options);
        let all: BTreeMap<_, _> =
            KEYS.iter().zip(0..).map(|(key, number)| (key.to_string(), Value::from(number))).collect();
        store.put_batch(all.iter().map(|(key, value)| Entry::new(key, value.clone())).collect()).wait().unwrap();
        (place, store, all)
    })
}

#[track_caller]
fn assert_selects(store: &KvStore, all: &BTreeMap<String, Value>, range: KeyRange) {
    let entries = collect(store, range.clone());
    let found: Vec<_> = entries.iter().map(|entry| (&entry.key, &entry.value)).collect();
    assert!(found == selected(all, &range), "{range:?} gave {:?}", keys(&entries));
}

#[test]
fn every_bound_alone_and_with_every_other_selects_what_a_map_does() {
    for (_place, store, all) in every_kind_of_store() {
        assert_selects(&store, &all, KeyRange::default());
        let setters: [fn(&mut KeyRange, &str); 5] = [
            |range, bound| range.prefix = Some(bound.to_owned()),
            |range, bound| range.gte = Some(bound.to_owned()),
            |range, bound| range.gt = Some(bound.to_owned()),
            |range, bound| range.lt = Some(bound.to_owned()),
            |range, bound| range.lte = Some(bound.to_owned()),
        ];
        for (place, first) in setters.iter().enumerate() {
            for left in BOUNDS {
                // Where both are the same bound, it stands alone.
                for second in &setters[place..] {
                    for right in BOUNDS {
                        for reverse in [false, true] {
                            let both = |range: &mut KeyRange| {
                                first(range, left);
                                second(range, right);
                                range.reverse = reverse;
                            };
                            assert_selects(&store, &all, range(both));
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn random_combinations_of_bounds_directions_and_limits_select_what_a_map_does() {
    let mut random = Random::new(seed());
    for (_place, store, all) in every_kind_of_store() {
        for _ in 0..3000 {
            let mut bound = || random.one_in(2).then(|| random.pick(&BOUNDS).to_string());
            let [prefix, gte, gt, lt, lte] = [0; 5].map(|_| bound());
            let limits = [None, Some(0), Some(1), Some(2), Some(5), Some(18), Some(19), Some(u64::MAX)];
            let (reverse, limit) = (random.one_in(2), *random.pick(&limits));
            let all_of_them = |range: &mut KeyRange| {
                // A prefix with four bounds selects next to nothing.
                range.prefix = prefix.filter(|prefix| prefix.trim().is_empty() || gte.is_none() && lt.is_none());
                (range.gte, range.gt, range.lt, range.lte) = (gte, gt, lt, lte);
                (range.reverse, range.limit) = (reverse, limit);
            };
            assert_selects(&store, &all, range(all_of_them));
        }
    }
}

#[test]
fn bounds_that_cross_select_nothing() {
    for (_place, store, _) in every_kind_of_store() {
        let crossing: [fn(&mut KeyRange); 9] = [
            |range| (range.gte, range.lt) = (Some("b".into()), Some("b".into())),
            |range| (range.gt, range.lte) = (Some("b".into()), Some("b".into())),
            |range| (range.gt, range.lt) = (Some("b".into()), Some("b".into())),
            |range| (range.gte, range.lte) = (Some("b".into()), Some("a".into())),
            |range| (range.gt, range.lt) = (Some("\u{10ffff}\u{10ffff}".into()), Some("\u{0}".into())),
            |range| (range.prefix, range.lt) = (Some("b".into()), Some("a".into())),
            |range| (range.prefix, range.gte) = (Some("a".into()), Some("b".into())),
            |range| range.lt = Some("".into()),
            |range| range.lte = Some("".into()),
        ];
        for crossed in crossing {
            for reverse in [false, true] {
                let mut asked = range(crossed);
                asked.reverse = reverse;
                let stream = open(&store, asked.clone());
                assert!(stream.next_page().unwrap().is_empty(), "{asked:?}");
                assert!(collect(&store, asked).is_empty());
            }
        }
    }
}

#[test]
fn a_caret_is_a_character_and_a_bound_is_as_long_as_a_key_at_most() {
    let place = Place::new();
    for (id, options) in kinds() {
        let longest = "k".repeat(if id == "single" { 1024 } else { 896 });
        let store = place.open(id, options);
        store.put_batch(vec![Entry::new("^", 1), Entry::new("a", 2), Entry::new(&longest, 3)]).wait().unwrap();
        assert_eq!(keys(&collect(&store, KeyRange::prefix("^"))), ["^"]);
        assert_eq!(keys(&collect(&store, range(|range| range.gt = Some("^".into())))), ["a", &longest]);
        let setters: [fn(&mut KeyRange, String); 5] = [
            |range, bound| range.prefix = Some(bound),
            |range, bound| range.gte = Some(bound),
            |range, bound| range.gt = Some(bound),
            |range, bound| range.lt = Some(bound),
            |range, bound| range.lte = Some(bound),
        ];
        for (set, expected) in setters.into_iter().zip([1, 1, 0, 2, 3]) {
            let fitting = range(|range| set(range, format!(" {longest}\t")));
            assert_eq!(collect(&store, fitting).len(), expected);
            let error = failure(store.entries(range(|range| set(range, format!("{longest}k")))).wait());
            assert_eq!(error.code(), INVALID_ARGUMENT);
            assert!(error.message().contains(&longest.len().to_string()), "{error}");
        }
    }
}

#[test]
fn a_limit_counts_over_all_pages() {
    let place = Place::new();
    let entries = numbered(500);
    let store = store_of(&place, "notes", entries.clone());
    store.delete_batch(vec!["key00001".to_owned(), "key00499".to_owned()]).wait().unwrap();
    let left: Vec<_> = entries.into_iter().filter(|entry| !["key00001", "key00499"].contains(&&*entry.key)).collect();
    for limit in [0, 1, 2, 63, 64, 65, 128, 300, 497, 498, 499, 100_000] {
        let forward = range(|range| range.limit = Some(limit));
        let backward = range(|range| (range.limit, range.reverse) = (Some(limit), true));
        let count = left.len().min(limit as usize);
        assert!(collect(&store, forward) == left[..count], "{limit}");
        assert!(collect(&store, backward).into_iter().rev().eq(left[left.len() - count..].iter().cloned()), "{limit}");
    }
}

#[test]
fn pages_and_single_entries_can_be_mixed_and_the_end_stays_the_end() {
    let place = Place::new();
    let store = store_of(&place, "notes", numbered(1000));
    let mut random = Random::new(seed());
    for reverse in [false, true] {
        let mut stream = open(&store, range(|range| range.reverse = reverse));
        let mut seen = Vec::new();
        while seen.len() < 1000 {
            if random.one_in(2) {
                let page = stream.next_page().unwrap();
                assert!(!page.is_empty());
                seen.extend(page);
            } else {
                seen.extend(stream.by_ref().take(random.below(100)).map(|entry| entry.unwrap()));
            }
        }
        if reverse {
            seen.reverse();
        }
        assert!(seen == numbered(1000));
        for _ in 0..3 {
            assert!(stream.next().is_none());
            assert!(stream.next_page().unwrap().is_empty());
        }
    }
}

#[test]
fn a_page_is_as_large_as_a_few_values_and_no_larger() {
    let place = Place::new();
    let store = place.open("notes", relaxed());
    let sizes = [4_194_303, 1, 500_000, 2_000_000, 70_000, 70_000, 70_000, 70_000, 70_000, 1_000_000, 8193, 9];
    for (number, size) in sizes.iter().enumerate() {
        store.put(format!("key{number:02}"), pattern(number as u64, *size)).wait().unwrap();
    }
    for reverse in [false, true] {
        let stream = open(&store, range(|range| range.reverse = reverse));
        let mut numbers: Vec<usize> = Vec::new();
        loop {
            let page = stream.next_page().unwrap();
            let bytes = |entry: &Entry| if let Value::Bytes(bytes) = &entry.value { bytes.len() } else { 0 };
            let [.., last] = &*page else { break };
            // What a page had before its last entry did not fill it.
            assert!(page.iter().map(bytes).sum::<usize>() - bytes(last) < 256 * 1024);
            for entry in &page {
                let number = entry.key[3..].parse().unwrap();
                assert!(entry.value == Value::Bytes(pattern(number as u64, sizes[number])), "{}", entry.key);
                numbers.push(number);
            }
        }
        assert!(if reverse { numbers.iter().rev().copied().eq(0..12) } else { numbers.iter().copied().eq(0..12) });
    }
}

/// Says stop when it is dropped, also by a panic: whoever waits for the other threads is not left waiting.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Changes the store in the ways there are, until it is told to stop.
fn keep_changing(store: &KvStore, stop: &AtomicBool) -> usize {
    let mut random = Random::new(7);
    let mut commits = 0;
    while !stop.load(Ordering::SeqCst) {
        let mut key = || format!("key{:06}", random.below(120_000));
        store.put(key(), "changed").wait().unwrap();
        store.delete(key()).wait().unwrap();
        store.put_batch((0..50).map(|number| Entry::new(key(), number)).collect()).wait().unwrap();
        store.delete_batch((0..50).map(|_| key()).collect()).wait().unwrap();
        commits += 4;
    }
    commits
}

#[test]
fn a_hundred_thousand_entries_come_complete_and_in_order_while_a_writer_changes_the_store() {
    const ENTRIES: i64 = 100_000;
    let place = Place::new();
    for (id, options) in kinds() {
        let store = place.open(id, options);
        for chunk in 0..100_i64 {
            let numbers = chunk * 1000..(chunk + 1) * 1000;
            let entries = numbers.map(|number| Entry::new(format!("key{number:06}"), number)).collect();
            store.put_batch(entries).wait().unwrap();
        }
        let forward = open(&store, KeyRange::default());
        let backward = open(&store, range(|range| range.reverse = true));
        let stop = AtomicBool::new(false);
        let walk = |stream: EntryStream, numbers: &mut dyn Iterator<Item = i64>| {
            let mut seen = 0;
            for (entry, number) in stream.zip(numbers) {
                let entry = entry.unwrap();
                assert!(entry.key[3..].parse() == Ok(number) && entry.value == Value::Long(number), "{entry:?}");
                seen += 1;
            }
            assert_eq!(seen, ENTRIES);
        };
        thread::scope(|scope| {
            let writer = scope.spawn(|| keep_changing(&store, &stop));
            {
                let _stop = Stop(&stop);
                let other = scope.spawn(|| walk(backward, &mut (0..=ENTRIES).rev().skip(1)));
                walk(forward, &mut (0..=ENTRIES));
                other.join().unwrap();
            }
            assert!(writer.join().unwrap() > 0);
        });
        let entries = collect(&store, KeyRange::default());
        assert!(entries == store.get_entries("^").wait().unwrap(), "a new one shows the changes");
        assert!(entries.iter().any(|entry| entry.value == Value::from("changed")));
    }
}

#[test]
fn a_stream_shows_every_write_issued_before_it_and_none_issued_after_it() {
    let place = Place::new();
    for (id, options) in [("single", single()), ("device", device()), ("relaxed", relaxed())] {
        let store = place.open(id, options);
        for round in 0..60 {
            drop(store.put(format!("key{round:02}"), round));
            let last = range(|range| (range.reverse, range.limit, range.gte) = (true, Some(2), Some("key".into())));
            let streams = [store.entries(last.clone()), store.entries(KeyRange::prefix("elsewhere"))];
            drop(store.put(format!("key{round:02}a"), "later"));
            drop(store.put("elsewhere", "later"));
            let [near, far] = streams.map(|stream| stream.wait().unwrap().next_page().unwrap());
            assert_eq!(near[0], Entry::new(format!("key{round:02}"), round), "{id}");
            assert_eq!(far.len(), usize::from(round > 0));
            drop(store.delete("elsewhere"));
            drop(store.put("elsewhere", "again"));
        }
    }
}

#[test]
fn a_stream_is_refused_while_a_transaction_is_open_at_its_place_in_the_order() {
    let place = Place::new();
    let store = store_of(&place, "notes", numbered(10));
    let mut earlier = open(&store, KeyRange::default());
    for round in 0..50 {
        let before = store.entries(KeyRange::default());
        drop([store.start_transaction(), store.put(format!("joined{round}"), true)]);
        let inside = store.entries(KeyRange::prefix("nothing"));
        drop(if round % 2 == 0 { store.commit() } else { store.rollback() });
        let behind = store.entries(KeyRange::prefix("joined"));
        assert!(before.wait().is_ok());
        assert_eq!(code(inside.wait()), DATABASE);
        assert_eq!(behind.wait().unwrap().count(), round / 2 + 1);
    }
    assert!(earlier.by_ref().map(|entry| entry.unwrap()).eq(numbered(10)));
}

#[test]
fn every_call_after_the_close_of_a_stream_reports_closed_for_all_clones() {
    let place = Place::new();
    let store = store_of(&place, "notes", numbered(200));
    let mut stream = open(&store, KeyRange::default());
    let mut clone = stream.clone();
    assert_eq!(stream.next().unwrap().unwrap().key, "key00000");
    assert_eq!(clone.next().unwrap().unwrap().key, "key00001", "clones share the place");
    stream.close().unwrap();
    for stream in [&mut stream, &mut clone] {
        assert_eq!(code(stream.next_page()), CLOSED);
        assert_eq!(code(stream.next().unwrap()), CLOSED);
        assert_eq!(code(stream.close()), CLOSED);
    }
    store.close().wait().unwrap();
    place.delete("notes").unwrap();
}

#[test]
fn a_stream_outlives_the_close_of_its_store_and_keeps_it_from_being_deleted() {
    let place = Place::new();
    for (id, options) in kinds() {
        let store = place.open(id, options);
        store.put_batch(numbered(300)).wait().unwrap();
        let mut stream = open(&store, KeyRange::default());
        let begun = stream.next().unwrap().unwrap();
        store.close().wait().unwrap();
        assert_eq!(code(place.delete(id)), DATABASE);
        let entries: Vec<_> = [begun].into_iter().chain(stream.by_ref().map(|entry| entry.unwrap())).collect();
        assert!(entries == numbered(300));
        assert_eq!(code(place.delete(id)), DATABASE, "at its end it is still open");
        stream.close().unwrap();
        place.delete(id).unwrap();
    }
}

#[test]
fn many_streams_may_be_open_at_once_and_do_not_count_among_the_result_sets() {
    let place = Place::new();
    let store = store_of(&place, "notes", numbered(300));
    let other = store.duplicate().unwrap();
    let bounds = |place: usize| {
        range(|range| (range.gte, range.reverse) = (Some(format!("key{place:05}")), !place.is_multiple_of(2)))
    };
    let open_one = |place: usize| open(if place.is_multiple_of(3) { &store } else { &other }, bounds(place % 300));
    let mut streams: Vec<_> = (0..STREAMS_MAX).map(open_one).collect();
    assert_eq!(room(&store), SETS_MAX);
    for handle in [&store, &other] {
        assert_eq!(code(handle.entries(KeyRange::default()).wait()), OVER_LIMITS);
    }
    streams.pop();
    streams[500].close().unwrap();
    streams[500] = open(&other, bounds(500 % 300));
    streams.push(open(&store, bounds((STREAMS_MAX - 1) % 300)));
    assert_eq!(code(store.entries(KeyRange::default()).wait()), OVER_LIMITS);
    store.delete_batch(numbered(300).into_iter().map(|entry| entry.key).collect()).wait().unwrap();
    // All of them go on in turns.
    for step in 0..3 {
        for (place, stream) in streams.iter_mut().enumerate() {
            let first = place % 300;
            let expected = if place % 2 > 0 { Some(299 - step) } else { Some(first + step) };
            let expected =
                expected.filter(|number| (first..300).contains(number)).map(|number| format!("key{number:05}"));
            assert_eq!(stream.next().map(|entry| entry.unwrap().key), expected);
        }
    }
    streams.clear();
    assert!(collect(&store, KeyRange::default()).is_empty());
}

#[test]
fn threads_that_share_a_stream_get_each_entry_once() {
    let place = Place::new();
    let store = store_of(&place, "notes", numbered(5000));
    let stream = open(&store, KeyRange::default());
    let seen = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for number in 0..4 {
            let (mut stream, seen) = (stream.clone(), &seen);
            scope.spawn(move || {
                let taken = std::iter::from_fn(|| match number % 2 {
                    0 => Some(vec![stream.next()?.unwrap()]),
                    _ => Some(stream.next_page().unwrap()).filter(|page| !page.is_empty()),
                });
                let own: Vec<Entry> = taken.flatten().collect();
                assert!(own.is_sorted_by(|left, right| left.key < right.key));
                seen.lock().unwrap().extend(own);
            });
        }
    });
    let mut seen = seen.into_inner().unwrap();
    seen.sort_by(|left, right| left.key.cmp(&right.key));
    assert!(seen == numbered(5000));
}
