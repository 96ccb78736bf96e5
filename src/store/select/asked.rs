//! What a caller asks of a query, and the answer.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::prepared::{Meter, Prepared, State};
use super::walk::Start;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Entry, StoreKind};
use crate::query::Query;
use crate::storage::{Direction, Range, Rows};
use crate::store::check::{Checked, Form, Opening, Read};
use crate::store::device::user_key;
use crate::store::op::{Op, Outcome};
use crate::store::rules::Rules;

/// A query with the entries that it is about, in terms of stored keys.
#[derive(Debug)]
pub struct Asked {
    prepared: Prepared,
    /// The device, unless it is this installation. Which origin it is, the tables know.
    device_id: Option<String>,
    /// Where the keys lie that this installation has, or would have.
    pub range: Range,
    /// Only the number of entries is wanted.
    counts: bool,
}

impl Asked {
    /// What an operation that takes a query asks for.
    ///
    /// # Errors
    ///
    /// As [`Asked::new`].
    pub fn check(op: Op, kind: StoreKind, rules: &Rules) -> Result<Checked> {
        let read = |asked| Checked::Read(Read::Query(Box::new(asked)));
        match op {
            Op::GetEntriesByQuery { device_id, query } => Self::new(&query, device_id, kind, rules, false).map(read),
            Op::GetResultSize { device_id, query } => Self::new(&query, device_id, kind, rules, true).map(read),
            Op::GetResultSetByQuery { device_id, query } => {
                let asked = Self::new(&query, device_id, kind, rules, false)?;
                let (range, name) = (asked.range.clone(), "query".to_owned());
                Ok(Checked::Open(Opening { range, form: Form::Query(Box::new(asked)), name }))
            }
            _ => Err(Error::internal("An operation was taken for a query. Report this.")),
        }
    }

    /// Checks a query. The device that the caller names goes before the one that the query names; an empty id is this
    /// installation (`query_device_sync.md` 4.4). In a single-version store a query's device has no meaning.
    ///
    /// # Errors
    ///
    /// Those of the query; `InvalidArgument` (401) for a device in a single-version store; `InvalidQueryFormat` for an
    /// order or a limit where only the number is wanted.
    fn new(query: &Query, device_id: Option<String>, kind: StoreKind, rules: &Rules, counts: bool) -> Result<Self> {
        if device_id.is_some() && kind == StoreKind::SingleVersion {
            return Err(Error::invalid_argument(
                "Parameter error: a single-version store has no entries of single devices. Read without a device id.",
            ));
        }
        let prepared = Prepared::new(query, kind, rules)?;
        if counts {
            prepared.check_countable()?;
        }
        let given = device_id.filter(|id| !id.is_empty());
        let device_id = match kind {
            StoreKind::SingleVersion => None,
            StoreKind::DeviceCollaboration => given.or_else(|| prepared.device_id().map(str::to_owned)),
        };
        Ok(Self { range: prepared.range(), prepared, device_id, counts })
    }

    /// The query over the entries of its device.
    ///
    /// # Errors
    ///
    /// `Corrupted`, `Database` or `Closed` if rows cannot be read.
    pub fn resolved(self, rows: &impl Rows) -> Result<Prepared> {
        match &self.device_id {
            Some(id) => Ok(self.prepared.of_device(rows.origin(id)?)),
            None => Ok(self.prepared),
        }
    }

    /// The entries, or how many there are.
    ///
    /// # Errors
    ///
    /// `NotFound` (15100004) for a count of zero (`query_device_sync.md` 1.8, R8); `Corrupted`, `Database` or `Closed`
    /// if rows cannot be read.
    pub fn answer(&self, rows: &impl Rows, kind: StoreKind) -> Result<Outcome> {
        let device;
        let prepared = match &self.device_id {
            Some(id) => {
                device = self.prepared.of_device(rows.origin(id)?);
                &device
            }
            None => &self.prepared,
        };
        if !self.counts {
            return entries(prepared, rows, kind).map(Outcome::Entries);
        }
        match prepared.count(rows)? {
            0 => Err(Error::new(ErrorKind::NotFound, "Not found. The query selects no entry.")),
            count => Ok(Outcome::Count(count)),
        }
    }
}

impl Checked {
    /// What a query costs is counted here.
    pub fn metered(&mut self, meter: &Arc<Meter>) {
        match self {
            Self::Read(Read::Query(asked)) | Self::Open(Opening { form: Form::Query(asked), .. }) => {
                asked.prepared.metered(meter);
            }
            _ => {}
        }
    }
}

fn entries(prepared: &Prepared, rows: &impl Rows, kind: StoreKind) -> Result<Vec<Entry>> {
    let (mut skip, most) = prepared.limits();
    let (mut entries, mut damaged) = (Vec::new(), None);
    if most == 0 {
        return Ok(entries);
    }
    let last = skip.saturating_add(most);
    let mut state = State::wanting(last);
    prepared.walk(rows, &mut state, Start::Edge, Direction::Forward, true, &mut |key, value| {
        if skip > 0 {
            skip -= 1;
            return ControlFlow::Continue(());
        }
        match (user_key(kind, key), value) {
            (Ok(key), Some(value)) => entries.push(Entry { key: key.to_owned(), value: value.into_value() }),
            (Err(error), _) => damaged = Some(error),
            (Ok(_), None) => {}
        }
        if damaged.is_some() || entries.len() as u64 >= most {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    damaged.map_or(Ok(entries), Err)
}
