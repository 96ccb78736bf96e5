//! Sets of values of one field, as spans between cuts: what a condition allows an index to leave out.

use std::cmp::Ordering;
use std::fmt;

use super::condition::{Condition, Test};
use super::node::Comparison;
use crate::limits::{INDEX_TEXT_BYTES_MAX, QUERY_SPANS_MAX};
use crate::model::FieldValue;

/// A place between two values.
#[derive(Debug, Clone, PartialEq)]
pub enum Cut {
    /// Before every value, and before having none.
    Bottom,
    /// Just before a value.
    Before(FieldValue),
    /// Just behind a value.
    After(FieldValue),
    /// Behind every value.
    Top,
}

/// The values between two cuts, of which the second is behind the first.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// Where it begins.
    pub from: Cut,
    /// Where it ends.
    pub to: Cut,
}

/// Values that a condition allows: spans in ascending order, apart from each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Spans {
    /// The spans; without one, no entry can be selected.
    pub spans: Vec<Span>,
    /// The condition is true of an entry whose field lies in them, whatever else the entry has.
    pub exact: bool,
}

impl Cut {
    fn compare(&self, other: &Self) -> Ordering {
        let place = |cut: &Self| match cut {
            Self::Bottom => 0,
            Self::Before(_) | Self::After(_) => 1,
            Self::Top => 2,
        };
        match (self.value(), other.value()) {
            (Some(left), Some(right)) => left.compare(right).then_with(|| self.is_after().cmp(&other.is_after())),
            _ => place(self).cmp(&place(other)),
        }
    }

    /// The value beside the cut.
    #[must_use]
    pub fn value(&self) -> Option<&FieldValue> {
        match self {
            Self::Before(value) | Self::After(value) => Some(value),
            Self::Bottom | Self::Top => None,
        }
    }

    fn is_after(&self) -> bool {
        matches!(self, Self::After(_))
    }

    fn earlier(self, other: Self) -> Self {
        if self.compare(&other).is_le() { self } else { other }
    }

    fn later(self, other: Self) -> Self {
        if self.compare(&other).is_ge() { self } else { other }
    }
}

impl Span {
    /// One value.
    #[must_use]
    pub fn of(value: FieldValue) -> Self {
        Self { from: Cut::Before(value.clone()), to: Cut::After(value) }
    }

    /// The one value that it holds.
    #[must_use]
    pub fn single(&self) -> Option<&FieldValue> {
        match (&self.from, &self.to) {
            (Cut::Before(from), Cut::After(to)) if from.compare(to).is_eq() => Some(from),
            _ => None,
        }
    }

    /// How many of the two ends leave values out. The end beside having no value leaves out too little to count.
    #[must_use]
    pub fn ends(&self) -> usize {
        let narrows = |cut: &Cut| matches!(cut.value(), Some(value) if *value != FieldValue::Null);
        if matches!(self.to.value(), Some(FieldValue::Null)) {
            return 2;
        }
        usize::from(narrows(&self.from)) + usize::from(narrows(&self.to))
    }

    /// True if an index row of a cut text can lie at an end: then the row says less than the condition.
    fn ends_in_a_long_text(&self) -> bool {
        let is_long =
            |cut: &Cut| matches!(cut.value(), Some(FieldValue::Text(text)) if text.len() > INDEX_TEXT_BYTES_MAX);
        is_long(&self.from) || is_long(&self.to)
    }
}

impl Spans {
    /// Everything, having no value included.
    #[must_use]
    pub fn everything() -> Self {
        Self { spans: vec![Span { from: Cut::Bottom, to: Cut::Top }], exact: true }
    }

    fn between(from: Cut, to: Cut) -> Self {
        let spans = if from.compare(&to).is_lt() { vec![Span { from, to }] } else { Vec::new() };
        Self { spans, exact: true }
    }

    /// What `condition` allows `field` to be.
    #[must_use]
    pub fn of(condition: &Condition, field: usize) -> Self {
        match condition {
            Condition::Test(place, test) if *place == field => of_test(test),
            Condition::Test(..) => Self { exact: false, ..Self::everything() },
            Condition::All(conditions) => {
                let each = conditions.iter().map(|condition| Self::of(condition, field));
                each.fold(Self::everything(), Self::and)
            }
            Condition::Any(conditions) => {
                let each = conditions.iter().map(|condition| Self::of(condition, field));
                each.reduce(Self::or).unwrap_or_else(Self::everything)
            }
        }
        .bounded()
    }

    fn and(self, other: Self) -> Self {
        let mut spans = Vec::new();
        let (mut left, mut right) = (self.spans.iter().peekable(), other.spans.iter().peekable());
        while let (Some(first), Some(second)) = (left.peek(), right.peek()) {
            let from = first.from.clone().later(second.from.clone());
            let to = first.to.clone().earlier(second.to.clone());
            let first_ends = first.to.compare(&second.to).is_lt();
            if from.compare(&to).is_lt() {
                spans.push(Span { from, to });
            }
            if first_ends {
                left.next()
            } else {
                right.next()
            };
        }
        Self { spans, exact: self.exact && other.exact }
    }

    fn or(self, other: Self) -> Self {
        let exact = self.exact && other.exact;
        Self { spans: merged(self.spans.into_iter().chain(other.spans).collect()), exact }
    }

    /// The same with fewer spans, if there are too many: what lies between is looked at and left out again.
    fn bounded(mut self) -> Self {
        if self.spans.len() > QUERY_SPANS_MAX {
            let to = self.spans.pop().map_or(Cut::Top, |last| last.to);
            self.spans.truncate(1);
            self.spans[0].to = to;
            self.exact = false;
        }
        self
    }

    /// True if index rows in these spans are exactly those of the entries that the condition selects.
    #[must_use]
    pub fn are_exact_in_an_index(&self) -> bool {
        self.exact && !self.spans.iter().any(Span::ends_in_a_long_text)
    }
}

fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by(|left, right| left.from.compare(&right.from));
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.from.compare(&last.to).is_le() => {
                if last.to.compare(&span.to).is_lt() {
                    last.to = span.to;
                }
            }
            _ => merged.push(span),
        }
    }
    merged
}

fn of_test(test: &Test) -> Spans {
    let some = || Cut::After(FieldValue::Null);
    let nothing = Spans { spans: Vec::new(), exact: true };
    match test {
        Test::Compare(_, FieldValue::Null) => nothing,
        Test::Compare(how, value) => {
            let (before, after) = (Cut::Before(value.clone()), Cut::After(value.clone()));
            match how {
                Comparison::Equal => Spans::between(before, after),
                Comparison::NotEqual => Spans::between(some(), before).or(Spans::between(after, Cut::Top)),
                Comparison::Greater => Spans::between(after, Cut::Top),
                Comparison::GreaterOrEqual => Spans::between(before, Cut::Top),
                Comparison::Less => Spans::between(some(), before),
                Comparison::LessOrEqual => Spans::between(some(), after),
            }
        }
        Test::In { values, negated: false } => {
            let values = values.iter().filter(|value| !matches!(value, FieldValue::Null));
            Spans { spans: merged(values.cloned().map(Span::of).collect()), exact: true }
        }
        Test::Null { negated: false } => Spans::between(Cut::Bottom, some()),
        Test::Null { negated: true } => Spans::between(some(), Cut::Top),
        Test::In { negated: true, .. } | Test::Like { .. } => {
            Spans { spans: vec![Span { from: some(), to: Cut::Top }], exact: false }
        }
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value() {
            None => formatter.write_str(".."),
            Some(FieldValue::Null) => formatter.write_str("NULL"),
            Some(FieldValue::Integer(number)) => write!(formatter, "{number}"),
            Some(FieldValue::Real(number)) => write!(formatter, "{number:?}"),
            Some(FieldValue::Text(text)) => write!(formatter, "{text:?}"),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.single().is_some() {
            return write!(formatter, "= {}", self.from);
        }
        if matches!(&self.to, Cut::After(FieldValue::Null)) {
            return formatter.write_str("NULL");
        }
        match &self.from {
            Cut::Bottom => {}
            Cut::After(FieldValue::Null) if self.to == Cut::Top => return formatter.write_str("not NULL"),
            Cut::After(FieldValue::Null) => {}
            from => write!(formatter, "{} {from}", if from.is_after() { ">" } else { ">=" })?,
        }
        match &self.to {
            Cut::Top if self.from == Cut::Bottom => formatter.write_str("all"),
            Cut::Top => Ok(()),
            to => {
                let joint = if matches!(&self.from, Cut::Bottom | Cut::After(FieldValue::Null)) { "" } else { " and " };
                write!(formatter, "{joint}{} {to}", if to.is_after() { "<=" } else { "<" })
            }
        }
    }
}
