//! A query that was checked and planned for one store.

use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::document::Reader;
use super::passes::Run;
use crate::error::Result;
use crate::model::{FieldValue, IndexDefinition, StoreKind, ValueRef, key_bytes_max};
use crate::query::{self, Access, Compiled, Cut, Explanation, Plan, Query, Span};
use crate::storage::{IndexRange, Range};
use crate::store::device::{of_origin, stored_key};
use crate::store::rules::Rules;

/// What the queries of an open store have cost.
#[derive(Debug, Default)]
pub struct Meter {
    passes: AtomicU64,
}

impl Meter {
    /// A query went over its candidates once more, to sort them.
    pub(super) fn pass(&self) {
        self.passes.fetch_add(1, Ordering::Relaxed);
    }

    /// How often queries went over their candidates to sort them.
    #[must_use]
    pub fn passes(&self) -> u64 {
        self.passes.load(Ordering::Relaxed)
    }
}

/// A query that was checked and planned for one store.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub(super) query: Compiled,
    pub(super) plan: Plan,
    pub(super) reader: Reader,
    /// With what the stored keys begin, the origin of a device store included.
    pub(super) key_prefix: Vec<u8>,
    pub(super) meter: Arc<Meter>,
}

/// What was gathered to sort while a query is answered. Kept from one walk to the next, it saves gathering again.
#[derive(Debug)]
pub struct State {
    /// Entries of the sorted answer of which nobody will ask for more.
    pub(super) wanted: usize,
    /// The keys of all candidates, ascending; or that they are too many.
    pub(super) keys: Option<Gathered>,
    /// A part of the sorted answer.
    pub(super) run: Option<Run>,
    /// A part of the entries that share the beginning of a long text, sorted among themselves; with that beginning as
    /// index rows have it.
    pub(super) alike: Option<(Vec<u8>, Run)>,
}

impl State {
    /// Nothing gathered yet, of an answer of which only so many entries are wanted.
    #[must_use]
    pub fn wanting(entries: u64) -> Self {
        Self { wanted: usize::try_from(entries).unwrap_or(usize::MAX), keys: None, run: None, alike: None }
    }
}

/// Keys that were gathered.
#[derive(Debug)]
pub enum Gathered {
    /// All of them, ascending.
    Keys(Vec<Vec<u8>>),
    /// More than may be kept.
    TooMany,
}

impl Prepared {
    /// Checks and plans a query for a store of this kind, opened with these rules.
    ///
    /// # Errors
    ///
    /// As [`query::compile`].
    pub fn new(query: &Query, kind: StoreKind, rules: &Rules) -> Result<Self> {
        let schema = rules.schema();
        let types = |path: &_| schema.and_then(|schema| schema.field_type(path));
        let compiled = query::compile(query, schema.is_some().then_some(&types))?;
        let indexes: &[IndexDefinition] = schema.map_or(&[], |schema| &schema.indexing().indexes);
        let mut plan = query::plan(&compiled, indexes);
        let prefix = compiled.prefix.as_deref().unwrap_or_default();
        if prefix.len() > key_bytes_max(kind) {
            // No key is that long (`query_device_sync.md` 1.8, R4).
            plan.access = Access::Nothing;
        }
        let skip_bytes = schema.map_or(0, |schema| schema.skip_bytes());
        Ok(Self {
            reader: Reader::new(skip_bytes, compiled.fields.clone()),
            key_prefix: stored_key(kind, prefix).into_owned(),
            query: compiled,
            plan,
            meter: Arc::default(),
        })
    }

    /// What the plan says about itself.
    #[must_use]
    pub fn explain(&self, rules: &Rules) -> Explanation {
        let indexes: &[IndexDefinition] = rules.schema().map_or(&[], |schema| &schema.indexing().indexes);
        Explanation::new(&self.query, &self.plan, indexes)
    }

    /// The device that the query itself names.
    #[must_use]
    pub fn device_id(&self) -> Option<&str> {
        self.query.device_id.as_deref()
    }

    /// What it costs is counted here from now on.
    pub fn metered(&mut self, meter: &Arc<Meter>) {
        self.meter = Arc::clone(meter);
    }

    /// Refuses a query that cannot be counted.
    ///
    /// # Errors
    ///
    /// `InvalidQueryFormat`.
    pub fn check_countable(&self) -> Result<()> {
        self.query.check_countable()
    }

    /// Where the selected keys lie.
    #[must_use]
    pub fn range(&self) -> Range {
        Range::starting_with(&self.key_prefix)
    }

    /// The query over what came from a device; `None` is one that the store does not know, which has nothing.
    #[must_use]
    pub fn of_device(&self, origin: Option<u32>) -> Self {
        let mut query = self.clone();
        match origin {
            Some(origin) => query.key_prefix = of_origin(origin, &self.key_prefix),
            None => query.plan.access = Access::Nothing,
        }
        query
    }

    /// Entries that are skipped, and how many are then taken at most.
    #[must_use]
    pub fn limits(&self) -> (u64, u64) {
        self.query.limit.map_or((0, u64::MAX), |limit| (limit.offset, limit.total))
    }

    /// True if the fields meet the condition.
    pub(super) fn holds(&self, fields: &[FieldValue]) -> bool {
        self.query.condition.as_ref().is_none_or(|condition| condition.holds(fields) == Some(true))
    }

    /// True if a candidate is selected. Where the plan is exact, all are, and no document is looked at.
    pub(super) fn selects(&self, value: ValueRef<'_>) -> bool {
        self.plan.exact || self.reader.read(value).is_some_and(|fields| self.holds(&fields))
    }
}

/// Index rows between two encoded values.
pub type EncodedSpan = (Bound<Vec<u8>>, Bound<Vec<u8>>);

/// The parts of an index in which the rows of some spans lie, apart from each other. A text that is longer than what a
/// row holds is among those that begin alike.
#[must_use]
pub fn encoded(spans: &[Span]) -> Vec<EncodedSpan> {
    let mut encoded: Vec<EncodedSpan> = Vec::with_capacity(spans.len());
    for span in spans {
        let mut from = bound(&span.from, true);
        if let (Some((_, Bound::Included(last))), Bound::Included(first)) = (encoded.last(), &from)
            && last == first
        {
            // Two long texts, or the two sides of one: their rows were taken by the span before.
            from = Bound::Excluded(first.clone());
        }
        encoded.push((from, bound(&span.to, false)));
    }
    encoded
}

fn bound(cut: &Cut, is_lower: bool) -> Bound<Vec<u8>> {
    let (value, leaves_out) = match cut {
        Cut::Bottom | Cut::Top => return Bound::Unbounded,
        Cut::Before(value) => (value, !is_lower),
        Cut::After(value) => (value, is_lower),
    };
    let mut bytes = Vec::new();
    let is_cut = value.encode(&mut bytes);
    if leaves_out && !is_cut { Bound::Excluded(bytes) } else { Bound::Included(bytes) }
}

/// The part of an index with this number between two encoded values.
#[must_use]
pub fn index_range(number: u32, span: &EncodedSpan) -> IndexRange {
    IndexRange::between(number, as_slice(&span.0), as_slice(&span.1))
}

fn as_slice(bound: &Bound<Vec<u8>>) -> Bound<&[u8]> {
    match bound {
        Bound::Unbounded => Bound::Unbounded,
        Bound::Included(bytes) => Bound::Included(bytes),
        Bound::Excluded(bytes) => Bound::Excluded(bytes),
    }
}
