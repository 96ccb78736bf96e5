//! Which keys the queued writes of a store will change.
//!
//! A read sees every operation issued before it, and need not wait for writes that cannot change its answer. This index
//! tells the two apart.

use std::collections::BTreeMap;

use crate::store::{Touched, Write};

/// Keys of queued writes, each with the number of writes that will change it.
#[derive(Debug, Default)]
pub struct Pending {
    keys: BTreeMap<std::sync::Arc<[u8]>, usize>,
    /// Queued removals of a device's data, whose keys nobody knows yet. They are rare: meanwhile every read waits.
    removals: usize,
}

impl Pending {
    /// A write was queued.
    pub fn add(&mut self, write: &Write) {
        self.removals += usize::from(matches!(write, Write::RemoveDevice(_)));
        for change in write.changes() {
            *self.keys.entry(std::sync::Arc::clone(change.key())).or_insert(0) += 1;
        }
    }

    /// The write is done, whatever came of it.
    pub fn remove(&mut self, write: &Write) {
        self.removals -= usize::from(matches!(write, Write::RemoveDevice(_)));
        for change in write.changes() {
            if let Some(count) = self.keys.get_mut(change.key()) {
                *count -= 1;
                if *count == 0 {
                    self.keys.remove(change.key());
                }
            }
        }
    }

    /// True if a queued write can change what is looked at.
    #[must_use]
    pub fn changes(&self, touched: Touched<'_>) -> bool {
        if self.removals > 0 {
            return true;
        }
        match touched {
            Touched::Key(key) => self.keys.contains_key(key),
            Touched::Keys(keys) => keys.iter().any(|key| self.keys.contains_key(key)),
            Touched::Range(range) => {
                let lower = std::ops::Bound::Included(range.lower());
                let mut following = self.keys.range::<[u8], _>((lower, std::ops::Bound::Unbounded));
                following.next().is_some_and(|(key, _)| range.contains(key))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Entry, StoreKind};
    use crate::store::{Checked, Op, Rules, check};

    fn write(keys: &[&str]) -> Write {
        let entries = keys.iter().map(|key| Entry::new(*key, 1)).collect();
        match check(Op::PutBatch { entries }, StoreKind::SingleVersion, &Rules::Free).unwrap() {
            Checked::Write(write) => write,
            _ => unreachable!("a batch is a write"),
        }
    }

    #[test]
    fn a_read_conflicts_with_the_keys_it_looks_at_and_no_others() {
        let mut pending = Pending::default();
        let (first, second) = (write(&["b", "b", "ca"]), write(&["b"]));
        pending.add(&first);
        pending.add(&second);
        let range = crate::storage::Range::starting_with(b"c");
        let elsewhere = crate::storage::Range::starting_with(b"cb");
        assert!(pending.changes(Touched::Key(b"b")) && !pending.changes(Touched::Key(b"c")));
        assert!(pending.changes(Touched::Range(&range)) && !pending.changes(Touched::Range(&elsewhere)));
        pending.remove(&first);
        assert!(pending.changes(Touched::Key(b"b")) && !pending.changes(Touched::Range(&range)));
        pending.remove(&second);
        assert!(!pending.changes(Touched::Key(b"b")));
    }

    #[test]
    fn every_read_conflicts_with_the_removal_of_a_device() {
        let mut pending = Pending::default();
        let removal =
            match check(Op::RemoveDeviceData { device_id: "a".to_owned() }, StoreKind::SingleVersion, &Rules::Free) {
                Ok(Checked::Write(removal)) => removal,
                _ => unreachable!("a removal is a write"),
            };
        pending.add(&removal);
        assert!(pending.changes(Touched::Key(b"b")));
        pending.remove(&removal);
        assert!(!pending.changes(Touched::Key(b"b")));
    }
}
