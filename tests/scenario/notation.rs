//! The notation of the scenarios: values, entries, options and queries as JSON, in both directions.

use dkv::{
    Entry, FieldDefault, FieldNode, Numbers, Operand, Options, Query, Result, SchemaBuilder, SchemaMode, SecurityLevel,
    StoreKind, Value, ValueRef, ValueType,
};
use serde_json::{Value as Json, json};

/// A text, which may be written as many times another one.
pub fn text(written: &Json) -> String {
    match written.as_str() {
        Some(text) => text.to_owned(),
        None => written["repeat"].as_str().unwrap().repeat(written["times"].as_u64().unwrap() as usize),
    }
}

pub fn texts(written: &Json) -> Vec<String> {
    written.as_array().unwrap().iter().map(text).collect()
}

fn double(written: &Json) -> f64 {
    written.as_f64().unwrap_or_else(|| written.as_str().unwrap().parse().unwrap())
}

pub fn value(written: &Json) -> Value {
    let (name, content) = written.as_object().unwrap().iter().next().unwrap();
    match name.as_str() {
        "STRING" => Value::String(text(content)),
        "INTEGER" => Value::Integer(content.as_i64().unwrap().try_into().unwrap()),
        "FLOAT" => Value::Float(double(content) as f32),
        "BYTE_ARRAY" => {
            Value::Bytes(content.as_array().unwrap().iter().map(|byte| byte.as_u64().unwrap() as u8).collect())
        }
        "BOOLEAN" => Value::Boolean(content.as_bool().unwrap()),
        "DOUBLE" => Value::Double(double(content)),
        "LONG" => Value::Long(content.as_str().unwrap().parse().unwrap()),
        other => panic!("{other} is no type of value"),
    }
}

/// A value as it is written. Numbers are written by their bits, which tells -0 and NaN apart from others.
pub fn shown(value: &Value) -> Json {
    match value.as_ref() {
        ValueRef::String(text) => json!({ "STRING": text }),
        ValueRef::Integer(number) => json!({ "INTEGER": number }),
        ValueRef::Float(number) => json!({ "FLOAT": number.to_bits() }),
        ValueRef::Bytes(bytes) => json!({ "BYTE_ARRAY": bytes }),
        ValueRef::Boolean(flag) => json!({ "BOOLEAN": flag }),
        ValueRef::Double(number) => json!({ "DOUBLE": number.to_bits() }),
        ValueRef::Long(number) => json!({ "LONG": number.to_string() }),
    }
}

pub fn entry(written: &Json) -> Entry {
    Entry::new(text(&written[0]), value(&written[1]))
}

pub fn entries(written: &Json) -> Vec<Entry> {
    written.as_array().unwrap().iter().map(entry).collect()
}

pub fn shown_entry(entry: &Entry) -> Json {
    json!([entry.key, shown(&entry.value)])
}

pub fn shown_entries(entries: &[Entry]) -> Json {
    entries.iter().map(shown_entry).collect()
}

/// What a scenario expects, written as `shown` writes it.
pub fn expected(written: &Json) -> Json {
    match written {
        Json::Array(items) => items.iter().map(expected).collect(),
        Json::Object(fields) => match fields.keys().next().map(String::as_str) {
            Some("repeat") => json!(text(written)),
            Some("STRING" | "INTEGER" | "FLOAT" | "BYTE_ARRAY" | "BOOLEAN" | "DOUBLE" | "LONG") => {
                shown(&value(written))
            }
            _ => fields.iter().map(|(name, field)| (name.clone(), expected(field))).collect(),
        },
        other => other.clone(),
    }
}

pub fn options(written: &Json) -> Result<Options> {
    let level = SecurityLevel::from_code(written["securityLevel"].as_i64().unwrap() as i32)?;
    let mut options = Options::new(level);
    options.kind = match written["kind"].as_str().unwrap() {
        "single" => StoreKind::SingleVersion,
        _ => StoreKind::DeviceCollaboration,
    };
    options.backup = false;
    options.create_if_missing = written["createIfMissing"].as_bool().unwrap_or(true);
    options.encrypt = written["encrypt"].as_bool().unwrap_or(false);
    if let Some(schema) = written.get("schema") {
        options.schema = Some(schema_text(schema)?);
    }
    Ok(options)
}

fn schema_text(written: &Json) -> Result<String> {
    let schema = SchemaBuilder::new();
    for field in written["fields"].as_array().unwrap() {
        let node = FieldNode::new(field["name"].as_str().unwrap())?;
        node.set_type(match field["type"].as_str().unwrap() {
            "STRING" => ValueType::String,
            "INTEGER" => ValueType::Integer,
            "LONG" => ValueType::Long,
            "DOUBLE" => ValueType::Double,
            "BOOLEAN" => ValueType::Boolean,
            other => panic!("{other} is no type of field"),
        });
        node.set_nullable(field["nullable"].as_bool().unwrap());
        if let Some(default) = field.get("default") {
            node.set_default(FieldDefault::Text(text(default)));
        }
        schema.root().append_child(&node);
    }
    schema.set_mode(if written["strict"] == true { SchemaMode::Strict } else { SchemaMode::Compatible });
    schema.set_indexes(texts(&written["indexes"]));
    schema.to_json()
}

fn operand(written: &Json) -> Operand {
    match value(written) {
        Value::String(text) => text.as_str().into(),
        Value::Double(number) => number.into(),
        Value::Boolean(flag) => flag.into(),
        other => panic!("{other:?} is compared in no scenario"),
    }
}

pub fn query(written: &Json) -> Query {
    let mut query = Query::new();
    for call in written.as_array().unwrap() {
        let name = call[0].as_str().unwrap();
        let field = || call[1].as_str().unwrap();
        let doubles = || -> Numbers { call[2].as_array().unwrap().iter().map(double).collect::<Vec<f64>>().into() };
        let number = |at: usize| call[at].as_i64().unwrap() as i32;
        match name {
            "equalTo" => query.equal_to(field(), operand(&call[2])),
            "notEqualTo" => query.not_equal_to(field(), operand(&call[2])),
            "greaterThan" => query.greater_than(field(), operand(&call[2])),
            "lessThan" => query.less_than(field(), operand(&call[2])),
            "isNull" => query.is_null(field()),
            "like" => query.like(field(), text(&call[2]["STRING"])),
            "inNumber" => query.in_number(field(), doubles()),
            "inString" => query.in_string(field(), texts(&call[2])),
            "notInString" => query.not_in_string(field(), texts(&call[2])),
            "and" => query.and(),
            "or" => query.or(),
            "beginGroup" => query.begin_group(),
            "endGroup" => query.end_group(),
            "orderByAsc" => query.order_by_asc(field()),
            "orderByDesc" => query.order_by_desc(field()),
            "limit" => query.limit(number(1), number(2)),
            "prefixKey" => query.prefix_key(field()),
            "deviceId" => query.device_id(field()),
            other => panic!("{other} is no call of a query"),
        };
    }
    query
}
