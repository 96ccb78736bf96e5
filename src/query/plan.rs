//! Which rows a query looks at, and in which order: by the keys, or by an index.
//!
//! A plan never decides what is selected: unless it is exact, the whole condition is checked on each document. So it may
//! be wrong about what is fast, and not about what is true.

use super::compile::Compiled;
use super::span::{Span, Spans};
use crate::model::IndexDefinition;

/// How a query is answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Which rows are looked at.
    pub access: Access,
    /// How they come into order.
    pub sorting: Sorting,
    /// The rows are those that the condition selects: no document need be looked at.
    pub exact: bool,
}

/// Which rows are looked at.
#[derive(Debug, Clone, PartialEq)]
pub enum Access {
    /// None: no document can meet the condition.
    Nothing,
    /// The entries in the range of the keys.
    Keys,
    /// The rows of an index, in these spans of its first field.
    Index {
        /// The number of the index.
        number: usize,
        /// The spans, ascending.
        spans: Vec<Span>,
        /// The index has this one field: among rows of one value, the keys ascend.
        is_single: bool,
    },
}

/// How entries come into order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sorting {
    /// They are wanted in the order of the keys, and are found so.
    Found,
    /// They are wanted in the order of the keys, which are gathered and sorted.
    Keys,
    /// They are wanted in the order of the index.
    Index {
        /// From its end.
        descending: bool,
    },
    /// They are wanted in another order: the best ones are gathered, as often as it takes.
    Passes,
}

/// An index that a query could use.
struct Candidate {
    number: usize,
    spans: Spans,
    is_single: bool,
    /// It has the order that is wanted.
    sorts: bool,
    /// How much it leaves out: single values, both ends, one end, little.
    rank: Rank,
    suggested: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    OneValue,
    Values,
    BothEnds,
    OneEnd,
    Little,
}

/// Chooses how to answer a query over a store with these indexes.
#[must_use]
pub fn plan(query: &Compiled, indexes: &[IndexDefinition]) -> Plan {
    let sorting = if query.order.is_empty() { Sorting::Found } else { Sorting::Passes };
    let by_keys = Plan { access: Access::Keys, sorting, exact: query.condition.is_none() };
    if is_impossible(query) {
        return Plan { access: Access::Nothing, sorting, exact: true };
    }
    let narrow_keys = query.prefix.as_ref().is_some_and(|prefix| !prefix.is_empty());
    let candidates = indexes.iter().enumerate().filter_map(|(number, index)| candidate(query, number, index));
    let useful = candidates.filter(|it| is_useful(it, narrow_keys));
    match useful.min_by_key(|it| (!it.suggested, it.rank > Rank::Values && !it.sorts, it.rank, !it.sorts)) {
        Some(best) => by_index(query, best),
        None => by_keys,
    }
}

/// True if the condition is true of no document at all, by the values that it allows one of its fields.
fn is_impossible(query: &Compiled) -> bool {
    let Some(condition) = &query.condition else { return false };
    (0..query.fields.len()).any(|field| Spans::of(condition, field).spans.is_empty())
}

fn candidate(query: &Compiled, number: usize, index: &IndexDefinition) -> Option<Candidate> {
    let (path, _) = index.paths.first()?;
    let is_single = index.paths.len() == 1;
    let field = query.fields.iter().position(|(known, _)| known == path);
    let sorts = is_single && matches!(&query.order[..], [order] if Some(order.field) == field);
    let spans = match (&query.condition, field) {
        (Some(condition), Some(field)) => Spans::of(condition, field),
        (None, _) => Spans::everything(),
        (Some(_), None) => return None,
    };
    let rank = match &spans.spans[..] {
        [span] if span.single().is_some() => Rank::OneValue,
        spans if spans.iter().all(|span| span.single().is_some()) => Rank::Values,
        [span] => [Rank::Little, Rank::OneEnd, Rank::BothEnds][span.ends().min(2)],
        spans if spans.first().is_some_and(|span| span.ends() == 2) => Rank::BothEnds,
        _ => Rank::Little,
    };
    let suggested = query.suggested.as_ref() == Some(path);
    Some(Candidate { number, spans, is_single, sorts, rank, suggested })
}

/// A prefix of the keys narrows too, and how much is not known: beside it only single values are better, or what the
/// caller suggests.
fn is_useful(candidate: &Candidate, narrow_keys: bool) -> bool {
    let narrows = candidate.rank < Rank::Little || candidate.sorts;
    candidate.rank <= Rank::Values || (narrows && (candidate.suggested || !narrow_keys))
}

fn by_index(query: &Compiled, best: Candidate) -> Plan {
    let exact = best.spans.are_exact_in_an_index();
    let sorting = match &query.order[..] {
        [] if best.rank == Rank::OneValue && best.is_single => Sorting::Found,
        [] => Sorting::Keys,
        [order] if best.sorts => Sorting::Index { descending: order.descending },
        _ => Sorting::Passes,
    };
    let access = Access::Index { number: best.number, spans: best.spans.spans, is_single: best.is_single };
    Plan { access, sorting, exact }
}
