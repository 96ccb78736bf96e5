//! Plain data: values, keys, entries, identities, options, the clock. No I/O and no locks.

mod backup;
mod change;
mod clock;
mod entry;
mod field;
mod identity;
mod index;
mod key;
mod options;
mod recovery;
mod statistics;
mod sync;
mod value;

pub use backup::{AUTOMATIC_BACKUP, BackupDeletion, BackupPlace, DeletionResult};
pub use change::{Change, SubscribeType};
pub use clock::Timestamp;
pub use entry::Entry;
pub use field::{FieldPath, FieldType, FieldValue, is_field_name};
pub use identity::{AppId, StoreId};
pub use index::{IndexDefinition, Indexing};
pub use key::{Prefix, check_key, check_length, key_bytes_max, trim};
pub use options::{Durability, Options, SecurityLevel, StoreKind};
pub use recovery::{Recovery, RecoverySource};
pub use statistics::{Holder, HolderKind, Statistics};
pub use sync::{SyncMode, SyncRange, SyncSetting, SyncStatus};
pub use value::{Value, ValueRef, ValueType};
