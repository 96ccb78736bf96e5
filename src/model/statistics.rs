//! What a store says about itself.

use std::time::SystemTime;

/// What a store has done since it was opened, and what it holds now.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Entries stored, of all devices.
    pub entries: u64,
    /// Length of the file, in bytes.
    pub file_bytes: u64,
    /// Bytes read from the file.
    pub read_bytes: u64,
    /// Bytes written to the file.
    pub written_bytes: u64,
    /// Flushes of the file: times that the disk was waited for.
    pub flushes: u64,
    /// Pages found in the page cache.
    pub cache_hits: u64,
    /// Pages read from the file because the page cache did not have them.
    pub cache_misses: u64,
    /// Bytes in the page cache.
    pub cache_bytes: u64,
    /// Commits: groups of operations, and explicit transactions.
    pub commits: u64,
    /// Operations that those commits answered, reads within their order included.
    pub operations: u64,
    /// Operations of the largest commit.
    pub largest_group: u64,
    /// How often queries went over their candidates to sort them: once for each query whose order no index has, more
    /// often where the sort values did not fit into memory at once.
    pub query_passes: u64,
    /// Operations between their submission and the return of their completion.
    pub queued_operations: u64,
    /// Bytes that those operations hold.
    pub queued_bytes: u64,
    /// Handles on the store.
    pub handles: u64,
    /// Observers of the store.
    pub observers: u64,
    /// Who holds a snapshot, and keeps the space of what was replaced since: oldest first.
    pub holders: Vec<Holder>,
}

/// What holds a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HolderKind {
    /// One of the result sets, of which a store has eight at most.
    ResultSet,
    /// An iterator, or something that reads the whole store because a caller asked for it.
    Iterator,
    /// A copy that the store makes by itself. It keeps nothing open and gives way to everything.
    Background,
}

/// Who holds a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder {
    /// What it is.
    pub kind: HolderKind,
    /// When it was opened.
    pub since: SystemTime,
    /// The key prefix that was asked for, or a word for what else it is.
    pub name: String,
}

impl Holder {
    pub(crate) fn new(kind: HolderKind, name: &str) -> Self {
        Self { kind, since: SystemTime::now(), name: name.to_owned() }
    }
}
