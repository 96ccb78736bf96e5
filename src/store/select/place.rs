//! The place of an entry in a sorted answer: the values that it is sorted by, then its key.

use std::cmp::Ordering;

use crate::model::FieldValue;
use crate::query::Order;

/// Where an entry stands.
#[derive(Debug, Clone)]
pub struct Place {
    /// The values that it is sorted by, most important first, each with whether the largest comes first.
    values: Vec<(FieldValue, bool)>,
    /// Its stored key: of equal values the smallest comes first.
    pub key: Vec<u8>,
}

impl Place {
    /// The place of an entry with these fields.
    #[must_use]
    pub fn new(order: &[Order], fields: &[FieldValue], key: &[u8]) -> Self {
        let value = |order: &Order| (fields.get(order.field).cloned().unwrap_or(FieldValue::Null), order.descending);
        Self { values: order.iter().map(value).collect(), key: key.to_vec() }
    }

    /// Bytes that it holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let value = |(value, _): &(FieldValue, bool)| match value {
            FieldValue::Text(text) => text.len() + size_of::<(FieldValue, bool)>(),
            _ => size_of::<(FieldValue, bool)>(),
        };
        self.values.iter().map(value).sum::<usize>() + self.key.len() + size_of::<Self>()
    }
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        let values = self.values.iter().zip(&other.values);
        let mut orders = values.map(|((left, descending), (right, _))| {
            let order = left.compare(right);
            if *descending { order.reverse() } else { order }
        });
        orders.find(|order| order.is_ne()).unwrap_or_else(|| self.key.cmp(&other.key))
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Place {}
