//! Result sets: the moves of their position, and what they hold (`query_device_sync.md` 3).

mod common;
#[path = "common/sets.rs"]
mod sets;

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::thread;

use common::{INVALID_ARGUMENT, PATIENCE, Place, Random, code, device, keys, pattern, same, seed, single};
use dkv::{Entry, KvStore, Op, Outcome, ResultSet, Value};
use sets::{DATABASE, numbered, open_all, relaxed, rest};

/// A result set over a new store with these entries.
fn set_of(place: &Place, id: &str, entries: Vec<Entry>) -> (KvStore, ResultSet) {
    let store = place.open(id, relaxed());
    store.put_batch(entries).wait().unwrap();
    let set = open_all(&store);
    (store, set)
}

/// A list with a position, by the table of the specification.
struct Model {
    entries: Vec<Entry>,
    position: i64,
}

impl Model {
    fn count(&self) -> i64 {
        self.entries.len() as i64
    }

    fn move_to(&mut self, position: i64) -> bool {
        self.position = position.clamp(-1, self.count());
        (0..self.count()).contains(&position)
    }

    fn move_by(&mut self, distance: i64) -> bool {
        let target = (i128::from(self.position) + i128::from(distance)).clamp(-1, (1 << 31) - 1);
        self.move_to(target as i64)
    }

    fn entry(&self) -> Option<&Entry> {
        self.entries.get(usize::try_from(self.position).ok()?)
    }

    #[track_caller]
    fn assert_agrees(&self, set: &ResultSet) {
        for question in 0..6 {
            self.assert_answer(set, question);
        }
    }

    /// Asks one question only: an answer may make the set know more than it did.
    #[track_caller]
    fn assert_answer(&self, set: &ResultSet, question: usize) {
        let (position, count) = (self.position, self.count());
        assert_eq!(set.position().unwrap(), position);
        match question {
            0 => assert_eq!(set.is_first().unwrap(), count > 0 && position == 0, "is_first at {position}"),
            1 => assert_eq!(set.is_last().unwrap(), count > 0 && position == count - 1, "is_last at {position}"),
            2 => assert_eq!(set.is_before_first().unwrap(), count == 0 || position == -1, "before first, {position}"),
            3 => assert_eq!(set.is_after_last().unwrap(), count == 0 || position == count, "after last, {position}"),
            4 => assert!(set.entry().unwrap().as_ref() == self.entry(), "the entry at {position}"),
            _ => assert_eq!(set.count().unwrap(), count),
        }
        assert_eq!(set.position().unwrap(), position, "looking moves nothing");
    }
}

/// Distances and positions around every border that a number can cross.
fn borders(count: i64) -> Vec<i64> {
    let corners = [0, count, i64::from(i32::MAX), i64::from(i32::MIN), 1 << 32, -(1 << 32), i64::MAX, i64::MIN];
    let around = |corner: i64| (-2..=2).map(move |step| corner.saturating_add(step));
    corners.into_iter().flat_map(around).chain(-count - 2..=count + 2).collect()
}

#[test]
fn the_rows_of_the_table_hold_word_by_word() {
    let place = Place::new();
    let (_store, set) = set_of(&place, "five", numbered(5));
    let (_other, empty) = set_of(&place, "empty", Vec::new());
    assert_eq!((set.position().unwrap(), empty.position().unwrap()), (-1, -1));
    assert_eq!((set.count().unwrap(), empty.count().unwrap()), (5, 0));
    let at = |set: &ResultSet, moved: dkv::Result<bool>| (moved.unwrap(), set.position().unwrap());

    // The answer of a move, and the position behind it.
    assert_eq!(at(&set, set.move_by(0)), (false, -1));
    assert_eq!(at(&set, set.move_to_next()), (true, 0));
    assert_eq!(at(&set, set.move_by(0)), (true, 0));
    assert_eq!(at(&set, set.move_to(3)), (true, 3));
    assert_eq!(at(&set, set.move_to(-1)), (false, -1));
    assert_eq!(at(&set, set.move_to(5)), (false, 5));
    assert_eq!(at(&set, set.move_by(0)), (false, 5));
    assert_eq!(at(&set, set.move_to_previous()), (true, 4));
    assert_eq!(at(&set, set.move_to_next()), (false, 5));
    assert_eq!(at(&set, set.move_to_first()), (true, 0));
    assert_eq!(at(&set, set.move_to_previous()), (false, -1));
    assert_eq!(at(&set, set.move_to_last()), (true, 4));
    assert_eq!(at(&set, set.move_by(-9)), (false, -1));
    assert_eq!(at(&set, set.move_by(9)), (false, 5));
    assert!(set.entry().unwrap().is_none());

    assert_eq!(at(&empty, empty.move_to(0)), (false, 0));
    assert_eq!(at(&empty, empty.move_to(-7)), (false, -1));
    assert_eq!(at(&empty, empty.move_to(7)), (false, 0));
    assert_eq!(at(&empty, empty.move_to_last()), (false, -1));
    assert_eq!(at(&empty, empty.move_to_first()), (false, 0));
    assert_eq!(at(&empty, empty.move_to_previous()), (false, -1));
    assert_eq!(at(&empty, empty.move_to_next()), (false, 0));
    for position in [-1, 0] {
        empty.move_to(position).unwrap();
        assert!(!empty.is_first().unwrap() && !empty.is_last().unwrap());
        assert!(empty.is_before_first().unwrap() && empty.is_after_last().unwrap());
        assert!(empty.entry().unwrap().is_none());
    }
}

#[test]
fn from_every_position_every_move_goes_where_the_table_says() {
    let place = Place::new();
    for count in [0, 1, 2, 6] {
        let entries = numbered(count);
        let (_store, set) = set_of(&place, &format!("s{count}"), entries.clone());
        let mut model = Model { entries, position: -1 };
        for from in -1..=model.count() {
            for to in borders(model.count()) {
                model.move_to(from);
                set.move_to(from).unwrap();
                assert_eq!(set.move_to(to).unwrap(), model.move_to(to), "to {to} of {count}");
                model.assert_agrees(&set);
                model.move_to(from);
                set.move_to(from).unwrap();
                assert_eq!(set.move_by(to).unwrap(), model.move_by(to), "by {to} from {from} of {count}");
                model.assert_agrees(&set);
            }
        }
    }
}

#[test]
fn every_question_and_move_is_answered_by_a_set_that_was_asked_nothing_before() {
    let place = Place::new();
    for count in [0, 1, 100] {
        let entries = numbered(count);
        let (store, _set) = set_of(&place, &format!("s{count}"), entries.clone());
        for question in 0..6 {
            Model { entries: entries.clone(), position: -1 }.assert_answer(&open_all(&store), question);
        }
        for to in borders(count as i64) {
            let mut model = Model { entries: entries.clone(), position: -1 };
            let set = open_all(&store);
            assert_eq!(set.move_to(to).unwrap(), model.move_to(to), "to {to} of {count}");
            model.assert_agrees(&set);
        }
        let set = open_all(&store);
        assert_eq!(set.move_to_last().unwrap(), count > 0);
        Model { position: count as i64 - 1, entries }.assert_agrees(&set);
    }
}

/// Entries of several sizes, some of which were overwritten or deleted again, in the order of their keys.
fn random_entries(store: &KvStore, random: &mut Random, count: usize) -> Vec<Entry> {
    let words = ["a", "b", "é", "語", "\u{0}", "z", "0"];
    let mut entries = BTreeMap::new();
    for number in 0.. {
        let key: String = (0..4 + random.below(8)).map(|_| *random.pick(&words)).collect();
        // The key keeps both of its ends.
        let key = format!("k{key}{}", random.below(10));
        let size = if random.one_in(40) { 10_000 + random.below(30_000) } else { 1 + random.below(60) };
        entries.insert(key, Value::from(pattern(number, size)));
        if entries.len() == count {
            break;
        }
    }
    let entries: Vec<_> = entries.into_iter().map(|(key, value)| Entry { key, value }).collect();
    let mut gone: Vec<String> = (0..count / 4 + 1).map(|number| format!("kaz{number}")).collect();
    gone.retain(|key| entries.iter().all(|entry| entry.key != *key));
    store.put_batch(gone.iter().map(|key| Entry::new(key, 1)).collect()).wait().unwrap();
    for chunk in entries.chunks(2000) {
        store.put_batch(chunk.to_vec()).wait().unwrap();
    }
    store.delete_batch(gone).wait().unwrap();
    entries
}

#[test]
fn random_moves_agree_with_a_plain_list() {
    let mut random = Random::new(seed());
    let place = Place::new();
    // Around the sizes of what a set reads ahead and remembers.
    for count in [1, 2, 63, 64, 65, 128, 1000, 2049, 9000] {
        let store = place.open(&format!("s{count}"), relaxed());
        let entries = random_entries(&store, &mut random, count);
        for _ in 0..3 {
            let set = open_all(&store);
            let mut model = Model { entries: entries.clone(), position: -1 };
            for _ in 0..250 {
                move_at_random(&set, &mut model, &mut random);
                model.assert_answer(&set, random.below(6));
            }
            model.assert_agrees(&set);
        }
    }
}

fn move_at_random(set: &ResultSet, model: &mut Model, random: &mut Random) {
    let count = model.entries.len();
    let anywhere = random.below(count + 4) as i64 - 2;
    let border = borders(model.count());
    let (moved, expected) = match random.below(8) {
        0 => (set.move_to_first(), model.move_to(0)),
        1 => (set.move_to_last(), model.move_to(model.count() - 1)),
        2 => (set.move_to(anywhere), model.move_to(anywhere)),
        3 => {
            let distance = anywhere - model.position;
            (set.move_by(distance), model.move_by(distance))
        }
        4 => {
            let distance = *random.pick(&border[..40]);
            (set.move_by(distance), model.move_by(distance))
        }
        5 => {
            let near = random.below(200) as i64 - 100;
            (set.move_by(near), model.move_by(near))
        }
        6 => (set.move_to_previous(), model.move_by(-1)),
        _ => (set.move_to_next(), model.move_by(1)),
    };
    assert_eq!(moved.unwrap(), expected, "to {}", model.position);
}

#[test]
fn walks_visit_every_entry_in_the_order_of_the_keys_bytes_forward_and_backward() {
    let mut random = Random::new(seed());
    let place = Place::new();
    for (id, options) in [("single", single()), ("device", device())] {
        let store = place.open(id, options);
        let entries = random_entries(&store, &mut random, 3000);
        assert!(entries.is_sorted_by(|left, right| left.key.as_bytes() < right.key.as_bytes()));
        let set = open_all(&store);
        assert!(rest(&set) == entries);
        assert!(set.is_after_last().unwrap());
        for entry in entries.iter().rev() {
            assert!(set.move_to_previous().unwrap());
            assert!(set.entry().unwrap().as_ref() == Some(entry), "{}", entry.key);
        }
        assert!(!set.move_to_previous().unwrap());
        assert!(set.is_before_first().unwrap());
        assert_eq!(set.count().unwrap(), 3000);
    }
}

#[test]
fn values_of_every_type_and_of_the_largest_size_come_back_as_they_were_put() {
    let place = Place::new();
    let store = place.open("notes", relaxed());
    let mut values: Vec<Value> = (0..9).map(|number| Value::Bytes(pattern(number, 4_194_303))).collect();
    values.extend([Value::from("text"), Value::from(""), Value::Integer(i32::MIN), Value::Long(i64::MAX)]);
    values.extend([Value::Float(f32::from_bits(0x7fc0_0001)), Value::Double(-0.0), Value::Boolean(true)]);
    values.extend([Value::Bytes(vec![0]), Value::from("x".repeat(4_194_303)), Value::from("y".repeat(8193))]);
    for (number, value) in values.iter().enumerate() {
        store.put(format!("key{number:02}"), value.clone()).wait().unwrap();
    }
    let set = open_all(&store);
    let positions = (0..values.len()).chain((0..values.len()).rev());
    for position in positions {
        assert!(set.move_to(position as i64).unwrap());
        let entry = set.entry().unwrap().unwrap();
        assert_eq!(entry.key, format!("key{position:02}"));
        assert!(same(&entry.value, &values[position]), "the value of {}", entry.key);
    }
}

#[test]
fn later_puts_deletes_and_batches_do_not_show() {
    let place = Place::new();
    for (id, options) in [("single", single()), ("device", device()), ("relaxed", relaxed())] {
        let store = place.open(id, options);
        let other = store.duplicate().unwrap();
        let entries = numbered(200);
        store.put_batch(entries.clone()).wait().unwrap();
        let set = open_all(&store);
        let untouched = open_all(&store);
        assert_eq!(set.count().unwrap(), 200);
        set.move_to(50).unwrap();
        store.put("key00051", "updated").wait().unwrap();
        other.put("key00051a", "inserted").wait().unwrap();
        other.delete("key00052").wait().unwrap();
        store.delete("key00050").wait().unwrap();
        store.put_batch(vec![Entry::new("a", 1), Entry::new("key00000", 2), Entry::new("z", 3)]).wait().unwrap();
        store.delete_batch((60..200).map(|number| format!("key{number:05}")).collect()).wait().unwrap();
        store.start_transaction().wait().unwrap();
        other.put("key00053", pattern(1, 100_000)).wait().unwrap();
        other.delete("key00054").wait().unwrap();
        assert!(set.entry().unwrap().as_ref() == Some(&entries[50]));
        other.commit().wait().unwrap();
        // More commits than any snapshot that is kept for a while would survive.
        (0..50).for_each(|number| store.put(format!("more{number}"), number).wait().unwrap());
        for set in [&set, &untouched] {
            set.move_to(-1).unwrap();
            assert!(rest(set) == entries, "{id}");
            assert_eq!(set.count().unwrap(), 200);
            assert!(set.move_to_last().unwrap());
            assert!(set.entry().unwrap().as_ref() == entries.last());
        }
        assert!(rest(&open_all(&store)) == store.get_entries("^").wait().unwrap(), "a new one shows them");
    }
}

#[test]
fn a_set_shows_every_write_issued_before_it_and_none_issued_after_it() {
    let place = Place::new();
    let mut random = Random::new(seed());
    for (id, options) in [("single", single()), ("device", device()), ("relaxed", relaxed())] {
        let store = place.open(id, options);
        let other = store.duplicate().unwrap();
        let mut expected = BTreeMap::new();
        for round in 0..200 {
            let mut write = |value: &'static str| {
                let (handle, number) = (if random.one_in(2) { &store } else { &other }, random.below(30));
                // Half of the writes lie where the set does not look.
                let key = if random.one_in(2) { format!("in{number}") } else { format!("out{number}") };
                let put = !random.one_in(3);
                drop(if put { handle.put(key.clone(), value) } else { handle.delete(key.clone()) });
                if put {
                    expected.insert(key, value)
                } else {
                    expected.remove(&key)
                };
            };
            (0..round % 7).for_each(|_| write("before"));
            let seen: Vec<_> = expected.iter().filter(|(key, _)| key.starts_with("in")).collect();
            let seen: Vec<_> = seen.into_iter().map(|(key, value)| Entry::new(key, *value)).collect();
            let request = store.get_result_set("in");
            let mut write = |value: &'static str| {
                let key = format!("in{}", random.below(30));
                drop(store.put(key.clone(), value));
                expected.insert(key, value);
            };
            (0..round % 5).for_each(|_| write("after"));
            assert!(rest(&request.wait().unwrap()) == seen, "{id}, round {round}");
        }
    }
}

#[test]
fn a_set_is_refused_while_a_transaction_is_open_at_its_place_in_the_order() {
    let place = Place::new();
    for (id, options) in [("single", single()), ("device", device())] {
        let store = place.open(id, options);
        let other = store.duplicate().unwrap();
        store.put("before", 1).wait().unwrap();
        let earlier = open_all(&store);
        for commit in [true, false] {
            store.start_transaction().wait().unwrap();
            store.put("joined", 1).wait().unwrap();
            for handle in [&store, &other] {
                assert_eq!(code(handle.get_result_set("^").wait()), DATABASE);
                assert_eq!(code(handle.get_result_set("nothing").wait()), DATABASE);
            }
            assert_eq!(keys(&rest(&earlier)), ["before"], "one that was open before goes on, without the transaction");
            earlier.move_to(-1).unwrap();
            if commit { other.commit() } else { store.rollback() }.wait().unwrap();
            let entries = rest(&open_all(&store));
            assert_eq!(keys(&entries), if commit { &["before", "joined"][..] } else { &["before"] });
            store.delete("joined").wait().unwrap();
        }
        // The same without waiting: each request is answered by where it stands, not by when it is looked at.
        for round in 0..100 {
            let end = |store: &KvStore| if round % 2 == 0 { store.commit() } else { store.rollback() };
            let requests = [store.get_result_set("^"), {
                drop(store.start_transaction());
                drop(store.put("joined", round));
                store.get_result_set("^")
            }];
            drop(end(&other));
            let last = other.get_result_set("^");
            let [first, refused] = requests.map(dkv::Request::wait);
            assert!(first.is_ok());
            assert_eq!(code(refused), DATABASE);
            let entries = rest(&last.wait().unwrap());
            assert_eq!(keys(&entries), if round % 2 == 0 { &["before", "joined"][..] } else { &["before"] });
            drop(store.delete("joined"));
        }
        // A start that is refused leaves the first transaction open, and a wrong end leaves none.
        drop([store.start_transaction(), store.start_transaction()]);
        assert_eq!(code(store.get_result_set("^").wait()), DATABASE);
        drop([store.commit(), store.commit()]);
        assert_eq!(open_all(&store).count().unwrap(), 1);
    }
}

#[test]
fn a_prefix_selects_as_it_does_for_entries() {
    let place = Place::new();
    let long = "k".repeat(896);
    let names = ["a", "ab", "abc", "b", "é", "éa", "a%", "a_", "\u{0}", "a\u{0}b", "A", "語", &long, "^not a key"];
    for (id, options) in [("single", single()), ("device", device())] {
        let store = place.open(id, options);
        let all: BTreeMap<_, _> = names.iter().zip(0..).map(|(name, number)| (*name, number)).collect();
        store.put_batch(all.iter().map(|(name, number)| Entry::new(*name, *number)).collect()).wait().unwrap();
        let everything = ["^", "a^", "^a", "zzz^zzz", " ", "\t\r\n\u{b}\u{c} "];
        let some =
            ["a", " ab\n", "abc", "abcd", "é", "A", "a%", "a_", "\u{0}", "a\u{0}", "語", "none", &long, "\u{a0}"];
        for prefix in everything.into_iter().chain(some) {
            let wanted = if everything.contains(&prefix) { "" } else { prefix.trim_matches([' ', '\n']) };
            let expected: Vec<_> = all.keys().filter(|name| name.starts_with(wanted)).copied().collect();
            let set = store.get_result_set(prefix).wait().unwrap();
            assert_eq!(set.count().unwrap(), expected.len() as i64, "{prefix:?}");
            let entries = rest(&set);
            assert_eq!(keys(&entries), expected, "{prefix:?} in a {id} store");
            assert!(entries == store.get_entries(prefix).wait().unwrap());
        }
        let longest = if id == "single" { 1024 } else { 896 };
        assert_eq!(code(store.get_result_set("").wait()), INVALID_ARGUMENT);
        assert_eq!(code(store.get_result_set("p".repeat(longest + 1)).wait()), INVALID_ARGUMENT);
        let fits = store.get_result_set(format!("  {}  ", "p".repeat(longest))).wait().unwrap();
        assert_eq!(fits.count().unwrap(), 0);
        let discarded = store.get_result_set("^".repeat(5000)).wait().unwrap();
        assert_eq!(discarded.count().unwrap(), names.len() as i64);
    }
}

#[test]
fn clones_and_threads_share_one_position() {
    let place = Place::new();
    let (_store, set) = set_of(&place, "notes", numbered(2000));
    let clone = set.clone();
    set.move_to(7).unwrap();
    assert_eq!(clone.position().unwrap(), 7);
    clone.move_to_next().unwrap();
    assert_eq!(set.entry().unwrap().unwrap().key, "key00008");
    set.move_to(-1).unwrap();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..500).for_each(|_| assert!(set.move_to_next().unwrap())));
        }
    });
    assert_eq!(set.position().unwrap(), 1999);
    assert!(clone.is_last().unwrap());
}

#[test]
fn a_set_is_an_operation_like_any_other_and_its_callback_may_use_it() {
    let place = Place::new();
    let (store, _set) = set_of(&place, "notes", numbered(100));
    let (sender, receiver) = mpsc::channel();
    let op = Op::GetResultSet { prefix: "key0000".to_owned() };
    store
        .submit(op, move |outcome| {
            let Ok(Outcome::ResultSet(set)) = outcome else { panic!("{outcome:?}") };
            sender.send((set.count(), rest(&set).len())).unwrap();
        })
        .unwrap();
    let (count, walked) = receiver.recv_timeout(PATIENCE).unwrap();
    assert_eq!((count.unwrap(), walked), (10, 10));
}
