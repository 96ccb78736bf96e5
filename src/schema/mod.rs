//! Schemas: what the documents of a store look like (`query_device_sync.md` 2).
//!
//! [`Schema`] is one that was read from its JSON text and found valid; `attribute` is the description of one field,
//! `check` holds a value against the schema, `change` tells what may become of a store whose schema changes. The public
//! `builder` makes the JSON text from the nouns of the reference. No I/O.

mod attribute;
mod builder;
mod change;
mod check;
mod definition;
mod parse;

pub use builder::{FieldDefault, FieldNode, SchemaBuilder};
pub use change::SchemaChange;
pub use check::CheckedText;
pub use definition::{Schema, SchemaMode};
