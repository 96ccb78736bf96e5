//! What a plan says about itself, for people.

use std::fmt;

use super::compile::{Compiled, Limit};
use super::plan::{Access, Plan, Sorting};
use crate::model::IndexDefinition;

/// How a store answers a query: what `explain` tells. Its [`fmt::Display`] is a few lines for people.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// Which rows are looked at.
    pub access: AccessPath,
    /// The condition is checked on the document of each of those rows.
    pub checks_documents: bool,
    /// How the entries come into the order that is wanted.
    pub order: OrderSource,
    /// Entries that are skipped, and the most that are then taken; `None` without a limit.
    pub limit: Option<(u64, u64)>,
    /// Reading stops as soon as the limit is reached.
    pub stops_early: bool,
}

/// Which rows a query looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccessPath {
    /// None: no document can meet the condition.
    Nothing,
    /// Every entry of the store, or of the device.
    FullScan,
    /// The entries whose key begins with a prefix.
    KeyRange {
        /// The prefix, trimmed.
        prefix: String,
    },
    /// A part of an index.
    Index {
        /// The number of the index, in the order of the schema.
        number: usize,
        /// The path of the index's first field.
        path: String,
        /// The values that are looked at, ascending: `= 5`, `>= 1 and < 9`, `not NULL`.
        ranges: Vec<String>,
        /// The prefix that the key must have, too.
        prefix: String,
    },
}

/// How entries come into the order that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OrderSource {
    /// They are read in the order of their keys.
    Keys,
    /// Their keys are gathered from the index and sorted; if there are too many, all entries are read instead.
    SortedKeys,
    /// They are read in the order of the index.
    Index,
    /// The first ones of the order are gathered in a bounded buffer, as often as it takes.
    Passes,
}

impl Explanation {
    /// What the plan of a query says.
    #[must_use]
    pub fn new(query: &Compiled, plan: &Plan, indexes: &[IndexDefinition]) -> Self {
        let prefix = query.prefix.clone().unwrap_or_default();
        let access = match &plan.access {
            Access::Nothing => AccessPath::Nothing,
            Access::Keys if prefix.is_empty() => AccessPath::FullScan,
            Access::Keys => AccessPath::KeyRange { prefix },
            Access::Index { number, spans, .. } => AccessPath::Index {
                number: *number,
                path: indexes
                    .get(*number)
                    .and_then(|index| index.paths.first())
                    .map(|(path, _)| path.to_string())
                    .unwrap_or_default(),
                ranges: spans.iter().map(ToString::to_string).collect(),
                prefix,
            },
        };
        let order = match plan.sorting {
            Sorting::Found => OrderSource::Keys,
            Sorting::Keys => OrderSource::SortedKeys,
            Sorting::Index { .. } => OrderSource::Index,
            Sorting::Passes => OrderSource::Passes,
        };
        let stops_early = query.limit.is_some() && matches!(order, OrderSource::Keys | OrderSource::Index);
        let limit = query.limit.map(|Limit { offset, total }| (offset, total));
        Self { access, checks_documents: !plan.exact, order, limit, stops_early }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let with_prefix = |prefix: &str| {
            if prefix.is_empty() { String::new() } else { format!(", of keys that begin with {prefix:?}") }
        };
        match &self.access {
            AccessPath::Nothing => formatter.write_str("reads: nothing, no document can meet the condition")?,
            AccessPath::FullScan => formatter.write_str("reads: full scan, every entry")?,
            AccessPath::KeyRange { prefix } => write!(formatter, "reads: key range, keys that begin with {prefix:?}")?,
            AccessPath::Index { number, path, ranges, prefix } => {
                let ranges = ranges.join(" or ");
                write!(formatter, "reads: index {number} ({path}), {ranges}{}", with_prefix(prefix))?;
            }
        }
        let checks =
            if self.checks_documents { "each document" } else { "nothing, every row that is read is selected" };
        write!(formatter, "\nchecks: {checks}")?;
        formatter.write_str(match self.order {
            OrderSource::Keys => "\norder: by key, as read",
            OrderSource::SortedKeys => "\norder: by key, sorted in memory; a full scan if there are too many",
            OrderSource::Index => "\norder: by the index, as read",
            OrderSource::Passes => "\norder: sorted in passes of a bounded buffer",
        })?;
        match self.limit {
            None => formatter.write_str("\nlimit: none"),
            Some((offset, total)) => {
                let stops = if self.stops_early { "reading stops there" } else { "all candidates are read" };
                write!(formatter, "\nlimit: skips {offset}, then takes at most {total}; {stops}")
            }
        }
    }
}
