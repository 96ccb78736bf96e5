//! What may become of a store that is opened with another schema than it has (`query_device_sync.md` 2.7).

use super::definition::{Field, Fields, Schema, SchemaMode};
use crate::error::{Error, ErrorKind};
use crate::model::FieldPath;

/// How a schema differs from the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemaChange {
    /// Not at all.
    None,
    /// In its indexes.
    Indexes,
    /// It declares more, and every document can be made to fit.
    Upgrade,
}

impl SchemaChange {
    /// The way from the schema that a store has to the one that it is opened with.
    ///
    /// # Errors
    ///
    /// `SchemaMismatch` (15100002) if there is none, saying where they differ.
    pub fn between(recorded: &Schema, asked: &Schema) -> Result<Self, Error> {
        if recorded == asked {
            return Ok(Self::None);
        }
        if recorded.mode != asked.mode {
            let (recorded, asked) = (recorded.mode.word(), asked.mode.word());
            return Err(mismatch(format_args!("its mode is {recorded}, not {asked}")));
        }
        if recorded.skip_bytes() != asked.skip_bytes() {
            let (recorded, asked) = (recorded.skip_bytes(), asked.skip_bytes());
            return Err(mismatch(format_args!("it skips {recorded} bytes, not {asked}")));
        }
        if recorded.fields == asked.fields {
            return Ok(Self::Indexes);
        }
        let may_add = recorded.mode == SchemaMode::Compatible;
        check_fields(&recorded.fields, &asked.fields, may_add, None)?;
        Ok(Self::Upgrade)
    }
}

fn mismatch(what: impl std::fmt::Display) -> Error {
    Error::new(
        ErrorKind::SchemaMismatch,
        format!("Open existed database with changed options: the schema of the store does not allow this one, {what}."),
    )
}

fn check_fields(recorded: &Fields, asked: &Fields, may_add: bool, parent: Option<&FieldPath>) -> Result<(), Error> {
    for (name, before) in recorded {
        let path = FieldPath::below(parent, name);
        match (before, asked.get(name)) {
            (_, None) => return Err(mismatch(format_args!("the field {path} is missing"))),
            (Field::Object(before), Some(Field::Object(now))) => check_fields(before, now, may_add, Some(&path))?,
            (Field::Opaque, Some(Field::Object(now))) => check_fields(&Fields::new(), now, may_add, Some(&path))?,
            (before, Some(now)) if before == now => {}
            (_, Some(_)) => return Err(mismatch(format_args!("the field {path} is described otherwise"))),
        }
    }
    for (name, added) in asked.iter().filter(|(name, _)| !recorded.contains_key(*name)) {
        let path = FieldPath::below(parent, name);
        if !may_add {
            return Err(mismatch(format_args!("a strict schema cannot get the field {path}")));
        }
        check_added(added, &path)?;
    }
    Ok(())
}

/// Documents that do not have the field must be able to stay, or to get it.
fn check_added(added: &Field, path: &FieldPath) -> Result<(), Error> {
    match added {
        Field::Scalar(attribute) if !attribute.is_nullable && attribute.default.is_none() => {
            Err(mismatch(format_args!("the new field {path} is NOT NULL and has no default")))
        }
        Field::Scalar(_) | Field::Array | Field::Opaque => Ok(()),
        Field::Object(fields) => {
            fields.iter().try_for_each(|(name, field)| check_added(field, &FieldPath::below(Some(path), name)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(mode: &str, skip: usize, define: &str, indexes: &str) -> Schema {
        Schema::parse(&format!(
            r#"{{"SCHEMA_VERSION":"1.0","SCHEMA_MODE":"{mode}","SCHEMA_SKIPSIZE":{skip},"SCHEMA_DEFINE":{define},"SCHEMA_INDEXES":{indexes}}}"#
        ))
        .unwrap()
    }

    const DEFINE: &str = r#"{"a":"DOUBLE, DEFAULT 0","b":{"c":"LONG, NOT NULL"},"l":[],"o":{}}"#;

    fn change(mode: &str, asked: &str) -> Result<SchemaChange, Error> {
        SchemaChange::between(&schema(mode, 0, DEFINE, "[]"), &schema(mode, 0, asked, "[]"))
    }

    #[test]
    fn equal_schemas_are_equal_however_they_are_written() {
        let other = r#"{"o":{},"l":[],"b":{"c":"LONG,NOT NULL"},"a":"DOUBLE, DEFAULT 0.0"}"#;
        assert_eq!(change("STRICT", other).unwrap(), SchemaChange::None);
        let indexed = |indexes: &str| schema("STRICT", 0, DEFINE, indexes);
        assert_eq!(SchemaChange::between(&indexed(r#"["a"]"#), &indexed(r#"["$.a"]"#)).unwrap(), SchemaChange::None);
        assert_eq!(SchemaChange::between(&indexed(r#"["a"]"#), &indexed("[]")).unwrap(), SchemaChange::Indexes);
    }

    #[test]
    fn fields_may_be_added_where_every_document_can_stay_or_get_them() {
        for added in [
            DEFINE.replace("\"o\":{}", r#""o":{},"x":"LONG""#),
            DEFINE.replace("\"o\":{}", r#""o":{},"x":"LONG, NOT NULL, DEFAULT 1""#),
            DEFINE.replace("\"o\":{}", r#""o":{},"x":{"y":"LONG","z":[]}"#),
            DEFINE.replace("\"o\":{}", r#""o":{"x":"LONG"}"#),
            DEFINE.replace("NOT NULL\"", r#"NOT NULL","d":"BOOL""#),
        ] {
            assert_eq!(change("COMPATIBLE", &added).unwrap(), SchemaChange::Upgrade, "{added}");
            let error = change("STRICT", &added).unwrap_err();
            assert_eq!((error.kind(), error.code()), (ErrorKind::SchemaMismatch, 15_100_002), "{added}");
        }
    }

    #[test]
    fn anything_else_is_a_mismatch_that_names_the_place() {
        for (from, to, named) in [
            ("\"o\":{}", "\"o\":[]", "$.o"),
            ("\"l\":[],", "", "$.l is missing"),
            ("\"c\":\"LONG, NOT NULL\"", "\"d\":\"LONG\"", "$.b.c is missing"),
            ("LONG, NOT NULL", "LONG", "$.b.c"),
            ("LONG, NOT NULL", "INTEGER, NOT NULL", "$.b.c"),
            ("LONG, NOT NULL", "LONG, NOT NULL, DEFAULT 1", "$.b.c"),
            ("DEFAULT 0", "DEFAULT 1", "$.a"),
            ("DEFAULT 0", "DEFAULT -0", "$.a"),
            (", DEFAULT 0", "", "$.a"),
            ("{\"c\":\"LONG, NOT NULL\"}", "{}", "$.b"),
            ("\"o\":{}", r#""o":{},"x":"LONG, NOT NULL""#, "$.x"),
            ("\"o\":{}", r#""o":{"x":{"y":"LONG, NOT NULL"}}"#, "$.o.x.y"),
        ] {
            assert!(DEFINE.contains(from), "{from}");
            let error = change("COMPATIBLE", &DEFINE.replacen(from, to, 1)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
            assert!(error.message().contains(named), "{to}: {error}");
        }
        let (recorded, other) = (schema("STRICT", 0, DEFINE, "[]"), schema("COMPATIBLE", 0, DEFINE, "[]"));
        assert!(SchemaChange::between(&recorded, &other).unwrap_err().message().contains("STRICT"));
        let skipping = schema("STRICT", 7, DEFINE, "[]");
        assert!(SchemaChange::between(&recorded, &skipping).unwrap_err().message().contains("0 bytes, not 7"));
    }
}
