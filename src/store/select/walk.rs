//! Walking over the entries that a query selects.

use std::ops::ControlFlow;

use super::prepared::{EncodedSpan, Gathered, Prepared, State, encoded, index_range};
use crate::error::{Error, Result};
use crate::limits::QUERY_SORT_BYTES_MAX;
use crate::query::{Access, Sorting};
use crate::storage::{Direction, Found, IndexRange, Range, Rows};

/// Where a walk begins.
#[derive(Debug, Clone, Copy)]
pub enum Start<'a> {
    /// At the end of the answer that the direction comes from.
    Edge,
    /// At a selected entry, by its stored key.
    At(&'a [u8]),
    /// At the entry that follows in the direction.
    Beyond(&'a [u8]),
}

/// What is shown of an entry: its stored key and, if values are wanted, its value.
pub type Visit<'a> = dyn FnMut(&[u8], Option<Found<'_>>) -> ControlFlow<()> + 'a;

/// One walk. It ends when the visitor breaks or something fails; `flow` and `failure` say so.
pub struct Walker<'a, R> {
    pub core: &'a Prepared,
    pub rows: &'a R,
    pub direction: Direction,
    wants_values: bool,
    visit: &'a mut Visit<'a>,
    pub flow: ControlFlow<()>,
    pub failure: Option<Error>,
}

impl Prepared {
    /// Shows the selected entries in their order, or backward, until `visit` breaks. Limits are the caller's business.
    ///
    /// # Errors
    ///
    /// `Corrupted`, `Database` or `Closed` if rows cannot be read.
    pub fn walk<'a, R: Rows>(
        &'a self,
        rows: &'a R,
        state: &mut State,
        start: Start<'_>,
        direction: Direction,
        wants_values: bool,
        visit: &'a mut Visit<'a>,
    ) -> Result<()> {
        let flow = ControlFlow::Continue(());
        let mut walker = Walker { core: self, rows, direction, wants_values, visit, flow, failure: None };
        let beyond = match start {
            Start::Edge => None,
            Start::At(key) => {
                if walker.show(key).is_break() {
                    return walker.end();
                }
                Some(key)
            }
            Start::Beyond(key) => Some(key),
        };
        walker.run(state, beyond)?;
        walker.end()
    }
}

impl<R: Rows> Walker<'_, R> {
    fn end(self) -> Result<()> {
        self.failure.map_or(Ok(()), Err)
    }

    fn run(&mut self, state: &mut State, beyond: Option<&[u8]>) -> Result<()> {
        let core = self.core;
        match (&core.plan.access, core.plan.sorting) {
            (Access::Nothing, _) => Ok(()),
            (_, Sorting::Passes) => self.by_passes(state, beyond),
            (Access::Keys, _) => self.by_keys(beyond),
            (Access::Index { number, spans, .. }, sorting) => {
                let number = index_number(*number);
                let spans = encoded(spans);
                match sorting {
                    Sorting::Found => self.by_value(number, &spans, beyond),
                    Sorting::Index { descending } => self.by_index(number, &spans, descending, state, beyond),
                    _ => self.by_gathered_keys(number, &spans, &mut state.keys, beyond),
                }
            }
        }
    }

    /// In the order of the keys, over all entries of the range.
    fn by_keys(&mut self, beyond: Option<&[u8]>) -> Result<()> {
        let range = part(Range::starting_with(&self.core.key_prefix), self.direction, beyond);
        // An exact plan by keys has no condition.
        let core = self.core;
        let (visit, flow, wants_values) = (&mut *self.visit, &mut self.flow, self.wants_values);
        self.rows.scan(&range, self.direction, |key, found| {
            if core.selects(found.as_ref()) {
                *flow = visit(key, wants_values.then_some(found));
            }
            *flow
        })
    }

    /// In the order of the keys, over the rows of one value of an index.
    fn by_value(&mut self, number: u32, spans: &[EncodedSpan], beyond: Option<&[u8]>) -> Result<()> {
        let Some((std::ops::Bound::Included(value), _)) = spans.first() else { return Ok(()) };
        self.in_value(number, value, self.direction, beyond)
    }

    /// Shows the rows of one encoded value by their keys.
    pub fn in_value(&mut self, number: u32, value: &[u8], direction: Direction, beyond: Option<&[u8]>) -> Result<()> {
        let range = IndexRange::equal(number, value, &self.core.key_prefix);
        let range = match (beyond, direction) {
            (None, _) => range,
            (Some(key), Direction::Forward) => range.after(value, key),
            (Some(key), Direction::Backward) => range.before(value, key),
        };
        self.rows.index_scan(&range, direction, |_, key| self.step(key))
    }

    /// In the order of the keys, which are gathered from several values of an index. If they are too many, all entries of
    /// the range are looked at instead.
    fn by_gathered_keys(
        &mut self,
        number: u32,
        spans: &[EncodedSpan],
        gathered: &mut Option<Gathered>,
        beyond: Option<&[u8]>,
    ) -> Result<()> {
        if gathered.is_none() {
            *gathered = Some(gather(self.core, self.rows, number, spans)?);
        }
        let Some(Gathered::Keys(keys)) = gathered else { return self.by_checked_keys(beyond) };
        let (before, behind) = match beyond {
            None => (keys.len(), 0),
            Some(start) => (
                keys.partition_point(|key| key.as_slice() < start),
                keys.partition_point(|key| key.as_slice() <= start),
            ),
        };
        match self.direction {
            Direction::Forward => keys[behind..].iter().any(|key| self.step(key).is_break()),
            Direction::Backward => keys[..before].iter().rev().any(|key| self.step(key).is_break()),
        };
        Ok(())
    }

    /// As `by_keys`, with the condition checked although the index would have known.
    fn by_checked_keys(&mut self, beyond: Option<&[u8]>) -> Result<()> {
        let range = part(Range::starting_with(&self.core.key_prefix), self.direction, beyond);
        let core = self.core;
        let (visit, flow, wants_values) = (&mut *self.visit, &mut self.flow, self.wants_values);
        self.rows.scan(&range, self.direction, |key, found| {
            if core.reader.read(found.as_ref()).is_some_and(|fields| core.holds(&fields)) {
                *flow = visit(key, wants_values.then_some(found));
            }
            *flow
        })
    }

    /// Shows an entry that is known to be selected.
    pub fn show(&mut self, key: &[u8]) -> ControlFlow<()> {
        self.look_at(key, true)
    }

    /// Shows a candidate, if it is selected.
    pub fn step(&mut self, key: &[u8]) -> ControlFlow<()> {
        self.look_at(key, self.core.plan.exact)
    }

    fn look_at(&mut self, key: &[u8], selected: bool) -> ControlFlow<()> {
        let core = self.core;
        if selected && !self.wants_values {
            self.flow = (self.visit)(key, None);
            return self.flow;
        }
        let (visit, wants_values) = (&mut *self.visit, self.wants_values);
        let shown = self.rows.get(key, |found| {
            if selected || core.selects(found.as_ref()) {
                visit(key, wants_values.then_some(found))
            } else {
                ControlFlow::Continue(())
            }
        });
        self.flow = match shown.and_then(|shown| shown.ok_or_else(missing)) {
            Ok(flow) => flow,
            Err(error) => {
                self.failure = Some(error);
                ControlFlow::Break(())
            }
        };
        self.flow
    }
}

impl Prepared {
    /// How many entries are selected: in whatever order they are found.
    ///
    /// # Errors
    ///
    /// As for `walk`.
    pub fn count(&self, rows: &impl Rows) -> Result<u64> {
        let mut count = 0;
        let mut failure = None;
        match &self.plan.access {
            Access::Nothing => {}
            Access::Keys if self.plan.exact => return rows.count(&Range::starting_with(&self.key_prefix)),
            Access::Keys => rows.scan(&Range::starting_with(&self.key_prefix), Direction::Forward, |_, found| {
                count += u64::from(self.selects(found.as_ref()));
                ControlFlow::Continue(())
            })?,
            Access::Index { number, spans, is_single } => {
                self.candidates(rows, index_number(*number), &encoded(spans), *is_single, |key| {
                    if self.plan.exact {
                        count += 1;
                        return ControlFlow::Continue(());
                    }
                    match rows.get(key, |found| self.selects(found.as_ref())) {
                        Ok(selected) => count += u64::from(selected == Some(true)),
                        Err(error) => failure = Some(error),
                    }
                    if failure.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                })?;
            }
        }
        failure.map_or(Ok(count), Err)
    }

    /// Shows the keys of the rows of an index in some spans, as far as they lie in the range of the query.
    pub(super) fn candidates<R: Rows>(
        &self,
        rows: &R,
        number: u32,
        spans: &[EncodedSpan],
        is_single: bool,
        mut visit: impl FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<()> {
        let mut flow = ControlFlow::Continue(());
        for span in spans {
            let range = match span {
                // One value: its keys are in order, and the range of the query is one of them.
                (std::ops::Bound::Included(from), std::ops::Bound::Included(to)) if is_single && from == to => {
                    IndexRange::equal(number, from, &self.key_prefix)
                }
                span => index_range(number, span),
            };
            rows.index_scan(&range, Direction::Forward, |_, key| {
                if key.starts_with(&self.key_prefix) {
                    flow = visit(key);
                }
                flow
            })?;
            if flow.is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// The keys of all candidates, ascending, unless they are too many.
fn gather<R: Rows>(core: &Prepared, rows: &R, number: u32, spans: &[EncodedSpan]) -> Result<Gathered> {
    let is_single = matches!(core.plan.access, Access::Index { is_single: true, .. });
    let (mut keys, mut bytes) = (Vec::new(), 0);
    core.candidates(rows, number, spans, is_single, |key| {
        bytes += key.len() + size_of::<Vec<u8>>();
        if bytes > QUERY_SORT_BYTES_MAX {
            return ControlFlow::Break(());
        }
        keys.push(key.to_vec());
        ControlFlow::Continue(())
    })?;
    if bytes > QUERY_SORT_BYTES_MAX {
        return Ok(Gathered::TooMany);
    }
    keys.sort_unstable();
    Ok(Gathered::Keys(keys))
}

/// The part of a range that a walk goes through.
fn part(range: Range, direction: Direction, beyond: Option<&[u8]>) -> Range {
    match (beyond, direction) {
        (None, _) => range,
        (Some(key), Direction::Forward) => range.after(key),
        (Some(key), Direction::Backward) => range.before(key),
    }
}

pub fn index_number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

fn missing() -> Error {
    Error::corrupted("an index has a row of an entry that is not there")
}
