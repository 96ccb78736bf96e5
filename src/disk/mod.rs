//! Files beneath a store: where they lie, who may read them, who has them locked, and the backend that redb reads and
//! writes through.
//!
//! Every file is made with mode 0600 and every folder with 0700, whatever the umask; no symbolic link inside dkv's own
//! tree is followed. A file appears whole or not at all: it is written under a temporary name, synced, renamed, and the
//! folder is synced. `superblock` names a store without opening it, `lock` keeps other processes out.

mod backend;
mod backups;
#[cfg(feature = "bare")]
pub mod bare;
mod damaged;
mod device_id;
mod files;
mod folder;
mod health;
mod held;
mod identity;
#[cfg(test)]
mod interrupted;
mod keyring;
mod lock;
mod paths;
mod random_names;
mod replacement;
mod root_key;
mod root_keys;
mod sealed;
#[cfg(feature = "simulation")]
pub mod simulated;
mod superblock;
mod syscall;
mod system;
pub mod system_keyring;
#[cfg(test)]
mod test_disk;
mod traffic;
mod volume;
mod watched;

pub use backend::{Room, StoreBackend};
pub use backups::BackupFolder;
pub use device_id::{DeviceId, load_or_create as load_or_create_device_id};
pub use files::StoreFile;
pub use folder::Folder;
pub use health::Health;
pub use keyring::Keyring;
pub use lock::StoreLock;
pub use paths::{Tree, is_store_folder};
pub use replacement::Replacement;
pub use root_key::RootKey;
pub use superblock::{Identity, Superblock};
pub use syscall::{forked, watch_forks};
pub use traffic::Traffic;
pub use volume::{RawFile, SharedVolume, system};
