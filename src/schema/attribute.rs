//! The description of one scalar field: its type, whether it may be null, what it is when it is missing.
//!
//! As text it is the type, then `NOT NULL` if that is so, then `DEFAULT` and a literal, with commas between.

use std::fmt;

use serde_json::Value as Json;

use crate::limits::SCHEMA_DEFAULT_BYTES_MAX;
use crate::model::FieldType;

const NOT_NULL: [&str; 2] = ["NOT", "NULL"];
const DEFAULT: &str = "DEFAULT";
/// As a default it stands for none.
const NO_DEFAULT: &str = "null";

/// What a schema says of a scalar field.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    pub field_type: FieldType,
    pub is_nullable: bool,
    pub default: Option<Literal>,
}

/// A default value. Doubles are compared by their bits.
#[derive(Debug, Clone)]
pub enum Literal {
    Bool(bool),
    Integer(i64),
    Double(f64),
    String(String),
}

impl PartialEq for Literal {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bool(left), Self::Bool(right)) => left == right,
            (Self::Integer(left), Self::Integer(right)) => left == right,
            (Self::Double(left), Self::Double(right)) => left.to_bits() == right.to_bits(),
            (Self::String(left), Self::String(right)) => left == right,
            _ => false,
        }
    }
}

impl Literal {
    /// The value as it stands in a document.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Bool(flag) => Json::from(*flag),
            Self::Integer(number) => Json::from(*number),
            Self::Double(number) => Json::from(*number),
            Self::String(text) => Json::from(text.as_str()),
        }
    }

    /// The literal that `text` writes for a field of this type, or what is wrong with it.
    fn parse(field_type: FieldType, text: &str) -> Result<Self, String> {
        match field_type {
            FieldType::Bool => match text {
                "true" => Ok(Self::Bool(true)),
                "false" => Ok(Self::Bool(false)),
                _ => Err("the default of a BOOL must be true or false".to_owned()),
            },
            FieldType::Integer => match integer(text).filter(|number| i32::try_from(*number).is_ok()) {
                Some(number) => Ok(Self::Integer(number)),
                None => Err("the default of an INTEGER must be a whole number of 32 bits".to_owned()),
            },
            FieldType::Long => integer(text)
                .map(Self::Integer)
                .ok_or_else(|| "the default of a LONG must be a whole number of 64 bits".to_owned()),
            FieldType::Double => double(text)
                .map(Self::Double)
                .ok_or_else(|| "the default of a DOUBLE must be a finite number without an exponent".to_owned()),
            FieldType::String => quoted(text),
        }
    }
}

/// A decimal number, perhaps with a sign, without leading zeros.
fn integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits.len() == 1 || !digits.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}

/// Digits with one dot at most, perhaps with a sign.
fn double(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    plain.then(|| text.parse().ok()).flatten().filter(|number: &f64| number.is_finite())
}

fn quoted(text: &str) -> Result<Literal, String> {
    let inner = ['\'', '"'].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
    match inner {
        Some(inner) if inner.len() <= SCHEMA_DEFAULT_BYTES_MAX => Ok(Literal::String(inner.to_owned())),
        Some(inner) => {
            Err(format!("the default of a STRING has {} bytes, the limit is {SCHEMA_DEFAULT_BYTES_MAX}", inner.len()))
        }
        None => Err("the default of a STRING must stand in quotes".to_owned()),
    }
}

impl Attribute {
    /// The description that `text` writes, or what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (word, mut rest) = split(text);
        let field_type = FieldType::from_word(word).ok_or_else(|| {
            "the type must be BOOL, INTEGER, LONG, DOUBLE or STRING, with a comma behind it if more follows".to_owned()
        })?;
        let mut attribute = Self { field_type, is_nullable: true, default: None };
        if let Some(behind) = rest.filter(|rest| split(rest).0.split_ascii_whitespace().eq(NOT_NULL)) {
            attribute.is_nullable = false;
            rest = split(behind).1;
        }
        if let Some(default) = rest {
            // The literal may hold a comma, so it is all that follows.
            let literal = default.trim_ascii().strip_prefix(DEFAULT);
            let literal =
                literal.filter(|literal| literal.is_empty() || literal.starts_with(|c: char| c.is_ascii_whitespace()));
            let literal = literal.ok_or("behind the type only NOT NULL and then DEFAULT with a value may follow")?;
            attribute.default = attribute.parse_default(literal.trim_ascii())?;
        }
        Ok(attribute)
    }

    fn parse_default(&self, literal: &str) -> Result<Option<Literal>, String> {
        match literal {
            // A field whose default nobody set: it has none.
            "" => Ok(None),
            NO_DEFAULT if self.is_nullable => Ok(None),
            NO_DEFAULT => Err("a field that is NOT NULL cannot have the default null".to_owned()),
            _ => Literal::parse(self.field_type, literal).map(Some),
        }
    }
}

/// What stands before the first comma, trimmed, and what stands behind it.
fn split(text: &str) -> (&str, Option<&str>) {
    match text.split_once(',') {
        Some((first, rest)) => (first.trim_ascii(), Some(rest)),
        None => (text.trim_ascii(), None),
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.field_type.word())?;
        if !self.is_nullable {
            out.write_str(", NOT NULL")?;
        }
        match &self.default {
            None => Ok(()),
            Some(Literal::Bool(flag)) => write!(out, ", {DEFAULT} {flag}"),
            Some(Literal::Integer(number)) => write!(out, ", {DEFAULT} {number}"),
            Some(Literal::Double(number)) => write!(out, ", {DEFAULT} {number}"),
            Some(Literal::String(text)) => write!(out, ", {DEFAULT} '{text}'"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_read_and_written() {
        let canonical = [
            "BOOL",
            "BOOL, DEFAULT false",
            "INTEGER, NOT NULL, DEFAULT -2147483648",
            "LONG, NOT NULL, DEFAULT 9223372036854775807",
            "DOUBLE, DEFAULT 3.25",
            "DOUBLE, DEFAULT -0",
            "STRING, NOT NULL, DEFAULT 'a, \"b\" it's'",
            "STRING, DEFAULT ''",
        ];
        for text in canonical {
            assert_eq!(Attribute::parse(text).unwrap().to_string(), text);
        }
        let others = [
            (" INTEGER ,  NOT  NULL , DEFAULT  +7 ", "INTEGER, NOT NULL, DEFAULT 7"),
            ("INTEGER,DEFAULT 0", "INTEGER, DEFAULT 0"),
            ("INTEGER, DEFAULT null", "INTEGER"),
            ("STRING, DEFAULT null", "STRING"),
            ("STRING, DEFAULT 'null'", "STRING, DEFAULT 'null'"),
            ("STRING, DEFAULT \"a\"", "STRING, DEFAULT 'a'"),
            ("LONG, NOT NULL, DEFAULT", "LONG, NOT NULL"),
            ("LONG, NOT NULL, DEFAULT ", "LONG, NOT NULL"),
        ];
        for (text, written) in others {
            assert_eq!(Attribute::parse(text).unwrap().to_string(), written, "{text}");
        }
    }

    #[test]
    fn descriptions_that_are_none_are_refused() {
        let bad = [
            "",
            "integer",
            "INT",
            "BYTE_ARRAY",
            "INTEGER,",
            "INTEGER NOT NULL",
            "INTEGER, NULL",
            "INTEGER, DEFAULT5",
            "INTEGER, DEFAULT 5, NOT NULL",
            "INTEGER, NOT NULL, NOT NULL",
            "INTEGER, DEFAULT 2147483648",
            "INTEGER, DEFAULT 1.0",
            "INTEGER, DEFAULT 01",
            "INTEGER, DEFAULT --1",
            "INTEGER, DEFAULT +",
            "INTEGER, DEFAULT '1'",
            "INTEGER, NOT NULL, DEFAULT null",
            "LONG, DEFAULT 9223372036854775808",
            "BOOL, DEFAULT 1",
            "BOOL, DEFAULT TRUE",
            "DOUBLE, DEFAULT 1e5",
            "DOUBLE, DEFAULT .5",
            "DOUBLE, DEFAULT 5.",
            "DOUBLE, DEFAULT 1.2.3",
            "DOUBLE, DEFAULT inf",
            "DOUBLE, DEFAULT NaN",
            "STRING, DEFAULT a",
            "STRING, DEFAULT 'a",
            "STRING, DEFAULT 'a\"",
            "STRING, DEFAULT '",
        ];
        for text in bad {
            assert!(Attribute::parse(text).is_err(), "{text:?}");
        }
        let huge = format!("DOUBLE, DEFAULT {}", "9".repeat(400));
        assert!(Attribute::parse(&huge).is_err());
        let longest = format!("STRING, DEFAULT '{}'", "x".repeat(4096));
        assert!(Attribute::parse(&longest).is_ok());
        assert!(Attribute::parse(&longest.replacen('x', "xx", 1)).is_err());
    }
}
