//! Walking in the order of an index.
//!
//! An index is in the order of its values, then of the keys. Where the largest value comes first, the keys of one value
//! are still wanted in ascending order, so the walk goes value by value. A text that was cut says too little: the
//! entries that share its beginning are sorted by themselves.

use std::ops::{Bound, ControlFlow};

use super::prepared::{EncodedSpan, State, index_range};
use super::walk::Walker;
use crate::error::Result;
use crate::model::FieldValue;
use crate::query::Order;
use crate::storage::{Direction, Rows};

impl<R: Rows> Walker<'_, R> {
    /// Shows the candidates in spans of an index in the order of their values.
    pub(super) fn by_index(
        &mut self,
        number: u32,
        spans: &[EncodedSpan],
        descending: bool,
        state: &mut State,
        beyond: Option<&[u8]>,
    ) -> Result<()> {
        let by_value = if descending { reverse(self.direction) } else { self.direction };
        let reached = beyond.map(|key| self.encoded_value(key)).transpose()?.flatten();
        if let (Some(value), Some(key)) = (&reached, beyond) {
            self.within(number, value, state, Some(key))?;
        }
        let mut spans: Vec<EncodedSpan> = spans.to_vec();
        if by_value == Direction::Backward {
            spans.reverse();
        }
        for span in spans {
            if self.flow.is_break() {
                break;
            }
            let rest = match &reached {
                Some(value) => behind(span, value, by_value),
                None => Some(span),
            };
            if let Some(rest) = rest {
                self.in_span(number, rest, by_value, state)?;
            }
        }
        Ok(())
    }

    fn in_span(&mut self, number: u32, mut span: EncodedSpan, by_value: Direction, state: &mut State) -> Result<()> {
        let rows = self.rows;
        let mixed = by_value != self.direction;
        loop {
            let mut stopped_at = None;
            rows.index_scan(&index_range(number, &span), by_value, |value, key| {
                if mixed || FieldValue::is_cut(value) {
                    stopped_at = Some(value.to_vec());
                    return ControlFlow::Break(());
                }
                if key.starts_with(&self.core.key_prefix) { self.step(key) } else { ControlFlow::Continue(()) }
            })?;
            let Some(value) = stopped_at else { return Ok(()) };
            self.within(number, &value, state, None)?;
            if self.flow.is_break() {
                return Ok(());
            }
            span = match by_value {
                Direction::Forward => (Bound::Excluded(value), span.1),
                Direction::Backward => (span.0, Bound::Excluded(value)),
            };
        }
    }

    /// Shows the candidates of one encoded value.
    fn within(&mut self, number: u32, value: &[u8], state: &mut State, beyond: Option<&[u8]>) -> Result<()> {
        if FieldValue::is_cut(value) {
            return self.by_passes_within(number, value, state, beyond);
        }
        self.in_value(number, value, self.direction, beyond)
    }

    /// The value of an entry in the index by which the answer is sorted, as its rows have it.
    fn encoded_value(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let core = self.core;
        let Some(Order { field, .. }) = core.query.order.first() else { return Ok(None) };
        let fields = self.rows.get(key, |found| core.reader.read(found.as_ref()))?.flatten();
        let Some(value) = fields.as_ref().and_then(|fields| fields.get(*field)) else { return Ok(None) };
        let mut bytes = Vec::new();
        value.encode(&mut bytes);
        Ok(Some(bytes))
    }
}

/// The part of a span behind a value in the direction of the walk; `None` if nothing is left of it.
fn behind(span: EncodedSpan, value: &[u8], by_value: Direction) -> Option<EncodedSpan> {
    let (from, to) = span;
    match by_value {
        Direction::Forward => {
            let is_passed = match &to {
                Bound::Unbounded => false,
                Bound::Included(to) | Bound::Excluded(to) => to.as_slice() <= value,
            };
            let is_ahead = matches!(&from, Bound::Included(from) if from.as_slice() > value)
                || matches!(&from, Bound::Excluded(from) if from.as_slice() >= value);
            let from = if is_ahead { from } else { Bound::Excluded(value.to_vec()) };
            (!is_passed).then_some((from, to))
        }
        Direction::Backward => {
            let is_passed = match &from {
                Bound::Unbounded => false,
                Bound::Included(from) | Bound::Excluded(from) => from.as_slice() >= value,
            };
            let is_ahead = matches!(&to, Bound::Included(to) if to.as_slice() < value)
                || matches!(&to, Bound::Excluded(to) if to.as_slice() <= value);
            let to = if is_ahead { to } else { Bound::Excluded(value.to_vec()) };
            (!is_passed).then_some((from, to))
        }
    }
}

fn reverse(direction: Direction) -> Direction {
    match direction {
        Direction::Forward => Direction::Backward,
        Direction::Backward => Direction::Forward,
    }
}
