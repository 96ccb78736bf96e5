//! Reading a schema from its JSON text: whatever is wrong with it is found here (`query_device_sync.md` 2.4).

use serde_json::{Map, Value as Json};

use super::attribute::Attribute;
use super::definition::{Field, Fields, Schema, SchemaMode};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{FIELD_DEPTH_MAX, SCHEMA_BYTES_MAX, SCHEMA_FIELDS_MAX, SCHEMA_INDEXES_MAX, SCHEMA_SKIP_BYTES_MAX};
use crate::model::{FieldPath, IndexDefinition, Indexing, is_field_name};

const VERSION: &str = "SCHEMA_VERSION";
const MODE: &str = "SCHEMA_MODE";
const DEFINE: &str = "SCHEMA_DEFINE";
const INDEXES: &str = "SCHEMA_INDEXES";
const SKIP_SIZE: &str = "SCHEMA_SKIPSIZE";
const VERSION_KNOWN: &str = "1.0";

/// A schema that is not valid, and why.
pub fn invalid(what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::InvalidSchema, format!("Parameter error: the schema is not valid: {what}."))
}

impl Schema {
    /// The schema that `text` writes.
    ///
    /// # Errors
    ///
    /// `InvalidSchema` (401), naming what is wrong.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > SCHEMA_BYTES_MAX {
            return Err(invalid(format_args!("it has {} bytes, the limit is {SCHEMA_BYTES_MAX}", text.len())));
        }
        let schema: Json = serde_json::from_str(text).map_err(|error| {
            invalid(format_args!("it is not JSON, see line {}, column {}", error.line(), error.column()))
        })?;
        let Json::Object(members) = schema else { return Err(invalid("it is no JSON object")) };
        let known = [VERSION, MODE, DEFINE, INDEXES, SKIP_SIZE];
        if members.keys().any(|name| !known.contains(&name.as_str())) {
            return Err(invalid(format_args!("it may have {} and nothing else", known.join(", "))));
        }
        if members.get(VERSION).and_then(Json::as_str) != Some(VERSION_KNOWN) {
            return Err(invalid(format_args!("{VERSION} must be \"{VERSION_KNOWN}\"")));
        }
        let mode = members.get(MODE).and_then(Json::as_str);
        let mode = [SchemaMode::Compatible, SchemaMode::Strict].into_iter().find(|it| Some(it.word()) == mode);
        let mode = mode.ok_or_else(|| invalid(format_args!("{MODE} must be \"STRICT\" or \"COMPATIBLE\"")))?;
        let define = members.get(DEFINE).and_then(Json::as_object).filter(|define| !define.is_empty());
        let define = define.ok_or_else(|| invalid(format_args!("{DEFINE} must be an object with 1 field or more")))?;
        let fields = FieldsParser { names: 0 }.parse(define, None)?;
        let skip_bytes = skip_bytes(members.get(SKIP_SIZE))?;
        let mut schema = Self { mode, fields, indexing: Indexing { skip_bytes, indexes: Vec::new() } };
        schema.indexing.indexes = schema.parse_indexes(members.get(INDEXES))?;
        Ok(schema)
    }

    fn parse_indexes(&self, indexes: Option<&Json>) -> Result<Vec<IndexDefinition>> {
        let Some(indexes) = indexes else { return Ok(Vec::new()) };
        let indexes = indexes.as_array().ok_or_else(|| invalid(format_args!("{INDEXES} must be an array")))?;
        if indexes.len() > SCHEMA_INDEXES_MAX {
            return Err(invalid(format_args!("it has {} indexes, the limit is {SCHEMA_INDEXES_MAX}", indexes.len())));
        }
        let mut found: Vec<IndexDefinition> = Vec::new();
        for index in indexes {
            let index = self.parse_index(index)?;
            let begins_alike = |other: &IndexDefinition| other.paths.first() == index.paths.first();
            if let Some(same) = found.iter().find(|other| begins_alike(other)).and_then(|same| same.paths.first()) {
                return Err(invalid(format_args!("two indexes begin with {}", same.0)));
            }
            found.push(index);
        }
        Ok(found)
    }

    /// One path, or the paths of a composite index.
    fn parse_index(&self, index: &Json) -> Result<IndexDefinition> {
        let texts = match index {
            Json::Array(texts) => texts.as_slice(),
            text => std::slice::from_ref(text),
        };
        if texts.is_empty() || texts.len() > SCHEMA_FIELDS_MAX {
            return Err(invalid(format_args!("an index has {} paths, it needs 1 to {SCHEMA_FIELDS_MAX}", texts.len())));
        }
        let mut paths = Vec::new();
        for text in texts {
            let path = text.as_str().and_then(FieldPath::parse);
            let path = path.ok_or_else(|| invalid("an index names no field: write its path as in $.a.b"))?;
            let field_type = self.field_type(&path).ok_or_else(|| {
                let what = if self.declares(&path) { "is no scalar field" } else { "is not declared" };
                invalid(format_args!("an index names {path}, which {what}"))
            })?;
            if paths.iter().any(|(other, _)| *other == path) {
                return Err(invalid(format_args!("an index names {path} twice")));
            }
            paths.push((path, field_type));
        }
        Ok(IndexDefinition { paths })
    }
}

fn skip_bytes(skip: Option<&Json>) -> Result<usize> {
    let Some(skip) = skip else { return Ok(0) };
    let bytes = skip.as_u64().and_then(|bytes| usize::try_from(bytes).ok());
    bytes
        .filter(|bytes| *bytes <= SCHEMA_SKIP_BYTES_MAX)
        .ok_or_else(|| invalid(format_args!("{SKIP_SIZE} must be a whole number from 0 to {SCHEMA_SKIP_BYTES_MAX}")))
}

/// Reads the declared fields, and counts their names over all depths.
struct FieldsParser {
    names: usize,
}

impl FieldsParser {
    fn parse(&mut self, members: &Map<String, Json>, parent: Option<&FieldPath>) -> Result<Fields> {
        let mut fields = Fields::new();
        for (name, member) in members {
            self.names += 1;
            if self.names > SCHEMA_FIELDS_MAX {
                return Err(invalid(format_args!("it declares more than {SCHEMA_FIELDS_MAX} fields")));
            }
            let within = parent.map_or_else(|| "the document".to_owned(), ToString::to_string);
            if !is_field_name(name) {
                return Err(invalid(format_args!(
                    "a field of {within} has a name that is none: a letter or _, then at most 63 letters, digits and _"
                )));
            }
            let path = FieldPath::below(parent, name);
            if path.components().len() > FIELD_DEPTH_MAX {
                return Err(invalid(format_args!("{within} has fields deeper than {FIELD_DEPTH_MAX} levels")));
            }
            fields.insert(name.clone(), self.parse_field(member, &path)?);
        }
        Ok(fields)
    }

    fn parse_field(&mut self, member: &Json, path: &FieldPath) -> Result<Field> {
        match member {
            Json::String(text) => match Attribute::parse(text) {
                Ok(attribute) => Ok(Field::Scalar(attribute)),
                Err(what) => Err(invalid(format_args!("of the field {path}, {what}"))),
            },
            Json::Array(items) if items.is_empty() => Ok(Field::Array),
            Json::Object(members) if members.is_empty() => Ok(Field::Opaque),
            Json::Object(members) => self.parse(members, Some(path)).map(Field::Object),
            _ => Err(invalid(format_args!("the field {path} must be a text, [], {{}}, or an object with fields"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FieldType;

    const EXAMPLE: &str = r#"{"SCHEMA_DEFINE":{"name":"INTEGER, NOT NULL, DEFAULT 0"},"SCHEMA_INDEXES":["$.name"],"SCHEMA_MODE":"STRICT","SCHEMA_SKIPSIZE":0,"SCHEMA_VERSION":"1.0"}"#;

    fn schema(define: &str, indexes: &str) -> Result<Schema> {
        Schema::parse(&format!(
            r#"{{"SCHEMA_VERSION":"1.0","SCHEMA_MODE":"COMPATIBLE","SCHEMA_DEFINE":{define},"SCHEMA_INDEXES":{indexes}}}"#
        ))
    }

    fn assert_invalid(schema: Result<Schema>, names: &str) {
        let error = schema.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidSchema, 401));
        assert!(error.message().contains(names), "{error}");
    }

    #[test]
    fn the_canonical_text_is_that_of_the_reference() {
        assert_eq!(Schema::parse(EXAMPLE).unwrap().to_json(), EXAMPLE);
        let other = schema(r#"{"b":{"c":[],"d":{},"a":"STRING"},"a":"LONG,DEFAULT 1"}"#, r#"["a", ["b.a","$.a"]]"#);
        let expected = r#"{"SCHEMA_DEFINE":{"a":"LONG, DEFAULT 1","b":{"a":"STRING","c":[],"d":{}}},"SCHEMA_INDEXES":["$.a",["$.b.a","$.a"]],"SCHEMA_MODE":"COMPATIBLE","SCHEMA_SKIPSIZE":0,"SCHEMA_VERSION":"1.0"}"#;
        assert_eq!(other.as_ref().unwrap().to_json(), expected);
        assert_eq!(Schema::parse(expected).unwrap(), other.unwrap());
    }

    #[test]
    fn a_schema_has_its_members_and_no_others() {
        assert_invalid(Schema::parse(&format!("{EXAMPLE}{}", " ".repeat(524_289))), "524288");
        for (from, to, names) in [
            ("{\"SCHEMA_DEFINE\"", "[{\"SCHEMA_DEFINE\"", "not JSON"),
            ("\"SCHEMA_SKIPSIZE\"", "\"SCHEMA_SIZE\"", "nothing else"),
            ("\"1.0\"", "\"1.1\"", "SCHEMA_VERSION"),
            ("\"1.0\"", "1.0", "SCHEMA_VERSION"),
            (",\"SCHEMA_VERSION\":\"1.0\"", "", "SCHEMA_VERSION"),
            ("STRICT", "strict", "SCHEMA_MODE"),
            ("\"SCHEMA_MODE\":\"STRICT\",", "", "SCHEMA_MODE"),
            ("{\"name\":\"INTEGER, NOT NULL, DEFAULT 0\"}", "{}", "1 field or more"),
            ("{\"name\":\"INTEGER, NOT NULL, DEFAULT 0\"}", "[]", "1 field or more"),
            ("SIZE\":0", "SIZE\":-1", "SCHEMA_SKIPSIZE"),
            ("SIZE\":0", "SIZE\":4194303", "4194302"),
            ("SIZE\":0", "SIZE\":1.0", "SCHEMA_SKIPSIZE"),
            ("[\"$.name\"]", "\"$.name\"", "array"),
        ] {
            assert!(EXAMPLE.contains(from), "{from}");
            assert_invalid(Schema::parse(&EXAMPLE.replacen(from, to, 1)), names);
        }
        assert_invalid(Schema::parse("\"\""), "no JSON object");
        let last = EXAMPLE.replacen("SIZE\":0", "SIZE\":4194302", 1);
        assert_eq!(Schema::parse(&last).unwrap().skip_bytes(), 4_194_302);
    }

    #[test]
    fn names_depth_and_number_of_fields_are_limited() {
        for bad in ["", "1a", "a-b", "é", &"n".repeat(65)] {
            assert_invalid(schema(&format!(r#"{{"a":{{"{bad}":"LONG"}}}}"#), "[]"), "$.a has a name");
        }
        assert!(schema(&format!(r#"{{"{}":"LONG"}}"#, "n".repeat(64)), "[]").is_ok());
        assert!(schema(r#"{"a":{"b":{"c":{"d":"LONG"}}}}"#, "[]").is_ok());
        assert!(schema(r#"{"a":{"b":{"c":{"d":{}}}}}"#, "[]").is_ok());
        assert_invalid(schema(r#"{"a":{"b":{"c":{"d":{"e":"LONG"}}}}}"#, "[]"), "4 levels");
        let fields = |count: usize| {
            let members: Vec<String> = (0..count).map(|number| format!(r#""f{number}":"LONG""#)).collect();
            format!(r#"{{"o":{{{}}}}}"#, members.join(","))
        };
        assert!(schema(&fields(255), "[]").is_ok());
        assert_invalid(schema(&fields(256), "[]"), "256");
    }

    #[test]
    fn a_field_is_described_or_it_is_a_container() {
        for bad in ["1", "null", "true", "[1]", "\"BYTE_ARRAY\"", "\"\"", "\"INTEGER, DEFAULT 5.000000\""] {
            assert_invalid(schema(&format!(r#"{{"a":{{"b":{bad}}}}}"#), "[]"), "$.a.b");
        }
    }

    #[test]
    fn an_index_names_declared_scalars_and_begins_as_no_other() {
        let define = r#"{"a":"LONG","b":{"c":"STRING"},"list":[],"any":{}}"#;
        let valid = schema(define, r#"[" $.a ","b.c"]"#).unwrap();
        let path = |text: &str| FieldPath::parse(text).unwrap();
        assert_eq!(valid.indexing().indexes[1].paths, [(path("b.c"), FieldType::String)]);
        assert!(valid.declares(&path("list")) && valid.field_type(&path("list")).is_none());
        assert!(valid.declares(&path("b")) && !valid.declares(&path("a.x")) && !valid.declares(&path("any.x")));
        assert!(schema(define, r#"[["a","b.c"],"b.c"]"#).is_ok());
        for (indexes, names) in [
            (r#"["x"]"#, "not declared"),
            (r#"["b"]"#, "no scalar"),
            (r#"["list"]"#, "no scalar"),
            (r#"["any"]"#, "no scalar"),
            (r#"["$a"]"#, "names no field"),
            (r#"[1]"#, "names no field"),
            (r#"[[]]"#, "0 paths"),
            (r#"[["a","$.a"]]"#, "twice"),
            (r#"["a","$.a"]"#, "begin with $.a"),
            (r#"["a",["a","b.c"]]"#, "begin with $.a"),
        ] {
            assert_invalid(schema(define, indexes), names);
        }
        let fields: Vec<String> = (0..33).map(|number| format!(r#""f{number}":"LONG""#)).collect();
        let indexes: Vec<String> = (0..33).map(|number| format!(r#""f{number}""#)).collect();
        let define = format!("{{{}}}", fields.join(","));
        assert!(schema(&define, &format!("[{}]", indexes[1..].join(","))).is_ok());
        assert_invalid(schema(&define, &format!("[{}]", indexes.join(","))), "33 indexes, the limit is 32");
    }
}
