//! Sorting in bounded memory: the first entries of the order are gathered, shown, and then those behind them.

use std::collections::BinaryHeap;
use std::ops::{Bound, ControlFlow};

use super::place::Place;
use super::prepared::{EncodedSpan, Prepared, State, encoded};
use super::walk::{Walker, index_number};
use crate::error::Result;
use crate::limits::QUERY_SORT_BYTES_MAX;
use crate::model::ValueRef;
use crate::query::Access;
use crate::storage::{Direction, Range, Rows};

/// A part of the sorted answer that fits into memory.
#[derive(Debug)]
pub struct Run {
    /// Its places, ascending.
    places: Vec<Place>,
    /// Nothing stands before them.
    from_start: bool,
    /// Nothing stands behind them.
    to_end: bool,
}

/// Where candidates are looked for.
enum Source<'a> {
    /// Where the plan says.
    Plan,
    /// Among the index rows of one encoded value.
    Value(u32, &'a [u8]),
}

/// A place in a heap whose top is the last one in the direction of the walk.
#[derive(PartialEq, Eq)]
struct Ranked {
    place: Place,
    backward: bool,
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let order = self.place.cmp(&other.place);
        if self.backward { order.reverse() } else { order }
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<R: Rows> Walker<'_, R> {
    /// Shows the selected entries in the order of the query.
    pub(super) fn by_passes(&mut self, state: &mut State, beyond: Option<&[u8]>) -> Result<()> {
        self.sorted(&Source::Plan, &mut state.run, state.wanted, beyond)
    }

    /// As `by_passes`, of the entries that share the beginning of a long text.
    pub(super) fn by_passes_within(
        &mut self,
        number: u32,
        value: &[u8],
        state: &mut State,
        beyond: Option<&[u8]>,
    ) -> Result<()> {
        let known = state.alike.take().filter(|(alike, _)| alike == value);
        let mut run = known.map(|(_, run)| run);
        let sorted = self.sorted(&Source::Value(number, value), &mut run, state.wanted, beyond);
        state.alike = run.map(|run| (value.to_vec(), run));
        sorted
    }

    fn sorted(
        &mut self,
        source: &Source<'_>,
        run: &mut Option<Run>,
        wanted: usize,
        beyond: Option<&[u8]>,
    ) -> Result<()> {
        let core = self.core;
        let mut beyond = match beyond {
            Some(key) => Some(self.place_of(key)?),
            None => None,
        };
        loop {
            let known = run.take().filter(|run| run.leads_on(beyond.as_ref(), self.direction));
            let run = match known {
                Some(known) => run.insert(known),
                None => run.insert(core.pass(self.rows, source, self.direction, beyond.as_ref(), wanted)?),
            };
            let part = run.beyond(beyond.as_ref(), self.direction);
            let stopped = match self.direction {
                Direction::Forward => part.iter().any(|place| self.show(&place.key).is_break()),
                Direction::Backward => part.iter().rev().any(|place| self.show(&place.key).is_break()),
            };
            let (is_end, last) = match self.direction {
                Direction::Forward => (run.to_end, run.places.last()),
                Direction::Backward => (run.from_start, run.places.first()),
            };
            if stopped || is_end || last.is_none() {
                return Ok(());
            }
            beyond = last.cloned();
        }
    }

    /// Where an entry stands in the order of the query.
    fn place_of(&self, key: &[u8]) -> Result<Place> {
        let core = self.core;
        let fields = self.rows.get(key, |found| core.reader.read(found.as_ref()))?.flatten();
        Ok(Place::new(&core.query.order, &fields.unwrap_or_default(), key))
    }
}

impl Run {
    /// True if the run has the place that follows, or knows that there is none.
    fn leads_on(&self, beyond: Option<&Place>, direction: Direction) -> bool {
        let (first, last) = (self.places.first(), self.places.last());
        match (beyond, direction) {
            (None, Direction::Forward) => self.from_start,
            (None, Direction::Backward) => self.to_end,
            (Some(place), Direction::Forward) => {
                first.is_some_and(|first| self.from_start || first <= place)
                    && last.is_some_and(|last| self.to_end || place < last)
            }
            (Some(place), Direction::Backward) => {
                first.is_some_and(|first| self.from_start || first < place)
                    && last.is_some_and(|last| self.to_end || place <= last)
            }
        }
    }

    /// The places that follow in the direction, ascending.
    fn beyond(&self, start: Option<&Place>, direction: Direction) -> &[Place] {
        match (start, direction) {
            (None, _) => &self.places,
            (Some(start), Direction::Forward) => &self.places[self.places.partition_point(|place| place <= start)..],
            (Some(start), Direction::Backward) => &self.places[..self.places.partition_point(|place| place < start)],
        }
    }
}

impl Prepared {
    /// Goes over the candidates once and keeps the first ones beyond a place, as many as fit.
    fn pass<R: Rows>(
        &self,
        rows: &R,
        source: &Source<'_>,
        direction: Direction,
        beyond: Option<&Place>,
        wanted: usize,
    ) -> Result<Run> {
        self.meter.pass();
        let backward = direction == Direction::Backward;
        let mut heap: BinaryHeap<Ranked> = BinaryHeap::new();
        let (mut bytes, mut left_out) = (0, false);
        self.each_candidate(rows, source, &mut |key, value| {
            let Some(fields) = self.reader.read(value) else { return };
            if !self.holds(&fields) {
                return;
            }
            let ranked = Ranked { place: Place::new(&self.query.order, &fields, key), backward };
            let follows = |place: &Place| if backward { ranked.place < *place } else { ranked.place > *place };
            if beyond.is_some_and(|place| !follows(place)) {
                return;
            }
            if left_out && heap.peek().is_some_and(|last| ranked > *last) {
                return;
            }
            bytes += ranked.place.bytes();
            heap.push(ranked);
            while heap.len() > 1 && (bytes > QUERY_SORT_BYTES_MAX || heap.len() > wanted) {
                left_out = true;
                bytes -= heap.pop().map_or(0, |last| last.place.bytes());
            }
        })?;
        let mut places: Vec<Place> = heap.into_sorted_vec().into_iter().map(|ranked| ranked.place).collect();
        if backward {
            places.reverse();
        }
        let (from_start, to_end) = match direction {
            Direction::Forward => (beyond.is_none(), !left_out),
            Direction::Backward => (!left_out, beyond.is_none()),
        };
        Ok(Run { places, from_start, to_end })
    }

    fn each_candidate<R: Rows>(
        &self,
        rows: &R,
        source: &Source<'_>,
        show: &mut dyn FnMut(&[u8], ValueRef<'_>),
    ) -> Result<()> {
        let one: Vec<EncodedSpan>;
        let (number, spans, is_single) = match (source, &self.plan.access) {
            (Source::Plan, Access::Nothing) => return Ok(()),
            (Source::Plan, Access::Keys) => {
                return rows.scan(&Range::starting_with(&self.key_prefix), Direction::Forward, |key, found| {
                    show(key, found.as_ref());
                    ControlFlow::Continue(())
                });
            }
            (Source::Plan, Access::Index { number, spans, is_single }) => {
                one = encoded(spans);
                (index_number(*number), &one, *is_single)
            }
            (Source::Value(number, value), _) => {
                one = vec![(Bound::Included(value.to_vec()), Bound::Included(value.to_vec()))];
                (*number, &one, true)
            }
        };
        let mut failure = None;
        self.candidates(rows, number, spans, is_single, |key| {
            match rows.get(key, |found| show(key, found.as_ref())) {
                Ok(_) => ControlFlow::Continue(()),
                Err(error) => {
                    failure = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        failure.map_or(Ok(()), Err)
    }
}
