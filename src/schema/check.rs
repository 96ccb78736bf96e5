//! Holding the text of a value against a schema (`query_device_sync.md` 2.5).

use std::borrow::Cow;

use serde_json::{Map, Value as Json};

use super::attribute::Attribute;
use super::definition::{Field, Fields, Schema, SchemaMode};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{DOCUMENT_DEPTH_MAX, VALUE_BYTES_MAX};
use crate::model::{FieldPath, FieldType, is_field_name};

/// A text that fits the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckedText {
    /// As it is.
    Fits,
    /// With the defaults of the fields that it lacked.
    Amended(String),
}

impl Schema {
    /// Holds a value against the schema. Depth by depth, fields that a strict schema does not declare come first, then
    /// the declared ones. A missing object with declared fields lacks each of them, and so does one that is null.
    ///
    /// # Errors
    ///
    /// `InvalidFormat` if the text is no JSON object behind the skipped bytes, or too long with its defaults;
    /// `InvalidValueFields`, `ConstraintViolation` or `InvalidFieldType`, naming the field and what it must be.
    pub fn check(&self, text: &str) -> Result<CheckedText> {
        let mut document = self.document(text)?;
        let mut levels = vec![Level { path: None, fields: &self.fields, members: Some(&document) }];
        let mut defaults = Vec::new();
        while !levels.is_empty() {
            if self.mode == SchemaMode::Strict {
                levels.iter().try_for_each(Level::check_declared)?;
            }
            let mut inner = Vec::new();
            for level in &levels {
                level.check_fields(&mut inner, &mut defaults)?;
            }
            levels = inner;
        }
        if defaults.is_empty() {
            return Ok(CheckedText::Fits);
        }
        for (path, default) in defaults {
            insert(&mut document, path.components(), default);
        }
        self.amended(text, document).map(CheckedText::Amended)
    }

    /// The document of a value.
    fn document(&self, text: &str) -> Result<Map<String, Json>> {
        let skip = self.skip_bytes();
        let json = text.as_bytes().get(skip..).filter(|json| !json.is_empty()).ok_or_else(|| {
            let bytes = text.len();
            format(format_args!("it has {bytes} bytes, and the schema skips {skip} before the JSON text"))
        })?;
        // Before the tree is built: its depth is the depth of calls.
        if depth(json) > DOCUMENT_DEPTH_MAX {
            return Err(format(format_args!(
                "its objects and arrays are nested deeper than {DOCUMENT_DEPTH_MAX} levels"
            )));
        }
        match serde_json::from_slice(json) {
            Ok(Json::Object(members)) => Ok(members),
            Ok(_) => Err(format(format_args!("its JSON text is no object"))),
            Err(error) => {
                let (line, column) = (error.line(), error.column());
                Err(format(format_args!(
                    "behind {skip} skipped bytes it is not JSON, see line {line}, column {column}"
                )))
            }
        }
    }

    fn amended(&self, text: &str, document: Map<String, Json>) -> Result<String> {
        let mut document = Json::Object(document);
        document.sort_all_objects();
        // What is skipped ends where JSON begins, which is between two characters.
        let skipped = text.get(..self.skip_bytes()).unwrap_or_default();
        let amended = format!("{skipped}{document}");
        if amended.len() > VALUE_BYTES_MAX {
            return Err(format(format_args!(
                "with its default values it has {} bytes, the limit is {VALUE_BYTES_MAX}",
                amended.len()
            )));
        }
        Ok(amended)
    }
}

fn format(what: std::fmt::Arguments<'_>) -> Error {
    Error::new(ErrorKind::InvalidFormat, format!("The value does not have the form that the schema asks for: {what}."))
}

/// How deep objects and arrays are nested.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_text, mut escaped) = (0usize, 0, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Puts a value at a path that leads through objects, which are made where there are none.
fn insert(members: &mut Map<String, Json>, path: &[String], value: Json) {
    let Some((name, rest)) = path.split_first() else { return };
    if rest.is_empty() {
        members.insert(name.clone(), value);
        return;
    }
    let inner = members.entry(name.clone()).or_insert(Json::Null);
    if inner.is_null() {
        *inner = Json::Object(Map::new());
    }
    if let Json::Object(inner) = inner {
        insert(inner, rest, value);
    }
}

/// One declared object and what the document has in its place.
struct Level<'a> {
    path: Option<FieldPath>,
    fields: &'a Fields,
    /// Missing if the document has no such object.
    members: Option<&'a Map<String, Json>>,
}

impl<'a> Level<'a> {
    fn check_declared(&self) -> Result<()> {
        let mut names = self.members.into_iter().flat_map(Map::keys);
        let Some(name) = names.find(|name| !self.fields.contains_key(*name)) else { return Ok(()) };
        let field = if is_field_name(name) {
            Cow::Owned(FieldPath::below(self.path.as_ref(), name).to_string())
        } else {
            Cow::Borrowed("whose name no field can have")
        };
        Err(Error::new(
            ErrorKind::InvalidValueFields,
            format!("The value has a field that the strict schema does not declare: {field}. Leave it out."),
        ))
    }

    fn check_fields(&self, inner: &mut Vec<Level<'a>>, defaults: &mut Vec<(FieldPath, Json)>) -> Result<()> {
        for (name, field) in self.fields {
            let path = FieldPath::below(self.path.as_ref(), name);
            let member = self.members.and_then(|members| members.get(name));
            match (field, member) {
                (Field::Scalar(attribute), None) => match &attribute.default {
                    Some(default) => defaults.push((path, default.to_json())),
                    None if attribute.is_nullable => {}
                    None => return Err(violated(&path, "is missing, it is NOT NULL and has no default")),
                },
                (Field::Scalar(attribute), Some(Json::Null)) if !attribute.is_nullable => {
                    return Err(violated(&path, "is null, the schema says NOT NULL"));
                }
                (Field::Scalar(attribute), Some(literal)) => check_type(&path, attribute, literal)?,
                (Field::Array, Some(Json::Array(_))) | (Field::Opaque, Some(Json::Object(_))) => {}
                (Field::Object(fields), None | Some(Json::Null)) => {
                    inner.push(Level { path: Some(path), fields, members: None });
                }
                (Field::Object(fields), Some(Json::Object(members))) => {
                    inner.push(Level { path: Some(path), fields, members: Some(members) });
                }
                (Field::Array | Field::Opaque, None | Some(Json::Null)) => {}
                (Field::Array, Some(_)) => return Err(mismatch(&path, "an array")),
                (Field::Opaque | Field::Object(_), Some(_)) => return Err(mismatch(&path, "an object")),
            }
        }
        Ok(())
    }
}

fn check_type(path: &FieldPath, attribute: &Attribute, literal: &Json) -> Result<()> {
    let fits = match (attribute.field_type, literal) {
        (_, Json::Null) | (FieldType::Bool, Json::Bool(_)) | (FieldType::String, Json::String(_)) => true,
        (FieldType::Double, Json::Number(_)) => true,
        (FieldType::Long, Json::Number(number)) => number.is_i64(),
        (FieldType::Integer, Json::Number(number)) => {
            number.as_i64().is_some_and(|number| i32::try_from(number).is_ok())
        }
        _ => false,
    };
    if fits { Ok(()) } else { Err(mismatch(path, expected(attribute.field_type))) }
}

fn expected(field_type: FieldType) -> &'static str {
    match field_type {
        FieldType::Bool => "a BOOL: true or false",
        FieldType::Integer => "an INTEGER: a whole number of 32 bits, without a fraction or an exponent",
        FieldType::Long => "a LONG: a whole number of 64 bits, without a fraction or an exponent",
        FieldType::Double => "a DOUBLE: a number",
        FieldType::String => "a STRING",
    }
}

fn violated(path: &FieldPath, what: &str) -> Error {
    Error::new(ErrorKind::ConstraintViolation, format!("The field {path} of the value {what}. Give it a value."))
}

fn mismatch(path: &FieldPath, expected: &str) -> Error {
    Error::new(ErrorKind::InvalidFieldType, format!("The field {path} of the value is not {expected}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(mode: &str, skip: usize, define: &str) -> Schema {
        Schema::parse(&format!(
            r#"{{"SCHEMA_VERSION":"1.0","SCHEMA_MODE":"{mode}","SCHEMA_SKIPSIZE":{skip},"SCHEMA_DEFINE":{define}}}"#
        ))
        .unwrap()
    }

    fn refusal(schema: &Schema, text: &str) -> (ErrorKind, String) {
        let error = schema.check(text).expect_err(text);
        (error.kind(), error.message().to_owned())
    }

    #[test]
    fn a_value_is_one_strict_json_object() {
        let any = schema("COMPATIBLE", 0, r#"{"a":"LONG"}"#);
        for good in ["{}", " {\"a\" : 1 , \"b\":[{}]}\n", r#"{"a":null,"a":2}"#, r#"{"a":1,"t":"{[\"{"}"#] {
            assert_eq!(any.check(good).unwrap(), CheckedText::Fits, "{good}");
        }
        for bad in [
            "",
            " ",
            "[]",
            "1",
            "null",
            "{",
            "{}{}",
            "{,}",
            r#"{"a":1,}"#,
            "{/**/}",
            "{'a':1}",
            "{a:1}",
            r#"{"a":01}"#,
            r#"{"a":NaN}"#,
            r#"{"a":1e999}"#,
        ] {
            assert_eq!(refusal(&any, bad).0, ErrorKind::InvalidFormat, "{bad}");
        }
        let nested = |depth: usize| format!("{{\"b\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        assert!(any.check(&nested(100)).is_ok());
        let (kind, message) = refusal(&any, &nested(101));
        assert!(kind == ErrorKind::InvalidFormat && message.contains("100"), "{message}");
        assert_eq!(refusal(&any, &"[".repeat(1_000_000)).0, ErrorKind::InvalidFormat);
    }

    #[test]
    fn the_document_stands_behind_the_skipped_bytes() {
        let skipping = schema("COMPATIBLE", 3, r#"{"a":"LONG, DEFAULT 1"}"#);
        assert_eq!(skipping.check("[é{}").unwrap(), CheckedText::Amended("[é{\"a\":1}".to_owned()));
        assert_eq!(skipping.check("abc{\"a\":2}").unwrap(), CheckedText::Fits);
        for bad in ["", "abc", "ab{}", "ab\u{e9}{}"] {
            assert_eq!(refusal(&skipping, bad).0, ErrorKind::InvalidFormat, "{bad}");
        }
    }

    #[test]
    fn each_literal_fits_the_types_of_its_row() {
        let all = schema(
            "STRICT",
            0,
            r#"{"b":"BOOL","i":"INTEGER","l":"LONG","d":"DOUBLE","s":"STRING","a":[],"o":{},"n":{"x":"LONG"}}"#,
        );
        let rows = [
            ("2147483647", "ild"),
            ("-2147483648", "ild"),
            ("2147483648", "ld"),
            ("-9223372036854775808", "ld"),
            ("9223372036854775808", "d"),
            ("123456789012345678901234567890", "d"),
            ("1.0", "d"),
            ("1e2", "d"),
            ("true", "b"),
            ("false", "b"),
            ("\"1\"", "s"),
            ("[1]", "a"),
            ("{}", "on"),
            ("null", "bildsaon"),
        ];
        for (literal, fitting) in rows {
            for field in "bildsaon".chars() {
                let text = format!(r#"{{"{field}":{literal}}}"#);
                if fitting.contains(field) {
                    assert_eq!(all.check(&text).unwrap(), CheckedText::Fits, "{text}");
                } else {
                    let (kind, message) = refusal(&all, &text);
                    assert!(
                        kind == ErrorKind::InvalidFieldType && message.contains(&format!("$.{field} ")),
                        "{text}: {message}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_a_strict_schema_does_not_declare_comes_first_at_each_depth() {
        let define = r#"{"a":{"x":"LONG, NOT NULL"},"b":"LONG, NOT NULL","o":{}}"#;
        let (strict, compatible) = (schema("STRICT", 0, define), schema("COMPATIBLE", 0, define));
        let (kind, message) = refusal(&strict, r#"{"b":null,"c":1}"#);
        assert!(kind == ErrorKind::InvalidValueFields && message.contains("$.c"), "{message}");
        // The outer object is judged whole before the inner one is looked at.
        assert_eq!(refusal(&strict, r#"{"a":{"x":1,"y":2},"b":null}"#).0, ErrorKind::ConstraintViolation);
        let (kind, message) = refusal(&strict, r#"{"a":{"x":null,"y":2},"b":1}"#);
        assert!(kind == ErrorKind::InvalidValueFields && message.contains("$.a.y"), "{message}");
        let secret = refusal(&strict, r#"{"a":{"x":1},"b":1,"a secret":1}"#).1;
        assert!(!secret.contains("secret"), "{secret}");
        assert_eq!(strict.check(r#"{"a":{"x":1},"b":1,"o":{"z":{"z":1}}}"#).unwrap(), CheckedText::Fits);
        assert_eq!(compatible.check(r#"{"a":{"x":1,"y":2},"b":1,"c":{"d":1}}"#).unwrap(), CheckedText::Fits);
    }

    #[test]
    fn what_is_not_null_must_be_there() {
        let nested =
            schema("COMPATIBLE", 0, r#"{"a":{"x":"LONG, NOT NULL","y":"LONG, NOT NULL, DEFAULT 7"},"n":"LONG"}"#);
        for (text, named) in [
            ("{}", "$.a.x"),
            (r#"{"a":null}"#, "$.a.x"),
            (r#"{"a":{}}"#, "$.a.x"),
            (r#"{"a":{"x":null}}"#, "$.a.x"),
            (r#"{"a":{"x":1,"y":null}}"#, "$.a.y"),
        ] {
            let (kind, message) = refusal(&nested, text);
            assert!(kind == ErrorKind::ConstraintViolation && message.contains(named), "{text}: {message}");
        }
    }

    #[test]
    fn missing_fields_get_their_defaults_and_null_stays() {
        let define = r#"{"a":{"b":{"c":"STRING, DEFAULT 'x'"}},"d":"DOUBLE, DEFAULT 0.1","t":"BOOL, NOT NULL, DEFAULT true","n":"LONG"}"#;
        let defaults = schema("COMPATIBLE", 0, define);
        let amended = |text: &str| match defaults.check(text).unwrap() {
            CheckedText::Amended(text) => text,
            CheckedText::Fits => "fits".to_owned(),
        };
        let all = r#"{"a":{"b":{"c":"x"}},"d":0.1,"t":true}"#;
        for text in ["{}", r#"{"a":null}"#, r#"{"a":{"b":null}}"#, r#"{"a":{}}"#] {
            assert_eq!(amended(text), all, "{text}");
        }
        assert_eq!(amended(all), "fits");
        assert_eq!(amended(r#"{"z":1.50,"t":false,"d":null,"a":{"b":{"c":null}}}"#), "fits");
        assert_eq!(
            amended(r#"{"z":1.0,"d":2,"a":{"y":[1,{"b":1,"a":2}]}}"#),
            r#"{"a":{"b":{"c":"x"},"y":[1,{"a":2,"b":1}]},"d":2,"t":true,"z":1.0}"#
        );
    }

    #[test]
    fn a_value_that_outgrows_the_limit_with_its_defaults_is_refused() {
        let defaults = schema("COMPATIBLE", 0, r#"{"a":"LONG, DEFAULT 1"}"#);
        let long = |bytes: usize| format!(r#"{{"b":"{}"}}"#, "x".repeat(bytes));
        assert!(defaults.check(&long(VALUE_BYTES_MAX - 14)).is_ok());
        let (kind, message) = refusal(&defaults, &long(VALUE_BYTES_MAX - 13));
        assert!(
            kind == ErrorKind::InvalidFormat && message.contains("4194304") && message.contains("4194303"),
            "{message}"
        );
    }
}
