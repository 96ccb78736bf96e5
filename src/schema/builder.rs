//! Making the JSON text of a schema from the nouns of the reference: FieldNode and Schema (`query_device_sync.md` 2.1-2.3).

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value as Json, json};

use super::definition::SchemaMode;
use super::parse::invalid;
use crate::error::{Error, Result};
use crate::limits::{FIELD_DEPTH_MAX, SCHEMA_FIELDS_MAX};
use crate::model::ValueType;

/// What a field is when a value lacks it.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldDefault {
    /// A text; for a field that is no STRING it is the literal, and `null` stands for no default.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// Any number.
    Double(f64),
    /// True or false.
    Boolean(bool),
    /// Bytes, which no field can have: it is as if the default was never set.
    Bytes(Vec<u8>),
}

/// A field of a schema, or an object with fields inside.
///
/// Clones are the same node, and children are held by reference: what is changed later counts. A node with children is
/// an object; its own type, default and nullability count for nothing then. All calls may be made from any thread.
///
/// ```
/// use dkv::{FieldDefault, FieldNode, SchemaBuilder, SchemaMode, ValueType};
///
/// # fn main() -> dkv::Result<()> {
/// let age = FieldNode::new("age")?;
/// age.set_type(ValueType::Integer);
/// age.set_default(FieldDefault::Integer(0));
/// let schema = SchemaBuilder::new();
/// schema.root().append_child(&age);
/// schema.set_indexes(vec!["$.age".to_owned()]);
/// schema.set_mode(SchemaMode::Strict);
/// assert!(schema.to_json()?.starts_with(r#"{"SCHEMA_DEFINE":{"age":"INTEGER, NOT NULL, DEFAULT 0"}"#));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct FieldNode {
    node: Arc<Mutex<Node>>,
}

#[derive(Debug)]
struct Node {
    name: String,
    field_type: Option<ValueType>,
    is_nullable: bool,
    default: Option<FieldDefault>,
    children: Vec<FieldNode>,
    /// A child was given that has this node inside. It is not kept: the two would hold each other for ever.
    contains_itself: bool,
}

impl FieldNode {
    /// A field of this name, without a type, not nullable, without a default. Whether the name can be one is checked
    /// where a store is opened with the schema.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` (401) for an empty name.
    pub fn new(name: impl Into<String>) -> Result<Self> {
        let name = name.into();
        if name.is_empty() {
            return Err(Error::invalid_argument("Parameter error: the name of the field is empty. Give it a name."));
        }
        Ok(Self::named(name))
    }

    fn named(name: String) -> Self {
        let (field_type, default, children) = (None, None, Vec::new());
        let node = Node { name, field_type, is_nullable: false, default, children, contains_itself: false };
        Self { node: Arc::new(Mutex::new(node)) }
    }

    fn node(&self) -> MutexGuard<'_, Node> {
        self.node.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the field an object with this field inside. Of two children with one name the later counts. A field that
    /// contains itself is one that no schema can have; [`SchemaBuilder::to_json`] says so.
    pub fn append_child(&self, child: &Self) {
        let contains_itself = child.contains(self);
        let mut node = self.node();
        if contains_itself {
            node.contains_itself = true;
        } else {
            node.children.push(child.clone());
        }
    }

    /// True if `other` is this node or somewhere inside. Each node is looked at once, and none is locked meanwhile.
    fn contains(&self, other: &Self) -> bool {
        let (mut seen, mut open) = (HashSet::new(), vec![self.clone()]);
        while let Some(at) = open.pop() {
            if Arc::ptr_eq(&at.node, &other.node) {
                return true;
            }
            if seen.insert(Arc::as_ptr(&at.node)) {
                open.extend_from_slice(&at.node().children);
            }
        }
        false
    }

    /// Sets the type. FLOAT is the same as DOUBLE; a BYTE_ARRAY makes the schema one that no store can have.
    pub fn set_type(&self, field_type: ValueType) {
        self.node().field_type = Some(field_type);
    }

    /// Sets whether the field may be null.
    pub fn set_nullable(&self, is_nullable: bool) {
        self.node().is_nullable = is_nullable;
    }

    /// Sets what the field is when a value lacks it.
    pub fn set_default(&self, default: FieldDefault) {
        self.node().default = Some(default);
    }

    /// The JSON of the field and of what is inside.
    fn to_json(&self, depth: usize, names: &mut usize) -> Result<Json> {
        if depth > FIELD_DEPTH_MAX {
            return Err(invalid(format_args!("its fields are deeper than {FIELD_DEPTH_MAX} levels")));
        }
        let children = {
            let node = self.node();
            if node.contains_itself {
                return Err(invalid("a field contains itself"));
            }
            if node.children.is_empty() && depth > 0 {
                return Ok(Json::from(node.attribute()));
            }
            node.children.clone()
        };
        let mut members = Map::new();
        for child in children {
            *names += 1;
            if *names > SCHEMA_FIELDS_MAX {
                return Err(invalid(format_args!("it declares more than {SCHEMA_FIELDS_MAX} fields")));
            }
            let field = child.to_json(depth + 1, names)?;
            members.insert(child.node().name.clone(), field);
        }
        Ok(Json::Object(members))
    }
}

/// By hand: fields may lie inside each other deeper than a stack is high.
impl Drop for Node {
    fn drop(&mut self) {
        let mut open = std::mem::take(&mut self.children);
        while let Some(child) = open.pop() {
            if let Some(node) = Arc::into_inner(child.node) {
                open.append(&mut node.into_inner().unwrap_or_else(PoisonError::into_inner).children);
            }
        }
    }
}

impl Node {
    /// The attribute string: type, `NOT NULL`, `DEFAULT`.
    fn attribute(&self) -> String {
        let word = match self.field_type {
            Some(ValueType::String) => "STRING",
            Some(ValueType::Integer) => "INTEGER",
            Some(ValueType::Float | ValueType::Double) => "DOUBLE",
            Some(ValueType::ByteArray) => "BYTE_ARRAY",
            Some(ValueType::Boolean) => "BOOL",
            Some(ValueType::Long) => "LONG",
            None => "",
        };
        let not_null = if self.is_nullable { "" } else { ", NOT NULL" };
        match self.literal() {
            Some(literal) => format!("{word}{not_null}, DEFAULT {literal}"),
            None => format!("{word}{not_null}"),
        }
    }

    /// The default as the attribute has it: a STRING always has one, if only the empty text.
    fn literal(&self) -> Option<String> {
        let is_boolean = self.field_type == Some(ValueType::Boolean);
        let text = match &self.default {
            None | Some(FieldDefault::Bytes(_)) => String::new(),
            Some(FieldDefault::Text(text)) => text.clone(),
            Some(FieldDefault::Integer(number)) => number.to_string(),
            // Without an exponent, and with all of its digits.
            Some(FieldDefault::Double(number)) => number.to_string(),
            Some(FieldDefault::Boolean(flag)) if is_boolean => flag.to_string(),
            Some(FieldDefault::Boolean(flag)) => u8::from(*flag).to_string(),
        };
        match self.field_type {
            Some(ValueType::String) => Some(format!("'{text}'")),
            _ => (!text.is_empty()).then_some(text),
        }
    }
}

/// The schema of a store while it is put together: what the reference calls Schema.
///
/// [`SchemaBuilder::to_json`] makes the text for [`crate::Options::schema`]. Whether it is a valid schema, the opening of
/// a store says. Clones are the same schema. All calls may be made from any thread.
#[derive(Debug, Clone)]
pub struct SchemaBuilder {
    parts: Arc<Mutex<Parts>>,
}

#[derive(Debug)]
struct Parts {
    root: FieldNode,
    indexes: Vec<String>,
    mode: SchemaMode,
    skip_bytes: u32,
}

impl Default for SchemaBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl SchemaBuilder {
    /// A compatible schema without fields and indexes, that skips nothing.
    #[must_use]
    pub fn new() -> Self {
        let root = FieldNode::named(String::new());
        let parts = Parts { root, indexes: Vec::new(), mode: SchemaMode::default(), skip_bytes: 0 };
        Self { parts: Arc::new(Mutex::new(parts)) }
    }

    fn parts(&self) -> MutexGuard<'_, Parts> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The node whose children are the outermost fields. Its own name counts for nothing.
    #[must_use]
    pub fn root(&self) -> FieldNode {
        self.parts().root.clone()
    }

    /// Takes another node for the root.
    pub fn set_root(&self, root: &FieldNode) {
        self.parts().root = root.clone();
    }

    /// Sets the paths of the fields that have an index, such as `$.address.city`.
    pub fn set_indexes(&self, paths: Vec<String>) {
        self.parts().indexes = paths;
    }

    /// Sets whether values may have fields that are not declared.
    pub fn set_mode(&self, mode: SchemaMode) {
        self.parts().mode = mode;
    }

    /// Sets how many bytes of each value stand before its JSON text: 0 to 4,194,302.
    pub fn set_skip(&self, bytes: u32) {
        self.parts().skip_bytes = bytes;
    }

    /// The text of the schema: compact JSON, members in the order of their names.
    ///
    /// # Errors
    ///
    /// `InvalidSchema` (401) for more than 256 fields, or fields deeper than 4 levels, as those that contain themselves.
    pub fn to_json(&self) -> Result<String> {
        let (root, indexes, mode, skip_bytes) = {
            let parts = self.parts();
            (parts.root.clone(), parts.indexes.clone(), parts.mode, parts.skip_bytes)
        };
        let mut text = json!({
            "SCHEMA_DEFINE": root.to_json(0, &mut 0)?,
            "SCHEMA_INDEXES": indexes,
            "SCHEMA_MODE": mode.word(),
            "SCHEMA_SKIPSIZE": skip_bytes,
            "SCHEMA_VERSION": "1.0",
        });
        text.sort_all_objects();
        Ok(text.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::super::definition::Schema;
    use super::*;
    use crate::error::ErrorKind;

    fn node(name: &str, field_type: ValueType, is_nullable: bool, default: Option<FieldDefault>) -> FieldNode {
        let node = FieldNode::new(name).unwrap();
        node.set_type(field_type);
        node.set_nullable(is_nullable);
        if let Some(default) = default {
            node.set_default(default);
        }
        node
    }

    fn schema_of(node: &FieldNode) -> String {
        let schema = SchemaBuilder::new();
        schema.root().append_child(node);
        schema.to_json().unwrap()
    }

    #[test]
    fn the_text_is_that_of_the_reference() {
        let schema = SchemaBuilder::new();
        let name = node("name", ValueType::Integer, false, Some(FieldDefault::Text("0".to_owned())));
        schema.root().append_child(&name);
        schema.set_indexes(vec!["$.name".to_owned()]);
        schema.set_mode(SchemaMode::from_code(1));
        assert_eq!(
            schema.to_json().unwrap(),
            r#"{"SCHEMA_DEFINE":{"name":"INTEGER, NOT NULL, DEFAULT 0"},"SCHEMA_INDEXES":["$.name"],"SCHEMA_MODE":"STRICT","SCHEMA_SKIPSIZE":0,"SCHEMA_VERSION":"1.0"}"#
        );
        assert_eq!(SchemaMode::from_code(7), SchemaMode::Compatible);
    }

    #[test]
    fn defaults_are_written_so_that_they_are_valid() {
        let text = |text: &str| Some(FieldDefault::Text(text.to_owned()));
        for (field_type, default, expected) in [
            (ValueType::String, None, Some("STRING, DEFAULT ''")),
            (ValueType::String, text("null"), Some("STRING, DEFAULT 'null'")),
            (ValueType::String, Some(FieldDefault::Bytes(vec![1])), Some("STRING, DEFAULT ''")),
            (ValueType::Integer, None, Some("INTEGER")),
            (ValueType::Integer, text("null"), Some("INTEGER")),
            (ValueType::Integer, Some(FieldDefault::Double(5.0)), Some("INTEGER, DEFAULT 5")),
            (ValueType::Integer, Some(FieldDefault::Double(5.5)), None),
            (ValueType::Long, Some(FieldDefault::Integer(i64::MIN)), Some("LONG, DEFAULT -9223372036854775808")),
            (ValueType::Double, Some(FieldDefault::Double(0.1 + 0.2)), Some("DOUBLE, DEFAULT 0.30000000000000004")),
            (ValueType::Float, Some(FieldDefault::Double(2e20)), Some("DOUBLE, DEFAULT 200000000000000000000")),
            (ValueType::Double, Some(FieldDefault::Double(f64::NAN)), None),
            (ValueType::Boolean, Some(FieldDefault::Boolean(true)), Some("BOOL, DEFAULT true")),
            (ValueType::Boolean, text("false"), Some("BOOL, DEFAULT false")),
            (ValueType::Boolean, text("1"), None),
            (ValueType::ByteArray, None, None),
        ] {
            let written = schema_of(&node("f", field_type, true, default.clone()));
            match expected {
                Some(expected) => {
                    let canonical = Schema::parse(&written).unwrap().to_json();
                    assert!(canonical.contains(&format!("\"f\":\"{expected}\"")), "{default:?}: {canonical}");
                }
                None => assert!(Schema::parse(&written).is_err(), "{written}"),
            }
        }
        let not_null = node("f", ValueType::Integer, false, text("null"));
        assert!(Schema::parse(&schema_of(&not_null)).is_err());
        assert!(Schema::parse(&schema_of(&FieldNode::new("f").unwrap())).is_err());
        assert!(Schema::parse(&SchemaBuilder::new().to_json().unwrap()).is_err());
    }

    #[test]
    fn children_are_held_by_reference_and_the_later_of_one_name_counts() {
        let parent = node("p", ValueType::String, false, None);
        let child = node("c", ValueType::String, true, None);
        parent.append_child(&child);
        parent.append_child(&node("d", ValueType::Long, true, None));
        parent.append_child(&node("d", ValueType::Boolean, true, None));
        child.set_type(ValueType::Long);
        assert!(schema_of(&parent).contains(r#"{"p":{"c":"LONG","d":"BOOL"}}"#));
        assert_eq!(FieldNode::new("").unwrap_err().code(), 401);
    }

    #[test]
    fn a_node_that_contains_itself_is_an_invalid_schema() {
        let node = FieldNode::new("n").unwrap();
        node.append_child(&node.clone());
        let schema = SchemaBuilder::new();
        schema.set_root(&node);
        let error = schema.to_json().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSchema);
        let (outer, inner) = (FieldNode::new("o").unwrap(), FieldNode::new("i").unwrap());
        outer.append_child(&inner);
        schema.set_root(&outer);
        assert!(schema.to_json().is_ok());
        inner.append_child(&outer);
        assert_eq!(schema.to_json().unwrap_err().kind(), ErrorKind::InvalidSchema);
        let alive = Arc::downgrade(&outer.node);
        drop((outer, inner, schema));
        assert!(alive.upgrade().is_none(), "they hold each other");
    }

    #[test]
    fn fields_that_lie_deeper_than_a_stack_are_an_invalid_schema_and_harm_nothing() {
        let mut outermost = FieldNode::new("f").unwrap();
        for _ in 0..300_000 {
            let outer = FieldNode::new("f").unwrap();
            // Not by append_child, which looks through all that is inside each time.
            outer.node().children.push(outermost);
            outermost = outer;
        }
        let schema = SchemaBuilder::new();
        schema.set_root(&outermost);
        assert_eq!(schema.to_json().unwrap_err().kind(), ErrorKind::InvalidSchema);
        drop((outermost, schema));
    }

    #[test]
    fn one_field_in_many_places_is_counted_in_each() {
        let mut wide = node("f", ValueType::Long, true, None);
        for _ in 0..FIELD_DEPTH_MAX {
            let outer = FieldNode::new("o").unwrap();
            (0..8).for_each(|_| outer.append_child(&wide));
            wide = outer;
        }
        let schema = SchemaBuilder::new();
        schema.set_root(&wide);
        let error = schema.to_json().unwrap_err();
        assert!(error.message().contains("256"), "{error}");
        let mut deep = node("f", ValueType::Long, true, None);
        for _ in 0..=FIELD_DEPTH_MAX {
            let outer = FieldNode::new("o").unwrap();
            outer.append_child(&deep);
            deep = outer;
        }
        schema.set_root(&deep);
        let error = schema.to_json().unwrap_err();
        assert!(error.message().contains("4 levels"), "{error}");
    }
}
