//! Putting the text of a schema together.

use std::ffi::c_char;
use std::sync::{Arc, Mutex, PoisonError};

use super::growable;
use super::guard::{guard, guard_void};
use super::handle::Table;
use super::ptr::{Out, one, structs, text, text_of};
use super::value::{dkv_text, dkv_value};
use crate::error::{Error, Result};
use crate::limits::SCHEMA_INDEXES_MAX;
use crate::model::{Value, ValueType};
use crate::schema::{FieldDefault, FieldNode, SchemaBuilder, SchemaMode};

/// Values may have fields that the schema does not declare. The default.
pub const DKV_SCHEMA_COMPATIBLE: u32 = 0;
/// Values have no field that the schema does not declare.
pub const DKV_SCHEMA_STRICT: u32 = 1;

const _: () = assert!(DKV_SCHEMA_COMPATIBLE == SchemaMode::Compatible as u32);
const _: () = assert!(DKV_SCHEMA_STRICT == SchemaMode::Strict as u32);

/// A field of a schema, or an object with fields inside. Free it with dkv_field_node_free().
pub struct dkv_field_node {
    _private: [u8; 0],
}

/// A schema that is put together. Free it with dkv_schema_free().
pub struct dkv_schema {
    _private: [u8; 0],
}

struct SchemaHandle {
    builder: SchemaBuilder,
    /// What dkv_schema_to_json() last lent out.
    text: Mutex<String>,
}

static FIELD_NODES: Table<FieldNode> = Table::new(8, "field node");
static SCHEMAS: Table<SchemaHandle> = Table::new(9, "schema");

fn node_of(node: *const dkv_field_node) -> Result<Arc<FieldNode>> {
    FIELD_NODES.get(node as usize)
}

fn schema_of(schema: *const dkv_schema) -> Result<Arc<SchemaHandle>> {
    SCHEMAS.get(schema as usize)
}

/// Makes a field of this name: without a type, not nullable, without a default.
///
/// Whether the name can be one is checked where a store is opened with the schema. Any thread.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (an empty name, no UTF-8), DKV_ERR_OVER_LIMITS (too many handles).
///
/// # Safety
///
/// The name is readable; `node` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_field_node_new(
    name: *const c_char,
    name_length: usize,
    node: *mut *mut dkv_field_node,
) -> i32 {
    guard(|| {
        let out = Out::new("place for the field node", node)?;
        // SAFETY: the contract of this function.
        let name = unsafe { text("name of the field", name, name_length) }?;
        let handle = FIELD_NODES.insert(Arc::new(FieldNode::new(name)?))?;
        // SAFETY: writable by the contract of this function.
        unsafe { out.set(handle as *mut dkv_field_node) };
        Ok(())
    })
}

/// Frees a handle on a field. The field goes on in the schemas and fields that it was put into. NULL and freed ones are
/// accepted. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn dkv_field_node_free(node: *mut dkv_field_node) {
    // One that is gone already is what we want.
    guard_void(|| drop(FIELD_NODES.remove(node as usize)));
}

/// Makes a field an object with another field inside.
///
/// The child is held by reference: what is changed there later counts. Of two children with one name the later counts.
/// A field with children is an object, and its own type, default and nullability count for nothing. Any thread.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (NULL, or not a field node), DKV_ERR_CLOSED (freed).
#[unsafe(no_mangle)]
pub extern "C" fn dkv_field_node_append_child(node: *mut dkv_field_node, child: *mut dkv_field_node) -> i32 {
    guard(|| {
        let (node, child) = (node_of(node)?, node_of(child)?);
        node.append_child(&child);
        Ok(())
    })
}

/// Sets the type of a field: one of the DKV_VALUE numbers. DKV_VALUE_FLOAT is the same as DKV_VALUE_DOUBLE;
/// DKV_VALUE_BYTE_ARRAY makes the schema one that no store can have.
///
/// Any thread.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (another number; NULL, or not a field node), DKV_ERR_CLOSED (freed).
#[unsafe(no_mangle)]
pub extern "C" fn dkv_field_node_set_type(node: *mut dkv_field_node, value_type: i32) -> i32 {
    guard(|| {
        let node = node_of(node)?;
        let tag = u8::try_from(value_type).ok().and_then(ValueType::from_tag);
        node.set_type(tag.ok_or_else(|| {
            Error::invalid_argument(format!(
                "Parameter error: {value_type} is no type of value, they are 0 (STRING) to 6 (LONG)."
            ))
        })?);
        Ok(())
    })
}

/// Sets whether a field may be null: 1 or 0.
///
/// Any thread.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (another number; NULL, or not a field node), DKV_ERR_CLOSED (freed).
#[unsafe(no_mangle)]
pub extern "C" fn dkv_field_node_set_nullable(node: *mut dkv_field_node, nullable: i32) -> i32 {
    guard(|| {
        node_of(node)?.set_nullable(growable::flag("nullable", nullable)?);
        Ok(())
    })
}

/// Sets what a field is when a value lacks it. The value is copied.
///
/// A STRING is the text itself for a field of that type, else the literal, such as `0`, `true`, or `null` for no default.
/// A BYTE_ARRAY is as if the default was never set, which for a STRING is the empty text. Any thread.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (not a value; NULL, or not a field node), DKV_ERR_CLOSED (freed).
///
/// # Safety
///
/// `value` is NULL or readable with its bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_field_node_set_default(node: *mut dkv_field_node, value: *const dkv_value) -> i32 {
    guard(|| {
        let node = node_of(node)?;
        // SAFETY: the contract of this function.
        let value = unsafe { one("default", value)?.to_value() }?;
        node.set_default(match value {
            Value::String(text) => FieldDefault::Text(text),
            Value::Integer(number) => FieldDefault::Integer(i64::from(number)),
            Value::Long(number) => FieldDefault::Integer(number),
            Value::Float(number) => FieldDefault::Double(f64::from(number)),
            Value::Double(number) => FieldDefault::Double(number),
            Value::Boolean(flag) => FieldDefault::Boolean(flag),
            Value::Bytes(bytes) => FieldDefault::Bytes(bytes),
        });
        Ok(())
    })
}

/// Makes a schema without fields and indexes: compatible, and nothing of a value is skipped.
///
/// Any thread.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT, DKV_ERR_OVER_LIMITS (too many handles).
///
/// # Safety
///
/// `schema` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_schema_new(schema: *mut *mut dkv_schema) -> i32 {
    guard(|| {
        let out = Out::new("place for the schema", schema)?;
        let schema = SchemaHandle { builder: SchemaBuilder::new(), text: Mutex::default() };
        let handle = SCHEMAS.insert(Arc::new(schema))?;
        // SAFETY: writable by the contract of this function.
        unsafe { out.set(handle as *mut dkv_schema) };
        Ok(())
    })
}

/// Frees a schema, and the text that it has lent out. NULL and freed ones are accepted. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn dkv_schema_free(schema: *mut dkv_schema) {
    // One that is gone already is what we want.
    guard_void(|| drop(SCHEMAS.remove(schema as usize)));
}

/// Gives a handle on the root of a schema: its children are the outermost fields. Free it with dkv_field_node_free().
///
/// Any thread.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (NULL, or not a schema), DKV_ERR_CLOSED (freed), DKV_ERR_OVER_LIMITS (too many
/// handles).
///
/// # Safety
///
/// `root` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_schema_root(schema: *mut dkv_schema, root: *mut *mut dkv_field_node) -> i32 {
    guard(|| {
        let out = Out::new("place for the field node", root)?;
        let handle = FIELD_NODES.insert(Arc::new(schema_of(schema)?.builder.root()))?;
        // SAFETY: writable by the contract of this function.
        unsafe { out.set(handle as *mut dkv_field_node) };
        Ok(())
    })
}

/// Takes a field for the root of a schema. Its name counts for nothing there.
///
/// Any thread.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (NULL, or not a schema or field node), DKV_ERR_CLOSED (freed).
#[unsafe(no_mangle)]
pub extern "C" fn dkv_schema_set_root(schema: *mut dkv_schema, root: *mut dkv_field_node) -> i32 {
    guard(|| {
        let (schema, root) = (schema_of(schema)?, node_of(root)?);
        schema.builder.set_root(&root);
        Ok(())
    })
}

/// Sets the paths of the fields that have an index, such as `$.address.city`: at most 32, which are copied.
///
/// Any thread.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (more than 32, no UTF-8; NULL, or not a schema), DKV_ERR_CLOSED (freed).
///
/// # Safety
///
/// `count` texts are readable at `paths`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_schema_set_indexes(schema: *mut dkv_schema, paths: *const dkv_text, count: usize) -> i32 {
    guard(|| {
        let schema = schema_of(schema)?;
        if count > SCHEMA_INDEXES_MAX {
            return Err(Error::invalid_argument(format!(
                "Parameter error: the schema gets {count} indexes, the limit is {SCHEMA_INDEXES_MAX}."
            )));
        }
        // SAFETY: the contract of this function.
        let paths = unsafe { structs("paths", paths, count) }?;
        // SAFETY: the contract of this function.
        let paths = paths.iter().map(|path| unsafe { text_of("path", *path) }.map(str::to_owned));
        schema.builder.set_indexes(paths.collect::<Result<_>>()?);
        Ok(())
    })
}

/// Sets whether values may have fields that are not declared: DKV_SCHEMA_STRICT says no, every other number yes.
///
/// Any thread.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (NULL, or not a schema), DKV_ERR_CLOSED (freed).
#[unsafe(no_mangle)]
pub extern "C" fn dkv_schema_set_mode(schema: *mut dkv_schema, mode: u32) -> i32 {
    guard(|| {
        schema_of(schema)?.builder.set_mode(SchemaMode::from_code(mode));
        Ok(())
    })
}

/// Sets how many bytes of each value stand before its JSON text: 0 to 4,194,302, which the opening of a store checks.
///
/// Any thread.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (NULL, or not a schema), DKV_ERR_CLOSED (freed).
#[unsafe(no_mangle)]
pub extern "C" fn dkv_schema_set_skip(schema: *mut dkv_schema, skip_bytes: u32) -> i32 {
    guard(|| {
        schema_of(schema)?.builder.set_skip(skip_bytes);
        Ok(())
    })
}

/// Writes a schema as the JSON text that dkv_store_options.schema takes.
///
/// The text is borrowed: until the next call of this function on the schema, or until the schema is freed. Whether it is
/// a valid schema, the opening of a store says. Any thread, but not two at once for one schema.
/// Codes: DKV_OK, DKV_ERR_INVALID_ARGUMENT (more than 256 fields; fields deeper than 4 levels, or that contain themselves;
/// NULL, or not a schema), DKV_ERR_CLOSED (freed).
///
/// # Safety
///
/// `json` is NULL or writable; nobody uses the text that was borrowed before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dkv_schema_to_json(schema: *mut dkv_schema, json: *mut dkv_text) -> i32 {
    guard(|| {
        let out = Out::new("place for the text", json)?;
        let schema = schema_of(schema)?;
        let written = schema.builder.to_json()?;
        let mut text = schema.text.lock().unwrap_or_else(PoisonError::into_inner);
        *text = written;
        // SAFETY: writable by the contract of this function. The handle keeps the text until it lends out another.
        unsafe { out.set(dkv_text::borrow(&text)) };
        Ok(())
    })
}
