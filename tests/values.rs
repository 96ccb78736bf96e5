//! Values: the seven types, their bits, their sizes (`store.md` 4.2, 4.3).

mod common;

use common::{
    BLOBS, INVALID_ARGUMENT, NOT_FOUND, Place, answered, code, device, failure, pattern, same, single, with_database,
};
use dkv::{Entry, KvStore, Op, Options, Value, ValueType};
use redb::{ReadableDatabase, ReadableTableMetadata};

const LARGEST: usize = 4_194_303;
const BLOB_THRESHOLD: usize = 8 * 1024;

/// Values at the edges of their types. NaNs with a payload show whether bits are kept.
fn edges() -> Vec<Value> {
    let integers = [i32::MIN, -1, 0, 1, i32::MAX].map(Value::from);
    let longs = [i64::MIN, -1, 0, 1 << 53, i64::MAX].map(Value::from);
    let floats = [0.0, -0.0, 1.5, f32::MIN, f32::MAX, f32::MIN_POSITIVE, f32::INFINITY, f32::NEG_INFINITY, f32::NAN]
        .map(Value::from);
    let doubles =
        [0.0, -0.0, 1.0, f64::MIN, f64::MAX, 5e-324, f64::INFINITY, f64::NEG_INFINITY, f64::NAN].map(Value::from);
    let texts = ["", " ", " \t blank \n", "a\0b", "\0", "é€😀", "\u{feff}", "\u{10ffff}"].map(Value::from);
    let odd = [
        Value::from(f32::from_bits(0xffc1_2345)),
        Value::from(f64::from_bits(0x7ff8_0000_dead_beef)),
        Value::from(9_007_199_254_740_993.0),
        Value::from(true),
        Value::from(false),
        Value::from(vec![0]),
        Value::from((0..=255).collect::<Vec<u8>>()),
        Value::from(vec![0xff; 1000]),
    ];
    [integers.to_vec(), longs.to_vec(), floats.to_vec(), doubles.to_vec(), texts.to_vec(), odd.to_vec()].concat()
}

fn assert_reads(store: &KvStore, key: &str, value: &Value) {
    let entries = store.get_entries(key).wait().unwrap();
    assert_eq!(entries.len(), 1, "{key}");
    for read in [&store.get(key).wait().unwrap(), &store.get_now(key).unwrap(), &entries[0].value] {
        // Not formatted: values of megabytes would drown the message.
        assert!(same(read, value), "{key}: {:?} came back as another {:?}", value.value_type(), read.value_type());
    }
}

/// Puts the values, and asserts that they are read back before and after a reopen.
fn assert_round_trip(options: &Options, values: &[Value]) {
    let place = Place::new();
    let mut store = place.open("values", options.clone());
    let key = |number: usize| format!("key{number:04}");
    let puts: Vec<_> = values.iter().enumerate().map(|(number, value)| store.put(key(number), value.clone())).collect();
    puts.into_iter().for_each(|put| put.wait().unwrap());
    for reopened in [false, true] {
        if reopened {
            store.close().wait().unwrap();
            store = place.open("values", options.clone());
        }
        for (number, value) in values.iter().enumerate() {
            assert_reads(&store, &key(number), value);
        }
    }
}

#[test]
fn every_type_comes_back_with_its_bits() {
    assert_round_trip(&single(), &edges());
    assert_round_trip(&device(), &edges());
}

#[test]
fn types_and_tags_are_those_of_the_reference() {
    let values = [
        (Value::from("text"), ValueType::String, 0),
        (Value::from(1_i32), ValueType::Integer, 1),
        (Value::from(1.0_f32), ValueType::Float, 2),
        (Value::from(vec![1]), ValueType::ByteArray, 3),
        (Value::from(true), ValueType::Boolean, 4),
        (Value::from(1.0_f64), ValueType::Double, 5),
        (Value::from(1_i64), ValueType::Long, 6),
    ];
    let place = Place::new();
    let store = place.open("values", single());
    for (value, value_type, tag) in values {
        store.put("key", value).wait().unwrap();
        let read = store.get("key").wait().unwrap();
        assert_eq!((read.value_type(), read.value_type().tag()), (value_type, tag));
        assert_eq!(store.get_entries("key").wait().unwrap()[0].value.value_type(), value_type);
    }
}

#[test]
fn values_of_every_size_around_the_blob_threshold_and_the_chunk_borders_come_back() {
    let mut sizes: Vec<usize> = vec![1, 2, 4076, 4077, BLOB_THRESHOLD - 1, BLOB_THRESHOLD, BLOB_THRESHOLD + 1];
    // A chunk fills a page of 4 to 64 KiB but for 20 bytes.
    for page in [8, 16, 32, 64].map(|kib| kib * 1024 - 20) {
        sizes.extend([page - 1, page, page + 1, 2 * page, 2 * page + 1, page + 4076, page + 4077]);
    }
    sizes.extend([1_000_000, 1 << 20]);
    let bytes = sizes.iter().map(|size| Value::from(pattern(*size as u64, *size)));
    let texts = sizes.iter().map(|size| Value::from("é€".repeat(size / 5) + &"x".repeat(size % 5)));
    let values: Vec<Value> = bytes.chain(texts).collect();
    assert_round_trip(&single(), &values);
    assert_round_trip(&device(), &values);
}

#[test]
fn the_largest_values_are_taken_and_one_byte_more_is_refused_with_limit_and_size() {
    let largest = [Value::from("x".repeat(LARGEST)), Value::from(pattern(1, LARGEST))];
    assert_round_trip(&single(), &largest);
    assert_round_trip(&device(), &largest);
    let place = Place::new();
    let store = place.open("values", single());
    let multibyte = format!("{}xx", "€".repeat(LARGEST / 3 - 1)) + "é";
    assert_eq!(multibyte.len(), LARGEST + 1, "counted in bytes, not in characters");
    for value in [Value::from("x".repeat(LARGEST + 1)), Value::from(vec![1; LARGEST + 1]), Value::from(multibyte)] {
        let op = Op::Put { key: "key".to_owned(), value };
        let error = failure(answered(|answer| store.submit(op, answer)).expect("the call itself succeeds"));
        assert_eq!(error.code(), INVALID_ARGUMENT);
        assert!(error.message().contains("4194304") && error.message().contains("4194303"), "{error}");
    }
    assert!(store.get_entries("^").wait().unwrap().is_empty());
}

#[test]
fn a_key_does_not_count_towards_the_size_of_a_value() {
    let place = Place::new();
    let store = place.open("values", single());
    let key = "k".repeat(1024);
    store.put(&key, vec![7; LARGEST]).wait().unwrap();
    assert!(store.get(&key).wait().unwrap() == Value::from(vec![7; LARGEST]));
}

#[test]
fn an_empty_text_is_a_value_and_an_empty_byte_array_is_none() {
    for options in [single(), device()] {
        let place = Place::new();
        let store = place.open("values", options);
        store.put("text", "").wait().unwrap();
        assert_reads(&store, "text", &Value::from(""));
        assert_eq!(code(store.put("bytes", Vec::new()).wait()), INVALID_ARGUMENT);
        assert_eq!(code(store.put_batch(vec![Entry::new("bytes", Vec::new())]).wait()), INVALID_ARGUMENT);
        assert_eq!(code(store.get("bytes").wait()), NOT_FOUND);
    }
}

#[test]
fn a_key_changes_its_type_with_every_overwrite() {
    let place = Place::new();
    let mut store = place.open("values", device());
    let mut values = edges();
    values.extend([10_000, 100, 200_000].map(|size| Value::from(pattern(3, size))));
    values.push(Value::from("y".repeat(70_000)));
    values.push(Value::from(1));
    for (number, value) in values.iter().enumerate() {
        store.put("key", value.clone()).wait().unwrap();
        assert_reads(&store, "key", value);
        if number % 10 == 0 {
            store.close().wait().unwrap();
            store = place.open("values", device());
            assert_reads(&store, "key", value);
        }
    }
}

#[test]
fn get_of_a_missing_key_is_not_found_and_its_deletion_succeeds() {
    for options in [single(), device()] {
        let place = Place::new();
        let store = place.open("values", options);
        store.delete("missing").wait().unwrap();
        store.put("key", 1).wait().unwrap();
        for key in ["missing", "ke", "key1", "KEY"] {
            assert_eq!(code(store.get(key).wait()), NOT_FOUND, "{key}");
            assert_eq!(code(store.get_now(key)), NOT_FOUND, "{key}");
            assert_eq!(code(store.try_get(key)), NOT_FOUND, "{key}");
            store.delete(key).wait().unwrap();
        }
        store.delete("key").wait().unwrap();
        assert_eq!(code(store.get("key").wait()), NOT_FOUND);
    }
}

fn chunks(place: &Place) -> u64 {
    with_database(&place.store_file("values"), |database| {
        database.begin_read().unwrap().open_table(BLOBS).unwrap().len().unwrap()
    })
}

#[test]
fn replaced_and_deleted_large_values_leave_no_chunk_behind() {
    let place = Place::new();
    let large = |number: u64| Value::from(pattern(number, 100_000));
    let store = place.open("values", single());
    for (number, key) in (0..).zip(["kept", "deleted", "replaced", "shrunk", "batch", "twice"]) {
        store.put(key, large(number)).wait().unwrap();
    }
    store.delete("deleted").wait().unwrap();
    store.put("replaced", large(10)).wait().unwrap();
    store.put("shrunk", 1).wait().unwrap();
    store.delete_batch(vec!["batch".to_owned(), "batch".to_owned()]).wait().unwrap();
    store.put_batch(vec![Entry::new("twice", large(11)), Entry::new("twice", large(12))]).wait().unwrap();
    // What is refused must not have written its chunks either.
    assert_eq!(code(store.put_batch(vec![Entry::new("bad", large(13)), Entry::new("", 1)]).wait()), INVALID_ARGUMENT);
    store.close().wait().unwrap();
    let of_three = chunks(&place);
    let store = place.open("values", single());
    for (key, number) in [("kept", 0), ("replaced", 10), ("twice", 12)] {
        assert_reads(&store, key, &large(number));
    }
    store.delete("replaced").wait().unwrap();
    store.delete("twice").wait().unwrap();
    store.close().wait().unwrap();
    assert_eq!(chunks(&place) * 3, of_three);
    let store = place.open("values", single());
    assert_reads(&store, "kept", &large(0));
    store.delete("kept").wait().unwrap();
    store.close().wait().unwrap();
    assert_eq!(chunks(&place), 0);
}

#[test]
fn a_new_large_value_after_a_reopen_does_not_overwrite_an_older_one() {
    let place = Place::new();
    for round in 0..6 {
        let store = place.open("values", single());
        // The last one put is gone again: its number must not be mistaken for a free one of another.
        store.put(format!("key{round}"), pattern(round, 50_000)).wait().unwrap();
        store.put("gone", pattern(99, 50_000)).wait().unwrap();
        store.delete("gone").wait().unwrap();
        for earlier in 0..=round {
            assert_reads(&store, &format!("key{earlier}"), &Value::from(pattern(earlier, 50_000)));
        }
        store.close().wait().unwrap();
    }
}

#[test]
fn a_large_value_replaced_many_times_does_not_fill_the_disk() {
    let place = Place::new();
    let store = place.open("values", single());
    for round in 0..40 {
        store.put("key", pattern(round, 1_000_000)).wait().unwrap();
    }
    store.close().wait().unwrap();
    let bytes = std::fs::metadata(place.store_file("values")).unwrap().len();
    assert!(bytes < 20_000_000, "{bytes} bytes for one value of 1,000,000");
}

#[test]
fn what_a_caller_does_with_its_copy_later_changes_nothing() {
    let place = Place::new();
    let store = place.open("values", single());
    let mut value = vec![1; 100];
    let put = store.put("key", value.as_slice());
    value.fill(2);
    put.wait().unwrap();
    let mut read = store.get("key").wait().unwrap();
    assert_eq!(read, Value::from(vec![1; 100]));
    if let Value::Bytes(bytes) = &mut read {
        bytes.clear();
    }
    assert_reads(&store, "key", &Value::from(vec![1; 100]));
}
