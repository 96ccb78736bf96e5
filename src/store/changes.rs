//! What the writes of one commit come to, key by key (`store.md` 7.3.6).

use std::collections::{HashMap, hash_map};

use super::apply::Effect;
use super::check::{Change as KeyChange, Key, Write};
use super::device::user_key;
use crate::error::Result;
use crate::limits::OBSERVER_BYTES_MAX;
use crate::model::{Change, Entry, StoreKind, Value};

/// The net changes of one commit, gathered write by write.
#[derive(Debug, Default)]
pub struct Changes {
    keys: HashMap<Key, Net>,
    writes: u64,
    /// Of the keys and values that are kept.
    bytes: usize,
}

#[derive(Debug)]
struct Net {
    /// The key was there before the commit.
    before: bool,
    /// The value that it has, or had just before it went.
    value: Value,
    /// It is there now.
    now: bool,
    /// Place of its last write.
    place: u64,
}

impl Changes {
    /// Adds a write with what each of its changes found.
    pub fn add(&mut self, write: Write, effects: impl IntoIterator<Item = Effect>) {
        for (change, effect) in write.into_changes().into_iter().zip(effects) {
            match (change, effect) {
                (KeyChange::Put(key, value), Effect::Put { existed }) => self.set(key, existed, value, true),
                (KeyChange::Delete(key), Effect::Delete { before: Some(value) }) => self.set(key, true, value, false),
                // A delete that found nothing changed nothing.
                _ => {}
            }
        }
    }

    fn set(&mut self, key: Key, existed: bool, value: Value, now: bool) {
        self.writes += 1;
        let place = self.writes;
        let net = match self.keys.entry(key) {
            hash_map::Entry::Occupied(known) => {
                let net = known.into_mut();
                self.bytes -= net.value.as_ref().payload_bytes();
                net
            }
            hash_map::Entry::Vacant(new) => {
                self.bytes += new.key().len();
                new.insert(Net { before: existed, value: Value::Boolean(false), now, place })
            }
        };
        // Of a key that is as missing as it was, nothing is told.
        let value = if net.before || now { value } else { Value::Boolean(false) };
        self.bytes += value.as_ref().payload_bytes();
        *net = Net { before: net.before, value, now, place };
    }

    /// True if the changes are too many to be told one by one.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        self.bytes > OBSERVER_BYTES_MAX
    }

    /// The notification, unless nothing is left to tell.
    ///
    /// # Errors
    ///
    /// `Corrupted` if a stored key is not one that the store wrote.
    pub fn into_notification(self, kind: StoreKind, device_id: &str) -> Result<Option<Change>> {
        let mut nets: Vec<(Key, Net)> = self.keys.into_iter().filter(|(_, net)| net.before || net.now).collect();
        nets.sort_unstable_by_key(|(_, net)| net.place);
        let mut change = Change { device_id: device_id.to_owned(), ..Change::default() };
        for (key, net) in nets {
            let entry = Entry { key: user_key(kind, &key)?.to_owned(), value: net.value };
            match (net.before, net.now) {
                (false, _) => change.inserted.push(entry),
                (true, true) => change.updated.push(entry),
                (true, false) => change.deleted.push(entry),
            }
        }
        let nothing = change.inserted.is_empty() && change.updated.is_empty() && change.deleted.is_empty();
        Ok((!nothing).then_some(change))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(changes: &mut Changes, key: &str, existed: bool, value: i32) {
        let write = Write::Change(KeyChange::Put(Key::from(key.as_bytes()), Value::Integer(value)));
        changes.add(write, [Effect::Put { existed }]);
    }

    fn delete(changes: &mut Changes, key: &str, before: Option<i32>) {
        let write = Write::Change(KeyChange::Delete(Key::from(key.as_bytes())));
        changes.add(write, [Effect::Delete { before: before.map(Value::Integer) }]);
    }

    #[test]
    fn changes_are_merged_against_the_state_before_the_commit() {
        let mut changes = Changes::default();
        put(&mut changes, "inserted", false, 1);
        put(&mut changes, "inserted", true, 2);
        delete(&mut changes, "updated", Some(0));
        put(&mut changes, "updated", false, 3);
        put(&mut changes, "deleted", true, 4);
        delete(&mut changes, "deleted", Some(4));
        put(&mut changes, "gone again", false, 5);
        delete(&mut changes, "gone again", Some(5));
        delete(&mut changes, "never there", None);
        let change = changes.into_notification(StoreKind::SingleVersion, "").unwrap().unwrap();
        assert_eq!(change.inserted, [Entry::new("inserted", 2)]);
        assert_eq!(change.updated, [Entry::new("updated", 3)]);
        assert_eq!(change.deleted, [Entry::new("deleted", 4)]);
    }

    #[test]
    fn a_key_written_again_moves_to_the_end() {
        let mut changes = Changes::default();
        put(&mut changes, "a", false, 1);
        put(&mut changes, "b", false, 2);
        put(&mut changes, "a", true, 3);
        let change = changes.into_notification(StoreKind::SingleVersion, "").unwrap().unwrap();
        assert_eq!(change.inserted, [Entry::new("b", 2), Entry::new("a", 3)]);
    }

    #[test]
    fn what_was_replaced_does_not_count() {
        let mut changes = Changes::default();
        let put = |changes: &mut Changes, key: &str, bytes: usize| {
            let write = Write::Change(KeyChange::Put(Key::from(key.as_bytes()), Value::Bytes(vec![0; bytes])));
            changes.add(write, [Effect::Put { existed: false }]);
        };
        for _ in 0..100 {
            put(&mut changes, "again", OBSERVER_BYTES_MAX / 2);
        }
        put(&mut changes, "gone", OBSERVER_BYTES_MAX / 2);
        assert!(changes.is_too_large());
        delete(&mut changes, "gone", Some(0));
        assert!(!changes.is_too_large());
        assert_eq!(changes.bytes, OBSERVER_BYTES_MAX / 2 + "again".len() + "gone".len() + 1);
    }

    #[test]
    fn nothing_left_to_tell_is_no_notification() {
        let mut changes = Changes::default();
        put(&mut changes, "a", false, 1);
        delete(&mut changes, "a", Some(1));
        assert_eq!(changes.into_notification(StoreKind::SingleVersion, "").unwrap(), None);
    }
}
