//! What a store is, said as simply as can be: it follows the specification and not the library.

use std::collections::BTreeMap;

use dkv::{Entry, KeyRange, Op, Outcome, Result, StoreKind, Value};

use crate::common::{INVALID_ARGUMENT, NOT_FOUND, OVER_LIMITS};

/// The number of a failure of the store's state.
pub const DATABASE: i32 = 27_459_594;
/// Result sets that may be open at once.
pub const SETS_MAX: usize = 8;

pub type Content = BTreeMap<String, Value>;

/// What an operation has to answer.
#[derive(Debug)]
pub enum Expected {
    Done,
    Applied(bool),
    Value(Value),
    Values(Vec<Option<Value>>),
    Entries(Vec<Entry>),
    Count(u64),
    /// A result set over these entries.
    Set(Vec<Entry>),
    /// A stream of these entries.
    Stream(Vec<Entry>),
    Failure(i32),
}

/// The store.
pub struct Model {
    key_bytes_max: usize,
    pub content: Content,
    /// What was there before the open transaction.
    pub before: Option<Content>,
    /// Result sets and streams that are open, or that were asked for and will be.
    pub sets: usize,
    pub streams: usize,
}

impl Model {
    pub fn new(kind: StoreKind) -> Self {
        let key_bytes_max = if kind == StoreKind::SingleVersion { 1024 } else { 896 };
        Self { key_bytes_max, content: Content::new(), before: None, sets: 0, streams: 0 }
    }

    /// The last handle is closed: an open transaction is undone. Result sets stay.
    pub fn close(&mut self) {
        if let Some(before) = self.before.take() {
            self.content = before;
        }
    }

    pub fn apply(&mut self, op: &Op) -> Expected {
        self.try_apply(op).unwrap_or_else(Expected::Failure)
    }

    fn try_apply(&mut self, op: &Op) -> std::result::Result<Expected, i32> {
        Ok(match op {
            Op::Put { key, value } => self.put(key, value)?,
            Op::Delete { key } => self.delete(key)?,
            Op::PutBatch { entries } => {
                entries.iter().try_for_each(|entry| self.key(&entry.key).map(drop))?;
                entries.iter().try_for_each(|entry| self.put(&entry.key, &entry.value).map(drop))?;
                Expected::Done
            }
            Op::DeleteBatch { keys } if keys.is_empty() => return Err(INVALID_ARGUMENT),
            Op::DeleteBatch { keys } => {
                keys.iter().try_for_each(|key| self.key(key).map(drop))?;
                keys.iter().try_for_each(|key| self.delete(key).map(drop))?;
                Expected::Done
            }
            Op::PutIfAbsent { key, value } => self.conditional(key, None, Some(value))?,
            Op::PutIfUnchanged { key, expected, value } => self.conditional(key, Some(expected), Some(value))?,
            Op::DeleteIfUnchanged { key, expected } => self.conditional(key, Some(expected), None)?,
            Op::Get { key } | Op::GetFromDevice { key, .. } => {
                Expected::Value(self.content.get(self.key(key)?).cloned().ok_or(NOT_FOUND)?)
            }
            Op::GetMany { keys } => {
                let keys = keys.iter().map(|key| self.key(key)).collect::<std::result::Result<Vec<_>, i32>>()?;
                Expected::Values(keys.into_iter().map(|key| self.content.get(key).cloned()).collect())
            }
            Op::GetEntries { prefix } | Op::GetEntriesFromDevice { prefix, .. } => {
                Expected::Entries(self.selected(prefix)?)
            }
            Op::Count { prefix } => {
                let prefix = if prefix.is_empty() { "^" } else { prefix };
                Expected::Count(self.selected(prefix)?.len() as u64)
            }
            Op::StartTransaction if self.before.is_some() => return Err(DATABASE),
            Op::StartTransaction => {
                self.before = Some(self.content.clone());
                Expected::Done
            }
            Op::Commit => self.before.take().map(|_| Expected::Done).ok_or(DATABASE)?,
            Op::Rollback => {
                self.content = self.before.take().ok_or(DATABASE)?;
                Expected::Done
            }
            Op::GetResultSet { prefix } | Op::GetResultSetFromDevice { prefix, .. } => self.open_set(prefix)?,
            Op::GetEntryStream { range } => {
                self.check_no_transaction()?;
                self.streams += 1;
                Expected::Stream(self.range(range))
            }
            Op::Compact if self.sets + self.streams > 0 => return Err(DATABASE),
            Op::Compact => self.check_no_transaction().map(|()| Expected::Done)?,
            Op::Flush | Op::CheckIntegrity { deep: false } => Expected::Done,
            other => panic!("no run chooses {other:?}"),
        })
    }

    fn trim(text: &str) -> &str {
        text.trim_matches([' ', '\t', '\n', '\r', '\u{b}', '\u{c}'])
    }

    fn key<'a>(&self, text: &'a str) -> std::result::Result<&'a str, i32> {
        let key = Self::trim(text);
        if (1..=self.key_bytes_max).contains(&key.len()) { Ok(key) } else { Err(INVALID_ARGUMENT) }
    }

    fn put(&mut self, key: &str, value: &Value) -> std::result::Result<Expected, i32> {
        let key = self.key(key)?.to_owned();
        self.content.insert(key, value.clone());
        Ok(Expected::Done)
    }

    fn delete(&mut self, key: &str) -> std::result::Result<Expected, i32> {
        let key = self.key(key)?;
        self.content.remove(key);
        Ok(Expected::Done)
    }

    /// A write that happens if the key has this value now: `None` is a missing key.
    fn conditional(
        &mut self,
        key: &str,
        if_now: Option<&Value>,
        then: Option<&Value>,
    ) -> std::result::Result<Expected, i32> {
        let key = self.key(key)?;
        if self.content.get(key) != if_now {
            return Ok(Expected::Applied(false));
        }
        match then {
            Some(value) => self.content.insert(key.to_owned(), value.clone()),
            None => self.content.remove(key),
        };
        Ok(Expected::Applied(true))
    }

    fn selected(&self, prefix: &str) -> std::result::Result<Vec<Entry>, i32> {
        let trimmed = if prefix.contains('^') { "" } else { Self::trim(prefix) };
        if prefix.is_empty() || trimmed.len() > self.key_bytes_max {
            return Err(INVALID_ARGUMENT);
        }
        let found = self.content.iter().filter(|(key, _)| key.starts_with(trimmed));
        Ok(found.map(|(key, value)| Entry::new(key, value.clone())).collect())
    }

    fn range(&self, range: &KeyRange) -> Vec<Entry> {
        let bound =
            |text: &Option<String>, holds: &dyn Fn(&str) -> bool| text.as_deref().map(Self::trim).is_none_or(holds);
        let inside = |key: &str| {
            bound(&range.prefix, &|prefix| key.starts_with(prefix))
                && bound(&range.gte, &|gte| key >= gte)
                && bound(&range.gt, &|gt| key > gt)
                && bound(&range.lt, &|lt| key < lt)
                && bound(&range.lte, &|lte| key <= lte)
        };
        let found = self.content.iter().filter(|(key, _)| inside(key));
        let mut entries: Vec<_> = found.map(|(key, value)| Entry::new(key, value.clone())).collect();
        if range.reverse {
            entries.reverse();
        }
        entries.truncate(range.limit.map_or(usize::MAX, |limit| limit as usize));
        entries
    }

    fn open_set(&mut self, prefix: &str) -> std::result::Result<Expected, i32> {
        let entries = self.selected(prefix)?;
        self.check_no_transaction()?;
        if self.sets == SETS_MAX {
            return Err(OVER_LIMITS);
        }
        self.sets += 1;
        Ok(Expected::Set(entries))
    }

    fn check_no_transaction(&self) -> std::result::Result<(), i32> {
        if self.before.is_some() { Err(DATABASE) } else { Ok(()) }
    }
}

impl Expected {
    pub fn is(&self, answer: &Result<Outcome>) -> bool {
        match (self, answer) {
            (Self::Done, Ok(Outcome::Done)) => true,
            (Self::Applied(expected), Ok(Outcome::Applied(applied))) => expected == applied,
            (Self::Value(expected), Ok(Outcome::Value(value))) => expected == value,
            (Self::Values(expected), Ok(Outcome::Values(values))) => expected == values,
            (Self::Entries(expected), Ok(Outcome::Entries(entries))) => expected == entries,
            (Self::Count(expected), Ok(Outcome::Count(count))) => expected == count,
            // What they hold is looked at later, when other things have been written.
            (Self::Set(_), Ok(Outcome::ResultSet(_))) | (Self::Stream(_), Ok(Outcome::EntryStream(_))) => true,
            (Self::Failure(number), Err(error)) => *number == error.code(),
            _ => false,
        }
    }
}
