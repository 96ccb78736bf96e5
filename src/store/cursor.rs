//! A result set's cursor, and the stream beneath it (`query_device_sync.md` 3).
//!
//! Neither holds the entries: a window of some entries is read ahead, and of the keys a bounded sample of evenly spread
//! positions is remembered, so that a jump is a short walk. The count is made on first need, by a walk over keys alone.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::device::user_key;
use super::select::{Prepared, Start, State};
use crate::error::Result;
use crate::limits::{POSITION_SAMPLES_MAX, WINDOW_BYTES_MAX, WINDOW_ENTRIES_MAX};
use crate::model::{Entry, StoreKind};
use crate::storage::{Direction, Found, Range, Rows, Snapshot};

/// What a cursor or a stream reads: entries of one snapshot, in an order of their own.
pub struct Selection {
    snapshot: Arc<Snapshot>,
    source: Source,
    kind: StoreKind,
}

/// Which entries of the snapshot.
enum Source {
    /// Those of a range of stored keys, by their keys.
    Range(Range),
    /// Those that a query selects, in its order; with what was gathered to sort them.
    Query(Box<(Prepared, State)>),
}

/// An entry with its stored key, where reading goes on.
struct Row {
    stored_key: Vec<u8>,
    entry: Entry,
}

impl Selection {
    /// The entries of a range of stored keys.
    #[must_use]
    pub fn of_range(snapshot: Arc<Snapshot>, range: Range, kind: StoreKind) -> Self {
        Self { snapshot, source: Source::Range(range), kind }
    }

    /// The entries that a query selects.
    #[must_use]
    pub fn of_query(snapshot: Arc<Snapshot>, query: Prepared, kind: StoreKind) -> Self {
        let (skipped, most) = query.limits();
        let state = State::wanting(skipped.saturating_add(most));
        Self { snapshot, source: Source::Query(Box::new((query, state))), kind }
    }

    /// Positions of the order that come before the first one of the selection, and how many it has at most.
    fn limits(&self) -> (i64, i64) {
        let signed = |number| i64::try_from(number).unwrap_or(i64::MAX);
        match &self.source {
            Source::Range(_) => (0, i64::MAX),
            Source::Query(query) => {
                let (skipped, most) = query.0.limits();
                (signed(skipped), signed(most))
            }
        }
    }

    /// Shows stored keys in the order, from `start` on.
    fn keys(&mut self, start: Start<'_>, mut visit: impl FnMut(&[u8]) -> ControlFlow<()>) -> Result<()> {
        match &mut self.source {
            Source::Range(range) => self.snapshot.keys(&part(range, start, Direction::Forward), visit),
            Source::Query(query) => {
                let (query, state) = &mut **query;
                query.walk(&*self.snapshot, state, start, Direction::Forward, false, &mut |key, _| visit(key))
            }
        }
    }

    /// Shows stored keys with their values in the order or backward, from `start` on.
    fn rows(
        &mut self,
        start: Start<'_>,
        direction: Direction,
        mut visit: impl FnMut(&[u8], Found<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        match &mut self.source {
            Source::Range(range) => self.snapshot.scan(&part(range, start, direction), direction, visit),
            Source::Query(query) => {
                let (query, state) = &mut **query;
                query.walk(&*self.snapshot, state, start, direction, true, &mut |key, value| match value {
                    Some(value) => visit(key, value),
                    None => ControlFlow::Continue(()),
                })
            }
        }
    }

    /// Reads a window of entries from `start` on.
    fn window(&mut self, start: Start<'_>, direction: Direction, entries_max: usize) -> Result<VecDeque<Row>> {
        let kind = self.kind;
        let mut window = VecDeque::new();
        let mut bytes = 0;
        let mut damaged = None;
        self.rows(start, direction, |key, value| {
            let user_key = match user_key(kind, key) {
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

/// The part of a range that a walk from `start` goes through.
fn part(range: &Range, start: Start<'_>, direction: Direction) -> Range {
    match (start, direction) {
        (Start::Edge, _) => range.clone(),
        (Start::At(key), Direction::Forward) => range.from(key),
        (Start::At(key), Direction::Backward) => range.before(&[key, &[0]].concat()),
        (Start::Beyond(key), Direction::Forward) => range.after(key),
        (Start::Beyond(key), Direction::Backward) => range.before(key),
    }
}

/// A stream of entries in the order of their keys, forward or backward.
pub struct Stream {
    selection: Selection,
    direction: Direction,
    left: u64,
    /// The stored key of the last entry that was read.
    last: Option<Vec<u8>>,
}

impl Stream {
    /// A stream of at most `limit` entries.
    #[must_use]
    pub fn new(selection: Selection, direction: Direction, limit: Option<u64>) -> Self {
        Self { selection, direction, left: limit.unwrap_or(u64::MAX), last: None }
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
        let start = self.last.as_deref().map_or(Start::Edge, Start::Beyond);
        let window = self.selection.window(start, self.direction, entries_max)?;
        self.left -= window.len() as u64;
        if let Some(last) = window.back() {
            self.last = Some(last.stored_key.clone());
        }
        Ok(window.into_iter().map(|row| row.entry).collect())
    }
}

/// A result set: entries in an order, with a position that moves.
///
/// The position is from -1, before the first entry, to the count, behind the last. A move that fails goes to that end.
/// Besides it there are places: positions in the order of all selected entries, of which a limit skips the first ones.
pub struct Cursor {
    selection: Selection,
    position: i64,
    /// Known once a walk has reached the end.
    count: Option<i64>,
    /// Place of the first entry of the result set.
    skipped: i64,
    /// How many it has at most.
    most: i64,
    window: VecDeque<Row>,
    /// Place of the window's first entry.
    window_first: i64,
    samples: Samples,
}

/// Keys of evenly spread places: 0, `step`, 2 * `step` and so on, as far as walks have come.
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
        let (skipped, most) = selection.limits();
        let window = VecDeque::new();
        Self { selection, position: -1, count: None, skipped, most, window, window_first: 0, samples }
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
        let end = self.skipped.saturating_add(self.most);
        let anchor = self.anchor(end);
        let mut place = anchor.place();
        let samples = &mut self.samples;
        if place < end {
            self.selection.keys(anchor.start(), |key| {
                samples.note(place, key);
                place += 1;
                if place < end { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
        }
        Ok(self.ends_at(place))
    }

    /// Remembers that there is no entry at a place, and gives the count that follows.
    fn ends_at(&mut self, place: i64) -> i64 {
        let count = (place - self.skipped).clamp(0, self.most);
        self.count = Some(count);
        count
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
        let place = usize::try_from(self.position + self.skipped - self.window_first).unwrap_or(usize::MAX);
        Ok(self.window.get(place).map(|row| &row.entry))
    }

    /// Brings the entry of a position into the window. False if there is no such entry.
    fn locate(&mut self, position: i64) -> Result<bool> {
        if position >= self.count.unwrap_or(self.most) {
            return Ok(false);
        }
        let place = position.saturating_add(self.skipped);
        let behind = self.window_first + self.window.len() as i64;
        if (self.window_first..behind).contains(&place) {
            return Ok(true);
        }
        if place == self.window_first - 1
            && let Some(first) = self.window.front()
        {
            // A step back: the window is read from its other end, else a walk back would read one for each entry.
            let start = Start::Beyond(&first.stored_key);
            let window = self.selection.window(start, Direction::Backward, WINDOW_ENTRIES_MAX)?;
            self.window_first -= window.len() as i64;
            self.window = window.into_iter().rev().collect();
            return Ok(!self.window.is_empty());
        }
        let anchor = self.anchor(place);
        let anchor = if anchor.place() == place { Some(anchor) } else { self.walk_to(anchor, place)? };
        let Some(anchor) = anchor else { return Ok(false) };
        let window = self.selection.window(anchor.start(), Direction::Forward, WINDOW_ENTRIES_MAX)?;
        if window.is_empty() {
            self.ends_at(place);
            return Ok(false);
        }
        for (row, at) in window.iter().zip(place..) {
            self.samples.note(at, &row.stored_key);
        }
        (self.window, self.window_first) = (window, place);
        Ok(true)
    }

    /// Walks over keys up to a place. None, and the count is known, if there is no such entry.
    fn walk_to(&mut self, from: Anchor, place: i64) -> Result<Option<Anchor>> {
        let mut at = from.place();
        let (samples, mut there) = (&mut self.samples, None);
        self.selection.keys(from.start(), |key| {
            samples.note(at, key);
            if at == place {
                there = Some(Anchor::At(place, key.to_vec()));
                return ControlFlow::Break(());
            }
            at += 1;
            ControlFlow::Continue(())
        })?;
        if there.is_none() {
            self.ends_at(at);
        }
        Ok(there)
    }

    /// The nearest place at or before `place` from which a walk can start.
    fn anchor(&self, place: i64) -> Anchor {
        let sample = self.samples.before(place);
        let nearest = sample.map_or(Anchor::Beginning, |(at, key)| Anchor::At(at, key.to_vec()));
        if let Some(last) = self.window.back() {
            let behind = self.window_first + self.window.len() as i64;
            if behind <= place && behind > nearest.place() {
                return Anchor::Behind(behind, last.stored_key.clone());
            }
        }
        nearest
    }
}

/// A place from which a walk can start.
enum Anchor {
    /// The first one.
    Beginning,
    /// The one of this key.
    At(i64, Vec<u8>),
    /// The one that follows this key.
    Behind(i64, Vec<u8>),
}

impl Anchor {
    fn place(&self) -> i64 {
        match self {
            Self::Beginning => 0,
            Self::At(place, _) | Self::Behind(place, _) => *place,
        }
    }

    fn start(&self) -> Start<'_> {
        match self {
            Self::Beginning => Start::Edge,
            Self::At(_, key) => Start::At(key),
            Self::Behind(_, key) => Start::Beyond(key),
        }
    }
}
