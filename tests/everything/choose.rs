//! Random operations: few keys, so that they meet each other, and now and then something invalid.

use dkv::{Entry, KeyRange, Op, StoreKind, Value};

use crate::common::{Random, pattern};
use crate::model::Content;

pub struct Chooser {
    pub random: Random,
    kind: StoreKind,
}

impl Chooser {
    pub fn new(random: Random, kind: StoreKind) -> Self {
        Self { random, kind }
    }

    fn key(&mut self) -> String {
        match self.random.below(80) {
            0 => " \t".to_owned(),
            1 => "k".repeat(896),
            2 => "k".repeat(1025),
            3 => format!(" k{}\n", self.random.below(12)),
            4..=9 => format!("k{}{}", self.random.below(12), self.random.pick(&["é", "\0", "0"])),
            _ => format!("k{}", self.random.below(12)),
        }
    }

    fn value(&mut self) -> Value {
        let number = self.random.next();
        match self.random.below(12) {
            0 => Value::from(number as i32),
            1 => Value::from(number & 1 == 0),
            2 => Value::from(f32::from_bits(number as u32 & 0xff7f_ffff)),
            3 => Value::from(f64::from_bits(number & 0xffef_ffff_ffff_ffff)),
            4 => Value::from("x".repeat(self.random.below(50))),
            // Meets itself, for the conditions.
            5 | 6 => Value::from("again"),
            7 if self.random.one_in(4) => Value::from(pattern(number, 8_000 + self.random.below(20_000))),
            _ => Value::from(number as i64),
        }
    }

    fn prefix(&mut self) -> String {
        match self.random.below(10) {
            0 => String::new(),
            1 => " ".to_owned(),
            2 => "x^".to_owned(),
            3..=5 => "k1".to_owned(),
            _ => "^".to_owned(),
        }
    }

    fn range(&mut self) -> KeyRange {
        let mut range = KeyRange::default();
        let mut bound = |times: usize| self.random.one_in(times).then(|| format!("k{}", self.random.below(12)));
        (range.prefix, range.gte, range.gt, range.lt, range.lte) = (bound(5), bound(4), bound(5), bound(4), bound(5));
        range.reverse = self.random.one_in(2);
        range.limit = self.random.one_in(3).then(|| self.random.below(10) as u64);
        range
    }

    /// A value that the key has, or one that it may not have.
    fn expected(&mut self, key: &str, content: &Content) -> Value {
        match content.get(key.trim()) {
            Some(value) if self.random.one_in(2) => value.clone(),
            _ => self.value(),
        }
    }

    fn keys(&mut self, below: usize) -> Vec<String> {
        (0..self.random.below(below)).map(|_| self.key()).collect()
    }

    /// The next operation. `content` is what the store then holds.
    pub fn operation(&mut self, content: &Content) -> Op {
        let key = self.key();
        match self.random.below(1000) {
            0..=259 => Op::Put { key, value: self.value() },
            260..=369 => Op::Delete { key },
            370..=449 => {
                let count = self.random.below(6);
                Op::PutBatch { entries: (0..count).map(|_| Entry::new(self.key(), self.value())).collect() }
            }
            450..=489 => Op::DeleteBatch { keys: self.keys(5) },
            490..=529 => Op::PutIfAbsent { key, value: self.value() },
            530..=569 => Op::PutIfUnchanged { expected: self.expected(&key, content), value: self.value(), key },
            570..=599 => Op::DeleteIfUnchanged { expected: self.expected(&key, content), key },
            600..=679 => self.get(key),
            680..=709 => Op::GetMany { keys: self.keys(6) },
            710..=739 => self.get_entries(),
            740..=769 => Op::Count { prefix: self.prefix() },
            770..=819 => Op::StartTransaction,
            820..=859 => Op::Commit,
            860..=879 => Op::Rollback,
            880..=929 => self.get_result_set(),
            930..=974 => Op::GetEntryStream { range: self.range() },
            975..=989 => Op::Flush,
            990..=994 => Op::CheckIntegrity { deep: false },
            _ => Op::Compact,
        }
    }

    /// This installation by its empty id, where the store knows devices.
    fn by_device(&mut self) -> Option<String> {
        (self.kind == StoreKind::DeviceCollaboration && self.random.one_in(3)).then(String::new)
    }

    fn get(&mut self, key: String) -> Op {
        match self.by_device() {
            Some(device_id) => Op::GetFromDevice { device_id, key },
            None => Op::Get { key },
        }
    }

    fn get_entries(&mut self) -> Op {
        let prefix = self.prefix();
        match self.by_device() {
            Some(device_id) => Op::GetEntriesFromDevice { device_id, prefix },
            None => Op::GetEntries { prefix },
        }
    }

    fn get_result_set(&mut self) -> Op {
        let prefix = self.prefix();
        match self.by_device() {
            Some(device_id) => Op::GetResultSetFromDevice { device_id, prefix },
            None => Op::GetResultSet { prefix },
        }
    }
}
