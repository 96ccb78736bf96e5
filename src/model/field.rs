//! Fields of JSON documents: their names, their types, their values, and the order of those.
//!
//! The schema, the query and the index rows speak of fields with these words. Paths follow `query_device_sync.md` 1.6,
//! extraction follows 1.7.

use std::cmp::Ordering;
use std::fmt;

use serde_json::Value as Json;

use super::trim;
use crate::limits::{FIELD_DEPTH_MAX, FIELD_NAME_BYTES_MAX, INDEX_TEXT_BYTES_MAX};

/// Where a field stands in a document: 1 to 4 names, from the outermost object inwards.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath {
    components: Vec<String>,
}

impl FieldPath {
    /// The path that `text` writes: `a.b` and `$.a.b` are the same; white space around it does not count.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = trim(text);
        let names = text.strip_prefix("$.").unwrap_or(text);
        let components: Vec<String> = names.split('.').map(str::to_owned).collect();
        let valid = components.len() <= FIELD_DEPTH_MAX && components.iter().all(|name| is_field_name(name));
        valid.then_some(Self { components })
    }

    /// The path of a field inside the object at this one, or of an outermost field.
    #[must_use]
    pub fn below(parent: Option<&Self>, name: &str) -> Self {
        let mut components = parent.map(|parent| parent.components.clone()).unwrap_or_default();
        components.push(name.to_owned());
        Self { components }
    }

    /// The names, from the outermost object inwards.
    #[must_use]
    pub fn components(&self) -> &[String] {
        &self.components
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "$.{}", self.components.join("."))
    }
}

/// True for what may name a field: a letter or `_`, then letters, digits and `_`, 64 bytes at most.
#[must_use]
pub fn is_field_name(name: &str) -> bool {
    let is_first = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    name.len() <= FIELD_NAME_BYTES_MAX
        && name.bytes().next().is_some_and(is_first)
        && name.bytes().all(|byte| is_first(byte) || byte.is_ascii_digit())
}

/// Type of a scalar field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldType {
    /// True or false.
    Bool,
    /// 32-bit signed integer.
    Integer,
    /// 64-bit signed integer.
    Long,
    /// IEEE double.
    Double,
    /// Text.
    String,
}

impl FieldType {
    /// The word of a schema for this type.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Bool => "BOOL",
            Self::Integer => "INTEGER",
            Self::Long => "LONG",
            Self::Double => "DOUBLE",
            Self::String => "STRING",
        }
    }

    /// The type with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Bool, Self::Integer, Self::Long, Self::Double, Self::String].into_iter().find(|it| it.word() == word)
    }
}

/// The value of a scalar field, as conditions compare it and as index rows hold it. A boolean is the integer 0 or 1.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldValue {
    /// No value: the field is missing, null, an array or an object.
    Null,
    /// A whole number, or a boolean.
    Integer(i64),
    /// Any other number. A NaN stands for no value.
    Real(f64),
    /// Text.
    Text(String),
}

/// What an encoded value begins with. The order of these bytes is that of the kinds.
const TAG_NULL: u8 = 1;
const TAG_NUMBER: u8 = 2;
const TAG_TEXT: u8 = 3;
/// A number behind its tag: the largest double that is not above it, then how far it is above.
const NUMBER_BYTES: usize = 8 + 2;
/// Within a text a zero byte is followed by this one; at the end of a text it is followed by one of the two below.
const ESCAPED_ZERO: u8 = 0xff;
const END_WHOLE: u8 = 0;
const END_CUT: u8 = 1;
/// 2 to the power of 63: the first double above every `i64`.
const ABOVE_INTEGERS: f64 = 9_223_372_036_854_775_808.0;

impl FieldValue {
    /// The value of a field of `document`, which is of this type. A literal of another kind is no value, as is a path
    /// that leads nowhere.
    #[must_use]
    pub fn extract(document: &Json, path: &FieldPath, field_type: FieldType) -> Self {
        let mut at = document;
        for name in path.components() {
            match at.get(name) {
                Some(inner) => at = inner,
                None => return Self::Null,
            }
        }
        match (field_type, at) {
            (FieldType::Bool, Json::Bool(flag)) => Self::Integer(i64::from(*flag)),
            (FieldType::String, Json::String(text)) => Self::Text(text.clone()),
            (FieldType::Double, Json::Number(number)) => number.as_f64().map_or(Self::Null, Self::Real),
            (FieldType::Integer | FieldType::Long, Json::Number(number)) => {
                // Towards zero and into the range, as a cast.
                let cast = || number.as_f64().map(|real| real as i64);
                number.as_i64().or_else(cast).map_or(Self::Null, Self::Integer)
            }
            _ => Self::Null,
        }
    }

    /// The order of values: no value, then numbers by their size, then texts by their bytes. An integer and a real are
    /// compared as the numbers that they are, without rounding either.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Integer(left), Self::Integer(right)) => left.cmp(right),
            (Self::Text(left), Self::Text(right)) => left.as_bytes().cmp(right.as_bytes()),
            (Self::Real(left), Self::Real(right)) if !left.is_nan() && !right.is_nan() => {
                left.partial_cmp(right).unwrap_or(Ordering::Equal)
            }
            (Self::Integer(left), Self::Real(right)) if !right.is_nan() => compare_exactly(*left, *right),
            (Self::Real(left), Self::Integer(right)) if !left.is_nan() => compare_exactly(*right, *left).reverse(),
            _ => self.tag().cmp(&other.tag()),
        }
    }

    fn tag(&self) -> u8 {
        match self {
            Self::Real(real) if real.is_nan() => TAG_NULL,
            Self::Null => TAG_NULL,
            Self::Integer(_) | Self::Real(_) => TAG_NUMBER,
            Self::Text(_) => TAG_TEXT,
        }
    }

    /// Appends bytes whose order is that of the values, and whose end can be found in them. Of a text only the first
    /// [`INDEX_TEXT_BYTES_MAX`] bytes are taken; true says that some were left out. Two texts that were cut are then
    /// equal in their bytes if they begin alike: whoever reads them looks at the document.
    ///
    /// The cut falls where the bytes say, not between two characters: only so does a cut text keep its place among
    /// those that are a little shorter.
    pub fn encode(&self, out: &mut Vec<u8>) -> bool {
        out.push(self.tag());
        match self {
            Self::Integer(number) => encode_number(out, *number),
            Self::Real(real) if !real.is_nan() => {
                out.extend_from_slice(&ordered_bits(*real));
                out.extend_from_slice(&[0, 0]);
            }
            Self::Null | Self::Real(_) => {}
            Self::Text(text) => return encode_text(out, text.as_bytes()),
        }
        false
    }

    /// True if `bytes` are those of a text of which something was left out.
    #[must_use]
    pub fn is_cut(bytes: &[u8]) -> bool {
        bytes.first() == Some(&TAG_TEXT) && bytes.last() == Some(&END_CUT)
    }

    /// How many bytes the first encoded value of `bytes` takes; `None` if there is none.
    #[must_use]
    pub fn encoded_length(bytes: &[u8]) -> Option<usize> {
        match *bytes.first()? {
            TAG_NULL => Some(1),
            TAG_NUMBER => (bytes.len() > NUMBER_BYTES).then_some(1 + NUMBER_BYTES),
            TAG_TEXT => {
                let mut at = 1;
                loop {
                    at += bytes.get(at..)?.iter().position(|byte| *byte == 0)? + 2;
                    match *bytes.get(at - 1)? {
                        ESCAPED_ZERO => {}
                        END_WHOLE | END_CUT => return Some(at),
                        _ => return None,
                    }
                }
            }
            _ => None,
        }
    }
}

fn compare_exactly(integer: i64, real: f64) -> Ordering {
    if real >= ABOVE_INTEGERS {
        return Ordering::Less;
    }
    if real < -ABOVE_INTEGERS {
        return Ordering::Greater;
    }
    // Within the range of the integers the cast drops the fraction and nothing else.
    integer.cmp(&(real as i64)).then_with(|| 0.0.partial_cmp(&real.fract()).unwrap_or(Ordering::Equal))
}

fn encode_number(out: &mut Vec<u8>, number: i64) {
    let nearest = number as f64;
    let below = if compare_exactly(number, nearest).is_lt() { nearest.next_down() } else { nearest };
    // Doubles of this size are 1024 apart at most.
    let above = (number - below as i64) as u16;
    out.extend_from_slice(&ordered_bits(below));
    out.extend_from_slice(&above.to_be_bytes());
}

/// The bits of a double, turned so that their order is that of the numbers. Both zeros are one.
fn ordered_bits(real: f64) -> [u8; 8] {
    let bits = (real + 0.0).to_bits();
    let sign = 1 << 63;
    (if bits & sign == 0 { bits | sign } else { !bits }).to_be_bytes()
}

fn encode_text(out: &mut Vec<u8>, text: &[u8]) -> bool {
    let kept = &text[..text.len().min(INDEX_TEXT_BYTES_MAX)];
    for byte in kept {
        out.push(*byte);
        if *byte == 0 {
            out.push(ESCAPED_ZERO);
        }
    }
    let is_cut = kept.len() < text.len();
    out.extend_from_slice(&[0, if is_cut { END_CUT } else { END_WHOLE }]);
    is_cut
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(value: &FieldValue) -> Vec<u8> {
        let mut bytes = Vec::new();
        value.encode(&mut bytes);
        bytes
    }

    #[test]
    fn paths_have_one_to_four_names() {
        let long = "n".repeat(64);
        for (text, shown) in
            [("a", "$.a"), (" $.a.b\t", "$.a.b"), ("_1.b.c.d", "$._1.b.c.d"), (&long, &format!("$.{long}"))]
        {
            assert_eq!(FieldPath::parse(text).unwrap().to_string(), shown);
        }
        let too_long = "n".repeat(65);
        for bad in [
            "",
            " ",
            "$",
            "$.",
            ".a",
            "$a",
            "a.",
            "a..b",
            "a.b.c.d.e",
            "1a",
            "a-b",
            "a b",
            "é",
            "$.$.a",
            "$..a",
            "a[0]",
            &too_long,
        ] {
            assert_eq!(FieldPath::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_field_is_cast_to_its_type_and_anything_else_is_no_value() {
        let document = serde_json::json!({
            "a": {"flag": true, "whole": 7, "real": 1.5, "text": "t", "list": [1], "nothing": null}
        });
        let extract =
            |path: &str, field_type| FieldValue::extract(&document, &FieldPath::parse(path).unwrap(), field_type);
        assert_eq!(extract("a.flag", FieldType::Bool), FieldValue::Integer(1));
        assert_eq!(extract("a.whole", FieldType::Long), FieldValue::Integer(7));
        assert_eq!(extract("a.whole", FieldType::Double), FieldValue::Real(7.0));
        assert_eq!(extract("a.real", FieldType::Integer), FieldValue::Integer(1));
        assert_eq!(extract("a.text", FieldType::String), FieldValue::Text("t".to_owned()));
        for path in ["b", "a.b", "a.text.b", "a.list", "a", "a.nothing"] {
            assert_eq!(extract(path, FieldType::String), FieldValue::Null, "{path}");
        }
        assert_eq!(extract("a.text", FieldType::Long), FieldValue::Null);
    }

    #[test]
    fn integers_and_reals_are_compared_exactly() {
        let exact = 1i64 << 53;
        let pairs = [
            (exact + 1, exact as f64, Ordering::Greater),
            (exact, exact as f64, Ordering::Equal),
            (i64::MAX, ABOVE_INTEGERS, Ordering::Less),
            (i64::MIN, -ABOVE_INTEGERS, Ordering::Equal),
            (-3, -3.5, Ordering::Greater),
            (3, 3.5, Ordering::Less),
            (0, -0.0, Ordering::Equal),
            (i64::MAX, f64::INFINITY, Ordering::Less),
            (i64::MIN, f64::NEG_INFINITY, Ordering::Greater),
        ];
        for (integer, real, expected) in pairs {
            let (integer, real) = (FieldValue::Integer(integer), FieldValue::Real(real));
            assert_eq!(integer.compare(&real), expected, "{integer:?} {real:?}");
            assert_eq!(real.compare(&integer), expected.reverse(), "{integer:?} {real:?}");
        }
    }

    #[test]
    fn the_order_of_the_bytes_is_that_of_the_values() {
        let mut values = vec![FieldValue::Null, FieldValue::Real(f64::NAN)];
        for shift in [0, 1, 31, 52, 53, 54, 62] {
            for near in -2..=2i64 {
                values.push(FieldValue::Integer((1i64 << shift) + near));
                values.push(FieldValue::Integer(-(1i64 << shift) + near));
                values.push(FieldValue::Real((1i64 << shift) as f64 + near as f64));
                values.push(FieldValue::Real(-((1i64 << shift) as f64) + near as f64 * 0.25));
            }
        }
        values.extend([i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX, 0, -1].map(FieldValue::Integer));
        let reals = [0.0, -0.0, 5e-324, -5e-324, 1e300, -1e300, f64::INFINITY, f64::NEG_INFINITY, ABOVE_INTEGERS];
        values.extend(reals.map(FieldValue::Real));
        values.extend(
            ["", "\0", "\0\0", "\0a", "a", "a\0", "a\0\0", "a\u{1}", "ab", "é"]
                .map(|text| FieldValue::Text(text.to_owned())),
        );
        values.push(FieldValue::Text("x".repeat(INDEX_TEXT_BYTES_MAX)));
        for left in &values {
            for right in &values {
                assert_eq!(encoded(left).cmp(&encoded(right)), left.compare(right), "{left:?} {right:?}");
            }
            let bytes = [encoded(left), b"\0key".to_vec()].concat();
            assert_eq!(FieldValue::encoded_length(&bytes), Some(bytes.len() - 4), "{left:?}");
        }
    }

    #[test]
    fn a_long_text_is_cut_and_keeps_its_place() {
        let text = |text: String| FieldValue::Text(text);
        let full = "x".repeat(INDEX_TEXT_BYTES_MAX);
        // A character that the limit falls into.
        let straddling = format!("{}é", "x".repeat(INDEX_TEXT_BYTES_MAX - 1));
        let ordered = [
            text("x".repeat(INDEX_TEXT_BYTES_MAX - 1)),
            text(full.clone()),
            text(format!("{full}a")),
            text(format!("{}y", "x".repeat(INDEX_TEXT_BYTES_MAX - 1))),
            text(straddling),
        ];
        for pair in ordered.windows(2) {
            assert!(encoded(&pair[0]) < encoded(&pair[1]), "{pair:?}");
        }
        let mut bytes = Vec::new();
        assert!(!text(full.clone()).encode(&mut bytes));
        assert!(text(format!("{full}a")).encode(&mut bytes));
        assert_eq!(encoded(&text(format!("{full}a"))), encoded(&text(format!("{full}b"))));
    }

    #[test]
    fn bytes_that_are_no_value_have_no_length() {
        for bad in [&b""[..], b"\0", b"\x04", b"\x02\0", b"\x03abc", b"\x03a\0", b"\x03a\0\x02"] {
            assert_eq!(FieldValue::encoded_length(bad), None, "{bad:?}");
        }
    }
}
