//! Keys, values and root keys stay where they belong: no failure, no line of the log and no debug form of what is not the
//! data itself shows them.
//!
//! Marks stand in keys, in values and in a root key. Everything that the library says about them is gathered and searched.

mod common;

use std::fmt::Debug;
use std::sync::Mutex;

use common::{BUNDLE, Place, pattern, single, with};
use dkv::{Entry, KeyRange, KvStore, Manager, ManagerOptions, Op, Options, Query, RootKey, SubscribeType, Value};

/// No word of the library has these letters.
const KEY_MARK: &str = "qzKEYxj";
const VALUE_MARK: &str = "qzVALUExj";
const ROOT_MARK: &str = "qzROOTxj";
const SCHEMA: &str = r#"{"SCHEMA_VERSION":"1.0","SCHEMA_MODE":"STRICT","SCHEMA_DEFINE":{"n":"LONG, NOT NULL","s":"STRING"},"SCHEMA_INDEXES":["$.n"]}"#;

/// All that the library has said.
static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn hear(what: impl Debug) {
    SAID.lock().unwrap().push(format!("{what:?}"));
}

/// The message of a failure, and of everything behind it.
fn hear_failure<T>(result: dkv::Result<T>) {
    let Err(error) = result else { return };
    hear(&error);
    let mut cause: Option<&dyn std::error::Error> = Some(&error);
    while let Some(error) = cause {
        SAID.lock().unwrap().push(error.to_string());
        cause = error.source();
    }
}

struct Logger;

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, line: &log::Record<'_>) {
        SAID.lock().unwrap().push(format!("{} {}: {}", line.level(), line.target(), line.args()));
    }

    fn flush(&self) {}
}

fn key() -> String {
    format!("{KEY_MARK}{}", "k".repeat(20))
}

fn root_key() -> Vec<u8> {
    format!("{ROOT_MARK}{}", "r".repeat(40)).into_bytes()
}

fn marked_manager(folder: &std::path::Path, root_key: RootKey) -> Manager {
    let mut options = ManagerOptions::new(BUNDLE, folder);
    options.root_key = root_key;
    hear(&options);
    let manager = Manager::new(options).unwrap();
    hear(&manager);
    manager
}

/// What is refused, for each reason that there is.
fn refusals(store: &KvStore) {
    let (key, long_key) = (key(), format!("{KEY_MARK}{}", "k".repeat(2_000)));
    let long_value = format!("{VALUE_MARK}{}", "v".repeat(5 << 20));
    hear_failure(store.get(format!("{KEY_MARK} is missing")).wait());
    hear_failure(store.put(long_key.as_str(), VALUE_MARK).wait());
    hear_failure(store.put(key.as_str(), long_value.as_str()).wait());
    hear_failure(store.get(long_key.as_str()).wait());
    hear_failure(store.get_now(&long_key));
    hear_failure(store.delete(long_key.as_str()).wait());
    hear_failure(store.put_batch(vec![Entry::new(long_key.as_str(), VALUE_MARK)]).wait());
    hear_failure(store.put_batch((0..200).map(|_| Entry::new(key.as_str(), VALUE_MARK)).collect()).wait());
    hear_failure(store.get_entries(&long_key).wait());
    hear_failure(store.get_result_set(&long_key).wait());
    hear_failure(store.commit().wait());
    hear_failure(store.restore("no such backup").wait());
    let mut query = Query::new();
    query.equal_to(KEY_MARK, VALUE_MARK);
    hear_failure(store.get_entries_by_query(&query).wait());
}

/// Documents that do not fit, and texts that are none.
fn documents(place: &Place) {
    let store = place.open("documents", with(single(), |options| options.schema = Some(SCHEMA.to_owned())));
    for text in [
        VALUE_MARK.to_owned(),
        format!("{{\"n\":\"{VALUE_MARK}\"}}"),
        format!("{{\"n\":1,\"s\":{{\"{VALUE_MARK}\":1}}}}"),
        format!("{{\"n\":1,\"{VALUE_MARK} is no name of a field\":1}}"),
        format!("{{\"n\":1,\"undeclared\":\"{VALUE_MARK}\"}}"),
        format!("{{\"n\":1,\"s\":\"{VALUE_MARK}"),
        format!("[\"{VALUE_MARK}\"]"),
    ] {
        let refused = store.put(key(), text.as_str()).wait();
        assert!(refused.is_err(), "{text} does not fit");
        hear_failure(refused);
    }
    store.put(key(), format!("{{\"n\":1,\"s\":\"{VALUE_MARK}\"}}")).wait().unwrap();
    hear(&store);
    store.close().wait().unwrap();
    // Another schema, which what is there does not fit.
    let other = SCHEMA.replace("LONG", "BOOL");
    let options = with(single(), |options| options.schema = Some(other));
    hear_failure(place.manager().get_store("documents", options).wait());
}

fn encrypted() -> Options {
    with(single(), |options| options.encrypt = true)
}

/// A root key that is another, too short, or refused; a store that is damaged.
fn keys_and_damage() {
    let place = Place::new();
    let manager = marked_manager(place.path(), RootKey::from_bytes(&root_key()).unwrap());
    let store = manager.get_store("secret", encrypted()).wait().unwrap();
    store.put(key(), format!("{VALUE_MARK} in the file")).wait().unwrap();
    store.put("large", pattern(1, 100_000)).wait().unwrap();
    hear_failure(store.rekey().wait());
    store.close().wait().unwrap();
    let mut other = root_key();
    other.reverse();
    other.extend_from_slice(ROOT_MARK.as_bytes());
    let other = marked_manager(place.path(), RootKey::from_bytes(&other).unwrap());
    let refused = other.get_store("secret", encrypted()).wait();
    assert!(refused.is_err(), "another key opens nothing");
    hear_failure(refused);
    hear_failure(RootKey::from_bytes(ROOT_MARK.as_bytes()));
    let short = RootKey::from_callback(|key| {
        key.extend_from_slice(ROOT_MARK.as_bytes());
        Ok(())
    });
    hear_failure(marked_manager(place.path(), short).get_store("secret", encrypted()).wait());
    let file = place.store_file("secret");
    let mut bytes = std::fs::read(&file).unwrap();
    for mark in [KEY_MARK, VALUE_MARK, ROOT_MARK] {
        assert!(!bytes.windows(mark.len()).any(|window| window == mark.as_bytes()), "{mark} is in an encrypted file");
    }
    bytes[5 * 4096..].fill(0x55);
    std::fs::write(&file, bytes).unwrap();
    hear_failure(manager.get_store("secret", encrypted()).wait());
    let recovering = with(encrypted(), |options| options.recover = true);
    if let Ok(store) = manager.get_store("secret", recovering).wait() {
        hear(store.recovery());
        store.close().wait().unwrap();
    }
}

/// The debug forms of everything that is not the data itself.
fn handles(store: &KvStore) {
    hear(single());
    hear(store);
    hear(store.statistics());
    let result_set = store.get_result_set(KEY_MARK).wait().unwrap();
    assert!(result_set.move_to_first().unwrap());
    hear(&result_set);
    let mut stream = store.entries(KeyRange::default()).wait().unwrap();
    stream.next().unwrap().unwrap();
    hear(&stream);
    hear(store.put(key(), VALUE_MARK));
    hear(store.get(key()));
    hear(store.subscribe(SubscribeType::All, |_| {}).unwrap());
    hear(store.explain(&Query::new()).unwrap());
}

#[test]
fn what_the_library_says_shows_no_key_no_value_and_no_root_key() {
    log::set_logger(&Logger).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let place = Place::new();
    let store = place.open("marked", single());
    store.put(key(), VALUE_MARK).wait().unwrap();
    store.put(format!("{KEY_MARK} large"), format!("{VALUE_MARK}{}", "v".repeat(100_000))).wait().unwrap();
    handles(&store);
    refusals(&store);
    documents(&place);
    keys_and_damage();
    place.close("marked").unwrap();
    hear_failure(store.put(key(), VALUE_MARK).wait());
    hear_failure(store.submit(Op::Get { key: key() }, |_| {}));
    // A warning, so that it is known that the log was heard.
    place.manager().close_store("another", "marked", None).wait().unwrap();
    let said = SAID.lock().unwrap();
    assert!(said.iter().any(|line| line.starts_with("WARN ")), "the log was heard");
    assert!(said.len() > 30, "{} things were said", said.len());
    let root_digits: String = ROOT_MARK.bytes().map(|byte| format!("{byte}, ")).collect();
    for line in said.iter() {
        for mark in [KEY_MARK, VALUE_MARK, ROOT_MARK, root_digits.as_str()] {
            assert!(!line.contains(mark), "this shows {mark}: {line}");
        }
    }
}

/// What is the data itself shows it to whoever asks: the test above would not notice marks that no form shows.
#[test]
fn the_data_itself_shows_what_it_holds() {
    assert!(format!("{:?}", Value::from(VALUE_MARK)).contains(VALUE_MARK));
    assert!(format!("{:?}", Entry::new(KEY_MARK, 1)).contains(KEY_MARK));
}
