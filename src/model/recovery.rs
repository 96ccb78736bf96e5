//! What became of a damaged store.

/// What an opening with `recover` did with a damaged store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovery {
    /// What took the place of the damaged content.
    pub source: RecoverySource,
    /// The name of the damaged file in the store's folder. It is there until the store is deleted, or you delete it.
    pub damaged_file: String,
    /// What was found to be damaged, in a sentence.
    pub damage: String,
}

/// What took the place of a damaged store's content.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecoverySource {
    /// A backup: what was written after it is lost.
    Backup {
        /// Its name.
        name: String,
        /// When it was made, in milliseconds since 1970.
        time_ms: u64,
    },
    /// What could be read of the damaged file.
    Salvage {
        /// Entries that were kept, of all devices.
        kept_entries: u64,
        /// Entries that were lost.
        lost_entries: u64,
        /// Damaged regions that were met: pages of the file which were left out with what lay below them.
        damaged_regions: u64,
    },
}
