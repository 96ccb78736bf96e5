//! The tables of a store's file. docs/FORMAT.md draws their rows.

use redb::TableDefinition;

/// Stored key -> record.
pub const DATA: TableDefinition<'static, &'static [u8], &'static [u8]> = TableDefinition::new("data");
/// (blob id, number of the chunk) -> bytes of a value too long for its record.
pub const BLOBS: TableDefinition<'static, (u64, u32), &'static [u8]> = TableDefinition::new("blobs");
/// Index of an origin -> device id and incarnation. Index 0 is this installation.
pub const ORIGINS: TableDefinition<'static, u32, &'static [u8]> = TableDefinition::new("origins");
/// Index number, values of the index's fields, stored key -> nothing. Only stores whose schema has indexes have it.
pub const INDEXES: TableDefinition<'static, &'static [u8], ()> = TableDefinition::new("indexes");
/// What the store knows about itself.
pub const META: TableDefinition<'static, &'static str, &'static [u8]> = TableDefinition::new("meta");
