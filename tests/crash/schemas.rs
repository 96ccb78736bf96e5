//! A store with a schema: what it does while the power goes, and what another schema makes of its entries.

use std::sync::Arc;

use dkv::{Entry, Value};

use crate::driver::{Driver, Expected};
use crate::patience::answer;
use crate::world::{Content, World};

/// The schema that the store is made with, and the one that it is opened with later, which fills a field.
pub const OLD: &str = r#"{"SCHEMA_VERSION":"1.0","SCHEMA_MODE":"COMPATIBLE","SCHEMA_DEFINE":{"name":"STRING"},"SCHEMA_INDEXES":["name"]}"#;
pub const NEW: &str = r#"{"SCHEMA_VERSION":"1.0","SCHEMA_MODE":"COMPATIBLE","SCHEMA_DEFINE":{"name":"STRING","age":"INTEGER, DEFAULT 7"},"SCHEMA_INDEXES":["age",["name","age"]]}"#;

/// An entry's text that fits the newer schema as it is.
pub fn document(age: u64, name: &str) -> String {
    format!(r#"{{"age":{age},"name":"{name}"}}"#)
}

/// An entry's text of the older schema.
fn old_document(name: &str) -> String {
    format!(r#"{{"name":"{name}"}}"#)
}

/// What the newer schema makes of entries, whether or not it has made it before.
pub fn upgraded(content: &Content) -> Content {
    let value = |value: &Arc<Value>| match &**value {
        Value::String(text) if text.starts_with(r#"{"name""#) => Arc::new(text.replacen('{', r#"{"age":7,"#, 1).into()),
        _ => Arc::clone(value),
    };
    content.iter().map(|(key, kept)| (key.clone(), value(kept))).collect()
}

/// What an opening with the newer schema makes of what a crash has left, if that is what it is opened with.
pub fn upgraded_worlds(expected: &Expected) -> Expected {
    let mut worlds = expected.worlds.clone();
    if expected.options.schema.as_deref() == Some(NEW) {
        for World { content, backups } in &mut worlds {
            content.iter_mut().chain(backups.values_mut()).for_each(|content| *content = upgraded(content));
        }
    }
    Expected { worlds, options: expected.options.clone(), device_id: expected.device_id.clone() }
}

/// Puts, deletes and batches.
fn write(driver: &mut Driver, document: impl Fn(&mut Driver) -> String) {
    for _ in 0..4 {
        let key = driver.key();
        if driver.random.tenths(3) {
            let gone = key.clone();
            driver.act(move |world| drop(world.content().remove(&gone)), |store| store.delete(key));
            continue;
        }
        let entries: Vec<_> = (0..1 + driver.random.below(8)).map(|_| (driver.key(), document(driver))).collect();
        let batch = entries.iter().map(|(key, text)| Entry::new(key.as_str(), text.as_str())).collect();
        let kept: Vec<_> = entries.into_iter().map(|(key, text)| (key, Arc::new(Value::from(text)))).collect();
        driver.act(|world| world.content().extend(kept), |store| store.put_batch(batch));
    }
}

/// A name like no other, now and then a long one, whose value lies in more than one block.
fn name(driver: &mut Driver) -> String {
    let length = if driver.random.tenths(1) { 9_000 } else { 1 + driver.random.below(40) };
    format!("{}{}", driver.random.number(), "x".repeat(length as usize))
}

/// Works under the older schema, opens the store with the newer one, and works on: with a backup that is older than the
/// schema, and with new keys where the store is encrypted.
pub fn work(driver: &mut Driver) {
    write(driver, |driver| old_document(&name(driver)));
    let backed_up = driver.history.now().content.unwrap_or_default();
    let kept = backed_up.clone();
    driver.act(|world| drop(world.backups.insert("old".to_owned(), kept)), |store| store.backup("old"));
    write(driver, |driver| old_document(&name(driver)));
    upgrade(driver);
    let new_document = |driver: &mut Driver| document(driver.random.below(9), &name(driver));
    write(driver, new_document);
    rekey(driver);
    driver.act(|world| world.content = Some(upgraded(&backed_up)), |store| store.restore("old"));
    write(driver, new_document);
    rekey(driver);
}

fn upgrade(driver: &mut Driver) {
    driver.close();
    driver.options.schema = Some(NEW.to_owned());
    let position = driver.volume.position();
    driver.history.issue(position, |world| world.content = world.content.as_ref().map(upgraded));
    driver.open();
}

fn rekey(driver: &mut Driver) {
    if driver.options.encrypt {
        driver.settle(dkv::KvStore::rekey);
    } else {
        answer(driver.store().check_integrity(true)).unwrap();
    }
}
