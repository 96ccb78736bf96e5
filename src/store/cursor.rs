//! A result set's cursor, and the stream beneath it (`query_device_sync.md` 3).
//!
//! Neither holds the entries: a window of some entries is read ahead, and of the keys a bounded sample of evenly spread
//! positions is remembered, so that a jump is a short walk. The count is made on first need, by a walk over keys alone.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::device::user_key;
use crate::error::Result;
use crate::limits::{POSITION_SAMPLES_MAX, WINDOW_BYTES_MAX, WINDOW_ENTRIES_MAX};
use crate::model::{Entry, StoreKind};
use crate::storage::{Direction, Range, Rows, Snapshot};

/// What a cursor or a stream reads: a range of one snapshot.
#[derive(Clone)]
pub struct Selection {
    /// What was committed when it was opened.
    pub snapshot: Arc<Snapshot>,
    /// The stored keys that it covers.
    pub range: Range,
    /// The layout of the keys.
    pub kind: StoreKind,
}

/// An entry with its stored key, where reading goes on.
struct Row {
    stored_key: Vec<u8>,
    entry: Entry,
}

impl Selection {
    /// Reads a window of entries from one end of `range`.
    fn window(&self, range: &Range, direction: Direction, entries_max: usize) -> Result<VecDeque<Row>> {
        let mut window = VecDeque::new();
        let mut bytes = 0;
        let mut damaged = None;
        self.snapshot.scan(range, direction, |key, value| {
            let user_key = match user_key(self.kind, key) {
                Ok(user_key) => user_key.to_owned(),
                Err(error) => {
                    damaged = Some(error);
                    return ControlFlow::Break(());
                }
            };
            let row = Row { stored_key: key.to_vec(), entry: Entry { key: user_key, value: value.into_value() } };
            bytes += row.entry.bytes();
            window.push_back(row);
            let full = window.len() >= entries_max.min(WINDOW_ENTRIES_MAX) || bytes >= WINDOW_BYTES_MAX;
            if full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        damaged.map_or(Ok(window), Err)
    }
}

/// A stream of entries in the order of their keys, forward or backward.
pub struct Stream {
    selection: Selection,
    direction: Direction,
    left: u64,
}

impl Stream {
    /// A stream of at most `limit` entries.
    #[must_use]
    pub fn new(selection: Selection, direction: Direction, limit: Option<u64>) -> Self {
        Self { selection, direction, left: limit.unwrap_or(u64::MAX) }
    }

    /// The next entries: at least one, unless there are no more.
    ///
    /// # Errors
    ///
    /// `Corrupted` or `Database` if they cannot be read.
    pub fn next_page(&mut self) -> Result<Vec<Entry>> {
        let entries_max = usize::try_from(self.left).unwrap_or(usize::MAX);
        if entries_max == 0 {
            return Ok(Vec::new());
        }
        let window = self.selection.window(&self.selection.range, self.direction, entries_max)?;
        self.left -= window.len() as u64;
        if let Some(last) = window.back() {
            self.selection.range = match self.direction {
                Direction::Forward => self.selection.range.after(&last.stored_key),
                Direction::Backward => self.selection.range.before(&last.stored_key),
            };
        }
        Ok(window.into_iter().map(|row| row.entry).collect())
    }
}

/// A result set: entries in ascending order of their keys, with a position that moves.
///
/// The position is from -1, before the first entry, to the count, behind the last. A move that fails goes to that end.
pub struct Cursor {
    selection: Selection,
    position: i64,
    /// Known once a walk has reached the end.
    count: Option<i64>,
    window: VecDeque<Row>,
    /// Position of the window's first entry.
    window_first: i64,
    samples: Samples,
}

/// Keys of evenly spread positions: 0, `step`, 2 * `step` and so on, as far as walks have come.
struct Samples {
    step: i64,
    keys: Vec<Vec<u8>>,
}

impl Samples {
    /// Remembers the key of a position, if it is the next one.
    fn note(&mut self, position: i64, key: &[u8]) {
        if position != self.keys.len() as i64 * self.step {
            return;
        }
        self.keys.push(key.to_vec());
        if self.keys.len() > POSITION_SAMPLES_MAX {
            let mut place = 0;
            self.keys.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            self.step *= 2;
        }
    }

    /// The last remembered position that is not behind `position`, with its key.
    fn before(&self, position: i64) -> Option<(i64, &[u8])> {
        let place = (position / self.step).min(self.keys.len() as i64 - 1);
        let key = self.keys.get(usize::try_from(place).ok()?)?;
        Some((place * self.step, key))
    }
}

impl Cursor {
    /// A cursor before the first entry.
    #[must_use]
    pub fn new(selection: Selection) -> Self {
        let samples = Samples { step: 1, keys: Vec::new() };
        Self { selection, position: -1, count: None, window: VecDeque::new(), window_first: 0, samples }
    }

    /// How many entries there are.
    ///
    /// # Errors
    ///
    /// `Corrupted` or `Database` if they cannot be read.
    pub fn count(&mut self) -> Result<i64> {
        if let Some(count) = self.count {
            return Ok(count);
        }
        let (known, range) = self.anchor(i64::MAX);
        let mut count = known;
        self.selection.snapshot.keys(&range, |key| {
            self.samples.note(count, key);
            count += 1;
            ControlFlow::Continue(())
        })?;
        self.count = Some(count);
        Ok(count)
    }

    /// The position: -1 to the count.
    #[must_use]
    pub fn position(&self) -> i64 {
        self.position
    }

    /// Moves to a position. False, and at an end, if there is no such entry.
    ///
    /// # Errors
    ///
    /// As for `count`; the position stays.
    pub fn move_to(&mut self, position: i64) -> Result<bool> {
        if position < 0 {
            self.position = -1;
            return Ok(false);
        }
        if self.locate(position)? {
            self.position = position;
            return Ok(true);
        }
        self.position = self.count()?;
        Ok(false)
    }

    /// Moves by a distance, as `move_to` does.
    ///
    /// # Errors
    ///
    /// As for `move_to`.
    pub fn move_by(&mut self, distance: i64) -> Result<bool> {
        let target = self.position.saturating_add(distance).clamp(-1, i64::from(i32::MAX));
        self.move_to(target)
    }

    /// Moves to the last entry; false if there is none.
    ///
    /// # Errors
    ///
    /// As for `move_to`.
    pub fn move_to_last(&mut self) -> Result<bool> {
        let last = self.count()? - 1;
        self.move_to(last)
    }

    /// True at the first entry.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.position == 0 && self.count != Some(0)
    }

    /// True at the last entry.
    ///
    /// # Errors
    ///
    /// As for `count`.
    pub fn is_last(&mut self) -> Result<bool> {
        let here = self.position >= 0 && self.locate(self.position)?;
        Ok(here && !self.locate(self.position + 1)?)
    }

    /// True before the first entry, and if there is none.
    #[must_use]
    pub fn is_before_first(&self) -> bool {
        // Of an empty set the count is known as soon as the position is not before the first entry.
        self.position < 0 || self.count == Some(0)
    }

    /// True behind the last entry, and if there is none.
    ///
    /// # Errors
    ///
    /// As for `count`.
    pub fn is_after_last(&mut self) -> Result<bool> {
        Ok(!self.locate(self.position.max(0))?)
    }

    /// The entry at the position; none before the first and behind the last.
    ///
    /// # Errors
    ///
    /// As for `count`.
    pub fn entry(&mut self) -> Result<Option<&Entry>> {
        if self.position < 0 || !self.locate(self.position)? {
            return Ok(None);
        }
        let place = usize::try_from(self.position - self.window_first).unwrap_or(usize::MAX);
        Ok(self.window.get(place).map(|row| &row.entry))
    }

    /// Brings the entry of a position into the window. False if there is no such entry.
    fn locate(&mut self, position: i64) -> Result<bool> {
        if self.count.is_some_and(|count| position >= count) {
            return Ok(false);
        }
        let behind = self.window_first + self.window.len() as i64;
        if (self.window_first..behind).contains(&position) {
            return Ok(true);
        }
        if position == self.window_first - 1
            && let Some(first) = self.window.front()
        {
            // A step back: the window is read from its other end, else a walk back would read one for each entry.
            let range = self.selection.range.before(&first.stored_key);
            let window = self.selection.window(&range, Direction::Backward, WINDOW_ENTRIES_MAX)?;
            self.window_first -= window.len() as i64;
            self.window = window.into_iter().rev().collect();
            return Ok(!self.window.is_empty());
        }
        let (mut at, mut range) = self.anchor(position);
        let samples = &mut self.samples;
        // Walk over keys up to the position, then read a window from there.
        let mut found = at == position;
        if !found {
            let mut key_there = Vec::new();
            self.selection.snapshot.keys(&range, |key| {
                samples.note(at, key);
                found = at == position;
                if found {
                    key_there.extend_from_slice(key);
                    return ControlFlow::Break(());
                }
                at += 1;
                ControlFlow::Continue(())
            })?;
            if !found {
                self.count = Some(at);
                return Ok(false);
            }
            range = range.from(&key_there);
        }
        let window = self.selection.window(&range, Direction::Forward, WINDOW_ENTRIES_MAX)?;
        if window.is_empty() {
            self.count = Some(position);
            return Ok(false);
        }
        for (row, at) in window.iter().zip(position..) {
            self.samples.note(at, &row.stored_key);
        }
        (self.window, self.window_first) = (window, position);
        Ok(true)
    }

    /// The nearest position at or before `position` from which a walk can start, with the range from there on.
    fn anchor(&self, position: i64) -> (i64, Range) {
        let range = &self.selection.range;
        let mut nearest = self.samples.before(position).map_or((0, range.clone()), |(at, key)| (at, range.from(key)));
        if let Some(last) = self.window.back() {
            let behind = self.window_first + self.window.len() as i64;
            if behind <= position && behind > nearest.0 {
                nearest = (behind, range.after(&last.stored_key));
            }
        }
        nearest
    }
}
