//! A condition as a tree, and whether the fields of a document meet it: SQL's logic of three values
//! (`query_device_sync.md` 1.7).

use std::cmp::Ordering;

use super::like::Pattern;
use super::node::{Comparison, Operand};
use super::number::{literal, sql_text};
use crate::model::{FieldType, FieldValue};

/// What must hold of an entry's fields. A field is named by its place in the compiled query's list.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// A test of one field.
    Test(usize, Test),
    /// All of them.
    All(Vec<Condition>),
    /// At least one of them.
    Any(Vec<Condition>),
}

/// A test of one field.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// Against a value.
    Compare(Comparison, FieldValue),
    /// Against a list of values.
    In {
        /// The values.
        values: Vec<FieldValue>,
        /// None of them, instead of one.
        negated: bool,
    },
    /// Whether there is a value.
    Null {
        /// There is one.
        negated: bool,
    },
    /// Against a pattern.
    Like {
        /// The pattern.
        pattern: Pattern,
        /// It must not fit.
        negated: bool,
    },
}

impl Condition {
    /// True or false, or neither where a field has no value. Only what is true is selected.
    pub fn holds(&self, fields: &[FieldValue]) -> Option<bool> {
        match self {
            Self::Test(field, test) => test.holds(fields.get(*field)?),
            Self::All(conditions) => decide(conditions, fields, false),
            Self::Any(conditions) => decide(conditions, fields, true),
        }
    }
}

/// What several conditions come to, of which one that is `decisive` decides.
fn decide(conditions: &[Condition], fields: &[FieldValue], decisive: bool) -> Option<bool> {
    let mut outcome = Some(!decisive);
    for condition in conditions {
        match condition.holds(fields) {
            Some(holds) if holds == decisive => return Some(decisive),
            Some(_) => {}
            None => outcome = None,
        }
    }
    outcome
}

impl Test {
    fn holds(&self, field: &FieldValue) -> Option<bool> {
        match self {
            Self::Null { negated } => Some(is_null(field) != *negated),
            Self::Compare(how, operand) => compare(field, operand).map(|order| how.accepts(order)),
            Self::In { values, negated } => {
                let mut unknown = is_null(field);
                for value in values {
                    match compare(field, value) {
                        Some(Ordering::Equal) => return Some(!negated),
                        Some(_) => {}
                        None => unknown = true,
                    }
                }
                if unknown { None } else { Some(*negated) }
            }
            Self::Like { pattern, negated } => {
                let fits = match field {
                    FieldValue::Null => return None,
                    FieldValue::Integer(number) => pattern.matches(&number.to_string()),
                    FieldValue::Real(number) => pattern.matches(&sql_text(*number)),
                    FieldValue::Text(text) => pattern.matches(text),
                };
                Some(fits != *negated)
            }
        }
    }
}

impl Comparison {
    /// True if values in this order meet the comparison.
    fn accepts(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Greater => order.is_gt(),
            Self::Less => order.is_lt(),
            Self::GreaterOrEqual => order.is_ge(),
            Self::LessOrEqual => order.is_le(),
        }
    }
}

fn is_null(value: &FieldValue) -> bool {
    matches!(value, FieldValue::Null)
}

/// The order of two values, unless one of them is none. A number stands before every text.
fn compare(left: &FieldValue, right: &FieldValue) -> Option<Ordering> {
    if is_null(left) || is_null(right) { None } else { Some(left.compare(right)) }
}

/// The value that a field of this type is compared with. NaN is none.
#[must_use]
pub fn operand_for(field_type: FieldType, operand: Operand) -> FieldValue {
    let number = match operand {
        Operand::String(text) if field_type == FieldType::String => return FieldValue::Text(text),
        // A text that is no number stays one, behind all numbers.
        Operand::String(text) => return literal(&text).unwrap_or(FieldValue::Text(text)),
        Operand::Double(number) if number.is_nan() => return FieldValue::Null,
        Operand::Double(number) => FieldValue::Real(number),
        Operand::Bool(flag) => FieldValue::Integer(flag.into()),
        Operand::Integer(number) => FieldValue::Integer(number.into()),
        Operand::Long(number) => FieldValue::Integer(number),
    };
    match (field_type, number) {
        (FieldType::String, FieldValue::Integer(number)) => FieldValue::Text(number.to_string()),
        (FieldType::String, FieldValue::Real(number)) => FieldValue::Text(sql_text(number)),
        (_, number) => number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comparing a field with an operand comes to, for each of the six comparisons in the order of [`Comparison`].
    fn all(field_type: FieldType, field: &FieldValue, operand: impl Into<Operand>) -> [Option<bool>; 6] {
        let operand = operand_for(field_type, operand.into());
        [
            Comparison::Equal,
            Comparison::NotEqual,
            Comparison::Greater,
            Comparison::Less,
            Comparison::GreaterOrEqual,
            Comparison::LessOrEqual,
        ]
        .map(|how| Test::Compare(how, operand.clone()).holds(field))
    }

    const EQUAL: [Option<bool>; 6] = [Some(true), Some(false), Some(false), Some(false), Some(true), Some(true)];
    const LESS: [Option<bool>; 6] = [Some(false), Some(true), Some(false), Some(true), Some(false), Some(true)];
    const GREATER: [Option<bool>; 6] = [Some(false), Some(true), Some(true), Some(false), Some(true), Some(false)];
    const UNKNOWN: [Option<bool>; 6] = [None; 6];

    fn text(text: &str) -> FieldValue {
        FieldValue::Text(text.to_owned())
    }

    #[test]
    fn a_field_without_a_value_makes_every_comparison_unknown() {
        assert_eq!(all(FieldType::Long, &FieldValue::Null, 1), UNKNOWN);
        let values = vec![FieldValue::Integer(1)];
        for negated in [false, true] {
            assert_eq!(Test::In { values: values.clone(), negated }.holds(&FieldValue::Null), None);
            assert_eq!(Test::Like { pattern: Pattern::new("%"), negated }.holds(&FieldValue::Null), None);
            assert_eq!(Test::Null { negated }.holds(&FieldValue::Null), Some(!negated));
            assert_eq!(Test::Null { negated }.holds(&text("")), Some(negated));
        }
    }

    #[test]
    fn numbers_are_compared_across_their_types() {
        assert_eq!(all(FieldType::Integer, &FieldValue::Integer(3), 3.0), EQUAL);
        assert_eq!(all(FieldType::Double, &FieldValue::Real(3.0), 3), EQUAL);
        assert_eq!(all(FieldType::Long, &FieldValue::Integer((1 << 53) + 1), (1i64 << 53) as f64), GREATER);
        assert_eq!(all(FieldType::Long, &FieldValue::Integer(3), f64::INFINITY), LESS);
        assert_eq!(all(FieldType::Double, &FieldValue::Real(-0.0), 0), EQUAL);
    }

    #[test]
    fn a_number_and_a_text_operand() {
        assert_eq!(all(FieldType::Integer, &FieldValue::Integer(5), "5"), EQUAL);
        assert_eq!(all(FieldType::Integer, &FieldValue::Integer(5), "5.0"), EQUAL);
        assert_eq!(all(FieldType::Double, &FieldValue::Real(-15.0), " -1.5e1 "), EQUAL);
        assert_eq!(all(FieldType::Bool, &FieldValue::Integer(1), "1"), EQUAL);
        // Any number stands before any text.
        assert_eq!(all(FieldType::Integer, &FieldValue::Integer(5), "abc"), LESS);
        assert_eq!(all(FieldType::Integer, &FieldValue::Integer(5), ""), LESS);
    }

    #[test]
    fn a_text_and_a_number_operand() {
        assert_eq!(all(FieldType::String, &text("5"), 5), EQUAL);
        assert_eq!(all(FieldType::String, &text("5"), 5.0), LESS);
        assert_eq!(all(FieldType::String, &text("5.0"), 5.0), EQUAL);
        assert_eq!(all(FieldType::String, &text("10"), 9), LESS);
    }

    #[test]
    fn booleans_are_one_and_zero() {
        assert_eq!(all(FieldType::Bool, &FieldValue::Integer(1), true), EQUAL);
        assert_eq!(all(FieldType::Bool, &FieldValue::Integer(0), true), LESS);
        assert_eq!(all(FieldType::Bool, &FieldValue::Integer(1), 1.0), EQUAL);
        assert_eq!(all(FieldType::String, &text("1"), true), EQUAL);
    }

    #[test]
    fn nan_selects_nothing() {
        assert_eq!(all(FieldType::Double, &FieldValue::Real(1.0), f64::NAN), UNKNOWN);
        assert_eq!(all(FieldType::String, &text("nan"), f64::NAN), UNKNOWN);
        let values = vec![FieldValue::Integer(1), FieldValue::Null];
        let within = |negated, field| Test::In { values: values.clone(), negated }.holds(&FieldValue::Integer(field));
        assert_eq!((within(false, 1), within(true, 1)), (Some(true), Some(false)));
        assert_eq!((within(false, 2), within(true, 2)), (None, None));
    }

    #[test]
    fn texts_are_compared_by_their_bytes() {
        assert_eq!(all(FieldType::String, &text("a"), "B"), GREATER);
        assert_eq!(all(FieldType::String, &text("é"), "z"), GREATER);
        assert_eq!(all(FieldType::String, &text("ab"), "abc"), LESS);
    }

    #[test]
    fn like_turns_the_field_to_text_first() {
        let like = |field: FieldValue, pattern: &str| {
            Test::Like { pattern: Pattern::new(pattern), negated: false }.holds(&field) == Some(true)
        };
        assert!(like(FieldValue::Integer(12), "1_") && like(FieldValue::Real(5.0), "5.0"));
        assert!(!like(FieldValue::Real(5.0), "5") && like(text("Name"), "NA%"));
    }

    #[test]
    fn unknown_spreads_as_in_sql() {
        let truth = |held| match held {
            Some(true) => Condition::Test(0, Test::Null { negated: true }),
            Some(false) => Condition::Test(0, Test::Null { negated: false }),
            None => Condition::Test(0, Test::Compare(Comparison::Equal, FieldValue::Null)),
        };
        let fields = [FieldValue::Integer(0)];
        for (left, right, all, any) in [
            (Some(true), None, None, Some(true)),
            (None, Some(true), None, Some(true)),
            (Some(false), None, Some(false), None),
            (None, Some(false), Some(false), None),
            (None, None, None, None),
            (Some(true), Some(false), Some(false), Some(true)),
            (Some(true), Some(true), Some(true), Some(true)),
            (Some(false), Some(false), Some(false), Some(false)),
        ] {
            let both = vec![truth(left), truth(right)];
            assert_eq!(Condition::All(both.clone()).holds(&fields), all, "{left:?} AND {right:?}");
            assert_eq!(Condition::Any(both).holds(&fields), any, "{left:?} OR {right:?}");
        }
    }
}
